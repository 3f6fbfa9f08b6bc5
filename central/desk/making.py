"""Putting a member's statement together: who they are, their account, the names of their tier."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.desk.account import read_account
from central.desk.statement import Statement
from central.desk.words import both
from central.ledger import explaining
from central.members.lookup import Person
from loyalty.codes import mask_number
from loyalty.events import Holder
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook


def make_statement(
    connection: Connection,
    shard_key: int,
    person: Person,
    days: tuple[date, date],
    book: RuleBook | None,
    programme: str,
    made: datetime,
) -> Statement:
    """Return a member's statement of the first to the last of `days` in the zone of `made`.

    Raises account.LedgerMismatch.
    """
    zone = made.tzinfo
    if not isinstance(zone, ZoneInfo):
        raise TypeError("a statement is made at a time of the mall's zone")
    account = read_account(connection, shard_key, person.member, *days, zone)
    tier_zh, tier_en = tier_names(book, person.tier_id)
    told = told_of(connection, shard_key, person.member, book, made.date())
    return Statement(
        programme=programme,
        number=mask_number(person.number),
        masked_name=person.masked_name,
        tier_zh=tier_zh,
        tier_en=tier_en,
        first_day=days[0],
        last_day=days[1],
        opening=account.opening,
        lines=account.lines,
        closing=account.closing,
        held=account.held,
        expiring=account.expiring,
        made_at=made.strftime("%Y-%m-%d %H:%M"),
        told=tuple(map(both, told)),
    )


def told_of(
    connection: Connection, shard_key: int, member: str, book: RuleBook | None, today: date
) -> tuple[Reason, ...]:
    """Return what a member should hear of beside what ends soon, which stands there already."""
    if book is None:
        return ()
    told = explaining.told(connection, shard_key, Holder("member", member), book, today)
    return tuple(one for one in told if one.code != "expires_soon")


def tier_names(book: RuleBook | None, tier_id: str) -> tuple[str, str]:
    """Return a tier's name in zh and en; its id where no rule book names it."""
    if book is None:
        return tier_id, tier_id
    tier = book.tier(tier_id)
    return tier.name_zh, tier.name_en
