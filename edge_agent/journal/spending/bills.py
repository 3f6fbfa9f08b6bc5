"""What points and coupons paid of the bills of this till, and what refunds gave back of it.

Both readers and projections ask: so it is made of projections alone, never of what was pulled.
"""

import sqlite3

from msgspec import UNSET, Struct

from edge_agent.journal import log
from edge_agent.journal.log import Place
from loyalty.bills import earning_back, named_fen, points_back, returned_fen
from loyalty.events import Holder, ReviewOpened, Sale
from loyalty.receipt import Receipt


class PointsPart(Struct, frozen=True):
    """Points of a holder that paid a part of a bill; `back` of them came back already."""

    voucher_code: str
    holder: Holder
    points: int
    paid_fen: int
    back: int


class PaidBill(Struct, frozen=True):
    """What paid for a bill of `owed_fen`, beside money, and how much was returned before."""

    owed_fen: int
    points: tuple[PointsPart, ...]
    coupons: tuple[str, ...]
    returned_fen: int

    def gives_back(self, refund: Receipt) -> "GivenBack":
        """Return what a refund gives back."""
        returned = returned_fen(self.owed_fen, self.returned_fen, refund)
        came, named = (returned, self.owed_fen), named_fen(refund)
        points = tuple(
            (one, points_back(one.points, one.paid_fen, one.back, named, came))
            for one in self.points
        )
        whole = returned == self.owed_fen
        return GivenBack(points, self.coupons, returned, whole=whole)

    def takes_back(self, earning_fen: int, before_fen: int, refund: Receipt, fen: int) -> int:
        """Return what a refund takes back of what earned, in fen; its paper alone says `fen`."""
        returned = returned_fen(self.owed_fen, self.returned_fen, refund)
        return earning_back(earning_fen, before_fen, refund, fen, (returned, self.owed_fen))

    def has_left(self, refund: Receipt) -> bool:
        """Tell whether so much of the bill is left as a refund says."""
        return -refund.owed_fen <= self.owed_fen - self.returned_fen


class GivenBack(Struct, frozen=True):
    """Points that go back to their holders, coupons of the bill, and how much of it came back.

    The coupons are good again if it is the `whole` of it.
    """

    parts: tuple[tuple[PointsPart, int], ...]
    coupons: tuple[str, ...]
    returned_fen: int
    whole: bool

    @property
    def points(self) -> int:
        """How many points go back."""
        return sum(points for _, points in self.parts)

    def to(self, holder: Holder) -> int:
        """Return how many of them go to this holder."""
        return sum(points for one, points in self.parts if one.holder == holder)

    @property
    def paid_fen(self) -> int:
        """What these points had paid."""
        return sum(points * one.paid_fen // max(one.points, 1) for one, points in self.parts)


def paid_bill(db: sqlite3.Connection, fingerprint: str) -> PaidBill | None:
    """Return what paid for a bill, None if it was all money or is no sale of this till."""
    place = db.execute("SELECT epoch, seq FROM sale WHERE fingerprint = ?", (fingerprint,))
    sold = place.fetchone()
    sale = log.body_at(db, Place(*sold)) if sold else None
    if not isinstance(sale, Sale):
        return None
    names = (fingerprint, _read_as(db, sale) or fingerprint)
    points = db.execute(
        "SELECT voucher_code, holder_kind, holder_key, points, paid_fen, back FROM payment"
        " WHERE fingerprint IN (?, ?) AND outcome = 'matched' ORDER BY voucher_code",
        names,
    ).fetchall()
    coupons = db.execute(
        "SELECT voucher_code FROM voucher_use WHERE fingerprint IN (?, ?) ORDER BY voucher_code",
        names,
    ).fetchall()
    if not points and not coupons:
        return None
    (returned,) = db.execute(
        "SELECT coalesce(sum(-owed_fen), 0) FROM refund WHERE original = ?", (fingerprint,)
    ).fetchone()
    parts = tuple(PointsPart(row[0], Holder(row[1], row[2]), *row[3:]) for row in points)
    return PaidBill(sale.receipt.owed_fen, parts, tuple(row[0] for row in coupons), returned)


def _read_as(db: sqlite3.Connection, sale: Sale) -> str:
    """Return the fingerprint of a sale as its paper was read, before a person corrected it."""
    if not sale.review_id:
        return ""
    query = "SELECT epoch, seq FROM review_item WHERE review_id = ?"
    row = db.execute(query, (sale.review_id,)).fetchone()
    opened = log.body_at(db, Place(*row)) if row else None
    if not isinstance(opened, ReviewOpened) or opened.read_as is UNSET:
        return ""
    return opened.read_as
