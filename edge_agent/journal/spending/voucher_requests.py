"""Questions to central about vouchers that were handed in here and not answered for good yet."""

import sqlite3


def asked(db: sqlite3.Connection, voucher_code: str, request_id: str) -> str:
    """Return the request id under which this voucher is asked about: the first one stays."""
    db.execute(
        "INSERT INTO voucher_request (voucher_code, request_id) VALUES (?, ?)"
        " ON CONFLICT DO NOTHING",
        (voucher_code, request_id),
    )
    return under_way(db, voucher_code)


def under_way(db: sqlite3.Connection, voucher_code: str) -> str:
    """Return the request id under which central may have taken this voucher; empty if none."""
    query = "SELECT request_id FROM voucher_request WHERE voucher_code = ?"
    row = db.execute(query, (voucher_code,)).fetchone()
    return "" if row is None else str(row[0])


def answered(db: sqlite3.Connection, voucher_code: str) -> None:
    """Forget a request: the voucher is written down as used."""
    db.execute("DELETE FROM voucher_request WHERE voucher_code = ?", (voucher_code,))
