"""Connections to the journal's SQLite file: one that writes, others that can only read.

Only the writing connection commits and so only it checkpoints: SQLite before 3.51 can lose a
write-ahead log that two connections reset at the same time.
"""

import fcntl
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from edge_agent.journal.errors import JournalInUse

FILE = "journal.sqlite"
_BUSY_MS = 5000
#: 5 MB of log before it is copied into the file: a sale writes ten pages, so fewer than one sale in
#: a hundred waits for that copy. A longer log makes every start and every reader slower.
_CHECKPOINT_PAGES = 1_250


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open (or make, readable by its owner only) the file for its one writer.

    The connection may be handed between threads under a lock.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = sqlite3.connect(
        path, isolation_level=None, timeout=_BUSY_MS / 1000, check_same_thread=False
    )
    try:
        db.execute("PRAGMA journal_mode = WAL")
        # FULL: COMMIT returns after the log is fsynced. NORMAL would lose the last sales.
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        db.execute("PRAGMA cell_size_check = ON")
        db.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.Error:
        db.close()
        raise
    return db


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open the file for reading; the connection may be handed between threads under a lock."""
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=_BUSY_MS / 1000,
        check_same_thread=False,
    )
    db.execute("PRAGMA query_only = ON")
    return db


@contextmanager
def snapshot(db: sqlite3.Connection) -> Generator[sqlite3.Connection, None, None]:
    """Let several reads see one state of the file."""
    db.execute("BEGIN")
    try:
        yield db
    finally:
        db.execute("ROLLBACK")


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection, None, None]:
    """Open a reading connection of one's own, at one state of the file, for a long look.

    Raises FileNotFoundError if there is no journal.
    """
    if not path.exists():
        raise FileNotFoundError(f"no journal at {path}")
    with closing(connect_reader(path)) as db, snapshot(db):
        yield db


def lock(path: Path) -> int:
    """Return a handle that keeps every other process from writing this journal while it is open.

    Raises JournalInUse if one does already.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise JournalInUse(f"another process writes the journal in {path.parent}") from error
    return handle
