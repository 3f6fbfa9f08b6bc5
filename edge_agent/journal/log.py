"""The event table: appending to the chain and reading runs of it.

A body is kept and sent exactly as it was first written. `seq` is taken in the transaction that
writes the event, so a rollback leaves no hole.
"""

import itertools
import sqlite3
from collections.abc import Iterator

from msgspec import Struct

from edge_agent.journal.errors import JournalBroken
from loyalty import chain
from loyalty.chain import Frame, Stream
from loyalty.events import CENTRAL_KINDS_FROM, KINDS, Body, Refund, Sale, body_of, frame_of

#: The kinds a device writes; the others are central's.
OWN_BODIES = tuple(body for kind, body in KINDS.items() if kind < CENTRAL_KINDS_FROM)


class Place(Struct, frozen=True, order=True):
    """Where an event stands on this device's chains."""

    epoch: int
    seq: int


START = Place(0, 0)


class Link(Struct, frozen=True):
    """An event as it is stored: its place, its frame and its hash."""

    place: Place
    frame: Frame
    hash: bytes


def head(db: sqlite3.Connection, epoch: int) -> tuple[int, bytes]:
    """Return the last seq of an epoch and its hash; 0 and the anchor when it has no event."""
    row = db.execute(
        "SELECT seq, hash FROM event WHERE epoch = ? ORDER BY seq DESC LIMIT 1", (epoch,)
    ).fetchone()
    return row if row is not None else (0, hash_at(db, epoch, 0))


def hash_at(db: sqlite3.Connection, epoch: int, seq: int) -> bytes:
    """Return the hash of one event, at seq 0 the anchor. Raises JournalBroken without a row."""
    if seq == 0:
        row = db.execute("SELECT anchor FROM epoch WHERE epoch = ?", (epoch,)).fetchone()
    else:
        row = db.execute(
            "SELECT hash FROM event WHERE epoch = ? AND seq = ?", (epoch, seq)
        ).fetchone()
    if row is None:
        raise JournalBroken(f"event {seq} of epoch {epoch} is missing")
    return bytes(row[0])


def holds(db: sqlite3.Connection, place: Place, hash_: bytes) -> bool:
    """Tell whether an event is in the table, and it is this one."""
    query = "SELECT hash FROM event WHERE epoch = ? AND seq = ?"
    row = db.execute(query, (place.epoch, place.seq)).fetchone()
    return row is not None and bool(row[0] == hash_)


def add(db: sqlite3.Connection, stream: Stream, body: Body) -> Link:
    """Write one event behind the head of its chain.

    Raises ValueError for a body that no device may write, BodyTooLarge above 4 KiB.
    """
    if not isinstance(body, OWN_BODIES):
        raise ValueError(f"{type(body).__name__} is not for devices to write")  # noqa: TRY004
    if isinstance(body, Sale | Refund) and body.receipt.items:
        raise ValueError("what was bought stays on the till: pass receipt.without_lines(...)")
    return add_frame(db, stream, frame_of(body))


def add_frame(db: sqlite3.Connection, stream: Stream, frame: Frame) -> Link:
    """Write a frame behind the head of its chain."""
    last, prev_hash = head(db, stream.epoch)
    seq = last + 1
    digest = chain.event_hash(stream, seq, prev_hash, frame)
    link = Link(Place(stream.epoch, seq), frame, digest)
    put(db, link)
    return link


def put(db: sqlite3.Connection, link: Link) -> None:
    """Write an event as it is, at the place it says."""
    place, frame = link.place, link.frame
    db.execute(
        "INSERT INTO event (epoch, seq, hash, kind, kind_version, body) VALUES (?, ?, ?, ?, ?, ?)",
        (place.epoch, place.seq, link.hash, frame.kind, frame.kind_version, frame.body),
    )


def links(db: sqlite3.Connection, after: Place = START) -> Iterator[Link]:
    """Read every event behind `after`, in the order of the chains."""
    rows = db.execute(
        "SELECT epoch, seq, kind, kind_version, body, hash FROM event"
        " WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq",
        (after.epoch, after.seq),
    )
    for epoch, seq, kind, kind_version, body, digest in rows:
        yield Link(Place(epoch, seq), Frame(kind, kind_version, body), digest)


def of_epoch(db: sqlite3.Connection, after: Place) -> Iterator[Link]:
    """Read the events of one epoch behind a place; what is written meanwhile is of another."""
    return itertools.takewhile(lambda link: link.place.epoch == after.epoch, links(db, after))


def last_before(db: sqlite3.Connection, epoch: int, seq: int) -> int:
    """Return the last seq before this one that is not lost; 0, the anchor, if there is none."""
    query = "SELECT coalesce(max(seq), 0) FROM event WHERE epoch = ? AND seq < ?"
    return int(db.execute(query, (epoch, seq)).fetchone()[0])


def body_at(db: sqlite3.Connection, place: Place) -> Body:
    """Return the body of one event. Raises JournalBroken if there is none."""
    frame = frame_at(db, place)
    if frame is None:
        raise JournalBroken(f"event {place.seq} of epoch {place.epoch} is missing")
    return body_of(frame)


def frame_at(db: sqlite3.Connection, place: Place) -> Frame | None:
    """Return one event as it is stored, None if there is none."""
    row = db.execute(
        "SELECT kind, kind_version, body FROM event WHERE epoch = ? AND seq = ?",
        (place.epoch, place.seq),
    ).fetchone()
    return None if row is None else Frame(*row)
