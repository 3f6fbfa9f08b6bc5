import sqlite3
from contextlib import closing

import pytest

from edge_agent.journal.errors import JournalBroken
from edge_agent.journal.file.database import FILE
from edge_agent.journal.journal import Journal
from edge_agent.journal.reader import Reader
from tests.edge_agent.journal.conftest import WANG, open_till, sale


@pytest.fixture
def folder(tmp_path):
    """A closed journal of 20 events."""
    with open_till(tmp_path) as till:
        for number in range(20):
            till.append([sale(number, WANG, 10)])
    return tmp_path


def tamper(folder, *statements):
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER IF EXISTS event_is_never_changed")
        db.execute("DROP TRIGGER IF EXISTS event_is_never_deleted")
        for statement in statements:
            db.execute(statement)
        db.commit()


def problems(folder):
    with Reader(folder) as journal:
        return journal.verify().problems


def test_a_sound_journal_has_no_problems(folder):
    with Reader(folder) as journal:
        report = journal.verify()
    assert (report.events, report.head_seq, report.problems) == (20, 20, ())


def test_the_journal_itself_refuses_to_change_or_delete_an_event(folder):
    with closing(sqlite3.connect(folder / FILE)) as db:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("UPDATE event SET kind = 9")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute("DELETE FROM event")


@pytest.mark.parametrize("seq", [1, 11, 20])
def test_a_single_flipped_bit_of_a_body_is_found_wherever_it_is(folder, seq):
    with closing(sqlite3.connect(folder / FILE)) as db:
        body = bytearray(db.execute("SELECT body FROM event WHERE seq = ?", (seq,)).fetchone()[0])
    body[40] ^= 0x01
    tamper(folder, f"UPDATE event SET body = x'{body.hex()}' WHERE seq = {seq}")  # noqa: S608
    assert any(f"event {seq} was changed" in problem for problem in problems(folder))
    with Journal.open(folder) as till:  # the till goes on, and tells what it found
        assert till.damage == (f"epoch 1: event {seq} was changed",)


def test_a_changed_kind_is_found(folder):
    tamper(folder, "UPDATE event SET kind = 4 WHERE seq = 5")
    assert any("event 5 was changed" in problem for problem in problems(folder))


def test_a_missing_event_is_found_and_the_till_goes_on(folder):
    tamper(folder, "DELETE FROM event WHERE seq = 7")
    assert any("no event between 6 and 8" in problem for problem in problems(folder))
    with Journal.open(folder) as till:
        assert any("between 6 and 8" in problem for problem in till.damage)
        assert till.append([sale(99)]) == [21]


def test_a_projection_that_events_do_not_add_up_to_is_found(folder):
    tamper(folder, "UPDATE movement SET points = points + 1 WHERE seq = 3")
    assert problems(folder) == ("the table movement is not what the events add up to",)


def test_a_damaged_page_is_found_and_the_journal_does_not_open(folder):
    path = folder / FILE
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xee" * 64
    path.write_bytes(data)
    with pytest.raises(JournalBroken, match="damaged"):
        Journal.open(folder)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, whatever it is" * 500)
    with pytest.raises(JournalBroken, match="damaged"):
        Journal.open(tmp_path)


def test_verifying_reads_while_another_process_writes(tmp_path):
    with open_till(tmp_path) as till:
        till.append([sale(1, WANG, 10)])
        with Reader(tmp_path) as reader:
            assert reader.verify().events == 1
            till.append([sale(2, WANG, 10)])
            assert reader.verify().events == 2
