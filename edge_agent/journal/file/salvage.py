"""Makes a sound journal out of one whose file is damaged: every row that can be read is kept.

Events are looked for in every page of the file, in the tree or torn out of it: each row carries the
hash that names it. What cannot be found stays a gap, which is told to central as lost (SYNC 2.3);
the damaged file is kept beside the new one. It must never invent a row, and never run while another
process has the journal.
"""

import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from edge_agent.journal import cursor, identity, log, projections, rehoming
from edge_agent.journal.errors import JournalBroken
from edge_agent.journal.file.database import FILE, connect_writer, lock
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.file.migrate import apply, steps, sync_folder
from edge_agent.journal.file.pages import records
from edge_agent.journal.file.writer import Writer
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import LOCK_FILE, Journal
from edge_agent.journal.log import Place
from edge_agent.journal.pulled import directory
from loyalty.chain import HASH_BYTES, Frame, Stream, event_hash
from loyalty.damage import Damage, lost_hash, spelled
from loyalty.events import Moment
from loyalty.wire import HeldEpoch

WriterOf = Callable[[Callable[[], sqlite3.Connection]], Writer]

#: Made again from the events, or by opening.
_NOT_COPIED = {"event", "projection", *projections.TABLES}
_COLUMNS = 6

_log = logging.getLogger(__name__)


class Salvaged(Struct, frozen=True):
    """What was found: events kept, places on the chains of which nothing is left, the old file."""

    events: int
    lost: int
    kept_as: Path


def opened(folder: Path, writer: WriterOf, mark: Mark, at: Moment) -> Journal:
    """Open the journal in `folder`, made anew from what can be read if its file is damaged.

    Raises as `Journal.open` and `salvage` do.
    """
    try:
        return Journal.open(folder, writer=writer, mark=mark)
    except JournalBroken as error:
        _log.error("%s", error)
    salvage(folder, mark.told(at))
    return Journal.open(folder, writer=writer, mark=mark)


def salvage(folder: Path, told: Place | None = None) -> Salvaged:
    """Replace the damaged journal in `folder` by what can be read of it.

    `told` is the last event that somebody was told of, if that is known from elsewhere. Raises
    JournalInUse, and JournalBroken if not even the device's identity can be read: then the device
    is enrolled again with a new code.
    """
    path = folder / FILE
    handle = lock(folder / LOCK_FILE)
    try:
        _flatten(path)
        part = path.with_name(f"{FILE}.part")
        part.unlink(missing_ok=True)
        done = _rebuilt(path, part, told)
        os.link(path, done.kept_as)
        for ending in ("-wal", "-shm"):
            path.with_name(FILE + ending).unlink(missing_ok=True)
        part.replace(path)
        sync_folder(folder)
    finally:
        os.close(handle)
    _log.error(
        "the journal was damaged: %d events are kept, %d are lost; the old file is %s",
        done.events,
        done.lost,
        done.kept_as,
    )
    return done


def _flatten(path: Path) -> None:
    """Bring the log into the file, so that the file alone is all there is; keep a copy if not."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.DatabaseError as error:
        _log.error("the journal's log cannot be brought in: %s", error)
        with suppress(FileNotFoundError):
            shutil.copy(path.with_name(f"{FILE}-wal"), _aside(path).with_suffix(".wal"))


def _aside(path: Path) -> Path:
    number = 1
    while (found := path.with_name(f"{FILE}.damaged-{number}")).exists():
        number += 1
    return found


def _rebuilt(path: Path, part: Path, told: Place | None) -> Salvaged:
    """Write the new file and sync it."""
    known = steps()
    with closing(connect_writer(part)) as new:
        new.execute("BEGIN IMMEDIATE")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as old:
            version = _version(old, known)
            apply(new, 0, version, known)  # as the old file is, so that its rows are upgraded too
            _copy_tables(old, new)
        apply(new, version, max(known), known)
        who = identity.load(new)
        epochs = {epoch for (epoch,) in new.execute("SELECT epoch FROM epoch").fetchall()}
        if who is None or who.epoch not in epochs:
            raise JournalBroken(
                f"{path} does not say any more who wrote it: move its folder away, keep it, and"
                " enrol the device again"
            )
        events, lost = _put_events(new, who.stream, _events(path.read_bytes()))
        lost += _put_lost_end(new, who.stream, told)
        _send_what_follows(new)
        projections.rebuild(new)
        _write_stranded_again(new, who)
        directory.start_over(new, cursor.cursor(new).incarnation)
        new.execute("COMMIT")
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        new.execute("PRAGMA journal_mode = DELETE")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    return Salvaged(events, lost, _aside(path))


def _version(old: sqlite3.Connection, known: Collection[int]) -> int:
    """Return the version of a damaged file, the latest if it does not tell."""
    with suppress(sqlite3.DatabaseError):
        if (version := old.execute("PRAGMA user_version").fetchone()[0]) in known:
            return int(version)
    return max(known)


def _copy_tables(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Copy the tables that are no events and no projections, as far as they can be read."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (table,) in new.execute(query).fetchall():
        if table in _NOT_COPIED:
            continue
        names = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]
        marks = ", ".join("?" * len(names))
        keep = f"REPLACE INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 ours
        for row in _rows(old, table, ", ".join(names)):
            new.execute(keep, row)


def _rows(old: sqlite3.Connection, table: str, names: str) -> Iterator[tuple[object, ...]]:
    """Read a table from its beginning and, behind a damaged page, from its end."""
    for order in ("", "ORDER BY rowid DESC"):
        try:
            yield from old.execute(f"SELECT {names} FROM {table} {order}")  # noqa: S608 ours
        except sqlite3.DatabaseError as error:
            _log.error("the table %s is damaged: %s", table, error)
        else:
            return


Found = dict[Place, list[tuple[Frame, bytes]]]


def _events(data: bytes) -> Found:
    """Return every row of every page that has the shape of an event, by its place."""
    found: Found = {}
    for row in records(data):
        match row:
            case (int(epoch), int(seq), bytes(hash_), int(kind), int(version), bytes(body)) if (
                epoch > 0 and seq > 0 and len(hash_) == HASH_BYTES
            ):
                at = found.setdefault(Place(epoch, seq), [])
                if (one := (Frame(kind, version, body), hash_)) not in at:
                    at.append(one)
    return found


def _put_events(new: sqlite3.Connection, who: Stream, found: Found) -> tuple[int, int]:
    """Write the events in their order; of two for one place, the one that its chain names."""
    kept = lost = 0
    for (epoch,) in new.execute("SELECT epoch FROM epoch ORDER BY epoch").fetchall():
        stream = Stream(who.shard_key, who.device_id, epoch)
        seq, prev_hash = 0, log.hash_at(new, epoch, 0)
        for place in sorted(one for one in found if one.epoch == epoch):
            lost += place.seq - seq - 1
            rows = found[place]
            seq = place.seq
            frame, hash_ = next(
                (row for row in rows if event_hash(stream, seq, prev_hash, row[0]) == row[1]),
                rows[0],
            )
            prev_hash = hash_
            log.put(new, log.Link(place, frame, hash_))
            kept += 1
    return kept, lost


def _put_lost_end(new: sqlite3.Connection, stream: Stream, told: Place | None) -> int:
    """Write that the events behind the last one that was found are lost, as far as is known.

    What central holds of them it tells at the next contact (rollback, SYNC 2.6).
    """
    head, digest = log.head(new, stream.epoch)
    (acked,) = new.execute(
        "SELECT acked_seq FROM epoch WHERE epoch = ?", (stream.epoch,)
    ).fetchone()
    query = (
        "SELECT max(seq) FROM (SELECT epoch, seq FROM slip UNION ALL SELECT epoch, seq FROM job)"
    )
    (noted,) = new.execute(f"{query} WHERE epoch = ?", (stream.epoch,)).fetchone()
    end = max(head, noted or 0, told.seq if told and told.epoch == stream.epoch else 0)
    if end == head or acked > head:
        return 0
    for seq in range(head + 1, end + 1):
        digest = lost_hash(stream, seq, digest)
    log.put(new, log.Link(Place(stream.epoch, end), spelled(Damage.LOST, digest), digest))
    return end - head


def _send_what_follows(new: sqlite3.Connection) -> None:
    """Let no event that is written from here on count as acknowledged under a lost one's number."""
    for (epoch,) in new.execute("SELECT epoch FROM epoch").fetchall():
        new.execute(
            "UPDATE epoch SET acked_seq = min(acked_seq, ?1),"
            " contained_seq = min(contained_seq, ?1) WHERE epoch = ?2",
            (log.head(new, epoch)[0], epoch),
        )


def _write_stranded_again(new: sqlite3.Connection, who: Identity) -> None:
    """Write again what central lacks of earlier epochs, if the row that said it again is lost."""
    if cursor.outbox(new, who.epoch).stranded:
        acked = new.execute("SELECT epoch, acked_seq FROM epoch").fetchall()
        rehoming.go_on(new, who, [HeldEpoch(epoch, seq) for epoch, seq in acked])
