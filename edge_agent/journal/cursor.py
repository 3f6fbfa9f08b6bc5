"""How far central and this device have told each other: acks, verdicts, the pull cursor.

Owns when a balance from the directory already contains an event: the answer to a push names a feed
position; once the pull cursor has reached it, everything that push acknowledged is contained. The
functions here run inside the writer's transaction.
"""

import sqlite3

from msgspec import Struct

from edge_agent.journal import log
from edge_agent.journal.log import Place
from edge_agent.journal.projections import places
from loyalty.events import Moment, origin_of
from loyalty.rules.book_types import GRAMMAR
from loyalty.wire import Judged, PushAnswer, Topic, Verdict

#: Verdicts under which central has not posted the event: what was promised still counts here.
NOT_POSTED = (
    Verdict.PENDING_REF,
    Verdict.PENDING_UPGRADE,
    Verdict.QUARANTINED,
    Verdict.CORRUPT_BODY,
    Verdict.LOST,
)

#: Why central keeps back an event whose receipt has earned by another one: until a person decides
#: otherwise it earns nothing, so nothing of it counts here either (P3).
_EARNED_ELSEWHERE = ("duplicate_receipt", "copy_unsettled", "review_superseded")


def is_earned_elsewhere(verdict: str) -> str:
    """Return the SQL that tells whether a row of the verdict table, so named, says that."""
    reasons = ", ".join(f"'{reason}'" for reason in _EARNED_ELSEWHERE)
    pending = int(Verdict.PENDING_REF)
    return f"({verdict}.code IS {pending} AND {verdict}.reason IN ({reasons}))"


def is_in_question(verdict: str) -> str:
    """Return the SQL that tells whether a person has to decide about what a verdict is on."""
    broken = f"{int(Verdict.QUARANTINED)}, {int(Verdict.CORRUPT_BODY)}"
    return f"({is_earned_elsewhere(verdict)} OR coalesce({verdict}.code IN ({broken}), 0))"


#: What this version reads of the feed: a rule book of a later grammar is one more thing to know.
_KNOWN_TOPICS = " ".join([*(str(int(topic)) for topic in sorted(Topic)), f"rules{GRAMMAR}"])


class Cursor(Struct, frozen=True):
    """How far the feed was pulled, and of which incarnation of central."""

    incarnation: bytes
    position: int


class Outbox(Struct, frozen=True):
    """What is still to send of one epoch: `seq > acked_seq`.

    `refused` is central's reason ("fork", "stale", "rollback") to take no more of this chain.
    `contained_seq` is the last event that balances of the directory contain. `stranded` counts
    events of earlier epochs that central never acknowledged and that were not written again.
    """

    epoch: int
    acked_seq: int
    contained_seq: int
    head_seq: int
    head_hash: bytes
    refused: str | None
    stranded: int

    @property
    def depth(self) -> int:
        """Events of this epoch that central has not acknowledged."""
        return self.head_seq - self.acked_seq

    @property
    def is_empty(self) -> bool:
        """Tell whether central has acknowledged everything."""
        return self.depth == 0 and self.stranded == 0


def outbox(db: sqlite3.Connection, epoch: int) -> Outbox:
    """Return where one epoch stands."""
    acked, contained, refused = db.execute(
        "SELECT acked_seq, contained_seq, refused FROM epoch WHERE epoch = ?", (epoch,)
    ).fetchone()
    head_seq, head_hash = log.head(db, epoch)
    stranded = db.execute(
        "SELECT count(*) FROM epoch JOIN event USING (epoch) WHERE epoch < ? AND seq > acked_seq"
        " AND NOT EXISTS (SELECT 1 FROM rehomed WHERE rehomed.epoch = event.epoch"
        " AND rehomed.seq = event.seq)",
        (epoch,),
    ).fetchone()[0]
    return Outbox(epoch, acked, contained, head_seq, head_hash, refused, stranded)


def cursor(db: sqlite3.Connection) -> Cursor:
    """Return the pull cursor."""
    return Cursor(*db.execute("SELECT incarnation, position FROM cursor").fetchone())


def acknowledge(db: sqlite3.Connection, epoch: int, answer: PushAnswer) -> None:
    """Keep what central said about a push that it took.

    `acked_through` may also move back: a central restored from a backup wants the rest again, and
    with that the verdicts behind it are void, but for what was refused for good. Raises ValueError
    for an ack beyond the head.
    """
    head_seq, _ = log.head(db, epoch)
    if not 0 <= answer.acked_through <= head_seq:
        raise ValueError(f"central acknowledged {answer.acked_through}, the head is {head_seq}")
    send_from(db, epoch, answer.acked_through + 1)
    db.executemany(
        "REPLACE INTO verdict (epoch, seq, code, reason, adjusted) VALUES (?, ?, ?, ?, ?)",
        [(epoch, each.seq, each.verdict, each.reason, each.adjusted) for each in answer.judged],
    )
    db.execute(
        "INSERT INTO ack (incarnation, feed_position, epoch, seq) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
        (answer.incarnation, answer.feed_position, epoch, answer.acked_through),
    )
    contain(db)


def send_from(db: sqlite3.Connection, epoch: int, seq: int) -> None:
    """Let the outbox of an epoch start at `seq`, and the chain count as welcome."""
    db.execute(
        "UPDATE epoch SET acked_seq = ?1, contained_seq = min(contained_seq, ?1), refused = NULL"
        " WHERE epoch = ?2",
        (seq - 1, epoch),
    )
    db.execute(
        "DELETE FROM verdict WHERE epoch = ? AND seq >= ? AND code <> ?",
        (epoch, seq, Verdict.REFUSED_FINAL),
    )
    db.execute("UPDATE ack SET seq = ?1 WHERE epoch = ?2 AND seq > ?1", (seq - 1, epoch))


def refuse(db: sqlite3.Connection, epoch: int, why: str) -> None:
    """Note that central takes no more of this chain: nothing is lost, nothing more is sent."""
    db.execute("UPDATE epoch SET refused = ? WHERE epoch = ?", (why, epoch))


def judge(db: sqlite3.Connection, epoch: int, judged: Judged) -> None:
    """Keep a verdict that changed after its push, unless it is on another branch's event."""
    first = Place(epoch, judged.seq)
    place = places.now(db, first)
    hash_ = judged.event_hash
    is_ours = _is_event(db, first, place, hash_) if hash_ else _is_taken(db, first, place)
    if not is_ours:
        return
    db.execute(
        "REPLACE INTO verdict (epoch, seq, code, reason, adjusted) VALUES (?, ?, ?, ?, ?)",
        (place.epoch, place.seq, judged.verdict, judged.reason, judged.adjusted),
    )


def _is_event(db: sqlite3.Connection, first: Place, place: Place, hash_: bytes) -> bool:
    """Tell whether the event of this hash stood at `first`, whose row may be lost since."""
    if log.holds(db, first, hash_):
        return True
    frame = log.frame_at(db, place) if place != first else None
    origin = origin_of(frame) if frame is not None else None
    return origin is not None and origin.hash == hash_


def _is_taken(db: sqlite3.Connection, first: Place, place: Place) -> bool:
    """Tell whether central means our event, as far as a number alone can tell.

    It had acknowledged it to us; or as it was written again, and there it waits still: on
    what was judged once and for all central has no later word.
    """
    waits = ", ".join(str(int(verdict)) for verdict in NOT_POSTED)
    row = db.execute(
        "SELECT 1 FROM epoch WHERE epoch = ? AND acked_seq >= ? UNION ALL"  # noqa: S608 our numbers
        " SELECT 1 FROM epoch JOIN verdict USING (epoch) WHERE epoch = ? AND seq = ?"
        f" AND seq <= acked_seq AND code IN ({waits})",
        (first.epoch, first.seq, place.epoch, place.seq),
    ).fetchone()
    return row is not None


def move(db: sqlite3.Connection, to: Cursor) -> None:
    """Set the pull cursor, and with it which events the directory contains."""
    db.execute(
        "UPDATE cursor SET incarnation = ?, position = ?, topics = ?",
        (to.incarnation, to.position, _KNOWN_TOPICS),
    )
    contain(db)


def knows_all_topics(db: sqlite3.Connection) -> bool:
    """Tell whether everything up to the cursor was read by a version that knew today's topics."""
    topics = db.execute("SELECT topics FROM cursor").fetchone()[0]
    return topics in {"", _KNOWN_TOPICS}


def contain(db: sqlite3.Connection) -> None:
    """Count as contained what was acknowledged at positions that have been pulled."""
    at = cursor(db)
    reached = db.execute(
        "SELECT epoch, max(seq) FROM ack WHERE incarnation = ? AND feed_position <= ?"
        " GROUP BY epoch",
        (at.incarnation, at.position),
    ).fetchall()
    for epoch, seq in reached:
        db.execute(
            "UPDATE epoch SET contained_seq = max(contained_seq, ?) WHERE epoch = ?", (seq, epoch)
        )
    db.execute(
        "DELETE FROM ack WHERE incarnation = ? AND feed_position <= ?",
        (at.incarnation, at.position),
    )


def drop_foreign_acks(db: sqlite3.Connection, incarnation: bytes) -> None:
    """Forget positions of another incarnation's feed; the next push names new ones.

    What was contained stays so: rows that are pulled again are no older than those they replace,
    and a central that lost events says so in its answer to that push.
    """
    db.execute("DELETE FROM ack WHERE incarnation <> ?", (incarnation,))


def awaits_position(db: sqlite3.Connection, epoch: int) -> bool:
    """Tell whether acknowledged events wait for central to name the position that contains them."""
    row = db.execute(
        "SELECT acked_seq > contained_seq AND NOT EXISTS"
        " (SELECT 1 FROM ack, cursor WHERE ack.epoch = ?1 AND ack.seq >= acked_seq"
        " AND ack.incarnation = cursor.incarnation) FROM epoch WHERE epoch = ?1",
        (epoch,),
    ).fetchone()
    return bool(row[0])


def contacted(db: sqlite3.Connection, server_ms: int, at: Moment, rtt_ms: int) -> None:
    """Keep the last clock sample: central's time, and this device's clocks when it arrived."""
    db.execute(
        "REPLACE INTO contact (one, server_ms, wall_ms, boot_id, boottime_ms, rtt_ms)"
        " VALUES (1, ?, ?, ?, ?, ?)",
        (server_ms, at.wall_ms, at.boot_id, at.boottime_ms, rtt_ms),
    )


def server_ms(db: sqlite3.Connection, at: Moment) -> int:
    """Return central's time at `at` as well as this device can know it, in ms.

    In the boot of the last contact the boot's own clock tells; after a reboot the wall clock, but
    never a time before that contact.
    """
    known_ms = sure_ms(db, at)
    if known_ms is not None:
        return known_ms
    row = db.execute("SELECT server_ms FROM contact").fetchone()
    return at.wall_ms if row is None else max(int(row[0]), at.wall_ms)


def sure_ms(db: sqlite3.Connection, at: Moment) -> int | None:
    """Return central's time at `at` in ms; None if there was no contact since this boot began."""
    row = db.execute("SELECT server_ms, boot_id, boottime_ms FROM contact").fetchone()
    if row is None or row[1] != at.boot_id:
        return None
    return int(row[0] + at.boottime_ms - row[2])
