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
_EVERY_DAY = ("check_in", "game", "survey", "vote", "share", "rating")


def in_vain(one: Activity) -> Iterator[Wrong]:
    """Yield the keys that change nothing on this activity, and what is wrong in zh and en."""
    if one.every_day and one.kind not in _EVERY_DAY:
        zh = f"every_day 只用于 {'、'.join(_EVERY_DAY)}"
        yield "every_day", zh, f"every_day is for {', '.join(_EVERY_DAY)} only"
    if one.kind == "contest" and one.points:
        yield "points", "竞赛的积分写在 ranks 里", "a contest's points stand in ranks"
    ranked = sum(one.ranks)
    if one.kind == "contest" and 0 < one.budget < ranked:
        zh = f"budget 少于各名次合计的 {ranked} 分"
        yield "budget", zh, f"budget is less than the {ranked} points of all ranks"
    most = max(one.points, one.points_max) + one.referrer_points
    if 0 < one.budget < most:
        zh = f"budget 少于一次的 {most} 分，永远发不出"
        yield "budget", zh, f"budget is less than the {most} points of one time"


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
