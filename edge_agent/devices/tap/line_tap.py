"""The tap of a printer at a device file: a serial line, or a USB printer.

The POS is at a device file as well, or on the network: then one at a time, as at a printer's own
port. What comes in on one side goes out on the other; an end that was pulled out is opened again.
Like the tap of connections this one touches no file and never waits; the copy goes to `Copying`.
"""

from __future__ import annotations

import itertools
import secrets
import time

from edge_agent.devices.heartbeat import Reachable
from edge_agent.devices.tap.answers import Answers
from edge_agent.devices.tap.config import Address, LineConfig
from edge_agent.devices.tap.copying import Copying, JobSink
from edge_agent.devices.tap.crossing import Crossing
from edge_agent.devices.tap.door import Door, SocketEnd
from edge_agent.devices.tap.ends import DeviceEnd, open_end
from edge_agent.devices.tap.listening import Listening
from edge_agent.devices.tap.loan import Line, Loan, Returned
from edge_agent.devices.tap.loop import NEVER, READ, WRITE, Loop, Watched
from edge_agent.devices.tap.session import STALLED_S
from edge_agent.devices.tap.slip_line import DeviceLine
from edge_agent.devices.tap.tap import ASKING_SILENCE_S, SLIP_SILENCE_S

# A serial POS without busy wires writes on while the printer stands still, as into a cable.
BACKLOG_BYTES_MAX = 1 << 20
_RETRY_S = 1.0
_CHECK_S = 0.05
_BUSY_CHECK_S = 0.01


class LineTap:
    """Public attributes are counters, written by the loop's thread and read by the heartbeat."""

    def __init__(self, config: LineConfig, loop: Loop, sink: JobSink) -> None:
        self._config = config
        self._loop = loop
        self._sink = sink
        self._door: Door | None = None
        self._pos: DeviceEnd | None = None
        self._printer: DeviceEnd | None = None
        self._copy: Copying | None = None
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._crossing = Crossing()
        self._open_at_s = self._deaf_until_s = 0.0
        self._up_rest = self._down_rest = b""
        self.printed_bytes = 0
        self._last_bytes_s = self._last_document_s = 0.0
        self._asked: Loan | None = None
        self._late = Answers()
        self._late_until_s = 0.0
        self._stopped = False
        self.lending = False
        self.listening = Listening()
        self.printer = Reachable.UNKNOWN
        self.refused_connections = self.failed_connections = 0
        self.last_error = ""

    @property
    def open_connections(self) -> int:
        """Whether both ends are there, as a number."""
        return int(self._pos is not None and self._printer is not None)

    def tick(self, now_s: float) -> float:
        """Do what is due; return when to be called next."""
        if self._stopped:
            return NEVER
        due_s = self._open(now_s)
        if self._printer is None or not (self._pos or self._door or self._up_rest):
            return due_s
        if self._pos is not None:
            due_s = min(due_s, self._crossing.mirror(self._pos, self._printer, now_s))
        if self.lending:
            return due_s
        self._send_up(b"")
        self._watch(now_s)
        due_s = min(due_s, self._silence(now_s))
        if self._pos is not None and self._pos.ended:
            due_s = min(due_s, now_s + _BUSY_CHECK_S)
            self._part_with(self._pos, now_s)
        left = bool(self._up_rest)
        self.listening.stalled(stalled=left and now_s - self._last_bytes_s > STALLED_S)
        if left or self._deaf_until_s > now_s:
            due_s = min(due_s, now_s + _BUSY_CHECK_S)
        if self._asked is not None:
            if self.quiet():
                self._lend(self._asked, self._printer)
            due_s = min(due_s, now_s + _CHECK_S)
        return due_s

    def quiet(self) -> bool:
        """True if our own slip may go out now: no document is under way on this printer."""
        now_s = time.monotonic()
        asking = now_s < self._last_bytes_s + ASKING_SILENCE_S
        printing = now_s < self._last_document_s + SLIP_SILENCE_S
        busy = self._printer is None or bool(self._up_rest) or self._printer.untaken()
        return not (busy or asking or printing or self.lending or self._loop.stopping)

    def ask(self, loan: Loan) -> None:
        """Grant the loan at the next document boundary."""
        self._asked = loan

    def take_back(self, returned: Returned) -> None:
        """Let the POS go on after a slip, with whatever it sent meanwhile."""
        self.lending = False
        self.printed_bytes += returned.sent_bytes
        self.listening.slip_heard(returned.answers)
        self.last_error = returned.failure or self.last_error
        self._late, self._late_until_s = returned.late, time.monotonic() + 5.0
        if returned.failure:
            self._lose_printer(returned.failure)
            return
        self._down_rest += returned.for_pos
        self.listening.printer_says(returned.for_pos)
        self._flush_down()
        self._loop.due(0.0)

    def ready(self, end: Watched, events: int) -> None:
        """Act on one of the two ends, or at the door."""
        pos, printer = self._pos, self._printer
        if end is self._door:
            self._let_in(self._door)
        elif end is pos and pos is not None:
            try:
                if events & READ:
                    self._read_up(pos)
                if events & WRITE:
                    self._flush_down()
            except OSError as error:
                self._lose_pos(f"the POS's line broke: {error}")
        elif end is printer and printer is not None:
            try:
                if events & READ:
                    self._read_down(printer)
                if events & WRITE:
                    self._send_up(b"")
            except OSError as error:
                self._lose_printer(f"the printer's line broke: {error}")
        self._watch(time.monotonic())

    def abandon(self, why: str) -> None:
        """Close both ends; they are opened again a second later."""
        self._lose_pos(why)
        self._lose_printer(why)

    def stop(self) -> None:
        """End. What was passed on gets to the paper."""
        self._stopped = True
        self._end_copy("the tap was stopped" if self._up_rest else "")
        for end in (self._door, self._pos, self._printer):
            if end is not None:
                self._loop.watch(end, 0, self)
                end.close()
        self._door = self._pos = self._printer = None

    def _open(self, now_s: float) -> float:
        """Open what is not there; the printer first, so that nothing is read for nobody."""
        if (self._pos or self._door) is not None and self._printer is not None:
            return NEVER
        if now_s < self._open_at_s:
            return self._open_at_s
        self._open_at_s = now_s + _RETRY_S
        try:
            if self._printer is None:
                self._printer = open_end(self._config.printer, self._config.line)
            self.printer = Reachable.YES
        except OSError as error:
            if self.printer is not Reachable.NO:
                self.failed_connections += 1
                self.listening.unreachable()
            self.printer = Reachable.NO
            self.last_error = f"no printer: {error}"
            return self._open_at_s
        listen = self._config.listen
        try:
            if isinstance(listen, Address):
                self._door = Door(listen, self._config.accept_from)
            elif self._pos is None and not self._up_rest:
                self._end_copy("")  # of one that went while the printer was busy
                self._pos = open_end(listen, self._config.line)
                self._begin_copy()
        except OSError as error:
            self.last_error = f"no line to the POS: {error}"
            return self._open_at_s
        self._crossing.begin()
        return now_s

    def _let_in(self, door: Door) -> None:
        """Take the next POS of the network in."""
        try:
            pos = door.accept()
        except PermissionError as error:
            pos, self.last_error = None, str(error)
            self.refused_connections += 1
        if pos is not None:
            self._pos = SocketEnd(pos)
            self._begin_copy()
            self._loop.due(0.0)

    def _begin_copy(self) -> None:
        name = f"{self._run}-{next(self._numbers)}"
        self._copy = Copying(self._sink, self._config.name, name)

    def _part_with(self, pos: DeviceEnd, now_s: float) -> None:
        """End the copy of a POS that sends no more; close when it has had its answers."""
        if self._up_rest or (self._printer is not None and self._printer.untaken()):
            return
        self._end_copy(pos.why)
        if now_s >= self._last_bytes_s + ASKING_SILENCE_S:
            self._lose_pos("")

    def _lose_pos(self, why: str) -> None:
        if self._pos is None:
            return
        self.last_error = why or self.last_error
        if not self._up_rest:  # else its copy goes on until the printer has the rest
            self._end_copy("")
        self._loop.watch(self._pos, 0, self)
        self._pos.close()
        self._pos = None
        self._down_rest = b""
        if self._door is None:
            self._retry_soon()

    def _lose_printer(self, why: str) -> None:
        if self._printer is None:
            return
        self.last_error = why
        self.failed_connections += 1
        self.printer = Reachable.NO
        self.listening.unreachable()
        if self._copy is not None:
            self._copy.end(untaken=0, why=why)
            self._begin_copy()
        self._loop.watch(self._printer, 0, self)
        self._printer.close()
        self._printer = None
        self._up_rest = b""  # as in a cable that was pulled out
        if self._door is not None:
            # As a network printer that is off: it takes no connections, and ends those it had.
            self._lose_pos(why)
            self._loop.watch(self._door, 0, self)
            self._door.close()
            self._door = None
        elif self._pos is not None:
            self._loop.watch(self._pos, 0, self)
        self._retry_soon()

    def _retry_soon(self) -> None:
        self._open_at_s = time.monotonic() + _RETRY_S
        self._loop.due(self._open_at_s)

    def _watch(self, now_s: float) -> None:
        pos, printer = self._pos, self._printer
        if self._door is not None:
            self._loop.watch(self._door, READ if pos is None else 0, self)
        if pos is not None:
            # USB and TCP make the POS wait by themselves; on a serial line nobody may.
            room = BACKLOG_BYTES_MAX if pos.is_serial else 1
            up = READ if len(self._up_rest) < room and not pos.ended else 0
            self._loop.watch(pos, up | (WRITE if self._down_rest else 0), self)
        if printer is not None:
            up_wait = WRITE if self._up_rest and printer.is_ready_for(1) else 0
            down = READ if now_s >= self._deaf_until_s else 0
            self._loop.watch(printer, 0 if self.lending else down | up_wait, self)

    def _read_up(self, pos: DeviceEnd) -> None:
        data = pos.read()
        if pos.took_breaks() and self._printer is not None:
            self._loop.due(self._crossing.break_came(self._printer, time.monotonic()))
        if pos.ended:
            self._loop.due(0.0)
        elif self.lending:
            self._up_rest += data
        else:
            self._send_up(data)

    def _send_up(self, data: bytes) -> None:
        rest = self._up_rest + data
        if not rest or self._printer is None or self._copy is None:
            return
        self._copy.about_to_send(rest)
        try:
            sent = self._printer.write(rest) if self._printer.is_ready_for(len(rest)) else 0
        except OSError as error:
            self._up_rest = rest
            self._lose_printer(f"the printer's line broke: {error}")
            return
        self._up_rest = rest[sent:]
        now_s = time.monotonic()
        if not sent:
            self._last_bytes_s = self._last_bytes_s or now_s
            return
        self.printed_bytes += sent
        self._copy.taken(rest[:sent])
        self.listening.pos_says(rest[:sent])
        self._last_bytes_s = now_s
        if self._copy.open:
            self._last_document_s = now_s
        self._loop.due(now_s + self._config.idle_ms / 1000)

    def _read_down(self, printer: DeviceEnd) -> None:
        data = printer.read()
        if not data:
            self._deaf_until_s = time.monotonic() + _CHECK_S
            self._loop.due(self._deaf_until_s)
            return
        if self._late.owed and time.monotonic() < self._late_until_s:
            data = self._late.split(data)[1]
        self._down_rest += data
        self._flush_down()
        self.listening.printer_says(data)

    def _flush_down(self) -> None:
        if self._pos is None:
            self._down_rest = b""
        elif self._down_rest:
            try:
                self._down_rest = self._down_rest[self._pos.write(self._down_rest) :]
            except OSError as error:
                self._lose_pos(f"the POS's line broke: {error}")
            # A POS that never listens must not fill us up: what it missed is old status.
            self._down_rest = self._down_rest[-4096:]

    def _silence(self, now_s: float) -> float:
        quiet_s = self._last_bytes_s + self._config.idle_ms / 1000
        if self._copy is None or not self._copy.open or self._up_rest:
            return NEVER
        if now_s < quiet_s:
            return quiet_s
        if self._printer is not None and self._printer.untaken():
            return now_s + _CHECK_S
        self._copy.silence()
        return NEVER

    def _end_copy(self, why: str) -> None:
        if self._copy is not None:
            self._copy.end(untaken=0, why=why)
            self._copy = None

    def _lend(self, loan: Loan, printer: DeviceEnd) -> None:
        self._asked = None
        self.lending = True
        self._watch(time.monotonic())
        if not loan.grant(Line(DeviceLine(printer))):
            self.take_back(Returned(0, b"", Answers(), ""))
