"""A lease may be spent by the run that asked for it, and only for a while of its boot's clock."""

import pytest

from edge_agent.journal.errors import LeaseClosed
from edge_agent.journal.journal import Journal
from loyalty.leases import spendable_ms
from loyalty.wire import LeaseAnswer
from tests.edge_agent.journal.conftest import WANG, at, enrolment, lend, open_till, redeem

TTL_S = 900
GRANT = LeaseAnswer("lease-V1", 50, "V1", ttl_s=TTL_S)


class Clock:
    def __init__(self):
        self.ms = 1_000_000

    def __call__(self):
        return at(self.ms)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def till(tmp_path, clock):
    with Journal.open(tmp_path / "state", clock=clock) as journal:
        journal.enrol(enrolment(), "http://127.0.0.1:9")
        yield journal


@pytest.mark.parametrize(("late_ms", "spent"), [(-1, True), (0, False)])
def test_a_lease_is_spendable_for_its_time_less_what_a_clock_may_be_wrong(
    till, clock, late_ms, spent
):
    till.lease_asked("s1", "r1", WANG, "tea")
    asked_ms, clock.ms = clock.ms, clock.ms + 60_000  # the answer takes a minute
    till.lease_answered("r1", GRANT)
    clock.ms = asked_ms + spendable_ms(TTL_S) + late_ms
    if spent:
        assert till.append([redeem("V1")]) == [1]
        return
    with pytest.raises(LeaseClosed, match="over"):
        till.append([redeem("V1")])
    assert till.links() == []


def test_the_time_of_a_lease_that_is_asked_for_again_began_with_the_first_request(till, clock):
    till.lease_asked("s1", "r1", WANG, "tea")
    clock.ms += TTL_S * 1000
    till.lease_asked("s1", "r1", WANG, "tea")
    till.lease_answered("r1", GRANT)
    with pytest.raises(LeaseClosed):
        till.append([redeem("V1")])


def test_a_restart_disarms_every_lease(tmp_path):
    with open_till(tmp_path) as till:
        spend = lend(till, redeem("V1"))
    with open_till(tmp_path) as till:
        with pytest.raises(LeaseClosed, match="another run"):
            till.append([spend])
        assert till.append([lend(till, redeem("V2"))]) == [1]


def test_a_request_of_an_earlier_run_arms_nothing_when_it_is_asked_again(tmp_path):
    with open_till(tmp_path) as till:
        till.lease_asked("s1", "r1", WANG, "tea")
    with open_till(tmp_path) as till:
        till.lease_asked("s2", "r1", WANG, "tea")
        till.lease_answered("r1", GRANT)
        with pytest.raises(LeaseClosed, match="another run"):
            till.append([redeem("V1")])
        assert [one.answer for one in till.stranded_leases("s3")] == [GRANT]
