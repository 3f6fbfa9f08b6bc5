"""Refunds and voids, and what each took back of the sale it names."""

import sqlite3

from edge_agent.journal.log import Place
from edge_agent.journal.projections import movements, sales
from edge_agent.journal.spending.bills import paid_bill
from loyalty.events import Refund


def refunded(db: sqlite3.Connection, place: Place, body: Refund) -> None:
    """Add a refund and take its points back. Raises Duplicate if its receipt is known."""
    identity = sales.identity_of(body)
    sales.refuse_known_receipt(db, identity)
    if body.original is not None:
        _give_back(db, place, body, body.original)
    db.execute(
        "INSERT INTO refund (fingerprint, epoch, seq, original, points, owed_fen)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (identity, place.epoch, place.seq, body.original, body.points, body.receipt.owed_fen),
    )
    if body.original is None:
        return
    points = body.points or 0
    sale = sales.held(db, body.original)
    if sale is None or sale.holder is None:
        movements.give_to_holder_of(db, place, 0, body.original, -points)
    elif not sales.awaits(db, body.original):
        movements.give(db, place, 0, sale.holder, -points)
    sales.take_back(db, body.original, -body.eligible_fen, points)


def _give_back(db: sqlite3.Connection, place: Place, body: Refund, original: str) -> None:
    """Give back what points paid of the bill, and its coupons once nothing of it is left."""
    bill = paid_bill(db, original)
    if bill is None:
        return
    given = bill.gives_back(body.receipt)
    for leg, (part, points) in enumerate(given.parts, 1):
        if points:
            movements.give(db, place, leg, part.holder, points)
            db.execute(
                "UPDATE payment SET back = back + ? WHERE voucher_code = ?",
                (points, part.voucher_code),
            )
    if given.whole:
        for code in bill.coupons:
            db.execute("DELETE FROM voucher_use WHERE voucher_code = ?", (code,))
