"""What a till's papers leave out reaches the fleet's list, and decides nothing."""

import pytest

from central.fleet.records import devices
from central.sync.trails import SHOWN_MS, gaps
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Reply
from edge_agent.sync.trail_telling import TrailTeller
from loyalty import wire
from loyalty.trails import TRAIL_PATH, Gaps, GapsTold
from tests.edge_agent.journal.conftest import at

SEEN = Gaps(skipped=3, drawers=1, lost=2, at_ms=1_000)


class Line:
    """Carries a till's calls into a programme, or to nobody."""

    def __init__(self, programme):
        self.programme = programme
        self.cut = False
        self.calls = 0

    def post(self, path, headers, body):
        self.calls += 1
        if self.cut:
            raise TimeoutError
        answer = self.programme.client.post(path, data=body, headers=headers)
        return Reply(answer.status_code, answer.data, 0.01)


@pytest.fixture
def teller(programme, tmp_path):
    with Journal.open(tmp_path, clock=at) as journal:
        journal.enrol(programme.till.enrolled, "http://127.0.0.1:9")
        line = Line(programme)
        caller = Caller(journal, line, now=lambda: at(programme.now_ms))
        caller._key = programme.till.key
        yield line, TrailTeller(caller)


def listed(programme):
    return {one.name: one.gaps for one in programme.read(devices)}


def counts(told):
    return (told.skipped, told.drawers, told.lost)


def test_what_is_new_reaches_the_fleet_s_list_once(programme, teller):
    line, trail = teller
    trail.step()
    assert line.calls == 0  # nothing was seen
    trail.gaps = SEEN
    trail.step()
    trail.step()
    assert line.calls == 1
    assert counts(listed(programme)["till-1"]) == (3, 1, 2)
    assert listed(programme)["till-2"] == Gaps()


def test_more_of_it_takes_the_place_of_what_was_told(programme, teller):
    _, trail = teller
    for skipped in (1, 4):
        trail.gaps = Gaps(skipped=skipped, at_ms=skipped)
        trail.step()
    assert counts(listed(programme)["till-1"]) == (4, 0, 0)


def test_a_day_later_it_is_not_shown_any_more(programme, teller):
    _, trail = teller
    trail.gaps = SEEN
    trail.step()
    told_ms = listed(programme)["till-1"].at_ms

    def at_ms(now_ms):
        return programme.read(lambda connection, key: gaps(connection, key, now_ms))

    assert len(at_ms(told_ms + SHOWN_MS - 1)) == 1
    assert at_ms(told_ms + SHOWN_MS) == {}


@pytest.mark.parametrize("wrong", [Gaps(skipped=-1, at_ms=1), Gaps(lost=1 << 40, at_ms=1)])
def test_what_is_no_count_is_refused(programme, wrong):
    assert programme.till.call(TRAIL_PATH, wrong)[0] == 400
    assert listed(programme)["till-1"] == Gaps()


def test_nobody_tells_in_the_name_of_another(programme):
    headers = programme.till.headers(TRAIL_PATH, wire.pack(SEEN), key=programme.other.key)
    assert programme.post(TRAIL_PATH, SEEN, headers)[0] == 401
    assert listed(programme)["till-1"] == Gaps()
    assert programme.till.ask(TRAIL_PATH, SEEN, GapsTold) == GapsTold()
