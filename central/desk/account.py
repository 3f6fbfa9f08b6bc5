"""A member's account between two days, out of the master ledger and checked against it.

A period is one of booking: what a till sent late stands in the statement of the day on which it
arrived, with the day on which it happened, so a statement that was handed out never changes.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection, Table

from central.desk.statement import Expiring, Line
from central.desk.words import TIER, both, what
from central.ledger import explaining, queries, tier_reasons, unsure
from central.ledger.judging.accounts import wallet_id
from central.ledger.tier_reasons import Changed
from central.ledger.writing.lots import unpacked
from central.records import find
from central.schema import account, reward, shop
from loyalty.events import Holder

_LOTS_SHOWN = 3
_A_DAY = timedelta(days=1)
_END_OF_TIME_MS = 1 << 62

Names = dict[str, tuple[str, str]]


class LedgerMismatch(RuntimeError):
    """The transfers of a member do not add up to their accounts: the ledger is damaged."""


class Account(Struct, frozen=True):
    """What a member had before a period, what changed in it, and what they had after it.

    `held` and `expiring` are of now.
    """

    opening: int
    lines: tuple[Line, ...]
    closing: int
    held: int
    expiring: tuple[Expiring, ...]


def read_account(
    connection: Connection,
    shard_key: int,
    member: str,
    first_day: date,
    last_day: date,
    zone: ZoneInfo,
) -> Account:
    """Return a member's account from `first_day` to `last_day` of `zone`, both included.

    Raises LedgerMismatch.
    """
    holder = Holder("member", member)
    begin_ms, end_ms = _midnight_ms(first_day, zone), _midnight_ms(last_day + _A_DAY, zone)
    period = queries.statement(connection, shard_key, holder, begin_ms, end_ms)
    later = queries.statement(connection, shard_key, holder, end_ms, _END_OF_TIME_MS)
    now = queries.balance_of(connection, shard_key, holder)
    if later.opening != period.closing or later.closing != now.balance:
        raise LedgerMismatch(
            f"member {member}: the transfers come to {later.closing} points, the accounts hold"
            f" {now.balance}; run `tillpoints central ledger verify`"
        )
    return Account(
        opening=period.opening,
        lines=_in_order(
            zip(period.lines, _lines(connection, shard_key, period.lines, zone), strict=True),
            tier_reasons.of_changes(connection, shard_key, member, begin_ms, end_ms),
            zone,
        ),
        closing=period.closing,
        held=now.held,
        expiring=_expiring(connection, shard_key, wallet_id(holder)),
    )


def _midnight_ms(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


def _lines(
    connection: Connection,
    shard_key: int,
    lines: Sequence[queries.Line],
    zone: ZoneInfo,
) -> tuple[Line, ...]:
    shops = _names(connection, shard_key, shop, "shop_id", [line.shop_id for line in lines])
    rewards = _names(connection, shard_key, reward, "reward_id", [line.reward_id for line in lines])
    told = []
    reasons = explaining.of_lines(connection, shard_key, lines)
    days = unsure.of_lines(connection, shard_key, lines, zone)
    for line, why, day in zip(lines, reasons, days, strict=True):
        happened = datetime.fromtimestamp(line.happened_ms / 1000, tz=UTC).astimezone(zone)
        zh, en = what(line.code, shops.get(line.shop_id or ""), rewards.get(line.reward_id or ""))
        words = tuple(both(one) for one in (*why, day) if one is not None)
        told.append(Line(happened.date(), zh, en, line.points, line.balance, words))
    return tuple(told)


def _in_order(
    moved: Iterable[tuple[queries.Line, Line]], tiers: Iterable[Changed], zone: ZoneInfo
) -> tuple[Line, ...]:
    """Return the lines of points in their order, those of tiers between them by their time."""
    lines, left = [], list(tiers)
    for line, told in moved:
        while left and left[0].at_ms < line.booked_ms:
            lines.append(_of_tier(left.pop(0), zone))
        lines.append(told)
    return (*lines, *(_of_tier(one, zone) for one in left))


def _of_tier(one: Changed, zone: ZoneInfo) -> Line:
    day = datetime.fromtimestamp(one.at_ms / 1000, tz=zone).date()
    return Line(day, *TIER, None, None, (both(one.why),))


def _names(
    connection: Connection, shard_key: int, table: Table, column: str, ids: Sequence[str | None]
) -> Names:
    """Return the names in zh and en by id; an id that nobody keeps any more is its own name."""
    wanted = sorted({one for one in ids if one is not None})
    known = {
        getattr(row, column): (row.name_zh, row.name_en)
        for row in find(connection, table, shard_key, column, wanted)
    }
    return {one: known.get(one, (one, one)) for one in wanted}


def _expiring(connection: Connection, shard_key: int, wallet: bytes) -> tuple[Expiring, ...]:
    """Return the days on which points end soonest, with what ends on each."""
    points: dict[date, int] = {}
    for row in find(connection, account, shard_key, "account_id", [wallet]):
        for lot in unpacked(row.lots):
            points[lot.expires_on] = points.get(lot.expires_on, 0) + lot.left
    return tuple(Expiring(day, points[day]) for day in sorted(points)[:_LOTS_SHOWN])
