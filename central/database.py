"""The connection to central's records: SQLite or PostgreSQL, one writer at a time.

Owns the settings of every connection and the two ways to use one: `writing` and `reading`. On
SQLite a writing transaction holds a lock file from its BEGIN to behind its COMMIT. A commit is
also where SQLite checkpoints, so no two connections, of one process or of several, ever write or
checkpoint at the same time: SQLite before 3.51.3 could damage the file then ("WAL reset"), and
Debian 12 ships 3.40.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from central.config import Database

#: In a connection's `info`: whether the database is on a Citus cluster.
CITUS = "citus"
#: In a connection's `info`: whether it was used to read or to write last.
_READS_ONLY = "reads_only"
_BUSY_TIMEOUT_MS = 10_000
_CACHE_KIB = 65_536
_CHECKPOINT_PAGES = 65_536
_WRITER_WAIT_S = 30.0
_WRITER_POLL_S = 0.002


class WriterBusy(TimeoutError):
    """Another process has been writing for longer than we wait."""


def connect(database: Database) -> Engine:
    """Return the engine of a database; nothing is opened until it is used."""
    if database.is_sqlite:
        # The connection used last is used next: the ledger's keeps its pages from turn to turn,
        # which SQLite throws away when another one has written.
        engine = create_engine(
            database.parsed, connect_args={"check_same_thread": False}, pool_use_lifo=True
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(database.parsed, pool_pre_ping=True)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose changes are all committed at the end, or none of them.

    Raises WriterBusy when another process does not stop writing.
    """
    with _only_writer(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one moment of the database and can change nothing."""
    if engine.dialect.name == "sqlite":
        options: dict[str, str | bool] = {"reading": True}
    else:
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as connection, connection.execution_options(**options).begin():
        yield connection


@contextmanager
def scratch() -> Iterator[Connection]:
    """Give an empty SQLite database of our own, which is gone at the end, however we end.

    What its cache does not hold is in a file whose name SQLite takes away as soon as it is open;
    SQLITE_TMPDIR or TMPDIR names its folder, else it is /var/tmp. Nothing can be rolled back.
    """
    engine = create_engine("sqlite://", creator=partial(sqlite3.connect, "", isolation_level=None))
    with engine.connect() as connection:
        for pragma in (
            "journal_mode = OFF",
            f"cache_size = -{_CACHE_KIB}",
            "ignore_check_constraints = ON",  # what is wrong is to be shown, not refused
        ):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        connection.exec_driver_sql("BEGIN")
        yield connection
    engine.dispose()


def _only_writer(engine: Engine) -> "nullcontext[None] | _WriterLock":
    if engine.dialect.name != "sqlite":
        return nullcontext()  # on PostgreSQL the shard's row is the lock
    return _WriterLock(Path(f"{engine.url.database}-writer"))


class _WriterLock:
    """An advisory lock on a file beside the database; the system frees it if we die."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_up_at_s = time.monotonic() + _WRITER_WAIT_S
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > give_up_at_s:
                    os.close(self._descriptor)
                    raise WriterBusy(f"{self._path}: another process keeps writing") from None
                time.sleep(_WRITER_POLL_S)

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def _set_up_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Python's sqlite3 would begin transactions by itself, and always deferred ones.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {_BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        # The upper pages of every index of a large ledger; and the log of a few large turns before
        # it is copied into the file, so that a page which many turns change is copied once.
        f"cache_size = -{_CACHE_KIB}",
        f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads_only = bool(connection.get_execution_options().get("reading"))
    driver = connection.connection.dbapi_connection
    if driver is None:
        return
    if connection.info.get(_READS_ONLY) is not reads_only:
        driver.cursor().execute(f"PRAGMA query_only = {int(reads_only)}")
        connection.info[_READS_ONLY] = reads_only
    if reads_only:
        driver.cursor().execute("BEGIN")  # touches no file, and so it cannot fail
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _set_up_postgresql(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
    import psycopg.types.string  # by a central on SQLite never

    assert isinstance(connection, psycopg.Connection)
    # What psycopg takes for a bytea column by itself is written in Python; this one is not.
    connection.adapters.register_dumper(bytes, psycopg.types.string.BytesBinaryDumper)
    cursor = connection.cursor()
    # An acknowledgement means: on the disk. A server that waits for its replicas too may do so.
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.execute("SELECT to_regclass('pg_dist_partition') IS NOT NULL")
    found = cursor.fetchone()
    entry.info[CITUS] = found is not None and found[0]
    cursor.close()
    connection.commit()
