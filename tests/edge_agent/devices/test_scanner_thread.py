"""A scanner's thread: patient with absent devices, quick when there is news, and never noisy."""

import logging
import queue
import time

import pytest

from edge_agent.devices import scanner_thread
from edge_agent.devices.scanner_thread import REOPEN_WAIT_S_MAX, ScannerThread


class Flaky(ScannerThread):
    """A device that goes as soon as it was opened, or is not there at all."""

    def __init__(self, *, opens, error=None):
        super().__init__("desk", queue.Queue())
        self.opens = opens
        self.error = error or OSError("it is not plugged in")
        self.attempts_s = []

    def _read(self):
        self.attempts_s.append(time.monotonic())
        if self.opens:
            self._opened()
        raise self.error


@pytest.fixture
def run(eventually):
    running = []

    def start(scanner):
        running.append(scanner)
        scanner.start()
        return scanner

    yield start
    for scanner in running:
        scanner.stop()


@pytest.mark.parametrize("opens", [False, True])
def test_it_looks_less_and_less_often_but_at_least_every_two_seconds(run, eventually, opens):
    scanner = run(Flaky(opens=opens))
    eventually(lambda: len(scanner.attempts_s) >= 5)
    gaps_s = [
        later - earlier
        for earlier, later in zip(scanner.attempts_s, scanner.attempts_s[1:], strict=False)
    ]
    assert all(gap_s >= wait_s for gap_s, wait_s in zip(gaps_s, (0.2, 0.4, 0.8), strict=False))
    assert REOPEN_WAIT_S_MAX <= 2


def test_news_wakes_it_at_once(run, eventually, monkeypatch):
    monkeypatch.setattr(scanner_thread, "REOPEN_WAIT_S_MIN", 600)
    monkeypatch.setattr(scanner_thread, "REOPEN_WAIT_S_MAX", 600)
    scanner = run(Flaky(opens=False))
    for attempts in (1, 2, 3):  # each but the first would come ten minutes later
        eventually(lambda attempts=attempts: len(scanner.attempts_s) == attempts)
        scanner.look_again()


def test_an_absence_is_logged_once(run, eventually, caplog):
    caplog.set_level(logging.INFO)
    scanner = run(Flaky(opens=False))
    eventually(lambda: len(scanner.attempts_s) >= 4)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert not scanner.connected


def test_a_bug_does_not_end_the_reading_and_its_text_is_not_logged(run, eventually, caplog):
    scanner = run(Flaky(opens=False, error=ValueError("134567890123456789")))
    eventually(lambda: len(scanner.attempts_s) >= 2)
    assert "unexpected ValueError" in caplog.text
    assert "134567890123456789" not in caplog.text
