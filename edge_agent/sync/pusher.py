"""Pushes one batch at a time and takes central's answer in."""

import logging

from edge_agent.journal.cursor import Outbox
from edge_agent.journal.journal import Journal
from edge_agent.sync import push
from edge_agent.sync.calls import TOO_LARGE, Caller, Done, Offline, Refused, Trouble
from edge_agent.sync.pacing import ASKED_MAX_S, BatchSize
from loyalty import wire
from loyalty.events import Moment
from loyalty.wire import PushAnswer

_log = logging.getLogger(__name__)


class Pusher:
    """Sends what central has not acknowledged. One request in flight."""

    def __init__(self, journal: Journal, caller: Caller, session: str) -> None:
        self._journal = journal
        self._caller = caller
        self._session = session
        self._size = BatchSize()
        self._greeted = False
        self._gap_before = False

    def greet_again(self) -> None:
        """Ask central at the next step where this chain stands, even with nothing to send."""
        self._greeted = False

    def step(self, now: Moment) -> Done | Trouble:
        """Send one batch if there is something to send or to ask."""
        identity, outbox = self._journal.identity(), self._journal.outbox()
        if identity is None or not self._has_something_to_say(outbox):
            return Done()
        batch = self._journal.batch(outbox.acked_seq + 1, self._size.events, self._size.bytes)
        boots, asked = self._journal.boots(), self._journal.now()
        request = push.request(identity, self._caller.key, self._session, batch, now, boots)
        answered = self._caller.call(wire.PUSH_PATH, request, PushAnswer)
        arrived = self._journal.now()
        if not isinstance(answered, tuple):
            if isinstance(answered, Offline) and answered.why == "timeout":
                self._size.too_slow()
            if isinstance(answered, Refused) and answered.code == "epoch_unknown":
                self._greeted = True
                return self._stop("unknown")
            if isinstance(answered, Refused) and answered.status == TOO_LARGE and batch.frames[1:]:
                self._size.too_large(sum(len(frame.body) for frame in batch.frames))
                return Done(more=True)
            return answered
        answer, elapsed_s = answered
        self._greeted = True
        self._size.took(len(batch.frames), elapsed_s)
        match push.meaning(request.last_written, answer):
            case push.Stop(why=why):
                return self._stop(why)
            case push.SendFrom(seq=seq):
                return self._send_from(seq)
        rtt_ms = arrived.boottime_ms - asked.boottime_ms
        return self._acknowledged(outbox, answer, arrived, rtt_ms)

    def _has_something_to_say(self, outbox: Outbox) -> bool:
        if not self._greeted:
            return True
        return not outbox.refused and (outbox.depth > 0 or self._journal.awaits_position())

    def _stop(self, why: push.Broken) -> Done:
        _log.error("central takes no more of this chain: %s", push.EXPLAINED[why])
        self._journal.refused(why)
        return Done(more=True)

    def _send_from(self, seq: int) -> Done | Trouble:
        """Go back (or on) to where central stands; a second time in a row is no progress."""
        self._journal.send_from(seq)
        if self._gap_before:
            return Offline("nonsense", f"central asks for event {seq} again and again")
        self._gap_before = True
        self._greeted = False
        return Done(more=True)

    def _acknowledged(
        self, outbox: Outbox, answer: PushAnswer, arrived: Moment, rtt_ms: int
    ) -> Done | Trouble:
        self._journal.acknowledge(answer, arrived, rtt_ms)
        self._gap_before = False
        if outbox.depth > 0 and answer.acked_through <= outbox.acked_seq:
            return Offline("nonsense", f"central holds no more than event {answer.acked_through}")
        wait_s = min(float(answer.retry_after_s), ASKED_MAX_S)
        return Done(self._journal.outbox().depth > 0, wait_s)
