"""Which tier a member has: reached by the rule book's thresholds, kept for a while, or granted.

Pure arithmetic over what the ledger says; when it is asked is central's worker's business.
"""

from datetime import date, timedelta

from msgspec import Struct

from loyalty.rules.rulebook import RuleBook, Tier


class Standing(Struct, frozen=True):
    """A member's tier, and until when it stays whatever the points say.

    `below_since` is the first day on which the points were short of it. `granted_until` is the
    last day of the tier that a person gave, `granted_id`; None: nobody did.
    """

    tier_id: str
    below_since: date | None = None
    granted_until: date | None = None
    granted_id: str = ""


def tier_for(points: int, book: RuleBook) -> Tier:
    """Return the highest tier whose `from_points` is reached by `points`."""
    reached = [tier for tier in book.tiers if points >= tier.from_points]
    return reached[-1] if reached else book.tiers[0]


def reviewed(now: Standing, points: int, today: date, book: RuleBook) -> Standing:
    """Return a member's standing on `today` with `points` of the book's tier basis.

    Up at once. Down, to what the points are worth then, when they have been short of the tier for
    the book's days of grace. Nobody comes below a granted tier before its last day is over, even
    who was above it meanwhile; then it is as if it had been reached, so its grace begins.
    """
    order = {tier.id: place for place, tier in enumerate(book.tiers)}
    earned = tier_for(points, book).id
    place = order.get(now.tier_id, 0)
    due, until, granted = order[earned], now.granted_until, now.granted_id or now.tier_id
    if until is None or today > until:
        until, granted = None, ""
    due = max(due, order.get(granted, 0))
    since = None
    if due < place:
        since = now.below_since or today
        if today < since + timedelta(days=book.tier_grace_days):
            due = place
        else:
            since = None
    return Standing(book.tiers[due].id, since, until, granted)


def next_tier(points: int, book: RuleBook) -> tuple[Tier, int] | None:
    """Return the tier above and how many points are missing to it; None at the top."""
    for tier in book.tiers:
        if tier.from_points > points:
            return tier, tier.from_points - points
    return None
