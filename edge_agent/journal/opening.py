"""Opens the journal for its writer: upgraded, checked, and all that can be seen on the disk."""

import sqlite3
from pathlib import Path

from edge_agent.journal.database import connect_writer
from edge_agent.journal.errors import JournalFailure
from edge_agent.journal.migrate import migrate, steps
from edge_agent.journal.verify import check_pages


def connect(path: Path) -> sqlite3.Connection:
    """Return the writing connection. Raises JournalTooNew, JournalBroken or JournalFailure."""
    db = connect_writer(path)
    try:
        migrate(db, path, steps())
        check_pages(db)
        _sync_what_is_seen(db)
    except BaseException:
        db.close()
        raise
    return db


def _sync_what_is_seen(db: sqlite3.Connection) -> None:
    """Bring to the disk what may be in memory only, after a failed fsync or a death before it."""
    busy = db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()[0]
    if busy:
        raise JournalFailure("a reader keeps the journal from being synced")
