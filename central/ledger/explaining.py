"""Why points moved and tiers are what they are, as the reasons that `loyalty.wording` words.

Reads only. An award is explained as the till did on its slip, out of what central kept of it: the
same arithmetic, so the same sentences on slip, kiosk, statement and the member's page.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import structs
from sqlalchemy import Connection

from central import schema
from central.ledger import past, queries
from central.ledger.activity_names import activity_names
from central.ledger.judging.accounts import Code, wallet_id
from central.ledger.judging.rows import Facts, Identity, Profile, Sale, Unreadable, read_body
from central.ledger.shards import read_shard
from central.ledger.writing.bulk import by_key
from central.ledger.writing.loading import read
from loyalty.chain import Frame
from loyalty.events import Body, Holder, Recalculated
from loyalty.events import Sale as SaleBody
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import counters, rest_name
from loyalty.rules.earning import PARTS, award
from loyalty.rules.reasons import Reason, of_tier_change
from loyalty.rules.rulebook import RuleBook

#: What a statement says of an award: not the amount and the plain rate, which stand there.
_TOLD = ("tier", "campaign_", "cap_", "carried")
_AWARDS = (Code.AWARD, Code.TRUE_UP)
_RECALCULATED = (Code.RECALCULATED, Code.RECALCULATED_BACK, Code.RECALCULATED_OWED)
_ACTIVITIES = {
    Code.ACTIVITY: "activity",
    Code.ACTIVITY_BACK: "activity_back",
    Code.ACTIVITY_OWED: "activity_back",
}
#: How long before their last day people hear that points end, and after a change of tier of it.
SOON_DAYS = 30


def of_lines(
    connection: Connection, shard_key: int, owner: Holder, lines: Iterable[queries.Line]
) -> list[tuple[Reason, ...]]:
    """Return for each line of a resolved holder's statement why its points moved."""
    lines = list(lines)
    keys = {bytes.fromhex(line.subject) for line in lines if line.code in _AWARDS}
    awards = _awards(connection, shard_key, owner, keys)
    booked = {line.booked_by for line in lines if line.code in _RECALCULATED}
    bodies = _bodies(connection, shard_key, booked)
    done = any(line.code in _ACTIVITIES for line in lines)
    named = activity_names(connection, shard_key) if done else {}
    return [
        _of_activity(line, named)
        if line.code in _ACTIVITIES
        else _of(line, awards.pop(line.subject, ()), bodies.get(line.booked_by))
        for line in lines
    ]


def told(
    connection: Connection, shard_key: int, owner: Holder, book: RuleBook, today: date
) -> tuple[Reason, ...]:
    """Return what a holder should hear of: points that wait or end soon, how the tier stands."""
    later = queries.pending(connection, shard_key, owner)
    found = [
        Reason("pending", {"points": str(one.points), "day": one.counts_from}) for one in later
    ]
    lots = read(connection, shard_key, "lots", [wallet_id(owner)])[wallet_id(owner)] or ()
    ends: dict[date, int] = {}
    for lot in lots:
        if today <= lot.expires_on <= today + timedelta(days=SOON_DAYS):
            ends[lot.expires_on] = ends.get(lot.expires_on, 0) + lot.left
    for day in sorted(ends):
        values = {"points": str(ends[day]), "day": day.isoformat()}
        found.append(Reason("expires_soon", values))
    if owner.kind == "member":
        found += _of_tier(connection, shard_key, owner.key, book, today)
    return tuple(found)


def _of_tier(
    connection: Connection, shard_key: int, member: str, book: RuleBook, today: date
) -> list[Reason]:
    known = read(connection, shard_key, "members", [member])[member]
    profile: Profile | None = read(connection, shard_key, "profiles", [member])[member]
    if known is None or profile is None or not profile.tier_day:
        return []
    until = profile.granted_until
    if profile.cause == "grace":
        grace = timedelta(days=book.tier_grace_days)
        until = (date.fromisoformat(profile.below_since) + grace).isoformat()
    elif profile.cause != "grant":
        changed = date.fromisoformat(profile.tier_day)
        if today > changed + timedelta(days=SOON_DAYS):
            return []
    tier = book.tier(known.tier_id)
    reason = of_tier_change(profile.cause, tier, profile.tier_points, until, profile.why)
    return [reason] if reason is not None else []


def _of_activity(line: queries.Line, named: dict[str, dict[str, str]]) -> tuple[Reason, ...]:
    activity_id = line.subject.partition("/")[2]
    names = named.get(activity_id, {"zh": activity_id, "en": activity_id})
    return (Reason(_ACTIVITIES[line.code], {**names, "points": str(abs(line.points))}),)


def _of(
    line: queries.Line, award_: tuple[Reason, ...], body: Body | Unreadable | None
) -> tuple[Reason, ...]:
    code, points = line.code, str(abs(line.points))
    if code is Code.EXPIRED:
        until = date.fromisoformat(line.subject) - timedelta(days=1)
        return (Reason("expired", {"points": points, "day": until.isoformat()}),)
    if code is Code.RELEASED:
        return (Reason("released", {"points": points}),)
    why: tuple[Reason, ...] = ()
    if isinstance(body, Recalculated):
        why = (Reason("recalculated", {"why": body.why}),)
    if code in (Code.TAKE_BACK_OWED, Code.REVERSAL_OWED, Code.RECALCULATED_OWED):
        return (*why, Reason("owed", {"points": points}))
    return why or award_


def _bodies(
    connection: Connection, shard_key: int, events: set[Identity]
) -> dict[Identity, Body | Unreadable]:
    """Return what these events said."""
    t = schema.inbox.c
    columns = (t.device_id, t.epoch, t.seq, t.kind, t.kind_version, t.body)
    rows = by_key(connection, shard_key, columns, sorted(events))
    return {Identity(*row[:3]): read_body(Frame(*row[3:])) for row in rows}


def _awards(
    connection: Connection, shard_key: int, owner: Holder, keys: set[bytes]
) -> dict[str, tuple[Reason, ...]]:
    """Return the reasons of awards that a slip tells beside the rate, by fingerprint (hex)."""
    every = sorted(keys)
    sales = read(connection, shard_key, "sales", every)
    facts = read(connection, shard_key, "facts", every)
    known = [sale for sale in sales.values() if sale is not None]
    bodies = _bodies(connection, shard_key, {sale.origin for sale in known})
    told_by = {body.book for body in bodies.values() if isinstance(body, SaleBody)}
    versions = {sale.book for sale in known} | told_by
    books = read(connection, shard_key, "books", sorted(versions))
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    found = {}
    for key, sale in sales.items():
        book = books.get(sale.book) if sale is not None else None
        first = bodies.get(sale.origin) if sale is not None else None
        had = facts[key] or Facts()
        if isinstance(first, SaleBody) and sale is not None and first.book != sale.book:
            # It was recalculated, which has a line of its own; what it moves now is not of then.
            book, had = books.get(first.book), structs.replace(had, moved={})
        if sale is not None and book is not None:
            reasons = _of_award(sale, had, book, owner, zone)
            found[key.hex()] = tuple(one for one in reasons if one.code.startswith(_TOLD))
    return found


def _of_award(
    sale: Sale, facts: Facts, book: RuleBook, owner: Holder, zone: ZoneInfo
) -> tuple[Reason, ...]:
    basket = Basket(sale.eligible_fen, sale.shop_id, sale.category, facts.parts)
    who = Who(sale.tier_id, frozenset(facts.labels), facts.birth_month, frozenset(facts.had))
    when = past.span(facts.earliest_ms, facts.latest_ms, zone) if facts.latest_ms else None
    known = counters(book, owner.key, date.fromisoformat(sale.sold_on))
    # What it used of a cap that receipts share is what was left for it.
    left = {one.asked: facts.moved.get(one.name, 0) for one in known} if facts.moved else None
    given = award(basket, who, when, book, left)
    extra = (given.rest - facts.moved.get(rest_name(owner.key), given.rest)) // PARTS
    return (*given.reasons, Reason("carried", {"points": str(extra)})) if extra else given.reasons


def day_of(now_ms: int, zone: ZoneInfo) -> date:
    """Return the mall's day of a moment (ms UTC)."""
    return datetime.fromtimestamp(now_ms / 1000, tz=zone).date()
