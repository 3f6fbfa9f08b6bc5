"""How points pay at a till, as a rule book says it (`[tender]`): types without decisions."""

from msgspec import Struct

#: Stands for a reward where a lease is for points as money; no sheet of rewards can name it.
TENDER_REWARD = "@tender"
#: Until when the voucher of such a lease counts: its till may find the receipt on any day.
NO_END = "9999-12-31"
#: The kind of a payment line on a receipt that was paid with points.
TENDER_KIND = "mall_points"


class Paying(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """`points_per_yuan` points pay 100 fen, in whole steps of `step_points`.

    They pay from a bill of `from_fen` on, and at most `share_percent_max` of it.
    """

    points_per_yuan: int
    from_fen: int = 0
    share_percent_max: int = 100
    step_points: int = 0

    @property
    def step(self) -> int:
        """The fewest points that can pay, and of which only whole multiples do."""
        return self.step_points or self.points_per_yuan

    def fen(self, points: int) -> int:
        """Return what so many points, a multiple of the step, pay in fen."""
        return points * 100 // self.points_per_yuan
