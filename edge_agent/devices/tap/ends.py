"""The two ends of a tap on a line: device files, opened so that reading and writing never wait.

A serial line passes on more than bytes: breaks, and the wires by which a printer says that it is
busy. What comes in on one side goes out on the other, crossed as in a null-modem cable: the POS's
RTS and DTR arrive at our CTS and DSR, and leave by our RTS and DTR. Sources: termios(3) (PARMRK),
tty_ioctl(4) (TIOCMGET, TIOCMSET, TIOCSBRK); linux/usb/g_printer.h and the kernel's usblp for USB.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import struct
import termios
from typing import Literal

import msgspec

Flow = Literal["none", "rtscts", "dsrdtr", "xonxoff"]
Parity = Literal["none", "even", "odd"]

READ_BYTES = 1 << 14
XON, XOFF = 0x11, 0x13
_BAUDS = {int(name[1:]): getattr(termios, name) for name in dir(termios) if name[1:].isdigit()}
_IN = {"rts": termios.TIOCM_CTS, "dtr": termios.TIOCM_DSR}
_OUT = {"rts": termios.TIOCM_RTS, "dtr": termios.TIOCM_DTR}
# asm-generic/ioctls.h; Python's termios does not know them.
_TIOCSBRK, _TIOCCBRK = 0x5427, 0x5428
# A device that is gone, or has no such thing as wires.
_NO_WIRES = {errno.ENOTTY, errno.EINVAL, errno.EIO, errno.ENODEV}


class SerialLine(msgspec.Struct, frozen=True):
    """How a serial line is set; `flow` says which wire tells that the printer is busy."""

    baud: int = 9600
    data_bits: Literal[7, 8] = 8
    parity: Parity = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Flow = "none"


class DeviceEnd:
    """An open device file, such as /dev/usb/lp0 or /dev/g_printer0. Methods raise OSError."""

    is_serial = False
    #: Whether the other side has said that it sends no more, and why, if that was a fault.
    ended = False
    why = ""

    def __init__(self, path: str) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return the handle; -1 once closed."""
        return self._handle

    def read(self) -> bytes:
        """Return what is there, maybe nothing: some USB printers are ready with nothing to say."""
        try:
            return os.read(self._handle, READ_BYTES)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """Return how many bytes were taken, maybe none."""
        try:
            return os.write(self._handle, data)
        except BlockingIOError:
            return 0

    def untaken(self) -> bool:
        """Whether something written is still on its way. usblp takes more when it is not."""
        return not select.select([], [self._handle], [], 0)[1]

    def is_ready_for(self, _size: int) -> bool:
        """Whether the other side says that it may be sent something."""
        return True

    def wires(self) -> int | None:
        """Return what the other side's wires say, None where there are none."""
        return None

    def drive(self, wires: int) -> None:
        """Set our own wires as the other end's were read."""

    def send_break(self, *, on: bool) -> None:
        """Begin or end a break."""

    def took_breaks(self) -> int:
        """Return how many breaks came in since the last call."""
        return 0

    def seconds_for(self, _size: int) -> float:
        """Return how long so many bytes take on the wire alone."""
        return 0.0

    def close(self) -> None:
        """Let go of the device; again changes nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class SerialEnd(DeviceEnd):
    """A serial line, every byte of which passes as it is.

    The kernel's own flow control is off: the wires and XON/XOFF are passed on themselves.
    """

    is_serial = True
    #: Whether the other side has said XOFF and not yet XON, where that means busy.
    _is_held = False

    def __init__(self, path: str, line: SerialLine) -> None:
        super().__init__(path)
        self._line = line
        self._rest = b""
        self._breaks = 0
        try:
            self._set_up()
        except (OSError, termios.error) as error:
            self.close()
            raise OSError(*error.args) from error

    def _set_up(self) -> None:
        line = self._line
        with contextlib.suppress(OSError):  # a pty in a container may refuse it
            fcntl.ioctl(self._handle, termios.TIOCEXCL)
        attributes = termios.tcgetattr(self._handle)
        sizes = {7: termios.CS7, 8: termios.CS8}
        parities = {"none": 0, "even": termios.PARENB, "odd": termios.PARENB | termios.PARODD}
        # PARMRK: a break reads as FF 00 00, a wrong byte as FF 00 and itself, an FF as FF FF.
        attributes[0] = termios.PARMRK
        attributes[1] = 0
        attributes[2] = termios.CREAD | termios.CLOCAL | sizes[line.data_bits]
        attributes[2] |= parities[line.parity] | (termios.CSTOPB if line.stop_bits == 2 else 0)
        attributes[3] = 0
        attributes[4] = attributes[5] = _BAUDS[line.baud]
        attributes[6][termios.VMIN], attributes[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._handle, termios.TCSANOW, attributes)

    def read(self) -> bytes:
        """Return what is there, breaks taken out and counted; a line that is gone raises."""
        try:
            data = os.read(self._handle, READ_BYTES)
        except BlockingIOError:
            return b""
        if not data:
            raise OSError(errno.EIO, "the line was hung up")
        out, self._rest, breaks = unmarked(self._rest + data)
        self._breaks += breaks
        if self._line.flow == "xonxoff":
            for byte in out:
                self._is_held = byte == XOFF or (self._is_held and byte != XON)
        return out

    def untaken(self) -> bool:
        """Whether bytes are still on their way out of this machine."""
        left = fcntl.ioctl(self._handle, termios.TIOCOUTQ, bytes(4))
        return any(left)

    def is_ready_for(self, _size: int) -> bool:
        """Whether the busy wire, or XON after XOFF, lets us send."""
        if self._is_held:
            return False
        wanted = {"rtscts": termios.TIOCM_CTS, "dsrdtr": termios.TIOCM_DSR}.get(self._line.flow)
        wires = self.wires() if wanted else None
        return wires is None or bool(wires & (wanted or 0))

    def wires(self) -> int | None:
        """Return TIOCM bits of what the other side drives."""
        try:
            said = fcntl.ioctl(self._handle, termios.TIOCMGET, bytes(4))
        except OSError as error:
            if error.errno in _NO_WIRES:
                return None
            raise
        bits: int = struct.unpack("=I", said)[0]
        return bits

    def drive(self, wires: int) -> None:
        """Set RTS as the other end's CTS was, and DTR as its DSR."""
        on = sum(_OUT[name] for name in _OUT if wires & _IN[name])
        off = sum(_OUT.values()) - on
        for request, bits in ((termios.TIOCMBIS, on), (termios.TIOCMBIC, off)):
            try:
                fcntl.ioctl(self._handle, request, struct.pack("=I", bits))
            except OSError as error:
                if error.errno not in _NO_WIRES:
                    raise

    def send_break(self, *, on: bool) -> None:
        """Begin or end a break."""
        with contextlib.suppress(OSError):  # an adapter that cannot: its POS never could either
            fcntl.ioctl(self._handle, _TIOCSBRK if on else _TIOCCBRK)

    def took_breaks(self) -> int:
        """Return how many breaks came in since the last call."""
        breaks, self._breaks = self._breaks, 0
        return breaks

    def seconds_for(self, size: int) -> float:
        """Return how long so many bytes take, with start, parity and stop bits."""
        return size * 11 / self._line.baud


def open_end(path: str, line: SerialLine) -> DeviceEnd:
    """Open a device file as what it is. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        is_serial = os.isatty(handle)
    finally:
        os.close(handle)
    return SerialEnd(path, line) if is_serial else DeviceEnd(path)


def bauds() -> list[int]:
    """Return every speed that this system knows."""
    return sorted(baud for baud in _BAUDS if baud)


def unmarked(data: bytes) -> tuple[bytes, bytes, int]:
    """Take PARMRK's marks out: return the bytes, an unfinished mark, and how many breaks."""
    if b"\xff" not in data:
        return data, b"", 0
    out = bytearray()
    at, breaks = 0, 0
    while at < len(data):
        if data[at] != 0xFF:
            out.append(data[at])
            at += 1
        elif data[at + 1 : at + 2] == b"\xff":
            out.append(0xFF)
            at += 2
        elif len(data) - at < 3:
            break
        else:
            if data[at + 2]:
                out.append(data[at + 2])  # came in wrong; the printer shall see what we saw
            else:
                breaks += 1
            at += 3
    return bytes(out), data[at:], breaks
