"""One POS connection and the printer connection that stands for it.

Bytes go on unchanged and at once, in both directions, each with its own end: a POS that has said
everything may still listen. Reading pauses while the other side does not take, so the POS feels the
printer's pace. A session never touches a file; the copy goes to `Copying` after each send.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time

from edge_agent.devices.tap.answers import Answers
from edge_agent.devices.tap.config import Address
from edge_agent.devices.tap.copying import Copying
from edge_agent.devices.tap.listening import Listening
from edge_agent.devices.tap.loop import NEVER, READ, WRITE, Loop, Watched
from edge_agent.devices.tap.sockets import bytes_taken, new_socket, reset, tuned

CONNECT_TIMEOUT_S = 3.0
# As long as Linux keeps a half-closed connection whose program has gone (tcp_fin_timeout).
DRAIN_TIMEOUT_S = 60.0
LATE_ANSWER_S = 5.0
# A printer that works takes something more often, however slow its paper.
STALLED_S = 10.0
_READ_BYTES = 1 << 16
_ACK_CHECK_S = 0.01


class Session:
    """Pumps bytes until both directions have ended. Public attributes are for the tap to read."""

    def __init__(
        self,
        loop: Loop,
        pos: socket.socket,
        copy: Copying,
        listening: Listening,
        silence_s: float,
    ) -> None:
        self._loop = loop
        self._listening = listening
        self._pos = pos
        self._printer: socket.socket | None = None
        self._copy = copy
        self._silence_s = silence_s
        self._up_rest = b""
        self._down_rest = b""
        self._pos_ended = False
        self._pos_lost = False
        self._printer_told = False
        self._printer_ended = False
        self._pos_told = False
        self._copy_ended = False
        self._late: Answers | None = None
        self._late_until_s = 0.0
        self._deadline_s = 0.0
        self.connected = False
        self.closed = False
        self.lent = False
        self.sent_bytes = 0
        self.last_bytes_s = 0.0
        self.last_document_s = 0.0
        self.failure = ""

    def start(self, address: Address) -> None:
        """Connect to the printer first; nothing is read from the POS before that."""
        try:
            self._printer = new_socket(address)
            self._printer.setblocking(False)
            tuned(self._pos).setblocking(False)
            problem = tuned(self._printer).connect_ex((address.host, address.port))
        except OSError as error:
            self.abandon(f"no connection to the printer: {error}")
            return
        if problem in {0, errno.EINPROGRESS}:
            self._deadline_s = time.monotonic() + CONNECT_TIMEOUT_S
            self._loop.watch(self._printer, WRITE, self)
            self._loop.due(self._deadline_s)
        else:
            self.abandon(f"no connection to the printer: {os.strerror(problem)}")

    @property
    def busy(self) -> bool:
        """True while the printer line of this session is opening, taking bytes or ending."""
        if self.closed:
            return False  # its sockets are gone, though the tap may not have noticed yet
        opening_or_ending = not self.connected or self._pos_ended
        return opening_or_ending or bool(self._up_rest) or self._untaken() > 0

    @property
    def lendable(self) -> bool:
        """True if our own slip could go out on this session's printer line."""
        return not (self.closed or self.busy or self._printer_ended or self._pos_lost)

    def stalled(self, now_s: float) -> bool:
        """True if the printer has left bytes lying for a long time."""
        if self.closed or self.lent or not self.last_bytes_s:
            return False
        left = bool(self._up_rest) or self._untaken() > 0
        return left and now_s - self.last_bytes_s > STALLED_S

    def tick(self, now_s: float) -> float:
        """Do what is due; return when to be called next."""
        if self.closed or self.lent:
            return NEVER
        if not self.connected:
            if now_s >= self._deadline_s:
                self.abandon("no connection to the printer: it did not answer")
            return self._deadline_s
        if self._printer_told:
            return self._tick_ending(now_s)
        if self._up_rest or self.last_bytes_s == 0.0:
            return NEVER
        if now_s < self.last_bytes_s + self._silence_s:
            return self.last_bytes_s + self._silence_s
        if self._untaken():
            return now_s + _ACK_CHECK_S
        self._copy.silence()
        return NEVER

    def lend(self) -> socket.socket:
        """Hand out the printer's socket, in blocking mode; the POS waits until `take_back`."""
        assert self._printer is not None
        self.lent = True
        self._loop.watch(self._pos, 0, self)
        self._loop.watch(self._printer, 0, self)
        self._printer.setblocking(True)
        return self._printer

    def take_back(self, sent_bytes: int, for_pos: bytes, late: Answers, failure: str) -> None:
        """Go on after our own slip; `for_pos` is what the printer said to the POS meanwhile."""
        assert self._printer is not None
        self.lent = False
        self._printer.setblocking(False)
        self.sent_bytes += sent_bytes
        if failure:
            self.abandon(failure)
            return
        if late.owed:
            self._late = late
            self._late_until_s = time.monotonic() + LATE_ANSWER_S
        self._down_rest += for_pos
        self._flush_down()
        self._listening.printer_says(for_pos)
        self._settle()

    def abandon(self, why: str) -> None:
        """End both connections with an error; an open part is incomplete unless all was taken."""
        if self.closed:
            return
        self.closed = True
        self.failure = why
        self._end_copy("" if self._all_taken() else why)
        for sock in (self._pos, self._printer):
            if sock is not None:
                self._loop.watch(sock, 0, self)
                reset(sock)
        self._loop.due(0.0)

    def stop(self) -> None:
        """End because the tap ends: what the printer's side took still gets to the paper."""
        if not self.closed:
            self._end_copy("" if self._all_taken() else "the tap was stopped")
            self._close()

    def ready(self, sock: Watched, events: int) -> None:
        """Act on one of the two sockets."""
        if not self.connected:
            self._finish_connecting()
        elif sock is self._pos:
            if events & READ:
                self._read_up()
            if events & WRITE:
                self._flush_down()
        else:
            if events & READ:
                self._read_down()
            if events & WRITE and not self.closed:
                self._send_up(self._up_rest)
        self._settle()

    def _finish_connecting(self) -> None:
        assert self._printer is not None
        problem = self._printer.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            self.abandon(f"no connection to the printer: {os.strerror(problem)}")
            return
        self.connected = True
        self._deadline_s = 0.0
        self._read_up()  # The POS has often spoken by now: do not wait for another round.

    def _read_up(self) -> None:
        try:
            data = self._pos.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            # A POS that closes with an unread answer resets the connection. What it sent before is
            # still to be printed, exactly as without us; only its ear is gone.
            data = b""
            self._pos_lost = True
        if data:
            self._send_up(data)
        else:
            self._pos_ended = True

    def _send_up(self, data: bytes) -> None:
        assert self._printer is not None
        self._copy.about_to_send(data)
        try:
            sent = self._printer.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._up_rest = data
            self.abandon(f"the printer broke the connection: {error.strerror}")
            return
        self._up_rest = data[sent:]
        if sent:
            self.sent_bytes += sent
            self._copy.taken(data[:sent])
            self._listening.pos_says(data[:sent])
            self.last_bytes_s = time.monotonic()
            if self._copy.open:
                self.last_document_s = self.last_bytes_s
            self._loop.due(self.last_bytes_s + self._silence_s)

    def _read_down(self) -> None:
        assert self._printer is not None
        try:
            data = self._printer.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.abandon(f"the printer broke the connection: {error.strerror}")
            return
        if not data:
            self._printer_ended = True
        if self._late is not None:
            if time.monotonic() < self._late_until_s and self._late.owed:
                data = self._late.split(data)[1]
            else:
                self._late = None
        self._down_rest += data
        self._flush_down()
        self._listening.printer_says(data)

    def _flush_down(self) -> None:
        if self._down_rest and not self._pos_lost:
            try:
                self._down_rest = self._down_rest[self._pos.send(self._down_rest) :]
            except BlockingIOError:
                return
            except OSError:
                self._pos_lost = True
        if self._pos_lost:
            self._down_rest = b""

    def _settle(self) -> None:
        """Pass ends on, and watch for what can happen next."""
        if self.closed or self.lent or self._printer is None or not self.connected:
            return
        if self._pos_ended and not self._up_rest and not self._printer_told:
            self._printer_told = True
            self._shut(self._printer)
        if self._printer_ended and not self._down_rest and not self._pos_told:
            self._pos_told = True
            self._shut(self._pos)
        if self._printer_told:
            self._loop.due(self._tick_ending(time.monotonic()))
            if self.closed:
                return
        up = READ if not (self._pos_ended or self._up_rest) else 0
        down = READ if not (self._printer_ended or self._down_rest) else 0
        up_wait = WRITE if self._up_rest else 0
        down_wait = WRITE if self._down_rest else 0
        self._loop.watch(self._pos, up | down_wait, self)
        self._loop.watch(self._printer, down | up_wait, self)

    def _tick_ending(self, now_s: float) -> float:
        """Wait until the printer took everything, then until it ends its side too.

        A printer out of paper may take minutes for the first: that is not ours to cut short.
        """
        if self._untaken():
            self._deadline_s = 0.0
            return now_s + _ACK_CHECK_S
        self._end_copy("")
        self._deadline_s = self._deadline_s or now_s + DRAIN_TIMEOUT_S
        if self._pos_told or now_s >= self._deadline_s:
            self._close()
            return NEVER
        return self._deadline_s

    def _untaken(self) -> int:
        """Count the bytes that were sent but not yet acknowledged by the printer's side."""
        if self._printer is None or not self.connected:
            return 0
        return max(0, self.sent_bytes - bytes_taken(self._printer))

    def _all_taken(self) -> bool:
        return self._pos_ended and not self._up_rest and not self._untaken()

    def _end_copy(self, why: str) -> None:
        if not self._copy_ended:
            self._copy_ended = True
            self._copy.end(untaken=self._untaken(), why=why)

    def _close(self) -> None:
        self.closed = True
        for sock in (self._pos, self._printer):
            if sock is not None:
                self._loop.watch(sock, 0, self)
                sock.close()
        self._loop.due(0.0)

    def _shut(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):  # It is gone already; reading from it will say so.
            sock.shutdown(socket.SHUT_WR)
