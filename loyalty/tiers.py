"""Which tier a member has reached, by the thresholds of the rule book."""

from loyalty.rulebook import RuleBook, Tier


def tier_for(points: int, book: RuleBook) -> Tier:
    """Return the highest tier whose `from_points` is reached by `points`."""
    reached = [tier for tier in book.tiers if points >= tier.from_points]
    return reached[-1] if reached else book.tiers[0]
