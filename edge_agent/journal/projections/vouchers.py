"""Vouchers that were handed in on this device."""

import sqlite3

from edge_agent.journal.errors import Duplicate
from edge_agent.journal.log import Place
from loyalty.events import VoucherUse


def used(db: sqlite3.Connection, place: Place, body: VoucherUse) -> None:
    """Add a used voucher. Raises Duplicate if it was used here before."""
    if db.execute(
        "SELECT 1 FROM voucher_use WHERE voucher_code = ?", (body.voucher_code,)
    ).fetchone():
        raise Duplicate("voucher", body.voucher_code)
    db.execute(
        "INSERT INTO voucher_use (voucher_code, epoch, seq) VALUES (?, ?, ?)",
        (body.voucher_code, place.epoch, place.seq),
    )
