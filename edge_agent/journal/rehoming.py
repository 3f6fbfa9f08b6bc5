"""Goes on in a later epoch: writes again what central may lack of the earlier ones (SYNC 2.6).

Nothing of an old epoch is changed or dropped. An event that is written again keeps its bytes and
names where it stood first, so central counts it once, on whichever branch it saw it.
"""

import secrets
import sqlite3
from collections.abc import Iterable

from edge_agent.journal import identity, log, projections
from edge_agent.journal.damage import alone, as_sent
from edge_agent.journal.identity import Identity
from edge_agent.journal.log import Link, Place
from edge_agent.journal.projections import places
from loyalty.chain import SPELLED_KIND, Frame, Stream
from loyalty.damage import lost_hash, read, spelled
from loyalty.events import origin_of, rehomed
from loyalty.wire import HeldEpoch, RehomeRequest, Verdict


def request(db: sqlite3.Connection, session: str) -> RehomeRequest:
    """Return the request for the epoch behind this one; its id is drawn once and kept."""
    epoch = identity.require(db).epoch
    (request_id,) = db.execute(
        "UPDATE epoch SET request_id = coalesce(request_id, ?) WHERE epoch = ?"
        " RETURNING request_id",
        (secrets.token_hex(16), epoch),
    ).fetchone()
    head_seq, head_hash = log.head(db, epoch)
    return RehomeRequest(request_id, session, epoch, head_seq, head_hash)


def go_on(db: sqlite3.Connection, who: Identity, held: Iterable[HeldEpoch]) -> int:
    """Write again what central may lack of the epochs before `who.epoch`; return how many.

    Everything that the directory does not surely contain is written again: what central has
    already it tells by the origin, and answers with the verdict it gave before.
    """
    at_central = {one.epoch: _common_seq(db, one) for one in held}
    written = 0
    for epoch, contained, acked in db.execute(
        "SELECT epoch, contained_seq, acked_seq FROM epoch WHERE epoch < ? ORDER BY epoch",
        (who.epoch,),
    ).fetchall():
        known = min(acked, at_central.get(epoch, 0))
        after = Place(epoch, log.last_before(db, epoch, min(contained, known) + 1))
        stream = Stream(who.shard_key, who.device_id, epoch)
        sent = as_sent(
            stream, after.seq, log.hash_at(db, epoch, after.seq), log.of_epoch(db, after)
        )
        for seq, (frame, hash_) in enumerate(sent, after.seq + 1):
            place = Place(epoch, seq)
            found = frame if frame.kind != SPELLED_KIND else alone(frame)
            if places.now(db, place) != place:
                continue
            if found is not None:
                link = Link(place, found, hash_)
                _write_again(db, who.stream, link, judged=seq <= known)
            elif seq > known:
                _tell_again(db, who.stream, place, frame)
            written += 1
    return written


def _common_seq(db: sqlite3.Connection, held: HeldEpoch) -> int:
    """Return up to where central surely holds an epoch as it is here."""
    if not held.landmarks:
        return held.head_seq  # none, or of a central that does not show what it holds
    same = (seq for seq, hash_ in held.landmarks if log.holds(db, Place(held.epoch, seq), hash_))
    return max(same, default=0)


def _tell_again(db: sqlite3.Connection, stream: Stream, place: Place, frame: Frame) -> None:
    """Write in the later epoch that an event of an earlier one is damaged or lost."""
    damage, found = read(frame)
    last, prev_hash = log.head(db, stream.epoch)
    digest = lost_hash(stream, last + 1, prev_hash)
    to = Place(stream.epoch, last + 1)
    log.put(db, Link(to, spelled(damage, digest, found), digest))
    places.moved(db, place, to)


def _write_again(db: sqlite3.Connection, stream: Stream, link: Link, *, judged: bool) -> None:
    place = link.place
    first = origin_of(link.frame)
    origin = place if first is None else Place(first.epoch, first.seq)
    frame = rehomed(place.epoch, place.seq, link.hash, link.frame)
    again = log.add_frame(db, stream, frame)
    projections.apply_link(db, again)
    if not judged:  # but what was refused for good stays so
        db.execute(
            "DELETE FROM verdict WHERE epoch = ? AND seq = ? AND code <> ?",
            (place.epoch, place.seq, Verdict.REFUSED_FINAL),
        )
    move = (again.place.epoch, again.place.seq, place.epoch, place.seq)
    db.execute("UPDATE verdict SET epoch = ?, seq = ? WHERE epoch = ? AND seq = ?", move)
    if places.now(db, origin) != again.place:
        raise AssertionError(f"event {origin} is at {places.now(db, origin)}, not {again.place}")
