"""What a member is reminded of on a day: points that end, a tier or a reward within reach.

Pure: whoever calls brings what the ledger knows of a member. When the same was said lately is for
the caller to know.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from msgspec import Struct

from loyalty.rules.lots import Lot
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook
from loyalty.rules.tiers import next_tier


class Reachable(Struct, frozen=True, gc=False):
    """A reward that is on offer."""

    reward_id: str
    points: int
    name_zh: str
    name_en: str


class Due(Struct, frozen=True):
    """A reminder: its words, and what it is about; the same subject is not said every day."""

    subject: str
    reason: Reason


def wanted(book: RuleBook) -> bool:
    """Tell whether the book asks for any reminder."""
    return bool(book.remind_expiry_days or book.remind_tier_points or book.remind_reward_points)


def due(
    book: RuleBook,
    days: Sequence[date],
    lots: Iterable[Lot],
    available: int,
    tier_points: int,
    rewards: Iterable[Reachable],
) -> tuple[Due, ...]:
    """Return a member's reminders of the last of some days; on the others nobody was reminded.

    `available` points can be spent, `tier_points` are what tiers are reached by; rewards come the
    cheapest first.
    """
    return (
        *_ending(book, days, lots),
        *_near_a_tier(book, tier_points),
        *_near_a_reward(book, available, rewards),
    )


def _ending(book: RuleBook, days: Sequence[date], lots: Iterable[Lot]) -> Iterable[Due]:
    ends: dict[tuple[date, int], int] = {}
    for lot in lots:
        before = {(lot.expires_on - day).days for day in days}.intersection(book.remind_expiry_days)
        if before and lot.expires_on >= days[-1]:
            told = (lot.expires_on, min(before))
            ends[told] = ends.get(told, 0) + lot.left
    for last, left in sorted(ends):
        values = {"points": str(ends[last, left]), "day": last.isoformat()}
        yield Due(f"expiry/{last.isoformat()}/{left}", Reason("expires_soon", values))


def _near_a_tier(book: RuleBook, points: int) -> Iterable[Due]:
    above = next_tier(points, book)
    if points > 0 and above is not None and above[1] <= book.remind_tier_points:
        tier, missing = above
        values = {"points": str(missing), "zh": tier.name_zh, "en": tier.name_en}
        yield Due(f"tier/{tier.id}", Reason("tier_near", values))


def _near_a_reward(book: RuleBook, available: int, rewards: Iterable[Reachable]) -> Iterable[Due]:
    above = next((one for one in rewards if one.points > available), None)
    if above is None or available <= 0:
        return  # nobody hears of rewards who has nothing towards one
    if above.points - available <= book.remind_reward_points:
        missing = str(above.points - available)
        values = {"points": missing, "zh": above.name_zh, "en": above.name_en}
        yield Due(f"reward/{above.reward_id}", Reason("reward_near", values))
