"""The sales this device recorded: who holds each, for how many points, and what came back.

A sale is `open` until somebody holds it, `awarded` by a scan here, `claimed` by its code, or
`reversed` by the cashier. Claims made elsewhere are central's to tell and are not kept here.
"""

import sqlite3

from msgspec import Struct

from edge_agent.journal.errors import Duplicate
from edge_agent.journal.log import Place
from edge_agent.journal.projections import movements
from loyalty.events import Claim, Correction, Holder, Refund, Sale
from loyalty.receipt import fingerprint, normalise_number


class Held(Struct, frozen=True):
    """Who holds a sale, the points of its award, and how many of them refunds took back."""

    holder: Holder | None
    points: int
    taken_back: int


def identity_of(body: Sale | Refund) -> str:
    """Return the fingerprint of a receipt's event, 64 hex digits."""
    return fingerprint(body.receipt, body.discriminator).hex()


def refuse_known_receipt(db: sqlite3.Connection, identity: str) -> None:
    """Raise Duplicate if a sale or refund of this fingerprint is recorded."""
    known = db.execute(
        "SELECT 1 FROM sale WHERE fingerprint = ?1"
        " UNION ALL SELECT 1 FROM refund WHERE fingerprint = ?1",
        (identity,),
    ).fetchone()
    if known is not None:
        raise Duplicate("receipt", identity)


def sold(db: sqlite3.Connection, place: Place, body: Sale) -> None:
    """Add a sale. Raises Duplicate if its receipt is known."""
    identity = identity_of(body)
    refuse_known_receipt(db, identity)
    number = body.receipt.number
    db.execute(
        "INSERT INTO sale (fingerprint, epoch, seq, shop_id, number, claim_hash, state,"
        " holder_kind, holder_key, tier_id, points, award_epoch, award_seq)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identity,
            place.epoch,
            place.seq,
            body.receipt.shop_id,
            None if number is None else normalise_number(number),
            body.claim_hash,
            "open" if body.holder is None else "awarded",
            body.holder and body.holder.kind,
            body.holder and body.holder.key,
            body.tier_id,
            body.points,
            place.epoch,
            place.seq,
        ),
    )
    if body.holder is not None and not body.waits:
        movements.give(db, place, 0, body.holder, body.points)


def corrected(db: sqlite3.Connection, place: Place, body: Correction) -> None:
    """Move a sale's award: the old holder loses what is left of it, the new one gets theirs.

    Raises KeyError for a sale this device never recorded.
    """
    before = held(db, body.fingerprint)
    if before is None:
        raise KeyError(f"no sale {body.fingerprint}")
    if before.holder is not None and not awaits(db, body.fingerprint):
        movements.give(db, place, 1, before.holder, before.taken_back - before.points)
    if body.holder is not None and not body.waits:
        movements.give(db, place, 0, body.holder, body.points)
    state = "reversed" if body.holder is None else "awarded"
    hold(db, place, body.fingerprint, state, body)


def held(db: sqlite3.Connection, identity: str) -> Held | None:
    """Return how a recorded sale stands, None if this device does not know it."""
    row = db.execute(
        "SELECT holder_kind, holder_key, points, taken_back FROM sale WHERE fingerprint = ?",
        (identity,),
    ).fetchone()
    if row is None:
        return None
    kind, key, points, taken_back = row
    return Held(None if key is None else Holder(kind, key), points, taken_back)


def awaits(db: sqlite3.Connection, identity: str) -> bool:
    """Tell whether the award of a sale that somebody holds here was for later, so moved nothing."""
    moved = (
        "SELECT 1 FROM sale JOIN movement ON movement.epoch = award_epoch AND"
        " movement.seq = award_seq AND leg = 0 WHERE sale.fingerprint = ?"
    )
    return db.execute(moved, (identity,)).fetchone() is None


def hold(
    db: sqlite3.Connection, place: Place, identity: str, state: str, by: Correction | Claim
) -> None:
    """Let an event say who holds a sale; what refunds took back was settled with the one before."""
    holder = by.holder
    db.execute(
        "UPDATE sale SET state = ?, holder_kind = ?, holder_key = ?, tier_id = ?, points = ?,"
        " award_epoch = ?, award_seq = ?, taken_back = 0 WHERE fingerprint = ?",
        (
            state,
            holder and holder.kind,
            holder and holder.key,
            by.tier_id,
            by.points or 0,
            place.epoch,
            place.seq,
            identity,
        ),
    )


def take_back(db: sqlite3.Connection, identity: str, refunded_fen: int, points: int) -> None:
    """Count what a refund returned of a sale: `refunded_fen` of money, `points` of its award."""
    db.execute(
        "UPDATE sale SET refunded_fen = refunded_fen + ?, taken_back = taken_back + ?"
        " WHERE fingerprint = ?",
        (refunded_fen, points, identity),
    )
