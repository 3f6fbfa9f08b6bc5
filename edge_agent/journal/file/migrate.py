"""Brings a journal file to this version's tables: numbered SQL, in one transaction, after a copy.

Migrations only add: a till upgrades itself while it is offline and its queue is full, so no step
may need central or drop an event. The number reached is SQLite's `user_version`.
"""

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

from edge_agent.journal.errors import JournalTooNew
from edge_agent.journal.file.ballast import RESERVED_BYTES

_log = logging.getLogger(__name__)


def steps() -> dict[int, str]:
    """Return the SQL of every migration by its number."""
    found = {}
    for file in files("edge_agent.journal").joinpath("migrations").iterdir():
        if matched := re.fullmatch(r"(\d{4})_\w+\.sql", file.name):
            found[int(matched[1])] = file.read_text("utf-8")
    return dict(sorted(found.items()))


def migrate(db: sqlite3.Connection, path: Path, known: dict[int, str]) -> None:
    """Apply the steps of `known` that `db` (the file at `path`) has not seen yet.

    Raises JournalTooNew if the file has seen more than `known` holds.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    latest = max(known)
    if version > latest:
        raise JournalTooNew(f"{path} is of version {version}, this software knows {latest}")
    if version == latest:
        return
    if version > 0:
        _copy(db, path.with_name(f"{path.name}.before-{latest:04d}"))
    db.execute("BEGIN IMMEDIATE")
    try:
        apply(db, version, latest, known)
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def apply(db: sqlite3.Connection, version: int, to: int, known: dict[int, str]) -> None:
    """Apply the steps behind `version` up to `to`, in the caller's transaction."""
    for number in range(version + 1, to + 1):
        for statement in _statements(known[number]):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {to:d}")


def _copy(db: sqlite3.Connection, to: Path) -> None:
    """Leave a whole, synced copy; a copy cut off by a crash never gets the final name.

    Copies of earlier upgrades go: what was sold since is not in them. Without room for it there is
    none, because a till that cannot sell is worse than one that cannot go back.
    """
    for old in to.parent.glob(f"{to.stem}.before-*"):
        old.unlink()
    pages, size = (
        db.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size")
    )
    free = shutil.disk_usage(to.parent).free
    if free < pages * size + RESERVED_BYTES:
        _log.error("no room to keep a copy of the journal before its upgrade: %d bytes free", free)
        return
    part = to.with_name(to.name + ".part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(part)) as copy:
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(to)
    sync_folder(to.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _statements(script: str) -> Iterator[str]:
    # executescript would commit on its own; the step must be one transaction with the others.
    part = ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part
            part = ""
