"""Rows of a till's journal that its disk spoiled: central is told of each, and of none too many."""

import sqlite3
from contextlib import closing

import pytest

from central.ledger.waiting import cases
from edge_agent.journal.file.database import FILE
from edge_agent.journal.journal import Journal
from edge_agent.sync.push import request as push_of
from loyalty import chain, wire
from loyalty.chain import Stream
from loyalty.damage import Damage, read
from loyalty.events import body_of
from loyalty.wire import Verdict
from tests.central.programme import member
from tests.edge_agent.journal.conftest import at


@pytest.fixture
def till(sqlite_programme):
    return sqlite_programme.till


@pytest.fixture
def journal(tmp_path, sqlite_programme, till):
    """The journal of the programme's till, with 9 sales that central does not have yet."""
    sqlite_programme.add_member("a")
    enrolled = till.enrolled
    with Journal.open(tmp_path, clock=at) as journal:
        journal.enrol(enrolled, "http://127.0.0.1:9")
        for _ in range(9):
            journal.append([till.sale(member())])
    return tmp_path


def spoil(folder, statement, *values):
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TRIGGER event_is_never_changed")
        db.execute("DROP TRIGGER event_is_never_deleted")
        db.execute(statement, values)
        db.commit()


def pushed(folder, till, size=1000):
    """Push all, in batches of `size`, as the agent does; return the verdicts by seq."""
    found = {}
    with Journal.open(folder, clock=at) as journal:
        while journal.outbox().depth:
            batch = journal.batch(journal.outbox().acked_seq + 1, size, 1 << 20)
            request = push_of(journal.identity(), till.key, "s1", batch, at())
            answer = till.ask(wire.PUSH_PATH, request, wire.PushAnswer)
            assert answer.status == "ok", answer
            journal.acknowledge(answer, at(), 0)
            found |= {one.seq: Verdict(one.verdict) for one in answer.judged}
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_a_body_that_fails_its_hash_is_kept_apart_and_the_rest_counts(
    sqlite_programme, till, journal, size
):
    spoil(journal, "UPDATE event SET body = ? WHERE seq = 4", b"spoilt")
    found = pushed(journal, till, size)
    assert found == dict.fromkeys(range(1, 10), Verdict.APPLIED) | {4: Verdict.CORRUPT_BODY}
    sqlite_programme.check()


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("lost", [{1}, {4}, {4, 5, 6}, {1, 2, 8}])
def test_rows_that_are_gone_are_told_as_lost_and_the_rest_counts(
    sqlite_programme, till, journal, size, lost
):
    for seq in lost:
        with closing(sqlite3.connect(journal / FILE)) as db:
            db.execute("DROP TRIGGER IF EXISTS event_is_never_deleted")
            db.execute("DELETE FROM event WHERE seq = ?", (seq,))
            db.commit()
    found = pushed(journal, till, size)
    assert {seq for seq, verdict in found.items() if verdict is Verdict.LOST} == lost
    assert {v for seq, v in found.items() if seq not in lost} == {Verdict.APPLIED}
    assert sqlite_programme.balance(member()) > 0
    sqlite_programme.check()


def test_a_spoilt_hash_stops_neither_its_event_s_neighbours_nor_the_chain(
    sqlite_programme, till, journal
):
    spoil(journal, "UPDATE event SET hash = ? WHERE seq = 4", bytes(32))
    found = pushed(journal, till, 2)
    assert found == dict.fromkeys(range(1, 10), Verdict.APPLIED) | {4: Verdict.CORRUPT_BODY}
    sqlite_programme.check()


def test_what_central_has_already_is_known_by_its_hash_whatever_became_of_the_row(
    sqlite_programme, till, journal
):
    pushed(journal, till)
    spoil(journal, "UPDATE event SET body = ? WHERE seq = 4", b"spoilt")
    with Journal.open(journal, clock=at) as again:
        again.send_from(1)
    assert set(pushed(journal, till).values()) == {Verdict.APPLIED}
    sqlite_programme.check()


def test_a_person_sees_what_is_damaged(sqlite_programme, till, journal):
    spoil(journal, "DELETE FROM event WHERE seq = 4")
    pushed(journal, till)
    (case,) = sqlite_programme.read(cases, sqlite_programme.now_ms)
    assert (case.seq, case.verdict) == (4, "lost")


def test_a_damaged_event_travels_with_its_hash_and_what_was_found_of_it(journal):
    with Journal.open(journal, clock=at) as whole:
        before = whole.batch(1, 1000, 1 << 20)
        hashes = [link.hash for link in whole.links()]
    spoil(journal, "UPDATE event SET body = ? WHERE seq = 4", b"x" * 4096)
    with Journal.open(journal, clock=at) as spoilt:
        batch = spoilt.batch(1, 1000, 1 << 20)
        who = spoilt.identity()
    assert (batch.head_hash, batch.frames[:3]) == (before.head_hash, before.frames[:3])
    damage, found = read(batch.frames[3])
    assert (damage, found.kind) == (Damage.CORRUPT, before.frames[3].kind)
    assert len(batch.frames[3].body) == chain.BODY_BYTES_MAX
    stream = Stream(who.shard_key, who.device_id, who.epoch)
    assert chain.extend(stream, 1, batch.prev_hash, batch.frames) == hashes
    assert body_of(batch.frames[4]) == body_of(before.frames[4])
