"""Papers that wait for a person, and what a person decided about them."""

import sqlite3

from edge_agent.journal.errors import Duplicate
from edge_agent.journal.log import Place
from loyalty.events import ReviewDecided, ReviewHeld, ReviewOpened


def opened(db: sqlite3.Connection, place: Place, body: ReviewOpened) -> None:
    """Add a review; one job may hold several papers that nobody can read.

    Raises Duplicate if this very paper is in review or was decided already.
    """
    db.execute(
        "INSERT INTO review (epoch, seq, job_hash) VALUES (?, ?, ?)",
        (place.epoch, place.seq, body.job_hash),
    )
    if not body.review_id:
        return  # written by a version that kept no queue
    if _state(db, body.review_id) is not None:
        raise Duplicate("review", body.review_id)
    holder = body.holder
    db.execute(
        "INSERT INTO review_item (review_id, epoch, seq, state, holder_kind, holder_key,"
        " claim_hash) VALUES (?, ?, ?, 'open', ?, ?, ?)",
        (
            body.review_id,
            place.epoch,
            place.seq,
            holder and holder.kind,
            holder and holder.key,
            body.claim_hash,
        ),
    )


def held(db: sqlite3.Connection, body: ReviewHeld) -> None:
    """Let a paper in review be somebody's. Raises Duplicate once it is decided."""
    _refuse_decided(db, body.review_id)
    db.execute(
        "UPDATE review_item SET holder_kind = ?, holder_key = ? WHERE review_id = ?",
        (body.holder.kind, body.holder.key, body.review_id),
    )


def decided(db: sqlite3.Connection, place: Place, body: ReviewDecided) -> None:
    """Take a paper off the queue. Raises Duplicate if it was decided before: the first one won."""
    _refuse_decided(db, body.review_id)
    db.execute(
        "UPDATE review_item SET state = ?, decided_epoch = ?, decided_seq = ? WHERE review_id = ?",
        (body.decision, place.epoch, place.seq, body.review_id),
    )


def _refuse_decided(db: sqlite3.Connection, review_id: str) -> None:
    state = _state(db, review_id)
    if state is None:
        raise KeyError(f"no review {review_id}")
    if state != "open":
        raise Duplicate("review", review_id)


def _state(db: sqlite3.Connection, review_id: str) -> str | None:
    row = db.execute("SELECT state FROM review_item WHERE review_id = ?", (review_id,)).fetchone()
    return None if row is None else str(row[0])
