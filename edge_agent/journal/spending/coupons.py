"""Coupons that this till keeps for a bill, and what those said that it has used.

What a paper said is no fact of the chain, so this table cannot be made again; only who holds a
coupon for which bill must survive a restart, and that changes with the event that settles it.
"""

import sqlite3

import msgspec
from msgspec import Struct, structs

from edge_agent.journal.spending import voucher_requests
from loyalty.coupons import Coupon
from loyalty.events import Bill, Body, CouponChecked, Moment, VoucherUse

_USED = "used"


class KeptCoupon(Struct, frozen=True):
    """A coupon and the bill it is for, all zero until that is typed.

    `request_id` is the one under which central took it, empty at its home till. `outcome` says why
    a person must look at it (`CouponChecked`), or that it is used; empty while it is awaited.
    """

    voucher_code: str
    reward_id: str
    coupon: Coupon
    valid_until: str
    request_id: str
    at: Moment
    bill: Bill = Bill(0, 0)
    outcome: str = ""
    fingerprint: str = ""


def keep(db: sqlite3.Connection, kept: KeptCoupon) -> None:
    """Keep a coupon as it stands now."""
    db.execute(
        "INSERT INTO coupon (voucher_code, kept) VALUES (?, ?)"
        " ON CONFLICT (voucher_code) DO UPDATE SET kept = excluded.kept",
        (kept.voucher_code, msgspec.json.encode(kept).decode()),
    )


def known(db: sqlite3.Connection, voucher_code: str) -> KeptCoupon | None:
    """Return what this till knows of a coupon that it keeps or has used."""
    query = "SELECT kept FROM coupon WHERE voucher_code = ?"
    row = db.execute(query, (voucher_code,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=KeptCoupon)


def awaiting(db: sqlite3.Connection) -> KeptCoupon | None:
    """Return the coupon that waits for its bill or for a person."""
    every = (
        msgspec.json.decode(row[0], type=KeptCoupon)
        for row in db.execute("SELECT kept FROM coupon ORDER BY voucher_code")
    )
    return next((one for one in every if one.outcome != _USED), None)


def follow(db: sqlite3.Connection, body: Body) -> None:
    """Let what is kept here follow an event that is being written."""
    match body:
        case VoucherUse() | CouponChecked(outcome="released"):
            voucher_requests.answered(db, body.voucher_code)
        case CouponChecked():
            pass
        case _:
            return
    kept = known(db, body.voucher_code)
    if kept is None:
        return
    if isinstance(body, VoucherUse):
        keep(db, structs.replace(kept, outcome=_USED))
    elif body.outcome == "released":
        db.execute("DELETE FROM coupon WHERE voucher_code = ?", (body.voucher_code,))
    else:
        keep(db, structs.replace(kept, outcome=body.outcome, fingerprint=body.fingerprint))
