"""Points for other things than spending: what a programme's activities give, as data.

An activity is done by scanning a code that central signed (`loyalty.activity_codes`), by staff who
record it, or, for punch cards and milestones, by what a member buys. Who has done what is for
central to count: one member gets one activity's points once, or once a day if it says so.
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
#: A contest's end is one event; so many winners fit into one.
RANKS_MAX = 50


class Activity(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, gc=False
):
    """One activity. `points` go to who did it.

    A game gives from `points` to `points_max` by its result. A referral gives `points` to the new
    member and `referrer_points` to who brought them, at the first purchase if `after_purchase`.
    A punch card gives its points for every `stamps` receipts of `minimum_fen`, a milestone once
    when `milestone_fen` are spent. A contest gives `ranks` to its first, second, third … when it
    is closed. `budget` is the most points that it gives to everybody (0: no limit); its points
    count for `expiry_months` (0: as all points do).
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
    budget: int = 0
    expiry_months: int = 0

    def runs_on(self, day: date) -> bool:
        """Tell whether the activity can be done on a day."""
        begun = self.from_day is None or day >= self.from_day
        return begun and (self.until_day is None or day <= self.until_day)

    def given_for(self, result: int) -> int:
        """Return the points of one doing, `result` being a game's; a contest gives at its end."""
        if self.kind == "game":
            return max(self.points, min(result, self.points_max))
        return 0 if self.kind == "contest" else self.points

    def counted(self, left_fen: int) -> tuple[int, int]:
        """Return the stamps and the spending that a receipt counts for, after its refunds."""
        spent = max(left_fen, 0)
        return int(spent >= max(self.minimum_fen, 1)), spent

    def rounds_due(self, stamps: int, spent_fen: int) -> int:
        """Return how often what a member has bought in all earns the points."""
        if self.kind == "punch_card":
            return stamps // self.stamps
        return int(spent_fen >= self.milestone_fen)
