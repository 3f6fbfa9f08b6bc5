"""What the journal keeps of its machine's boots, by which central dates events."""

import pytest

from edge_agent.journal.journal import Journal
from loyalty.events import Moment
from loyalty.facts import BOOTS_MAX, BootClock, ClockSample
from loyalty.wire import PushAnswer
from tests.edge_agent.journal.conftest import enrolment, sale


class Clock:
    def __init__(self):
        self.boot, self.ms = 1, 1_000

    def __call__(self):
        return Moment(0, f"b{self.boot}", self.ms)

    def reboot(self):
        self.boot, self.ms = self.boot + 1, 500


@pytest.fixture
def clock():
    return Clock()


def opened(folder, clock):
    journal = Journal.open(folder, clock=clock)
    journal.enrol(enrolment(), "http://127.0.0.1:9")
    return journal


def answer(acked, server_ms):
    return PushAnswer("ok", acked, acked + 1, (), 0, server_ms, b"i")


def test_each_boot_is_noted_once_with_its_last_sample(tmp_path, clock):
    with opened(tmp_path, clock) as till:
        till.append([sale("1")])
        clock.ms = 9_000
        till.acknowledge(answer(0, 70_000), clock(), 30)
        clock.ms = 19_000
        till.acknowledge(answer(0, 80_000), clock(), 40)
    with opened(tmp_path, clock):
        pass  # a restart is no boot
    clock.reboot()
    with opened(tmp_path, clock) as till:
        first = BootClock("b1", 1_000, ClockSample(80_000, 19_000, 40))
        assert till.boots() == (first, BootClock("b2", 500, None))


def test_boots_are_forgotten_when_central_has_all_that_was_written_in_them(tmp_path, clock):
    with opened(tmp_path, clock) as till:
        till.append([sale("1")])
        till.acknowledge(answer(0, 70_000), clock(), 30)
    clock.reboot()
    with opened(tmp_path, clock) as till:
        till.acknowledge(answer(0, 90_000), clock(), 30)
        assert len(till.boots()) == 2
        till.acknowledge(answer(1, 91_000), clock(), 30)
        assert till.boots() == (BootClock("b2", 500, ClockSample(91_000, 500, 30)),)


def test_no_more_boots_are_told_than_a_push_may_name(tmp_path, clock):
    for _ in range(BOOTS_MAX + 3):
        with opened(tmp_path, clock) as till:
            told = till.boots()
        clock.reboot()
    assert len(told) == BOOTS_MAX
    assert told[-1].boot_id == f"b{BOOTS_MAX + 3}"
