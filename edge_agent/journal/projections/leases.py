"""What was spent under leases on this device, and which vouchers that paid for."""

import sqlite3

from edge_agent.journal.errors import Duplicate, LeaseClosed
from edge_agent.journal.log import Place
from edge_agent.journal.projections import movements
from loyalty.events import LeaseClose, Redeem


def redeemed(db: sqlite3.Connection, place: Place, body: Redeem) -> None:
    """Add a redemption.

    Raises Duplicate if its voucher was handed out here before, LeaseClosed if its lease was given
    back.
    """
    known = db.execute(
        "SELECT 1 FROM redemption WHERE voucher_code = ?", (body.voucher_code,)
    ).fetchone()
    if known is not None:
        raise Duplicate("voucher", body.voucher_code)
    ended = db.execute(
        "SELECT 1 FROM lease WHERE lease_id = ? AND closed = 1", (body.lease_id,)
    ).fetchone()
    if ended is not None:
        raise LeaseClosed(f"lease {body.lease_id} was given back")
    db.execute(
        "INSERT INTO redemption (voucher_code, epoch, seq, lease_id) VALUES (?, ?, ?, ?)",
        (body.voucher_code, place.epoch, place.seq, body.lease_id),
    )
    db.execute(
        "INSERT INTO lease (lease_id, spent, closed) VALUES (?, ?, 0)"
        " ON CONFLICT (lease_id) DO UPDATE SET spent = spent + excluded.spent",
        (body.lease_id, body.points),
    )
    movements.give(db, place, 0, body.holder, -body.points)


def closed(db: sqlite3.Connection, body: LeaseClose) -> None:
    """Mark a lease as done: nothing more is spent under it."""
    db.execute(
        "INSERT INTO lease (lease_id, spent, closed) VALUES (?, ?, 1)"
        " ON CONFLICT (lease_id) DO UPDATE SET closed = 1",
        (body.lease_id, body.spent),
    )
