"""Goes on in a later epoch: writes again what central may lack of the earlier ones (SYNC 2.6).

Nothing of an old epoch is changed or dropped. An event that is written again keeps its bytes and
names where it stood first, so central counts it once, on whichever branch it saw it.
"""

import secrets
import sqlite3
from collections.abc import Iterable

from edge_agent.journal import identity, log, projections
from edge_agent.journal.identity import Identity
from edge_agent.journal.log import Link, Place
from edge_agent.journal.projections import places
from loyalty.chain import Stream
from loyalty.events import origin_of, rehomed
from loyalty.wire import HeldEpoch, RehomeRequest


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
    at_central = {one.epoch: one.head_seq for one in held}
    written = 0
    for epoch, contained, acked in db.execute(
        "SELECT epoch, contained_seq, acked_seq FROM epoch WHERE epoch < ? ORDER BY epoch",
        (who.epoch,),
    ).fetchall():
        known = min(acked, at_central.get(epoch, 0))
        after = Place(epoch, min(contained, known))
        for link in log.of_epoch(db, after):
            if places.now(db, link.place) == link.place:
                _write_again(db, who.stream, link, judged=link.place.seq <= known)
                written += 1
    return written


def _write_again(db: sqlite3.Connection, stream: Stream, link: Link, *, judged: bool) -> None:
    place = link.place
    first = origin_of(link.frame)
    origin = place if first is None else Place(first.epoch, first.seq)
    frame = rehomed(place.epoch, place.seq, link.hash, link.frame)
    again = log.add_frame(db, stream, frame)
    projections.apply_link(db, again)
    move = (again.place.epoch, again.place.seq, place.epoch, place.seq)
    if judged:
        db.execute("UPDATE verdict SET epoch = ?, seq = ? WHERE epoch = ? AND seq = ?", move)
    else:
        db.execute("DELETE FROM verdict WHERE epoch = ? AND seq = ?", (place.epoch, place.seq))
    if places.now(db, origin) != again.place:
        raise AssertionError(f"event {origin} is at {places.now(db, origin)}, not {again.place}")
