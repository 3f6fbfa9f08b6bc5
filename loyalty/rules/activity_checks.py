"""What is wrong with one activity of a rule book, kind by kind."""

from collections.abc import Iterator

from loyalty.rules.activities import RANKS_MAX, Activity

Wrong = tuple[str, str, str]


def wrong_with(one: Activity) -> Iterator[Wrong]:
    """Yield the key, and what is wrong with it in zh and en."""
    if one.from_day and one.until_day and one.until_day < one.from_day:
        zh = f"{one.until_day} 早于开始日 {one.from_day}"
        yield "until_day", zh, f"{one.until_day} is before from_day {one.from_day}"
    yield from _needed(one)
    for name in _AMOUNTS:
        if getattr(one, name) < 0:
            yield name, f"{name} 不能小于 0", f"{name} must not be less than 0"
    for key, kinds in _ONLY.items():
        if getattr(one, key) and one.kind not in kinds:
            zh = f"{key} 只用于 {'、'.join(kinds)}"
            yield key, zh, f"{key} is for {', '.join(kinds)} only"


_AMOUNTS = (
    "points_max",
    "referrer_points",
    "stamps",
    "minimum_fen",
    "milestone_fen",
    "budget",
    "expiry_months",
)
_ONLY = {
    "points_max": ("game",),
    "referrer_points": ("referral",),
    "after_purchase": ("referral",),
    "stamps": ("punch_card",),
    "minimum_fen": ("punch_card",),
    "milestone_fen": ("milestone",),
    "ranks": ("contest",),
}


def _needed(one: Activity) -> Iterator[Wrong]:
    if one.kind == "contest":
        if not one.ranks or min(one.ranks) < 1:
            yield "ranks", "ranks 须列出各名次的积分", "ranks must list each rank's points"
        elif len(one.ranks) > RANKS_MAX:
            yield "ranks", f"ranks 最多 {RANKS_MAX} 名", f"ranks has at most {RANKS_MAX} places"
    elif one.points < (0 if one.kind == "referral" else 1):
        yield "points", "points 须大于 0", "points must be more than 0"
    if one.kind == "game" and one.points_max < one.points:
        yield "points_max", "points_max 不能小于 points", "points_max must not be below points"
    if one.kind == "referral" and not one.points + one.referrer_points:
        yield "points", "推荐双方都没有积分", "neither side of the referral gets points"
    if one.kind == "punch_card" and one.stamps < 2:
        yield "stamps", "stamps 须至少为 2", "stamps must be at least 2"
    if one.kind == "milestone" and one.milestone_fen < 1:
        yield "milestone_fen", "milestone_fen 须大于 0", "milestone_fen must be more than 0"
