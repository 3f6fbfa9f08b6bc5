"""Points as money at a till: how many may pay for a bill, and what they are worth. Pure.

The rule book says it (`[tender]`); without that nothing is paid with points. Both sides ask the
same question: the till so that the cashier sees what may be paid, central because it decides.
"""

from msgspec import Struct

from loyalty.rules.reasons import Reason, money
from loyalty.rules.tender import Paying


class Payable(Struct, frozen=True):
    """So many points may pay `amount_fen` of a bill; `why` not more."""

    points: int
    amount_fen: int
    why: Reason


def payable(paying: Paying | None, bill_fen: int, points: int) -> Payable | Reason:
    """Return how many of `points` may pay for a bill, or why none do."""
    if paying is None:
        return Reason("paying_off")
    if bill_fen < max(paying.from_fen, 1):
        return Reason("paying_from", {"amount": money(max(paying.from_fen, 1))})
    share = {"percent": str(paying.share_percent_max)}
    most_fen = bill_fen * paying.share_percent_max // 100
    by_share = _whole(paying, most_fen * paying.points_per_yuan // 100)
    if not by_share:
        return Reason("paying_too_small", {**share, "amount": money(paying.fen(paying.step))})
    by_balance = _whole(paying, max(points, 0))
    if not by_balance:
        return Reason("paying_too_few", {"points": str(max(points, 0)), "needed": str(paying.step)})
    if by_balance < by_share:
        return Payable(
            by_balance,
            paying.fen(by_balance),
            Reason("paying_balance", {"points": str(points), "step": str(paying.step)}),
        )
    return Payable(by_share, paying.fen(by_share), Reason("paying_share", share))


def why_not(paying: Paying | None, bill_fen: int, points: int) -> Reason | None:
    """Return why exactly so many points may not pay for a bill, None if they may."""
    found = payable(paying, bill_fen, points)
    if isinstance(found, Reason):
        return found
    if found.points != points:
        return Reason("paying_most", {"points": str(found.points)})
    return None


def _whole(paying: Paying, points: int) -> int:
    return points - points % paying.step
