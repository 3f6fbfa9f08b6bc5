"""The one connection that writes: every change is a transaction of it, one at a time.

A call returns only after COMMIT, that is, after the log was fsynced (D2). It runs in the caller's
own thread, since handing it over and back takes as long as the work; the lock is what makes the
connection the only one that commits and checkpoints. After an error of the disk the connection is
closed and a new one is opened with all checks before anything is written again: what a failed
fsync left in memory must never count as recorded (SYNC 2.1).
"""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from edge_agent.journal.errors import JournalBroken, JournalFailure, JournalFull

_log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
Work = Callable[[sqlite3.Connection], ResultT]

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_MISTAKES = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
}


class Writer:
    """Owns the writing connection, which `connect` opens and checks when it is first needed.

    `make_room` is called when the disk is full; if it made some, the work is tried once more.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        self._connect = connect
        self._make_room = make_room
        self._db: sqlite3.Connection | None = None
        self._at_work = threading.Lock()
        self._closed = False

    def transact(self, work: Work[ResultT]) -> ResultT:
        """Run `work` in a transaction and return its result after COMMIT.

        Whatever `work` raises undoes it and is raised here. Raises JournalFull or JournalFailure
        if the disk refuses, JournalBroken if the file is damaged.
        """
        with self._at_work:
            if self._closed:
                raise JournalFailure("the journal is closed")
            return self._transact(work)

    def close(self) -> None:
        """Let what is being written finish and close the connection."""
        with self._at_work:
            self._closed = True
            self._disconnect()

    def _transact(self, work: Work[ResultT]) -> ResultT:
        try:
            return self._attempt(work)
        except JournalFull:
            if not self._make_room():
                raise
            _log.error("the disk is full: its reserve is given back, nothing more is lent")
            return self._attempt(work)

    def _attempt(self, work: Work[ResultT]) -> ResultT:
        try:
            if self._db is None:
                self._db = self._connect()
            self._db.execute("BEGIN IMMEDIATE")
            result = work(self._db)
            self._db.execute("COMMIT")
            return result
        except sqlite3.Error as error:
            raise self._failed(error) from error
        except BaseException:
            self._undo()
            raise

    def _failed(self, error: sqlite3.Error) -> Exception:
        """Undo, or give the connection up, and return what the caller is told."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
        if code in _MISTAKES:
            self._undo()
            return error
        if code == sqlite3.SQLITE_FULL:
            self._undo()
            return JournalFull(f"no room on the disk: {error}")
        self._disconnect()
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_IOERR_SHMSIZE:
            # What opening a file on a full disk says: the index of its log finds no room.
            return JournalFull(f"no room on the disk: {error}")
        if code in _DAMAGED:
            return JournalBroken(f"the journal's file is damaged: {error}")
        return JournalFailure(f"the disk did not take it: {error}")

    def _undo(self) -> None:
        if self._db is None:
            return
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._db is not None:
            # Closing checkpoints; on a disk that fails, the log keeps what was committed.
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None
