"""Calls say when they were sent, by central's clock as far as the device knows it."""

import random

import pytest

from edge_agent.journal.clock import moment
from edge_agent.sync.calls import Caller, Offline, Reply
from edge_agent.sync.syncer import Syncer
from loyalty import wire
from loyalty.events import Holder
from loyalty.wire import BalanceAnswer, BalanceRequest, Problem
from tests.edge_agent.sync.conftest import settle

HOUR_MS = 3_600_000
ASK = BalanceRequest(Holder("member", "wang"))


class Strict:
    """A central with a clock of its own, an hour ahead of the device's wall clock."""

    def __init__(self, ahead_ms=HOUR_MS, forgiving=True):
        self.ahead_ms, self.forgiving = ahead_ms, forgiving
        self.sent = []

    def _answer(self, headers, good):
        now_ms = moment().wall_ms + self.ahead_ms
        self.sent.append(int(headers[wire.NONCE_HEADER].partition(".")[0]) - now_ms)
        if abs(self.sent[-1]) > 60_000 or not self.forgiving:
            return Reply(401, wire.pack(Problem(wire.CLOCK, "not now", now_ms)), 0.0)
        return good

    def post(self, _path, headers, _body):
        return self._answer(headers, Reply(200, wire.pack(BalanceAnswer(True, 7, 0, "", "")), 0.0))

    def get(self, _path, headers):
        return self._answer(headers, Reply(206, b"part", 0.0))


def test_a_device_that_does_not_know_the_time_is_told_it_and_asks_again(till):
    central = Strict()
    caller = Caller(till, central)
    answer, _ = caller.call(wire.BALANCE_PATH, ASK, BalanceAnswer)
    assert (answer.balance, len(central.sent)) == (7, 2)
    assert abs(central.sent[1]) < 60_000
    assert caller.fetch("/x", 0, 4)[0] == b"part"
    assert len(central.sent) == 3  # it knows the time now


def test_a_central_whose_clock_is_set_anew_is_believed_again(till):
    central = Strict()
    caller = Caller(till, central)
    for ahead_ms in (HOUR_MS, -HOUR_MS, 0):
        central.ahead_ms = ahead_ms
        assert isinstance(caller.call(wire.BALANCE_PATH, ASK, BalanceAnswer), tuple)


def test_a_call_that_is_never_in_time_is_no_word_about_the_device(till):
    central = Strict(forgiving=False)
    answer = Caller(till, central).call(wire.BALANCE_PATH, ASK, BalanceAnswer)
    assert isinstance(answer, Offline)
    assert (answer.why, len(central.sent)) == ("unable", 2)


@pytest.mark.parametrize("body", [b"<html>", wire.pack(Problem("bad_signature", "x"))])
def test_another_refusal_is_not_asked_again(till, central, transport, body):
    central.answer_http = [(401, body)]
    Caller(till, transport).call(wire.BALANCE_PATH, ASK, BalanceAnswer)
    assert central.answer_http == []
    assert central.asked == []


def test_what_central_says_in_answers_dates_the_next_calls(till, central, transport):
    sent = []

    class Noting:
        """Notes the time in each call."""

        def post(self, path, headers, body):
            sent.append(int(headers[wire.NONCE_HEADER].partition(".")[0]))
            return transport.post(path, headers, body)

        get = transport.get

    caller = Caller(till, Noting(), now=till.now)
    settle(Syncer(till, caller, session="s1", rng=random.Random(1)))
    assert sent[-1] == till.sure_ms(till.now())
