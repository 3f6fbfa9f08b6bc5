"""What is said over an open wire to a printer: bytes, questions, and when to believe it took them.

Every wait has a limit. Status bytes: see `printer_status`. It opens nothing, and knows no slips.
"""

from __future__ import annotations

import errno
import fcntl
import select
import socket
import termios
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from edge_agent.devices.printer_status import AUTOMATIC_OFF, AUTOMATIC_ON, parallel_port, real_time
from edge_agent.devices.printers import Status
from edge_agent.devices.tap.answers import Answers, Kind
from edge_agent.devices.tap.sockets import ends_too

if TYPE_CHECKING:
    from escpos.escpos import Escpos

ANSWER_S = 0.5  # a printer that answers at all does so within a few milliseconds
_LPGETSTATUS = 0x060B  # linux/lp.h; usblp answers it with the wires of the old parallel port


class Link:
    """An open transport: writing, and asking with a time limit."""

    def __init__(self, transport: Escpos) -> None:
        self._transport = transport
        self._answers = Answers()

    def write(self, data: bytes) -> None:
        """Hand it to the wire. Raises OSError."""
        self._transport._raw(data)  # noqa: SLF001 - the one way to send bytes of our own

    def ask(self, question: bytes, kind: Kind, limit_s: float) -> int | None:
        """Return the status byte that answers, None if none came in time. Raises OSError."""
        self.write(question)
        self._answers.expect(kind)
        until = time.monotonic() + limit_s
        while (left_s := until - time.monotonic()) > 0:
            ours, _ = self._answers.split(self._read(left_s))
            if ours:
                return ours[0]
        self._answers = Answers()  # the next question may be one it does answer
        return None

    def real_time_status(self) -> Status:
        """Ask DLE EOT 1, 2, 4 and maybe 3; silent at one, it is not asked on. Raises OSError."""
        said: list[int] = []
        for number in (1, 2, 4):
            answer = self.ask(bytes((0x10, 0x04, number)), Kind.REAL_TIME, ANSWER_S)
            if answer is None:
                return Status()
            said.append(answer)
        printer, cause, paper = said
        error = None
        if cause & 0x40:
            error = self.ask(b"\x10\x04\x03", Kind.REAL_TIME, ANSWER_S)
        return real_time(printer, cause, paper, error)

    def automatic_status(self, limit_s: float) -> bytes:
        """Switch ASB on, return its four bytes (empty if none came) and switch it off. OSError."""
        self.write(AUTOMATIC_ON)
        said = bytearray()
        until = time.monotonic() + limit_s
        while len(said) < 4 and (left_s := until - time.monotonic()) > 0:
            for byte in self._read(left_s):
                # The first is 0xx1xx00, the others 0xx0xxxx; an XOFF may stand between.
                begins, goes_on = byte & 0x93 == 0x10, byte & 0x90 == 0
                if begins if not said else goes_on and len(said) < 4:
                    said.append(byte)
        self.write(AUTOMATIC_OFF)
        return bytes(said) if len(said) == 4 else b""

    def wires(self) -> Status:
        """Return what the kernel knows of a USB printer; nothing of any other. Raises OSError."""
        try:
            answer = fcntl.ioctl(self._transport.device.fileno(), _LPGETSTATUS, bytes(4))
        except OSError as error:
            if error.errno == errno.ENODEV:
                raise  # it was pulled out
            return Status()  # no printer port, or one whose printer knows no such question
        return parallel_port(answer[0])

    def drain(self, limit_s: float) -> bool:
        """Wait until the other side took every byte; False if it did not in time. OSError."""
        until = time.monotonic() + limit_s
        while not (taken := self._taken()) and time.monotonic() < until:
            time.sleep(0.01)
        return taken

    def part(self, limit_s: float) -> bool:
        """Say on a connection that this was all; False if the printer held back. OSError."""
        connection = self._connection()
        return connection is None or ends_too(connection, limit_s)

    def close(self) -> None:
        """Let go of the device."""
        connection = self._connection()
        if connection is not None:
            # With answers unread, closing is a reset, and a printer may throw away what it holds.
            with suppress(OSError):
                while select.select([connection], [], [], 0)[0] and connection.recv(4096):
                    pass
        device, self._transport.device = self._transport.device, False
        # Not by the transport: it waits for a serial line to drain, which may never be.
        device.close()

    def _connection(self) -> socket.socket | None:
        device: object = self._transport.device
        return device if isinstance(device, socket.socket) else None

    def _taken(self) -> bool:
        device: Any = self._transport.device
        try:
            # TIOCOUTQ: bytes not yet sent on a serial line, not yet acknowledged on a socket.
            left = fcntl.ioctl(device.fileno(), termios.TIOCOUTQ, bytes(4))
        except OSError as error:
            if error.errno not in {errno.ENOTTY, errno.EINVAL}:
                raise
            # usblp is ready to be written to when it has sent everything before.
            return bool(select.select([], [device], [], 0)[1])
        return not any(left)

    def _read(self, limit_s: float) -> bytes:
        device: Any = self._transport.device
        readable, _, _ = select.select([device], [], [], limit_s)
        if not readable:
            return b""
        data: bytes = self._transport._read()  # noqa: SLF001 - the one way to read
        if not data and isinstance(device, socket.socket):
            raise ConnectionResetError("the printer closed the connection")
        return data
