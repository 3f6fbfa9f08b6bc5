"""Finding one member by what a person at the desk has: a number, a card, or a phone."""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row

from central.records import find
from central.schema import member, member_card, member_tier
from loyalty.codes import MemberNumber, OtherCode, card_tag, classify


class Person(Struct, frozen=True):
    """A member as the desk knows them; `tier_id` is empty before the ledger knows it."""

    member: str
    number: str
    name: str
    masked_name: str
    phone: str | None
    joined_on: str
    tier_id: str


class SeveralMembers(LookupError):
    """More than one member has this phone: ask for the card."""


def find_member(
    connection: Connection, shard_key: int, tenant_key: bytes, text: str
) -> Person | None:
    """Return the member with this number, card or phone; None if there is none.

    Raises SeveralMembers for a phone that several share.
    """
    scan = classify(text)
    if not isinstance(scan, MemberNumber | OtherCode):
        return None
    code = scan.number if isinstance(scan, MemberNumber) else scan.text
    tags = [card_tag(tenant_key, code)]
    cards = [row.member for row in find(connection, member_card, shard_key, "tag", tags)]
    found = list(find(connection, member, shard_key, "member", cards))
    if not found and isinstance(scan, OtherCode):
        phone = code.replace(" ", "").replace("-", "")
        found = list(find(connection, member, shard_key, "phone", [phone]))
    if len(found) > 1:
        raise SeveralMembers
    if not found:
        return None
    return _person(connection, shard_key, found[0])


def person_of(connection: Connection, shard_key: int, member_id: str) -> Person | None:
    """Return the member behind a pseudonym; None if there is none any more."""
    rows = list(find(connection, member, shard_key, "member", [member_id]))
    return _person(connection, shard_key, rows[0]) if rows else None


def _person(connection: Connection, shard_key: int, row: Row[Any]) -> Person:
    tiers = list(find(connection, member_tier, shard_key, "member", [row.member]))
    return Person(
        member=row.member,
        number=row.number,
        name=row.name,
        masked_name=row.masked_name,
        phone=row.phone,
        joined_on=row.joined_on,
        tier_id=tiers[0].tier_id if tiers else "",
    )
