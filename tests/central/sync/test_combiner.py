import threading

import pytest
from msgspec import structs
from sqlalchemy.exc import DataError, OperationalError

from central.ledger.judging.rows import read_body
from central.ledger.writing.items import Push, Pushed, Wake
from central.sync import combiner
from central.sync.combiner import Busy, Combiner, settle
from loyalty.chain import Frame
from loyalty.events import Moment


def push(device=b"d", frames=1, first_seq=1):
    frame = Frame(1, 1, b"{}")
    return Push(
        device_id=device,
        epoch=1,
        session="s",
        first_seq=first_seq,
        prev_hash=b"0",
        frames=(frame,) * frames,
        bodies=(read_body(frame),) * frames,
        hashes=tuple(str(first_seq + offset).encode() for offset in range(frames)),
        clock=Moment(0, "b", 0),
        received_ms=0,
    )


def pushed(item):
    judged = tuple(range(item.first_seq, item.last_seq + 1))
    return Pushed("ok", item.last_seq, item.last_seq + 1, judged, 0, b"")


class Database:
    """Runs turns as a database would that refuses some seqs of some device."""

    def __init__(self, refused=(), error=DataError):
        self.refused, self.error = set(refused), error
        self.turns = []

    def __call__(self, items):
        for item in items:
            for seq in range(item.first_seq, item.last_seq + 1):
                if (item.device_id, seq) in self.refused and seq not in item.poison:
                    raise self.error("", {}, Exception("refused"))
        self.turns.append(list(items))
        return [pushed(item) for item in items]


def test_a_refused_turn_is_halved_until_the_guilty_event_stands_alone():
    database = Database({(b"c", 5)})
    items = [push(bytes([letter]), 8) for letter in b"abcdefgh"]
    answers = settle(database, items)
    assert [answer.acked_through for answer in answers] == [8] * 8
    assert [answer.judged for answer in answers] == [tuple(range(1, 9))] * 8
    poisoned = [item for turn in database.turns for item in turn if item.poison]
    assert [(item.device_id, item.first_seq, item.poison) for item in poisoned] == [
        (b"c", 5, {5: "Exception: refused"})
    ]


def test_the_parts_of_a_halved_push_still_chain():
    database = Database({(b"d", 2)})
    settle(database, [push(frames=4)])
    parts = [item for turn in database.turns for item in turn]
    assert [(part.prev_hash, part.hashes) for part in parts] == [
        (b"0", (b"1",)),
        (b"1", (b"2",)),
        (b"2", (b"3", b"4")),
    ]


def test_a_database_that_is_away_is_nobody_s_fault():
    database = Database({(b"d", 1)}, OperationalError)
    answers = settle(database, [push(), push(b"e")])
    assert [type(answer) for answer in answers] == [OperationalError] * 2
    assert database.turns == []


def test_an_event_that_cannot_even_be_quarantined_fails_alone():
    def refuse(items):
        if any(item.device_id == b"c" for item in items):
            raise ValueError("never")
        return [pushed(item) for item in items]

    answers = settle(refuse, [push(b"a"), push(b"c"), push(b"b")])
    assert [type(answer) for answer in answers] == [Pushed, ValueError, Pushed]


def test_many_threads_are_combined_and_each_gets_its_own_answer():
    """While a turn runs, what arrives waits, and goes into the next turn together."""
    running, go_on = threading.Event(), threading.Event()
    turns = []

    def run(items):
        turns.append([item.device_id for item in items])
        running.set()
        assert go_on.wait(10)
        return [pushed(item) for item in items]

    one = Combiner(run)
    answers = {}

    def submit(item):
        answers[item.device_id, item.first_seq] = one.submit(item)

    threads = [threading.Thread(target=submit, args=(push(b"first"),))]
    threads[0].start()
    assert running.wait(10)
    items = [push(bytes([number])) for number in range(20)] + [push(bytes([3]), first_seq=2)]
    threads += [threading.Thread(target=submit, args=(item,)) for item in items]
    for thread in threads[1:]:
        thread.start()
    while one._waiting.qsize() < len(items):
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join()
    one.close()
    assert len(turns[1]) == 20  # one push of a device to a turn
    assert turns[2] == [bytes([3])]
    assert len(answers) == 22
    assert answers[bytes([3]), 2].acked_through == 2


def test_a_turn_takes_no_more_events_than_its_limit(monkeypatch):
    monkeypatch.setattr(combiner, "_EVENTS_MAX", 10)
    monkeypatch.setattr(combiner, "_GATHER_S", 0.2)
    database = Database()
    one = Combiner(database)
    threads = [
        threading.Thread(target=one.submit, args=(push(bytes([number]), 4),)) for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one.close()
    assert max(sum(len(item.frames) for item in turn) for turn in database.turns) <= 10
    assert sum(len(turn) for turn in database.turns) == 6


def test_a_push_larger_than_a_turn_s_limit_still_gets_its_turn(monkeypatch):
    monkeypatch.setattr(combiner, "_EVENTS_MAX", 3)
    one = Combiner(Database())
    assert one.submit(push(frames=5)).acked_through == 5
    one.close()


def test_too_much_waiting_work_is_refused_and_nothing_of_it_is_lost(monkeypatch):
    monkeypatch.setattr(combiner, "_WAITING_MAX", 0)
    one = Combiner(Database())
    with pytest.raises(Busy):
        one.submit(push())
    one.close()


def test_closing_finishes_what_was_submitted_and_refuses_the_rest():
    one = Combiner(Database())
    assert one.submit(push()).status == "ok"
    one.close()
    one.close()
    with pytest.raises(Busy):
        one.submit(push())


def test_an_answer_that_is_an_exception_is_raised_where_it_was_submitted():
    error = LookupError("mine")
    one = Combiner(lambda items: [error for _ in items])
    with pytest.raises(LookupError, match="mine"):
        one.submit(structs.replace(push(), session="x"))
    one.close()


def test_what_a_turn_left_waits_for_a_database_that_is_away():
    away, done = threading.Event(), []

    def run_turn(items):
        if away.is_set():
            raise OperationalError("", {}, Exception("away"))
        done.extend(item for item in items if isinstance(item, Wake))
        return [None] * len(items)

    combiner = Combiner(run_turn)
    left = Wake({b"claim:1": (1, 2)})
    combiner.submit(push())
    away.set()
    combiner.go_on(left)
    with pytest.raises(OperationalError):
        combiner.submit(push())
    away.clear()
    for _ in range(2):
        combiner.submit(push())
    combiner.close()
    assert done == [left]
