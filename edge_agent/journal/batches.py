"""Runs of events as they are sent to central."""

import sqlite3

from msgspec import Struct

from edge_agent.journal import identity, log
from edge_agent.journal.damage import as_sent
from edge_agent.journal.log import Place
from edge_agent.journal.spending import coupons
from loyalty.chain import Frame
from loyalty.wire import Judged, Verdict


class Batch(Struct, frozen=True):
    """A run of events to send, and the hashes around it.

    `last_written` is the last event that there was when the run was taken. `refused` are the
    verdicts on those of the run that central had refused for good: it asks for them again because
    it was restored, and must come to no other answer. `to_come` is how many events more are bound
    to follow what is written: what becomes of a coupon that is kept for a bill.
    """

    first_seq: int
    prev_hash: bytes
    frames: tuple[Frame, ...]
    head_hash: bytes
    last_written: int
    refused: tuple[Judged, ...] = ()
    to_come: int = 0


_REFUSED = """
    SELECT seq, code, reason, adjusted FROM verdict
    WHERE epoch = ? AND seq BETWEEN ? AND ? AND code = ?
    ORDER BY seq
"""


def of(db: sqlite3.Connection, first_seq: int, events_max: int, bytes_max: int) -> Batch:
    """Return the events from `first_seq` on, so many and so many bytes of them at most."""
    stream = identity.require(db).stream
    frames: list[Frame] = []
    size = 0
    start = log.last_before(db, stream.epoch, first_seq - 1)  # so that the one before is checked
    seq, head_hash = start, log.hash_at(db, stream.epoch, start)
    prev_hash = head_hash
    links = log.of_epoch(db, Place(stream.epoch, start))
    for seq, (frame, hash_) in enumerate(as_sent(stream, start, head_hash, links), start + 1):
        if seq < first_seq:
            prev_hash = head_hash = hash_
            continue
        size += len(frame.body)
        if len(frames) == events_max or (frames and size > bytes_max):
            break
        frames.append(frame)
        head_hash = hash_
    last_seq = first_seq + len(frames) - 1
    found = db.execute(_REFUSED, (stream.epoch, first_seq, last_seq, Verdict.REFUSED_FINAL))
    refused = tuple(Judged(*row) for row in found)
    kept = coupons.awaiting(db)
    to_come = 1 if kept is not None and not kept.outcome else 0
    last_written, _ = log.head(db, stream.epoch)
    return Batch(first_seq, prev_hash, tuple(frames), head_hash, last_written, refused, to_come)
