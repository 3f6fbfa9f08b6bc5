"""Checks of a journal against itself: pages, chain, projections.

It must never mend: it says which event or page is wrong, and a person decides.
"""

import sqlite3
from contextlib import closing

from msgspec import Struct

from edge_agent.journal import identity, log, projections
from edge_agent.journal.errors import JournalBroken
from edge_agent.journal.log import Link, Place
from loyalty import chain
from loyalty.chain import Stream

TAIL_EVENTS = 1000
_PROBLEMS_MAX = 100


class Report(Struct, frozen=True):
    """What a full check looked at and found wrong; no problems means that all holds."""

    events: int
    epoch: int
    head_seq: int
    head_hash: str
    problems: tuple[str, ...]


def check_pages(db: sqlite3.Connection) -> None:
    """Check the pages of the file. Raises JournalBroken."""
    pages = [row[0] for row in db.execute("PRAGMA quick_check(10)")]
    if pages != ["ok"]:
        raise JournalBroken(f"the journal's file is damaged: {'; '.join(pages)}")


def tail_problems(db: sqlite3.Connection) -> tuple[str, ...]:
    """Return which of the last events are damaged; they are sent as such and stop nothing."""
    who = identity.load(db)
    if who is None:
        return ()
    head_seq, _ = log.head(db, who.epoch)
    start = log.last_before(db, who.epoch, max(1, head_seq - TAIL_EVENTS))
    return tuple(_chain_problems(db, who.stream, Place(who.epoch, start)))


def verify(db: sqlite3.Connection) -> Report:
    """Check everything there is to check."""
    problems = [row[0] for row in db.execute(f"PRAGMA integrity_check({_PROBLEMS_MAX})")]
    problems = [] if problems == ["ok"] else problems
    who = identity.load(db)
    if who is None:
        return Report(0, 0, 0, "", tuple(problems))
    for (epoch,) in db.execute("SELECT epoch FROM epoch ORDER BY epoch").fetchall():
        stream = Stream(who.shard_key, who.device_id, epoch)
        problems += _chain_problems(db, stream, Place(epoch, 0))
    if not problems:
        problems += _projection_problems(db)
    head_seq, head_hash = log.head(db, who.epoch)
    events = db.execute("SELECT count(*) FROM event").fetchone()[0]
    return Report(events, who.epoch, head_seq, head_hash.hex(), tuple(problems[:_PROBLEMS_MAX]))


def _chain_problems(db: sqlite3.Connection, stream: Stream, after: Place) -> list[str]:
    """Follow one chain from `after` to its head; each break is told once and stepped over."""
    problems = []
    seq, prev_hash = after.seq, log.hash_at(db, after.epoch, after.seq)
    for link in log.links(db, after):
        if link.place.epoch != stream.epoch:
            break
        if link.place.seq != seq + 1:
            problems.append(f"epoch {stream.epoch}: no event between {seq} and {link.place.seq}")
        elif not _continues(stream, link, prev_hash):
            problems.append(f"epoch {stream.epoch}: event {link.place.seq} was changed")
        seq, prev_hash = link.place.seq, link.hash
    return problems


def _continues(stream: Stream, link: Link, prev_hash: bytes) -> bool:
    return chain.event_hash(stream, link.place.seq, prev_hash, link.frame) == link.hash


def _projection_problems(db: sqlite3.Connection) -> list[str]:
    """Make every projection again from the events, in memory, and compare."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as again:
        for (table,) in db.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchall():
            again.execute(table)
        for table in ("identity", "epoch"):
            rows = db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 our own names
            marks = ", ".join("?" * len(rows[0]))
            again.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608
        again.executemany(
            "INSERT INTO event (epoch, seq, hash, kind, kind_version, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            db.execute("SELECT epoch, seq, hash, kind, kind_version, body FROM event"),
        )
        projections.rebuild(again)
        made, kept = projections.dump(again), projections.dump(db)
    return [
        f"the table {table} is not what the events add up to"
        for table in projections.TABLES
        if made[table] != kept[table]
    ]
