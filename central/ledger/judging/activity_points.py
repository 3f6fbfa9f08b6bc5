"""What activities give and take back, each out of its budget."""

from datetime import date

from central.ledger.judging.accounts import ISSUER, Code, wallet_id
from central.ledger.judging.entry import Entry
from central.ledger.judging.rows import Identity
from central.ledger.judging.state import State
from central.ledger.judging.wallets import add_lot, pay_debt, take, tier_of
from loyalty.events import Holder
from loyalty.rules.activities import Activity
from loyalty.rules.expiry import last_day
from loyalty.rules.lots import Lot
from loyalty.rules.rulebook import RuleBook


def spent_key(activity_id: str) -> str:
    """Return the counter of the points that an activity has given to everybody."""
    return f"activity-points/{activity_id}"


def affords(state: State, activity: Activity, points: int) -> bool:
    """Tell whether the activity's budget has so many points left."""
    spent = state.uses.get(spent_key(activity.id)) or 0
    return not activity.budget or spent + points <= activity.budget


def credit(
    entry: Entry,
    activity: Activity,
    member: str,
    points: int,
    day: date,
    book: RuleBook,
    what: str = "",
) -> None:
    """Give a member an activity's points, which have their own last day, out of its budget.

    `what` tells them from others of the activity that the same event gives the member.
    """
    if not points:
        return
    holder = Holder("member", member)
    subject = subject_of(activity.id)
    until = last_day(day, book, tier_of(entry, holder), activity.expiry_months)
    entry.legs_max += 2
    entry.move(ISSUER, wallet_id(holder), points, Code.ACTIVITY, subject)
    lot_id = _lot_id(entry.event.identity) + (what or activity.id).encode()
    add_lot(entry, wallet_id(holder), Lot(lot_id, until, points))
    pay_debt(entry, holder, subject)
    _count(entry, activity, points)


def debit(entry: Entry, activity: Activity, member: str, points: int) -> None:
    """Take an activity's points back from a member; what is spent is owed."""
    if not points:
        return
    entry.legs_max += 3
    codes = (Code.ACTIVITY_BACK, Code.ACTIVITY_OWED)
    take(entry, Holder("member", member), points, subject_of(activity.id), codes)
    _count(entry, activity, -points)


def subject_of(activity_id: str) -> str:
    """Return what a transfer says it is about."""
    return f"activity/{activity_id}"


def _count(entry: Entry, activity: Activity, points: int) -> None:
    key = spent_key(activity.id)
    spent = entry.state.uses.get(key) or 0
    entry.state.uses.put(key, max(spent + points, 0) or None)


def _lot_id(identity: Identity) -> bytes:
    return identity.device_id + identity.epoch.to_bytes(8, "big") + identity.seq.to_bytes(8, "big")
