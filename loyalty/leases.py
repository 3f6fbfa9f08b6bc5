"""The arithmetic of spending away from central: a lease is a right that central has set aside.

Sum of spendable rights never exceeds the balance, because central moves a lease's amount out of
what is available before any device may spend it (SYNC 2.5). Nothing here reads a clock.
"""

from msgspec import Struct, structs

#: Stands for a reward where points are lent before anybody knows what for: the spend says it.
READY_REWARD = "@ready"
#: Why a run is not told yet about a lease: another run of the same device may still spend it.
ARMED_ELSEWHERE = "armed_elsewhere"
#: Why a run gets no lease: another run of the same device may still spend one. It is final.
ANOTHER_RUN = "another_run"
#: By how much a boot's clock may run wrong, in parts of a thousand; quartz is off by far less.
CLOCK_ERROR_PERMILLE = 5


def spendable_ms(ttl_s: int) -> int:
    """Return how long a lease of `ttl_s` may be spent by a clock that may run slow."""
    return ttl_s * (1000 - CLOCK_ERROR_PERMILLE)


class Lease(Struct, frozen=True):
    """`amount` points set aside for one device and epoch, of which `spent` are gone."""

    lease_id: str
    amount: int
    spent: int = 0

    @property
    def left(self) -> int:
        """Points that may still be spent under this lease."""
        return self.amount - self.spent


class LeaseExceeded(Struct, frozen=True):
    """The refusal of a spend that is larger than what the lease has left."""

    left: int


def spend(lease: Lease, points: int) -> Lease | LeaseExceeded:
    """Return the lease after spending `points` under it, or why that is refused.

    Raises ValueError for a spend of nothing or less: that is a caller's mistake.
    """
    if points <= 0:
        raise ValueError("a spend takes at least one point")
    if points > lease.left:
        return LeaseExceeded(lease.left)
    return structs.replace(lease, spent=lease.spent + points)
