"""Vouchers that were handed in on this device."""

import sqlite3

from msgspec import UNSET

from edge_agent.journal.errors import Duplicate
from edge_agent.journal.log import Place
from loyalty.events import VoucherUse


def used(db: sqlite3.Connection, place: Place, body: VoucherUse) -> None:
    """Add a used voucher. Raises Duplicate if it was used here before.

    Unless central itself took a coupon again for this till: its first bill came back elsewhere.
    """
    known = db.execute("SELECT 1 FROM voucher_use WHERE voucher_code = ?", (body.voucher_code,))
    again = body.bill is not UNSET and bool(body.request_id)
    if known.fetchone() and not again:
        raise Duplicate("voucher", body.voucher_code)
    keep(db, place, body)


def keep(db: sqlite3.Connection, place: Place, body: VoucherUse) -> None:
    """Note a voucher's last use; which bill had it before does not matter any more."""
    off_fen = 0 if body.bill is UNSET else body.bill.paid_fen
    db.execute(
        "INSERT OR REPLACE INTO voucher_use (voucher_code, epoch, seq, fingerprint, off_fen)"
        " VALUES (?, ?, ?, ?, ?)",
        (body.voucher_code, place.epoch, place.seq, body.fingerprint or "", off_fen),
    )
