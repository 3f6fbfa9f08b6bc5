"""A till that contradicts the ledger's seals tells central, and people see it."""

import pytest
from sqlalchemy import update

from central import schema
from central.database import writing
from central.fleet.records import devices
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Reply
from edge_agent.sync.witnessing import Witness
from loyalty import wire
from loyalty.seals import WITNESS_PATH, Contradiction, Noted, Seal, seal
from loyalty.wire import FeedRow, PullAnswer, Topic
from tests.edge_agent.journal.conftest import at

HEADS = [(bytes(16), 1, 5, b"a" * 32)]
FIRST = seal(1, 10, HEADS, None)
SECOND = seal(1, 20, HEADS, FIRST)
OTHER = Seal(20, b"x" * 32, 10, b"y" * 32)


class Line:
    """Carries a till's calls into a programme."""

    def __init__(self, programme):
        self.programme = programme
        self.calls = 0

    def post(self, path, headers, body):
        self.calls += 1
        answer = self.programme.client.post(path, data=body, headers=headers)
        return Reply(answer.status_code, answer.data, 0.01)


@pytest.fixture
def witness(programme, tmp_path):
    """A till with a journal, the line it calls over, and what tells of contradictions."""
    with Journal.open(tmp_path, clock=at) as journal:
        journal.enrol(programme.till.enrolled, "http://127.0.0.1:9")
        line = Line(programme)
        caller = Caller(journal, line, now=lambda: at(programme.now_ms))
        caller._key = programme.till.key
        yield journal, line, Witness(journal, caller)


def pulled(journal, *seals, after=0):
    rows = tuple(
        FeedRow(after + place, Topic.SEAL, str(one.turn), wire.pack(one))
        for place, one in enumerate(seals, start=1)
    )
    journal.take_page(PullAnswer(b"incarnation-one!", after + len(rows), rows, more=False))


def contradicted(programme):
    return {one.name: one.seal_contradicted for one in programme.read(devices)}


def test_a_contradiction_reaches_the_fleet_s_list_once(programme, witness):
    journal, line, teller = witness
    pulled(journal, FIRST)
    teller.step()
    assert line.calls == 0
    pulled(journal, OTHER, after=1)
    teller.step()
    teller.step()
    assert line.calls == 1
    assert contradicted(programme) == {"till-1": 20, "till-2": None}


def test_seals_that_agree_are_nothing_to_tell(programme, witness):
    journal, line, teller = witness
    pulled(journal, FIRST, SECOND)
    teller.step()
    assert line.calls == 0
    assert contradicted(programme) == {"till-1": None, "till-2": None}


def test_after_a_restore_that_everybody_sees_the_past_accuses_nobody(programme, witness):
    journal, _, teller = witness
    pulled(journal, FIRST)
    pulled(journal, OTHER, after=1)
    teller.step()
    mine = update(schema.shard).where(schema.shard.c.shard_key == programme.shard_key)
    with writing(programme.engine) as connection:
        connection.execute(mine.values(incarnation=b"another one 16 b"))
    assert contradicted(programme)["till-1"] is None


@pytest.mark.parametrize(
    ("held", "told"),
    [(FIRST, SECOND), (FIRST, Seal(-1, b"", 0, b"")), (Seal(10, b"x", 0, b""), OTHER)],
)
def test_what_is_no_contradiction_is_refused(programme, held, told):
    status, _ = programme.till.call(WITNESS_PATH, Contradiction(held, told))
    assert status == 400
    assert contradicted(programme)["till-1"] is None


def test_nobody_accuses_in_the_name_of_another(programme):
    message = Contradiction(FIRST, OTHER)
    headers = programme.till.headers(WITNESS_PATH, wire.pack(message), key=programme.other.key)
    assert programme.post(WITNESS_PATH, message, headers)[0] == 401
    assert contradicted(programme)["till-1"] is None
    assert programme.till.ask(WITNESS_PATH, message, Noted) == Noted()
