"""Which tier a member has: reached by the rule book's thresholds, kept for a while, or granted.

Pure arithmetic over what the ledger says; when it is asked is central's worker's business.
"""

from datetime import date, timedelta

from msgspec import Struct

from loyalty.rules.rulebook import RuleBook, Tier


class Standing(Struct, frozen=True):
    """A member's tier, and until when it stays whatever the points say.

    `below_since` is the first day on which the points were short of it. `granted_until` is the
    last day of a tier that a person gave; None: nobody did.
    """

    tier_id: str
    below_since: date | None = None
    granted_until: date | None = None


def tier_for(points: int, book: RuleBook) -> Tier:
    """Return the highest tier whose `from_points` is reached by `points`."""
    reached = [tier for tier in book.tiers if points >= tier.from_points]
    return reached[-1] if reached else book.tiers[0]


def reviewed(now: Standing, points: int, today: date, book: RuleBook) -> Standing:
    """Return a member's standing on `today` with `points` of the book's tier basis.

    Up at once. Down, to what the points are worth then, when they have been short of the tier for
    the book's days of grace. A granted tier stays to its last day; then it is as if it had been
    reached, so its grace begins.
    """
    order = {tier.id: place for place, tier in enumerate(book.tiers)}
    earned = tier_for(points, book).id
    place = order.get(now.tier_id, 0)
    granted = now.granted_until if now.granted_until and today <= now.granted_until else None
    if order[earned] > place:
        return Standing(earned)
    held = Standing(book.tiers[place].id, granted_until=granted)
    if order[earned] == place or granted is not None:
        return held
    since = now.below_since or today
    if today < since + timedelta(days=book.tier_grace_days):
        return Standing(held.tier_id, below_since=since)
    return Standing(earned)


def next_tier(points: int, book: RuleBook) -> tuple[Tier, int] | None:
    """Return the tier above and how many points are missing to it; None at the top."""
    for tier in book.tiers:
        if tier.from_points > points:
            return tier, tier.from_points - points
    return None
