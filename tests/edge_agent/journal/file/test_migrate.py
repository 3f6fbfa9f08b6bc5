import shutil
import sqlite3
from contextlib import closing

import pytest

from edge_agent.journal.errors import JournalTooNew
from edge_agent.journal.file import opening
from edge_agent.journal.file.ballast import RESERVED_BYTES
from edge_agent.journal.file.database import FILE
from edge_agent.journal.file.migrate import steps
from edge_agent.journal.journal import Journal
from loyalty.wire import PushAnswer
from tests.edge_agent.journal.conftest import WANG, at, open_till, sale

SECOND = """
-- A column with a default, and a trigger whose body has semicolons.
ALTER TABLE sale ADD COLUMN colour TEXT NOT NULL DEFAULT 'red';
CREATE TRIGGER colours BEFORE UPDATE ON cursor
BEGIN SELECT 1; SELECT 2; END;
"""


def upgraded(monkeypatch, sql):
    known = {**steps(), max(steps()) + 1: sql}
    monkeypatch.setattr(opening, "steps", lambda: known)
    return max(known)


@pytest.fixture
def full(tmp_path):
    """A closed journal with a queue: 30 events, 10 of them acknowledged."""
    with open_till(tmp_path) as till:
        for number in range(30):
            till.append([sale(number, WANG, 10)])
        till.acknowledge(PushAnswer("ok", 10, 11, (), 5, 0, b"i"), at(), 0)
    return tmp_path


def version(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def test_an_upgrade_keeps_the_queue_and_leaves_a_copy_of_before(full, monkeypatch):
    latest = upgraded(monkeypatch, SECOND)
    with Journal.open(full) as till:
        assert till.queue_depth() == 20
        assert till.append([sale(99)]) == [31]
        assert till.verify().problems == ()
    copy = full / f"{FILE}.before-{latest:04d}"
    assert version(full / FILE) == latest
    assert version(copy) == latest - 1
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (30,)


def test_only_the_copy_of_the_last_upgrade_stays(full, monkeypatch):
    first = upgraded(monkeypatch, SECOND)
    Journal.open(full).close()
    (full / f"{FILE}.before-{first + 1:04d}.part").write_bytes(b"cut off by a crash")
    known = {**opening.steps(), first + 1: "ALTER TABLE sale ADD COLUMN size TEXT;"}
    monkeypatch.setattr(opening, "steps", lambda: known)
    Journal.open(full).close()
    (copy,) = full.glob("*.before-*")
    assert version(copy) == first


def test_without_room_for_a_copy_the_upgrade_goes_on_and_says_so(full, monkeypatch, caplog):
    latest = upgraded(monkeypatch, SECOND)
    usage = shutil.disk_usage(full)._replace(free=RESERVED_BYTES)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with Journal.open(full) as till:
        assert till.queue_depth() == 20
    assert version(full / FILE) == latest
    assert not list(full.glob("*.before-*"))
    assert "no room to keep a copy" in caplog.text


def test_an_upgrade_that_fails_half_way_changes_nothing(full, monkeypatch):
    upgraded(monkeypatch, SECOND + "ALTER TABLE nonsense ADD COLUMN x TEXT;")
    with pytest.raises(sqlite3.OperationalError, match="nonsense"):
        Journal.open(full)
    monkeypatch.undo()
    assert version(full / FILE) == max(steps())
    with Journal.open(full) as till:
        assert till.queue_depth() == 20
        assert till.append([sale(99)]) == [31]


def test_a_new_journal_makes_no_copy(tmp_path, monkeypatch):
    upgraded(monkeypatch, SECOND)
    Journal.open(tmp_path).close()
    assert not list(tmp_path.glob("*.before-*"))


def test_an_older_version_refuses_a_newer_journal(full, monkeypatch):
    upgraded(monkeypatch, SECOND)
    Journal.open(full).close()
    monkeypatch.undo()
    with pytest.raises(JournalTooNew, match=f"of version {max(steps()) + 1}"):
        Journal.open(full)


def test_projections_of_an_older_version_are_made_again(full):
    with closing(sqlite3.connect(full / FILE)) as db:
        db.execute("UPDATE projection SET version = 0")
        db.execute("DELETE FROM movement")
        db.commit()
    with Journal.open(full) as till:
        assert till.standing(WANG).pending == 300
        assert till.verify().problems == ()


@pytest.mark.parametrize("old", range(1, max(steps())))
def test_every_older_version_with_a_full_queue_upgrades_and_sends_what_it_would_have(
    full, monkeypatch, old
):
    """The tables of an older version are made by its own steps; the events are put in as bytes."""
    with Journal.open(full, clock=at) as till:
        now, sent = till.outbox(), till.batch(11, 1000, 1 << 20)
    folder = full / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as db:
        for number in range(1, old + 1):
            db.executescript(steps()[number])
        db.execute("ATTACH ? AS new", (str(full / FILE),))
        for table in ("identity", "epoch", "event"):
            there = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            names = ", ".join(there)
            copy = f"INSERT INTO {table} ({names}) SELECT {names} FROM new.{table}"  # noqa: S608
            db.execute(copy)
        db.execute(f"PRAGMA user_version = {old}")
        db.commit()
    with Journal.open(folder, clock=at) as till:
        assert (till.outbox(), till.batch(11, 1000, 1 << 20)) == (now, sent)
        assert till.standing(WANG).pending == 300  # the projections are made anew
        assert till.verify().problems == ()
        assert till.append([sale(99, WANG, 1)]) == [31]
    assert version(folder / FILE) == max(steps())
    assert version(folder / f"{FILE}.before-{max(steps()):04d}") == old
