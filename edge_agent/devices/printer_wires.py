"""Printers of our own at the end of a wire: on the network, on a serial line, at a device file.

python-escpos carries the bytes and nothing else; it is imported when first needed, because that
takes a fifth of a second. Every wait has a limit. Status bytes: see `printer_status`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import shutil
import socket
import termios
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing, suppress
from typing import IO, TYPE_CHECKING, Literal

from edge_agent.devices.printer_status import (
    AUTOMATIC_OFF,
    AUTOMATIC_ON,
    automatic,
    paper_in_order,
    parallel_port,
    real_time,
)
from edge_agent.devices.printers import Answer, Status
from edge_agent.devices.slip_folder import Outcome, Result
from edge_agent.devices.tap.answers import ASK_PAPER_IN_ORDER, Answers, Kind

if TYPE_CHECKING:
    from escpos.escpos import Escpos

#: What a printer answers: DLE EOT and GS r, only automatic status (GS a), or nothing at all.
Manner = Literal["dle_eot", "asb", "never"]
Flow = Literal["none", "rtscts", "dsrdtr", "xonxoff"]

_PRINTED = Outcome(Result.PRINTED, "")
_ANSWER_S = 0.5  # a printer that answers at all does so within a few milliseconds
# A serial line that was pulled out answers with an error of its own kind, which is no OSError.
_BROKEN = (OSError, termios.error)
_LPGETSTATUS = 0x060B  # linux/lp.h; usblp answers it with the wires of the old parallel port


class SwappedError(OSError):
    """Another printer stands where the one that is meant should be; the message says which."""


class DirectPrinter(ABC):
    """A printer of our own, opened for each slip; drivers say how.

    `timeout_s` bounds each step of a slip. What a printer took that never answers counts as
    printed.
    """

    def __init__(self, timeout_s: float, answers: Manner) -> None:
        self._timeout_s = timeout_s
        self._manner = answers

    @abstractmethod
    def _open(self) -> Escpos:
        """Connect. Raises OSError."""

    def print_slip(self, slip_id: str, data: bytes) -> Outcome:
        """Print the slip and return what became of it; `slip_id` is for the reader of a log."""
        try:
            link = _Link(self._open())
        except _BROKEN as error:
            return Outcome(Result.NOT_PRINTED, f"slip {slip_id}: {error}")
        with closing(link):
            try:
                obstacle = self._status(link).obstacle
            except _BROKEN as error:
                return Outcome(Result.NOT_PRINTED, f"the link broke before printing: {error}")
            if obstacle:
                return Outcome(Result.NOT_PRINTED, obstacle)
            try:
                return self._send(link, data)
            except _BROKEN as error:
                return Outcome(Result.UNKNOWN, f"the link broke while printing: {error}")

    def outcomes(self) -> dict[str, Outcome]:
        """Return nothing: `print_slip` told it all."""
        return {}

    def status(self) -> Status:
        """Return what the printer answers; offline when it cannot be reached."""
        try:
            with closing(_Link(self._open())) as link:
                return self._status(link)
        except SwappedError as error:
            return Status(online=Answer.NO, swapped=str(error))
        except _BROKEN:
            return Status(online=Answer.NO)

    def _status(self, link: _Link) -> Status:
        match self._manner:
            case "dle_eot":
                said = link.real_time_status()
                return said if said.online is not Answer.UNKNOWN else link.wires()
            case "asb":
                said_bytes = link.automatic_status(_ANSWER_S)
                return automatic(said_bytes) if said_bytes else link.wires()
            case "never":
                return link.wires()

    def _send(self, link: _Link, data: bytes) -> Outcome:
        link.write(data)
        # What waits in line behind the slip is answered when the slip is done.
        if self._manner == "dle_eot":
            sensors = link.ask(ASK_PAPER_IN_ORDER, Kind.IN_ORDER, self._timeout_s)
            paper = None if sensors is None else paper_in_order(sensors)
        elif self._manner == "asb":
            said = link.automatic_status(self._timeout_s)
            paper = automatic(said).paper if said else None
        else:
            taken = link.drain(self._timeout_s)
            return _PRINTED if taken else Outcome(Result.UNKNOWN, "the printer took only a part")
        if paper is None:
            why = self._status(link).obstacle or "the printer did not confirm it"
            return Outcome(Result.UNKNOWN, f"{why}: look at the paper")
        if paper is Answer.NO:
            return Outcome(Result.UNKNOWN, "the paper ran out: look at the paper")
        return _PRINTED


class NetworkPrinter(DirectPrinter):
    """A printer on the network, by its address and port."""

    def __init__(
        self, host: str, port: int = 9100, timeout_s: float = 5.0, answers: Manner = "dle_eot"
    ) -> None:
        super().__init__(timeout_s, answers)
        self._host = host
        self._port = port

    def _open(self) -> Escpos:
        from escpos.printer import Network

        _clear_up()
        link = Network(self._host, self._port, self._timeout_s)
        # Its own open() loses the socket when the connection is refused.
        link.device = socket.create_connection((self._host, self._port), self._timeout_s)
        return link


class SerialPrinter(DirectPrinter):
    """A printer on a serial line, 8N1, which is held only while it prints."""

    def __init__(
        self,
        path: str,
        baud: int = 9600,
        timeout_s: float = 15.0,
        answers: Manner = "dle_eot",
        flow: Flow = "none",
    ) -> None:
        super().__init__(timeout_s, answers)
        self._path = path
        self._baud = baud
        self._flow = flow

    def _open(self) -> Escpos:
        import serial
        from escpos.printer import Serial

        _clear_up()
        link = Serial(self._path, self._baud)
        # Its own open() sets no time limit for writing: a printer off-line would hold us for ever.
        link.device = serial.Serial(
            self._path,
            self._baud,
            timeout=0,
            write_timeout=self._timeout_s,
            exclusive=True,
            rtscts=self._flow == "rtscts",
            dsrdtr=self._flow == "dsrdtr",
            xonxoff=self._flow == "xonxoff",
        )
        return link


class FilePrinter(DirectPrinter):
    """A printer at a device file, such as a USB printer at /dev/usb/lp0.

    `find` returns the path, which may be another one after a replug. It raises OSError when the
    printer is not there, SwappedError when another one is.
    """

    def __init__(
        self, find: Callable[[], str], timeout_s: float = 5.0, answers: Manner = "dle_eot"
    ) -> None:
        super().__init__(timeout_s, answers)
        self._find = find

    def _open(self) -> Escpos:
        from escpos.printer import File

        _clear_up()
        path = self._find()
        link = File(path)
        # Its own open() can neither read nor give up waiting, and its _read() only refuses.
        device = _DeviceFile(path, self._timeout_s)
        link.device = device
        link._read = device.read  # noqa: SLF001
        return link


class _DeviceFile:
    """A device file with a limit on every wait, shaped as python-escpos wants its device."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        self._timeout_s = timeout_s

    def fileno(self) -> int:
        return self._handle

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            if not select.select([], [self._handle], [], self._timeout_s)[1]:
                raise TimeoutError("the printer did not take it in time")
            with suppress(BlockingIOError):
                rest = rest[os.write(self._handle, rest) :]

    def read(self) -> bytes:
        # Some USB printers are always ready to be read, and then have nothing to say.
        with suppress(BlockingIOError):
            if data := os.read(self._handle, 64):
                return data
        time.sleep(0.01)
        return b""

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _clear_up() -> None:
    """Remove the folder that python-escpos leaves in the temporary directory at each import."""
    from escpos import capabilities

    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)


class _Link:
    """An open transport: writing, and asking with a time limit."""

    def __init__(self, transport: Escpos) -> None:
        self._transport = transport
        self._answers = Answers()

    def write(self, data: bytes) -> None:
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
            answer = self.ask(bytes((0x10, 0x04, number)), Kind.REAL_TIME, _ANSWER_S)
            if answer is None:
                return Status()
            said.append(answer)
        printer, cause, paper = said
        error = None
        if cause & 0x40:
            error = self.ask(b"\x10\x04\x03", Kind.REAL_TIME, _ANSWER_S)
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
        """Return what the kernel knows of a USB printer; nothing of any other."""
        try:
            answer = fcntl.ioctl(self._transport.device.fileno(), _LPGETSTATUS, bytes(4))
        except OSError:
            return Status()  # no printer port
        return parallel_port(answer[0])

    def drain(self, limit_s: float) -> bool:
        """Wait until the other side took every byte; False if it did not in time. OSError."""
        until = time.monotonic() + limit_s
        while not (taken := self._taken()) and time.monotonic() < until:
            time.sleep(0.01)
        return taken

    def close(self) -> None:
        """Let go of the device."""
        device, self._transport.device = self._transport.device, False
        # Not by the transport: it waits for a serial line to drain, which may never be.
        device.close()

    def _taken(self) -> bool:
        device: IO[bytes] | _DeviceFile = self._transport.device
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
        device: socket.socket | IO[bytes] | _DeviceFile = self._transport.device
        readable, _, _ = select.select([device], [], [], limit_s)
        if not readable:
            return b""
        data: bytes = self._transport._read()  # noqa: SLF001 - the one way to read
        if not data and not isinstance(device, _DeviceFile):
            raise ConnectionResetError("the printer closed the connection")
        return data
