"""What comes back of a bill that points or a coupon paid a part of, when goods are returned. Pure.

Till and central work it out alike, from what the receipts say: the sale's amount owed, and that of
each refund. What points paid comes back in proportion, or as far as the refund's paper names it;
a coupon is good again when nothing of the bill is left.
"""

from loyalty.receipt import Receipt
from loyalty.rules.tender import TENDER_KIND


def returned_fen(owed_fen: int, before_fen: int, refund: Receipt) -> int:
    """Return how much of a bill has come back after a refund, never more than it came to."""
    return min(before_fen + max(-refund.owed_fen, 0), owed_fen)


def named_fen(refund: Receipt) -> int:
    """Return what a refund's paper says that points get back, 0 where it names none."""
    return sum(abs(one.amount_fen) for one in refund.tenders if one.kind == TENDER_KIND)


def points_back(
    points: int, paid_fen: int, before: int, named: int, came_back: tuple[int, int]
) -> int:
    """Return how many of `points` that paid `paid_fen` a refund gives back that has `named` fen.

    `before` of them came back already; `came_back` is how much, with this refund, of how much was
    owed. A fraction of a point waits for the last of the bill.
    """
    if named:
        return min(points - before, points * named // max(paid_fen, 1))
    returned, owed = came_back
    return max(points * returned // max(owed, 1) - before, 0)


def earning_back(
    earning_fen: int, before_fen: int, refund: Receipt, fen: int, came_back: tuple[int, int]
) -> int:
    """Return how much of what earned on such a bill a refund takes back, in fen (not negative).

    `before_fen` is gone already. A paper that names the part of points takes back `fen`, which is
    what it says by itself; any other in proportion, for it says the whole amount.
    """
    if any(one.kind == TENDER_KIND for one in refund.tenders):
        return fen
    returned, owed = came_back
    return max(earning_fen * returned // max(owed, 1) - before_fen, 0)
