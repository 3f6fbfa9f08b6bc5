"""Refunds and voids, and what each took back of the sale it names."""

import sqlite3

from edge_agent.journal.log import Place
from edge_agent.journal.projections import movements, sales
from loyalty.events import Refund


def refunded(db: sqlite3.Connection, place: Place, body: Refund) -> None:
    """Add a refund and take its points back. Raises Duplicate if its receipt is known."""
    identity = sales.identity_of(body)
    sales.refuse_known_receipt(db, identity)
    db.execute(
        "INSERT INTO refund (fingerprint, epoch, seq, original, points) VALUES (?, ?, ?, ?, ?)",
        (identity, place.epoch, place.seq, body.original, body.points),
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
