"""Bills that points paid a part of, and what came of them."""

import sqlite3

from msgspec import UNSET

from loyalty.events import Redeem, TenderChecked


def paid(db: sqlite3.Connection, body: Redeem) -> None:
    """Add a payment whose receipt is still to come, if these points paid a part of a bill."""
    if body.bill is UNSET:
        return
    db.execute(
        "INSERT INTO payment (voucher_code, points, due_fen, paid_fen, wall_ms, boot_id,"
        " boottime_ms, outcome, holder_kind, holder_key) VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?)",
        (
            body.voucher_code,
            body.points,
            body.bill.due_fen,
            body.bill.paid_fen,
            body.at.wall_ms,
            body.at.boot_id,
            body.at.boottime_ms,
            body.holder.kind,
            body.holder.key,
        ),
    )


def checked(db: sqlite3.Connection, body: TenderChecked) -> None:
    """Note what came of a payment, and of which bill. Raises KeyError if it does not exist."""
    changed = db.execute(
        "UPDATE payment SET outcome = ?, fingerprint = ? WHERE voucher_code = ?",
        (body.outcome, body.fingerprint, body.voucher_code),
    )
    if not changed.rowcount:
        raise KeyError(body.voucher_code)
