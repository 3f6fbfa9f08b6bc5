"""Points for other things than spending: what a programme's activities give, as data.

An activity is done by scanning a code that central signed (`loyalty.activity_codes`), or, for
punch cards and milestones, by what a member buys. Who has done what is for central to count: one
member gets one activity's points once, or once a day if it says so.
"""

from datetime import date
from typing import Literal

from msgspec import Struct

ActivityKind = Literal[
    "check_in",
    "game",
    "survey",
    "vote",
    "share",
    "rating",
    "referral",
    "sign_up",
    "punch_card",
    "milestone",
    "contest",
]
#: Kinds that what a member buys does by itself; no code is scanned for them.
BY_BUYING = ("punch_card", "milestone")


class Activity(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False
):
    """One activity. `points` go to who did it.

    A game gives from `points` to `points_max` by its result. A referral gives `points` to the new
    member and `referrer_points` to who brought them, at the first purchase if `after_purchase`.
    A punch card gives its points for every `stamps` receipts of `minimum_fen`, a milestone once
    when `milestone_fen` are spent. A contest gives `ranks` to its first, second, third …
    """

    id: str
    kind: ActivityKind
    name_zh: str
    name_en: str
    points: int = 0
    points_max: int = 0
    referrer_points: int = 0
    after_purchase: bool = False
    stamps: int = 0
    minimum_fen: int = 0
    milestone_fen: int = 0
    ranks: tuple[int, ...] = ()
    from_day: date | None = None
    until_day: date | None = None
    every_day: bool = False

    def runs_on(self, day: date) -> bool:
        """Tell whether the activity can be done on a day."""
        begun = self.from_day is None or day >= self.from_day
        return begun and (self.until_day is None or day <= self.until_day)

    def given_for(self, result: int) -> int:
        """Return the points of one doing; `result` is a game's points or a contest's rank (1…)."""
        if self.kind == "game":
            return max(self.points, min(result, self.points_max))
        if self.kind == "contest":
            return self.ranks[result - 1] if 1 <= result <= len(self.ranks) else 0
        return self.points


def stamps_filled(before: int, stamps: int) -> tuple[int, bool]:
    """Return how many stamps a card shows after one more, and whether that filled it."""
    return (0, True) if before + 1 >= stamps else (before + 1, False)


def milestones_reached(before_fen: int, after_fen: int, milestone_fen: int) -> bool:
    """Tell whether spending went past a milestone, which then counts once."""
    return before_fen < milestone_fen <= after_fen
