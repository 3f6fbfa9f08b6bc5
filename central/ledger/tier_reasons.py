"""Why a member's tier is what it is, now and at each change, as the reasons that `wording` words.

Reads only. A past change is named with the rule book of its time.
"""

from datetime import date, timedelta

from msgspec import Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.books import book_in_force
from central.ledger.judging.member_rows import Profile, TierChange
from central.ledger.writing.loading import read
from central.ledger.writing.projections import json_of
from loyalty.rules.reasons import Reason, of_tier_change
from loyalty.rules.rulebook import RuleBook

#: How long people hear of a change of their tier.
HEARD_DAYS = 30


class Changed(Struct, frozen=True):
    """A change of tier at a moment, ms UTC, and why."""

    at_ms: int
    why: Reason


def of_changes(
    connection: Connection, shard_key: int, member: str, from_ms: int, to_ms: int
) -> list[Changed]:
    """Return a member's changes of tier from `from_ms` up to, not including, `to_ms`."""
    t = schema.tier_change.c
    query = select(t.content).where(t.shard_key == shard_key, t.member == member)
    found = []
    for content in connection.execute(query.order_by(t.seq)).scalars():
        one = json_of(content, TierChange)
        if not from_ms <= one.at_ms < to_ms:
            continue
        book = book_in_force(connection, shard_key, one.at_ms)
        if book is not None and (why := _reason(one, book)) is not None:
            found.append(Changed(one.at_ms, why))
    return found


def of_now(
    connection: Connection, shard_key: int, member: str, book: RuleBook, today: date
) -> list[Reason]:
    """Return how a member's tier stands, if there is something to hear of it."""
    known = read(connection, shard_key, "members", [member])[member]
    profile: Profile | None = read(connection, shard_key, "profiles", [member])[member]
    if known is None or profile is None or not profile.tier_day:
        return []
    changed = date.fromisoformat(profile.tier_day)
    if profile.cause not in ("grace", "grant") and today > changed + timedelta(days=HEARD_DAYS):
        return []
    change = TierChange(
        0,
        known.tier_id,
        profile.cause,
        profile.tier_points,
        profile.below_since,
        profile.granted_until,
        profile.why,
    )
    reason = _reason(change, book)
    return [reason] if reason is not None else []


def _reason(change: TierChange, book: RuleBook) -> Reason | None:
    until = change.granted_until
    if change.cause == "grace":
        grace = timedelta(days=book.tier_grace_days)
        until = (date.fromisoformat(change.below_since) + grace).isoformat()
    tier = book.tier(change.tier_id)
    return of_tier_change(change.cause, tier, change.points, until, change.why)
