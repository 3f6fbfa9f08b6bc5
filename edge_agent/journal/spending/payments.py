"""Payments with points on this till that are not settled: awaited, or for a person to look at."""

import sqlite3

from msgspec import Struct

from loyalty.events import Bill, Moment


class PaymentRecord(Struct, frozen=True):
    """Points that paid a part of a bill; `outcome` is empty while its receipt is awaited."""

    voucher_code: str
    points: int
    bill: Bill
    at: Moment
    outcome: str


def unsettled(db: sqlite3.Connection) -> list[PaymentRecord]:
    """Return what was neither matched nor taken back, oldest first."""
    rows = db.execute(
        "SELECT voucher_code, points, due_fen, paid_fen, wall_ms, boot_id, boottime_ms, outcome"
        " FROM payment WHERE outcome NOT IN ('matched', 'taken_back') ORDER BY wall_ms"
    )
    return [
        PaymentRecord(row[0], row[1], Bill(row[2], row[3]), Moment(row[4], row[5], row[6]), row[7])
        for row in rows
    ]
