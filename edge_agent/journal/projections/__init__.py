"""What the events of this device add up to: tables that can be thrown away and made again.

Each projection is a pure fold of the events in their order, applied in the transaction that writes
the event. It must never read a clock, a random number or anything that was pulled.
"""

import logging
import sqlite3
from collections import deque
from collections.abc import Iterator

from msgspec import MsgspecError

from edge_agent.journal import log
from edge_agent.journal.damage import readable
from edge_agent.journal.errors import Duplicate, LeaseClosed
from edge_agent.journal.log import Link, Place
from edge_agent.journal.projections import (
    activities,
    claims,
    leases,
    payments,
    places,
    refunds,
    reviews,
    sales,
    vouchers,
)
from loyalty.chain import Frame
from loyalty.events import (
    ActivityDone,
    Body,
    Claim,
    Correction,
    CouponChecked,
    LeaseClose,
    Redeem,
    Refund,
    ReviewDecided,
    ReviewHeld,
    ReviewOpened,
    Sale,
    TenderChecked,
    VoucherCancelled,
    VoucherUse,
    body_of,
    origin_of,
)
from loyalty.rehoming import first_frame

_log = logging.getLogger(__name__)

#: Raise it when a projection changes: the next start then makes all of them again.
VERSION = 7

TABLES = (
    "sale",
    "refund",
    "claim",
    "voucher_use",
    "redemption",
    "payment",
    "lease",
    "review",
    "review_item",
    "activity",
    "movement",
    "rehomed",
)


def apply(db: sqlite3.Connection, place: Place, body: Body) -> None:
    """Bring the projections forward by one event.

    Raises Duplicate if the event is about something that must happen only once and has.
    """
    match body:
        case Sale():
            sales.sold(db, place, body)
        case Correction():
            sales.corrected(db, place, body)
        case Refund():
            refunds.refunded(db, place, body)
        case Claim():
            claims.claimed(db, place, body)
        case Redeem():
            leases.redeemed(db, place, body)
            payments.paid(db, body)
        case TenderChecked():
            payments.checked(db, body)
        case CouponChecked() | VoucherCancelled():
            return  # no bill took the coupon; what came back is in central's balance
        case LeaseClose():
            leases.closed(db, body)
        case VoucherUse():
            vouchers.used(db, place, body)
        case ReviewOpened():
            reviews.opened(db, place, body)
        case ReviewHeld():
            reviews.held(db, body)
        case ReviewDecided():
            reviews.decided(db, place, body)
        case ActivityDone():
            activities.done(db, place, body)
        case _:
            raise ValueError(f"no projection knows {type(body).__name__}")


def apply_link(db: sqlite3.Connection, link: Link) -> None:
    """Bring the projections forward by an event as it is stored."""
    origin = origin_of(link.frame)
    if origin is None:
        apply(db, link.place, body_of(link.frame))
    else:
        places.moved(db, Place(origin.epoch, origin.seq), link.place)


def rebuild(db: sqlite3.Connection) -> None:
    """Make every projection again from the sound events. The caller holds the transaction.

    What happened has happened: an event that would be refused now hangs on one that is lost.
    """
    for table in TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608 our own names
    for link in _in_turn(db):
        try:
            apply_link(db, link)
        except (KeyError, Duplicate, LeaseClosed) as error:
            _log.error("event %s hangs on one that is lost: %s", link.place, error)
            body = body_of(link.frame)
            if isinstance(body, VoucherUse):
                vouchers.keep(db, link.place, body)
    db.execute("UPDATE projection SET version = ?", (VERSION,))


def _in_turn(db: sqlite3.Connection) -> Iterator[Link]:
    """Yield the sound events; one whose first row is lost comes when that would have come.

    It happens where it was written again, which is where its row is, and is moved there.
    """
    again: dict[Place, Place] = {}
    for link in readable(db):
        first = _first_place(link.frame)
        if first is not None:
            again.setdefault(first, link.place)
    firsts, done = deque(sorted(again)), set[Place]()
    for link in readable(db):
        while firsts and firsts[0] <= link.place:
            first = firsts.popleft()
            place = again[first]
            frame = log.frame_at(db, place) if first < link.place else None
            if frame is not None:
                yield Link(place, first_frame(frame), b"")
                yield Link(place, frame, b"")
                done.add(place)
        if link.place not in done:
            yield link


def _first_place(frame: Frame) -> Place | None:
    """Return where an event stood first that is written again here and can be read."""
    origin = origin_of(frame)
    if origin is None:
        return None
    try:
        body_of(frame)
    except (ValueError, MsgspecError):  # no hash before it vouches for it
        return None
    return Place(origin.epoch, origin.seq)


def is_current(db: sqlite3.Connection) -> bool:
    """Tell whether the projections were made by this version."""
    return bool(db.execute("SELECT version FROM projection").fetchone()[0] == VERSION)


def dump(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every projection, in an order of its own, to be compared."""
    return {
        table: sorted(db.execute(f"SELECT * FROM {table}"), key=repr)  # noqa: S608 our own names
        for table in TABLES
    }
