"""Opens the journal for its writer: upgraded, checked, and all that can be seen on the disk."""

import sqlite3
from pathlib import Path

from edge_agent.journal import boots, cursor, projections
from edge_agent.journal.errors import JournalFailure
from edge_agent.journal.file.database import connect_writer
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.file.migrate import migrate, steps
from edge_agent.journal.pulled import directory, members
from edge_agent.journal.spending import leasing
from edge_agent.journal.verify import check_pages
from loyalty.events import Moment


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


def begin(db: sqlite3.Connection, folder: Path, at: Moment, mark: Mark) -> None:
    """Make a run of the agent ready, in the boot of `at`.

    Whatever an earlier process of the same session asked for, nobody waits for any more.
    """
    _renew_projections(db)
    boots.opened(db, at)
    members.check_file(db, folder)
    mark.begin(db, at)
    leasing.all_dropped(db, mark.session)


def _renew_projections(db: sqlite3.Connection) -> None:
    """Make projections again after an upgrade; pull everything again if topics were added."""
    if not projections.is_current(db):
        projections.rebuild(db)
    if not cursor.knows_all_topics(db):
        directory.start_over(db, cursor.cursor(db).incarnation)


def _sync_what_is_seen(db: sqlite3.Connection) -> None:
    """Bring to the disk what may be in memory only, after a failed fsync or a death before it."""
    busy = db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()[0]
    if busy:
        raise JournalFailure("a reader keeps the journal from being synced")
