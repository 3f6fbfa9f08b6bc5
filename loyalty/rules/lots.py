"""Points in lots with expiry: what is spent goes soonest-expiring first.

A lot is what one award left in a wallet. Days are days of the mall's zone.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from msgspec import Struct


class Lot(Struct, frozen=True, gc=False):
    """`left` points that count until the end of `expires_on`."""

    lot_id: bytes
    expires_on: date
    left: int


class PendingLot(Struct, frozen=True):
    """`left` points of the receipt `subject` that can be spent from the day `counts_from` on."""

    lot_id: bytes
    counts_from: date
    expires_on: date
    left: int
    subject: str


class Draw(Struct, frozen=True):
    """`points` taken out of one lot."""

    lot_id: bytes
    points: int


def draw(lots: Iterable[Lot], points: int) -> tuple[Draw, ...]:
    """Return how `points` come out of the lots, soonest expiry first.

    Takes what there is: the caller compares the sum if it must have all of it.
    """
    draws = []
    for lot in sorted(lots, key=lambda lot: (lot.expires_on, lot.lot_id)):
        taken = min(lot.left, points)
        if taken > 0:
            draws.append(Draw(lot.lot_id, taken))
            points -= taken
    return tuple(draws)


def taken(lots: Iterable[Lot], draws: Iterable[Draw]) -> tuple[Lot, ...]:
    """Return what the draws took, as lots with their dates, so that it can be put back."""
    known = {lot.lot_id: lot.expires_on for lot in lots}
    return tuple(Lot(one.lot_id, known[one.lot_id], one.points) for one in draws)


def put_back(lots: Iterable[Lot], pieces: Iterable[Lot]) -> tuple[Lot, ...]:
    """Return the lots with what was taken put back under its own dates, sorted by lot.

    A lot that was empty is there again; a date that has passed stays passed.
    """
    sums = {lot.lot_id: lot for lot in lots}
    for piece in pieces:
        known = sums.get(piece.lot_id)
        left = piece.left + (known.left if known else 0)
        sums[piece.lot_id] = Lot(piece.lot_id, piece.expires_on, left)
    return tuple(sums[lot_id] for lot_id in sorted(sums))


def last_to_end(drawn: Iterable[Lot], points: int) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Return what of some lots makes so many points, the last to end first, and what is left."""
    pieces, rest = [], []
    for lot in sorted(drawn, key=lambda lot: (lot.expires_on, lot.lot_id), reverse=True):
        part = min(lot.left, points)
        points -= part
        pieces += [Lot(lot.lot_id, lot.expires_on, part)] if part else []
        rest += [Lot(lot.lot_id, lot.expires_on, lot.left - part)] if lot.left > part else []
    return tuple(pieces), tuple(sorted(rest, key=lambda lot: lot.lot_id))


@lru_cache(maxsize=1024)
def expires_on(earned_on: date, months: int) -> date:
    """Return the last day on which points earned on `earned_on` count.

    A month that lacks the day ends on its last day: 29 February plus 12 months is 28 February.
    """
    years, month0 = divmod(earned_on.month - 1 + months, 12)
    year, month = earned_on.year + years, month0 + 1
    return date(year, month, min(earned_on.day, monthrange(year, month)[1]))
