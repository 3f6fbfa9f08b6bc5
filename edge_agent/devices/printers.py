"""Slip printers: one port, and a driver for each way a slip can reach paper.

A slip ends as printed, not printed or unknown, and each is the truth: `not_printed` only while not
one byte of it was sent, `printed` only once the printer said that everything before its answer was
done. Questions about the printer have three answers as well, because many printers never answer
and silence is not health. Nothing here prints a slip twice: whoever asks again says so on it.

python-escpos carries the bytes and nothing else; it is imported when first needed, because that
takes a fifth of a second. Status bytes: Epson ESC/POS, DLE EOT and GS r.
"""

import fcntl
import select
import shutil
import socket
import termios
import time
from abc import ABC, abstractmethod
from contextlib import closing
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Protocol

from msgspec import Struct

from edge_agent.devices.slip_folder import Outcome, Result, Slips
from edge_agent.devices.tap.answers import ASK_PAPER_IN_ORDER, Answers, Kind

if TYPE_CHECKING:
    from escpos.escpos import Escpos

_PRINTED = Outcome(Result.PRINTED, "")
_ANSWER_S = 0.5  # a printer that answers at all does so within a few milliseconds

_PAPER_END = 0x60  # DLE EOT 4: both bits of the end sensor
_PAPER_END_IN_ORDER = 0x0C  # GS r 1: both bits of the end sensor


class Answer(StrEnum):
    """What is known of one thing about a printer."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Status(Struct, frozen=True):
    """Is the printer `online`, has it `paper`, is its `cover` closed."""

    online: Answer = Answer.UNKNOWN
    paper: Answer = Answer.UNKNOWN
    cover: Answer = Answer.UNKNOWN

    @property
    def obstacle(self) -> str:
        """What keeps it from printing, in words; empty when nothing is known to."""
        causes = {
            "the paper is out": self.paper,
            "the cover is open": self.cover,
            "the printer is offline": self.online,
        }
        return next((cause for cause, answer in causes.items() if answer is Answer.NO), "")


class SlipPrinter(Protocol):
    """Where slips are printed. Methods may take seconds; call them from a device thread."""

    def print_slip(self, slip_id: str, data: bytes) -> Outcome | None:
        """Print a slip once; None means that `outcomes` will tell later."""

    def outcomes(self) -> dict[str, Outcome]:
        """Return what became of slips whose outcome came later, by slip_id."""

    def status(self) -> Status:
        """Return what the printer says about itself now."""


class TapPrinter:
    """The POS's own printer: the tap prints our slips between the POS's jobs."""

    def __init__(self, slips: Slips) -> None:
        self._slips = slips

    def print_slip(self, slip_id: str, data: bytes) -> None:
        """Hand the slip to the tap. Raises ValueError for a slip the tap cannot take, OSError."""
        self._slips.hand_over(slip_id, data)

    def outcomes(self) -> dict[str, Outcome]:
        """Return every outcome the tap still keeps. Raises OSError."""
        return self._slips.outcomes()

    def status(self) -> Status:
        """Return all unknown: on the POS's link only the POS and the tap may ask."""
        return Status()


class DirectPrinter(ABC):
    """A printer of our own at the end of a wire, opened for each slip; drivers say how.

    `timeout_s` bounds each step of a slip. `mute` is for models that never answer: what such a
    printer took counts as printed.
    """

    def __init__(self, timeout_s: float, *, mute: bool) -> None:
        self._timeout_s = timeout_s
        self._mute = mute

    @abstractmethod
    def _open(self) -> "Escpos":
        """Connect. Raises OSError."""

    def print_slip(self, slip_id: str, data: bytes) -> Outcome:
        """Print the slip and return what became of it; `slip_id` is for the reader of a log."""
        try:
            link = _Link(self._open())
        except OSError as error:
            return Outcome(Result.NOT_PRINTED, f"slip {slip_id}: {error}")
        with closing(link):
            try:
                obstacle = "" if self._mute else link.status().obstacle
            except OSError as error:
                return Outcome(Result.NOT_PRINTED, f"the link broke before printing: {error}")
            if obstacle:
                return Outcome(Result.NOT_PRINTED, obstacle)
            try:
                return self._send(link, data)
            except OSError as error:
                return Outcome(Result.UNKNOWN, f"the link broke while printing: {error}")

    def outcomes(self) -> dict[str, Outcome]:
        """Return nothing: `print_slip` told it all."""
        return {}

    def status(self) -> Status:
        """Return what the printer answers; offline when it cannot be reached."""
        try:
            with closing(_Link(self._open())) as link:
                return link.status()
        except OSError:
            return Status(online=Answer.NO)

    def _send(self, link: "_Link", data: bytes) -> Outcome:
        link.write(data)
        if self._mute:
            taken = link.drain(self._timeout_s)
            return _PRINTED if taken else Outcome(Result.UNKNOWN, "the printer took only a part")
        # GS r waits in line behind the slip, so its answer means that the slip is done.
        sensors = link.ask(ASK_PAPER_IN_ORDER, Kind.IN_ORDER, self._timeout_s)
        if sensors is None:
            why = link.status().obstacle or "the printer did not confirm it"
            return Outcome(Result.UNKNOWN, f"{why}: look at the paper")
        if sensors & _PAPER_END_IN_ORDER == _PAPER_END_IN_ORDER:
            return Outcome(Result.UNKNOWN, "the paper ran out: look at the paper")
        return _PRINTED


class NetworkPrinter(DirectPrinter):
    """A printer on the network, by its address and port."""

    def __init__(
        self, host: str, port: int = 9100, timeout_s: float = 5.0, *, mute: bool = False
    ) -> None:
        super().__init__(timeout_s, mute=mute)
        self._host = host
        self._port = port

    def _open(self) -> "Escpos":
        from escpos.printer import Network

        _clear_up()
        link = Network(self._host, self._port, self._timeout_s)
        # Its own open() loses the socket when the connection is refused.
        link.device = socket.create_connection((self._host, self._port), self._timeout_s)
        return link


class SerialPrinter(DirectPrinter):
    """A printer on a serial line, 8N1, which is held only while it prints."""

    def __init__(
        self, path: str, baud: int = 9600, timeout_s: float = 15.0, *, mute: bool = False
    ) -> None:
        super().__init__(timeout_s, mute=mute)
        self._path = path
        self._baud = baud

    def _open(self) -> "Escpos":
        import serial
        from escpos.printer import Serial

        _clear_up()
        link = Serial(self._path, self._baud)
        # Its own open() sets no time limit for writing: a printer off-line would hold us for ever.
        link.device = serial.Serial(
            self._path, self._baud, timeout=0, write_timeout=self._timeout_s, exclusive=True
        )
        return link


def _clear_up() -> None:
    """Remove the folder that python-escpos leaves in the temporary directory at each import."""
    from escpos import capabilities

    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)


class _Link:
    """An open transport: writing, and asking with a time limit."""

    def __init__(self, transport: "Escpos") -> None:
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

    def drain(self, limit_s: float) -> bool:
        """Wait until the other side took every byte; False if it did not in time. OSError."""
        until = time.monotonic() + limit_s
        while self._waiting() and time.monotonic() < until:
            time.sleep(0.01)
        return not self._waiting()

    def status(self) -> Status:
        """Ask DLE EOT 1, 2 and 4; a printer silent at one is not asked the next. Raises OSError."""
        bytes_: list[int] = []
        for number in (b"\x01", b"\x02", b"\x04"):
            answer = self.ask(b"\x10\x04" + number, Kind.REAL_TIME, _ANSWER_S)
            if answer is None:
                return Status()
            bytes_.append(answer)
        printer, cause, paper = bytes_
        return Status(
            online=Answer.NO if printer & 0x08 else Answer.YES,
            paper=Answer.NO if cause & 0x20 or paper & _PAPER_END else Answer.YES,
            cover=Answer.NO if cause & 0x04 else Answer.YES,
        )

    def close(self) -> None:
        """Let go of the device."""
        self._transport.close()

    def _waiting(self) -> int:
        # TIOCOUTQ: bytes not yet sent on a serial line, not yet acknowledged on a socket.
        answer = fcntl.ioctl(self._transport.device, termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(answer, "little")

    def _read(self, limit_s: float) -> bytes:
        device: socket.socket | IO[bytes] = self._transport.device
        readable, _, _ = select.select([device], [], [], limit_s)
        if not readable:
            return b""
        data: bytes = self._transport._read()  # noqa: SLF001 - the one way to read
        if not data:
            raise ConnectionResetError("the printer closed the connection")
        return data
