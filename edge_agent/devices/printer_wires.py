"""Printers of our own at the end of a wire: on the network, on a serial line, at a device file.

python-escpos carries the bytes and nothing else; it is imported when first needed, because that
takes a fifth of a second. What is said over an open wire is `printer_link`'s.
"""

from __future__ import annotations

import os
import select
import shutil
import socket
import termios
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Literal

from edge_agent.devices import printer_link
from edge_agent.devices.printer_link import Link
from edge_agent.devices.printer_status import automatic, paper_in_order
from edge_agent.devices.printers import Answer, Status
from edge_agent.devices.slip_folder import Outcome, Result
from edge_agent.devices.tap.answers import ASK_PAPER_IN_ORDER, Kind

if TYPE_CHECKING:
    from escpos.escpos import Escpos

#: What a printer answers: DLE EOT and GS r, only automatic status (GS a), or nothing at all.
Manner = Literal["dle_eot", "asb", "never"]
Flow = Literal["none", "rtscts", "dsrdtr", "xonxoff"]

_PRINTED = Outcome(Result.PRINTED, "")
# A serial line that was pulled out answers with an error of its own kind, which is no OSError.
_BROKEN = (OSError, termios.error)


class SwappedError(OSError):
    """Another printer stands where the one that is meant should be; the message says which."""


class DirectPrinter(ABC):
    """A printer of our own, opened for each slip; drivers say how.

    `timeout_s` bounds each step of a slip. What a printer took that never answers counts as
    printed, unless the link takes bytes for a printer that is switched off as well.
    """

    #: That bytes were taken says that a printer is there which took them.
    proves_taking = True

    def __init__(self, timeout_s: float, answers: Manner) -> None:
        self._timeout_s = timeout_s
        self._manner = answers

    @abstractmethod
    def _open(self) -> Escpos:
        """Connect. Raises OSError."""

    def print_slip(self, slip_id: str, data: bytes) -> Outcome:
        """Print the slip and return what became of it; `slip_id` is for the reader of a log."""
        try:
            link = Link(self._open())
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
            with closing(Link(self._open())) as link:
                return self._status(link)
        except SwappedError as error:
            return Status(online=Answer.NO, swapped=str(error))
        except _BROKEN:
            return Status(online=Answer.NO)

    def _status(self, link: Link) -> Status:
        match self._manner:
            case "dle_eot":
                said = link.real_time_status()
                return said if said.online is not Answer.UNKNOWN else link.wires()
            case "asb":
                said_bytes = link.automatic_status(printer_link.ANSWER_S)
                return automatic(said_bytes) if said_bytes else link.wires()
            case "never":
                return link.wires()

    def _send(self, link: Link, data: bytes) -> Outcome:
        link.write(data)
        # What waits in line behind the slip is answered when the slip is done.
        if self._manner == "dle_eot":
            sensors = link.ask(ASK_PAPER_IN_ORDER, Kind.IN_ORDER, self._timeout_s)
            paper = None if sensors is None else paper_in_order(sensors)
        elif self._manner == "asb":
            said = link.automatic_status(self._timeout_s)
            paper = automatic(said).paper if said else None
        else:
            return self._taken(link)
        if paper is None:
            why = self._status(link).obstacle or "the printer did not confirm it"
            return Outcome(Result.UNKNOWN, f"{why}: look at the paper")
        if paper is Answer.NO:
            return Outcome(Result.UNKNOWN, "the paper ran out: look at the paper")
        return _PRINTED

    def _taken(self, link: Link) -> Outcome:
        """Find out what can be known of a slip on a printer that never answers."""
        if not link.drain(self._timeout_s):
            doubt = "the printer took only a part"
        elif not link.part(self._timeout_s):
            doubt = "the printer holds it back"
        elif obstacle := link.wires().obstacle:
            doubt = obstacle
        else:
            doubt = "" if self.proves_taking else "the printer does not answer"
        return Outcome(Result.UNKNOWN, f"{doubt}: look at the paper") if doubt else _PRINTED


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
        # Only with RTS/CTS does the kernel keep bytes back from a printer that is not there.
        self.proves_taking = flow == "rtscts"

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
