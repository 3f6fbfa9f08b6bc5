"""Coupons that this till keeps for a bill, and what those said that it has used.

What a paper said is no fact of the chain, so this table cannot be made again; only who holds a
coupon for which bill must survive a restart, and that changes with the event that settles it.
"""

import sqlite3

import msgspec
from msgspec import Struct, structs

from edge_agent.journal.log import Place
from edge_agent.journal.projections import places
from edge_agent.journal.spending import voucher_requests
from loyalty.coupons import Coupon
from loyalty.events import Bill, Body, CouponChecked, Moment, VoucherUse
from loyalty.wire import Verdict

_USED = "used"


class KeptCoupon(Struct, frozen=True):
    """A coupon and the bill it is for, all zero until that is typed.

    `request_id` is the one under which central took it, empty at its home till. `outcome` says why
    a person must look at it (`CouponChecked`), or that it is used; empty while it is awaited.
    `raised` is where the event stands that says so: its epoch and seq.
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
    raised: tuple[int, int] | None = None


def keep(db: sqlite3.Connection, kept: KeptCoupon) -> None:
    """Keep a coupon as it stands now."""
    db.execute(
        "INSERT INTO coupon (voucher_code, kept, used) VALUES (?, ?, ?)"
        " ON CONFLICT (voucher_code) DO UPDATE SET kept = excluded.kept, used = excluded.used",
        (kept.voucher_code, msgspec.json.encode(kept).decode(), kept.outcome == _USED),
    )


def known(db: sqlite3.Connection, voucher_code: str) -> KeptCoupon | None:
    """Return what this till knows of a coupon that it keeps or has used."""
    query = "SELECT kept FROM coupon WHERE voucher_code = ?"
    row = db.execute(query, (voucher_code,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=KeptCoupon)


def awaiting(db: sqlite3.Connection) -> KeptCoupon | None:
    """Return the coupon that waits for its bill or for a person."""
    query = "SELECT kept FROM coupon WHERE used = 0 ORDER BY voucher_code LIMIT 1"
    row = db.execute(query).fetchone()
    return None if row is None else msgspec.json.decode(row[0], type=KeptCoupon)


def is_closed(db: sqlite3.Connection, kept: KeptCoupon) -> bool:
    """Tell whether a person at central closed the case that this till raised about a coupon."""
    if kept.raised is None:
        return False
    place = places.now(db, Place(*kept.raised))
    query = "SELECT 1 FROM verdict WHERE epoch = ? AND seq = ? AND code = ?"
    row = db.execute(query, (place.epoch, place.seq, Verdict.REFUSED_FINAL)).fetchone()
    return row is not None


def follow(db: sqlite3.Connection, place: Place, body: Body) -> None:
    """Let what is kept here follow an event that is being written at `place`."""
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
        raised = {"outcome": body.outcome, "fingerprint": body.fingerprint}
        keep(db, structs.replace(kept, **raised, raised=(place.epoch, place.seq)))
