"""What is sent of events whose rows are damaged on this disk: never nothing, never a silent gap."""

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from edge_agent.journal import identity, log
from edge_agent.journal.log import Link, Place
from loyalty.chain import SPELLED_KIND, Frame, Stream, event_hash
from loyalty.damage import Damage, lost_hash, read, spelled
from loyalty.events import body_of, origin_of


def as_sent(
    stream: Stream, seq: int, prev_hash: bytes, links: Iterable[Link]
) -> Iterator[tuple[Frame, bytes]]:
    """Yield the frame and the hash of every event behind `seq`, as stored or as it is damaged."""
    sound = True
    for link in links:
        while seq + 1 < link.place.seq:
            seq, sound = seq + 1, False
            prev_hash = lost_hash(stream, seq, prev_hash)
            yield spelled(Damage.LOST, prev_hash), prev_hash
        seq = link.place.seq
        if event_hash(stream, seq, prev_hash, link.frame) == link.hash:
            frame, sound = link.frame, True
        else:
            frame = spelled(Damage.CORRUPT if sound else Damage.ALONE, link.hash, link.frame)
            sound = False
        prev_hash = link.hash
        yield frame, prev_hash


def readable(db: sqlite3.Connection) -> Iterator[Link]:
    """Yield the events that are what their hash says, or that no hash before them can judge."""
    who = identity.load(db)
    if who is None:
        return
    for (epoch,) in db.execute("SELECT epoch FROM epoch ORDER BY epoch").fetchall():
        stream = Stream(who.shard_key, who.device_id, epoch)
        links = log.of_epoch(db, Place(epoch, 0))
        sent = as_sent(stream, 0, log.hash_at(db, epoch, 0), links)
        for seq, (frame, hash_) in enumerate(sent, 1):
            found = frame if frame.kind != SPELLED_KIND else alone(frame)
            if found is not None:
                yield Link(Place(epoch, seq), found, hash_)


def alone(frame: Frame) -> Frame | None:
    """Return what was found of a damaged event if it may be what was written, else None."""
    try:
        damage, found = read(frame)
        if damage is Damage.ALONE and origin_of(found) is None:
            body_of(found)
    except (ValueError, msgspec.MsgspecError):
        return None
    return found if damage is Damage.ALONE else None
