"""Why points moved and tiers are what they are, as the reasons that `loyalty.wording` words.

Reads only. An award is explained as the till did on its slip, out of what central kept of it: the
same arithmetic, so the same sentences on slip, kiosk, statement and the member's page.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.ledger import award_reasons, queries, tier_reasons
from central.ledger.activity_names import activity_names
from central.ledger.award_reasons import Told
from central.ledger.judging.accounts import Code, wallet_id
from central.ledger.judging.rows import Unreadable
from central.ledger.writing.loading import read
from loyalty.events import Body, Holder, Recalculated, Refund
from loyalty.rules.reasons import Reason, of_refund
from loyalty.rules.rulebook import RuleBook

_AWARDS = (Code.AWARD, Code.TRUE_UP)
_REFUNDS = (Code.TAKE_BACK, Code.TAKE_BACK_OWED)
_RECALCULATED = (Code.RECALCULATED, Code.RECALCULATED_BACK, Code.RECALCULATED_OWED)
_ACTIVITIES = {
    Code.ACTIVITY: "activity",
    Code.ACTIVITY_BACK: "activity_back",
    Code.ACTIVITY_OWED: "activity_back",
}
#: How long before their last day people hear that points end.
SOON_DAYS = 30


def of_lines(
    connection: Connection, shard_key: int, lines: Iterable[queries.Line]
) -> list[tuple[Reason, ...]]:
    """Return for each line of a statement why its points moved."""
    lines = list(lines)
    of_sales = [line for line in lines if line.code in _AWARDS + _REFUNDS]
    keys = {bytes.fromhex(line.subject) for line in of_sales}
    by = {line.booked_by for line in of_sales}
    sales = award_reasons.of_sales(connection, shard_key, keys, by)
    booked = {line.booked_by for line in lines if line.code in _RECALCULATED + _REFUNDS}
    bodies = award_reasons.bodies(connection, shard_key, booked)
    done = any(line.code in _ACTIVITIES for line in lines)
    named = activity_names(connection, shard_key) if done else {}
    told, said = [], set[object]()
    for line in lines:
        # An award is told on the first of its lines, and so is a refund.
        about = line.subject if line.code in _AWARDS else line.booked_by
        if line.code in _ACTIVITIES:
            told.append(_of_activity(line, named))
        else:
            sale, body = sales.get(line.subject), bodies.get(line.booked_by)
            told.append(_of(line, sale, body, again=about in said))
        said.add(about)
    return told


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
        found += tier_reasons.of_now(connection, shard_key, owner.key, book, today)
    return tuple(found)


def _of_activity(line: queries.Line, named: dict[str, dict[str, str]]) -> tuple[Reason, ...]:
    activity_id = line.subject.partition("/")[2]
    names = named.get(activity_id, {"zh": activity_id, "en": activity_id})
    return (Reason(_ACTIVITIES[line.code], {**names, "points": str(abs(line.points))}),)


def _of(
    line: queries.Line, sale: Told | None, body: Body | Unreadable | None, *, again: bool
) -> tuple[Reason, ...]:
    code, points = line.code, str(abs(line.points))
    if code is Code.EXPIRED:
        until = date.fromisoformat(line.subject) - timedelta(days=1)
        return (Reason("expired", {"points": points, "day": until.isoformat()}),)
    if code is Code.RELEASED:
        return (Reason("released", {"points": points}),)
    why: tuple[Reason, ...] = ()
    if code in _AWARDS and sale is not None and not again:
        why = sale.award
    if isinstance(body, Recalculated):
        why = (Reason("recalculated", {"why": body.why}),)
    if isinstance(body, Refund) and not again:
        undone = sale is not None and line.booked_by in sale.undone
        why = (of_refund(-body.eligible_fen, undone=undone),)
    if code in (Code.TAKE_BACK_OWED, Code.REVERSAL_OWED, Code.RECALCULATED_OWED):
        return (*why, Reason("owed", {"points": points}))
    return why


def day_of(now_ms: int, zone: ZoneInfo) -> date:
    """Return the mall's day of a moment (ms UTC)."""
    return datetime.fromtimestamp(now_ms / 1000, tz=zone).date()
