"""One printer's tap in the loop: takes POS connections in, and lends the printer to our slips."""

from __future__ import annotations

import itertools
import secrets
import socket
import time

from edge_agent.devices.heartbeat import Reachable
from edge_agent.devices.tap.answers import Answers
from edge_agent.devices.tap.config import TapConfig
from edge_agent.devices.tap.copying import Copying, JobSink
from edge_agent.devices.tap.door import Door
from edge_agent.devices.tap.listening import Listening
from edge_agent.devices.tap.loan import Line, Loan, Returned
from edge_agent.devices.tap.loop import NEVER, READ, Loop, Watched
from edge_agent.devices.tap.session import Session
from edge_agent.devices.tap.slip_line import SocketLine
from edge_agent.devices.tap.sockets import reset

# A document boundary for our own slips: the POS has printed nothing for this long (promise P1).
SLIP_SILENCE_S = 0.7
# A POS that only asks for status may do so often: its answers need this long to be on their way.
ASKING_SILENCE_S = 0.25
_RETRY_S = 1.0
_QUIET_CHECK_S = 0.05
_STALL_CHECK_S = 2.0


class Tap:
    """Public attributes are counters, written by the loop's thread and read by the heartbeat."""

    def __init__(self, config: TapConfig, loop: Loop, sink: JobSink) -> None:
        self._config = config
        self._loop = loop
        self._sink = sink
        self._door: Door | None = None
        self._listen_at_s = 0.0
        self._sessions: list[Session] = []
        self._held: list[socket.socket] = []
        self._asked: Loan | None = None
        self._borrower: Session | None = None
        self._last_bytes_s = self._last_document_s = 0.0
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._ended_bytes = 0
        self.lending = False
        self.listening = Listening()
        self.printer = Reachable.UNKNOWN
        self.refused_connections = 0
        self.failed_connections = 0
        self.last_error = ""

    @property
    def open_connections(self) -> int:
        """How many POS connections are being served."""
        return len(self._sessions)

    @property
    def printed_bytes(self) -> int:
        """How many bytes were passed on to the printer's side, our own slips included."""
        return self._ended_bytes + sum(session.sent_bytes for session in tuple(self._sessions))

    def tick(self, now_s: float) -> float:
        """Do what is due; return when to be called next."""
        due_s = self._listen(now_s)
        for session in tuple(self._sessions):
            try:
                due_s = min(due_s, session.tick(now_s))
            except Exception as error:  # noqa: BLE001 - paper goes on for everybody else
                session.abandon(f"unexpected: {error!r}")
            if session.closed:
                self._forget(session)
            elif session.connected:
                self.printer = Reachable.YES
        stalled = any(session.stalled(now_s) for session in self._sessions)
        self.listening.stalled(stalled=stalled)
        if self._sessions:
            due_s = min(due_s, now_s + _STALL_CHECK_S)
        if self._asked is not None and not self.lending:
            if self.quiet():
                self._lend(self._asked)
            else:
                due_s = min(due_s, now_s + _QUIET_CHECK_S)
        return due_s

    def quiet(self) -> bool:
        """True if our own slip may go out now: no document is under way on this printer."""
        for session in self._sessions:
            self._last_bytes_s = max(self._last_bytes_s, session.last_bytes_s)
            self._last_document_s = max(self._last_document_s, session.last_document_s)
        now_s = time.monotonic()
        asking = now_s < self._last_bytes_s + ASKING_SILENCE_S
        printing = now_s < self._last_document_s + SLIP_SILENCE_S
        busy = any(session.busy for session in self._sessions)
        return not (busy or asking or printing or self.lending or self._loop.stopping)

    def ask(self, loan: Loan) -> None:
        """Grant the loan at the next document boundary."""
        self._asked = loan

    def take_back(self, returned: Returned) -> None:
        """Let the POS go on after a slip, with whatever it sent meanwhile."""
        borrower, self._borrower = self._borrower, None
        self.lending = False
        self.listening.slip_heard(returned.answers)
        if borrower is not None:
            late = returned.late
            borrower.take_back(returned.sent_bytes, returned.for_pos, late, returned.failure)
        else:
            self._ended_bytes += returned.sent_bytes
            if returned.sent_bytes or returned.failure:
                self._reached(reached=not returned.failure)
        self.last_error = returned.failure or self.last_error
        held, self._held = self._held, []
        for pos in held:
            self._serve(pos)

    def ready(self, _door: Watched, _events: int) -> None:
        """Take a POS connection in."""
        assert self._door is not None
        try:
            pos = self._door.accept()
        except PermissionError as error:
            self.refused_connections += 1
            self.last_error = str(error)
            return
        except OSError as error:
            # Out of descriptors: close the door for a moment instead of spinning before it.
            self.abandon(f"cannot take a connection: {error}")
            return
        if pos is None:
            return
        if self.lending and self._borrower is None:
            self._held.append(pos)  # The printer takes one connection, and our slip is on it.
        else:
            self._serve(pos)

    def abandon(self, why: str) -> None:
        """Close the listening socket; it is opened again a second later."""
        self.last_error = why
        if self._door is not None:
            self._loop.watch(self._door, 0, self)
            self._door.close()
            self._door = None
        self._listen_at_s = time.monotonic() + _RETRY_S
        self._loop.due(self._listen_at_s)

    def stop(self) -> None:
        """Take no more connections, and end the open ones."""
        self.abandon("")
        for pos in self._held:
            reset(pos)
        for session in self._sessions:
            session.stop()

    def _lend(self, loan: Loan) -> None:
        self._asked = None
        free = [session for session in self._sessions if session.lendable]
        session = max(free, key=lambda each: each.last_bytes_s, default=None)
        self.lending = True
        self._borrower = session
        if not loan.grant(Line(SocketLine(session.lend(), is_lent=True) if session else None)):
            self.take_back(Returned(0, b"", Answers(), ""))

    def _listen(self, now_s: float) -> float:
        """Open the door; an address that is not there yet is tried again."""
        if self._door is not None or self._loop.stopping:
            return NEVER
        if now_s < self._listen_at_s:
            return self._listen_at_s
        try:
            self._door = Door(self._config.listen, self._config.accept_from)
        except OSError as error:
            self.last_error = error.strerror or str(error)
            self._listen_at_s = now_s + _RETRY_S
            return self._listen_at_s
        self._loop.watch(self._door, READ, self)
        return NEVER

    def _serve(self, pos: socket.socket) -> None:
        connection = f"{self._run}-{next(self._numbers)}"
        copy = Copying(self._sink, self._config.name, connection)
        session = Session(self._loop, pos, copy, self.listening, self._config.idle_ms / 1000)
        self._sessions.append(session)
        session.start(self._config.printer)

    def _forget(self, session: Session) -> None:
        self._sessions.remove(session)
        self._ended_bytes += session.sent_bytes
        self._last_bytes_s = max(self._last_bytes_s, session.last_bytes_s)
        self._last_document_s = max(self._last_document_s, session.last_document_s)
        self.failed_connections += not session.connected
        self._reached(reached=session.connected)
        self.last_error = session.failure or self.last_error

    def _reached(self, *, reached: bool) -> None:
        self.printer = Reachable.YES if reached else Reachable.NO
        if not reached:
            self.listening.unreachable()
