"""Bills that points paid a part of, and what came of them."""

import sqlite3

from loyalty.events import Bill, CouponChecked, Redeem, TenderChecked


def paid(db: sqlite3.Connection, body: Redeem, bill: Bill) -> None:
    """Add a payment whose receipt is still to come."""
    db.execute(
        "INSERT INTO payment (voucher_code, points, due_fen, paid_fen, wall_ms, boot_id,"
        " boottime_ms, outcome, holder_kind, holder_key) VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?)",
        (
            body.voucher_code,
            body.points,
            bill.due_fen,
            bill.paid_fen,
            body.at.wall_ms,
            body.at.boot_id,
            body.at.boottime_ms,
            body.holder.kind,
            body.holder.key,
        ),
    )


def checked(db: sqlite3.Connection, body: TenderChecked | CouponChecked) -> None:
    """Note what came of a payment, and of which bill. Raises KeyError if it does not exist."""
    if isinstance(body, CouponChecked):
        return  # until a bill takes a coupon it has paid for nothing
    changed = db.execute(
        "UPDATE payment SET outcome = ?, fingerprint = ? WHERE voucher_code = ?",
        (body.outcome, body.fingerprint, body.voucher_code),
    )
    if not changed.rowcount:
        raise KeyError(body.voucher_code)
