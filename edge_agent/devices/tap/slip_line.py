"""The printer's line while it is ours: a connected socket, or a device. Every wait has a limit."""

from __future__ import annotations

import select
import socket
import time
from typing import Protocol

from edge_agent.devices.tap.ends import XOFF, XON, DeviceEnd
from edge_agent.devices.tap.sockets import bytes_taken, ends_too

_CHECK_S = 0.002
_CHUNK_BYTES = 256  # an off-line printer is noticed at the next one


class SlipLine(Protocol):
    """What printing a slip needs of a line. Methods raise OSError when it is broken.

    `proves_taking`: that bytes were taken says that a printer is there which took them.
    """

    proves_taking: bool

    def send(self, data: bytes, timeout_s: float) -> None:
        """Hand all of it over. Raises TimeoutError."""

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what the printer said; None if it said nothing in time."""

    def taken(self, timeout_s: float) -> bool:
        """Wait until the printer's side has every byte; False if not in time."""

    def ended(self, timeout_s: float) -> bool:
        """Say that this was all; False if the printer's side, which could, did not end in time."""


class SocketLine:
    """A connected, blocking socket whose peer has taken everything sent before.

    `is_lent`: it is the POS's own, and goes on after the slip.
    """

    proves_taking = True

    def __init__(self, sock: socket.socket, *, is_lent: bool) -> None:
        self._sock = sock
        self._is_lent = is_lent
        self._due_bytes = bytes_taken(sock)

    def send(self, data: bytes, timeout_s: float) -> None:
        """Hand all of it over to the kernel."""
        self._sock.settimeout(timeout_s)
        self._sock.sendall(data)
        self._due_bytes += len(data)

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what the printer said; None if it said nothing in time."""
        self._sock.settimeout(timeout_s)
        try:
            data = self._sock.recv(4096)
        except TimeoutError:
            return None
        if not data:
            raise ConnectionResetError("it ended the connection")
        return data

    def taken(self, timeout_s: float) -> bool:
        """Wait until the printer's side acknowledged every byte."""
        until_s = time.monotonic() + timeout_s
        broken = select.poll()
        broken.register(self._sock, 0)  # POLLERR and POLLHUP are always told.
        while bytes_taken(self._sock) < self._due_bytes:
            if time.monotonic() > until_s:
                return False
            if broken.poll(_CHECK_S * 1000):
                raise ConnectionResetError("it broke the connection")
        return True

    def ended(self, timeout_s: float) -> bool:
        """Say that this was all; False if the printer's side did not end in time."""
        return self._is_lent or ends_too(self._sock, timeout_s)


class DeviceLine:
    """A device that the loop does not watch for the moment."""

    def __init__(self, end: DeviceEnd) -> None:
        self._end = end
        # A serial line takes bytes for a printer that is switched off as well.
        self.proves_taking = not end.is_serial
        self._said = b""
        self._held = False

    def send(self, data: bytes, timeout_s: float) -> None:
        """Hand all of it over, as fast as the printer's wires and XON/XOFF let us."""
        until_s = time.monotonic() + timeout_s + self._end.seconds_for(len(data))
        rest = data
        while rest:
            self._listen()
            sent = 0
            if not self._held and self._end.is_ready_for(len(rest)):
                sent = self._end.write(rest[:_CHUNK_BYTES])
            rest = rest[sent:]
            if not sent:
                if time.monotonic() > until_s:
                    raise TimeoutError("it did not take it in time")
                time.sleep(_CHECK_S)

    def receive(self, timeout_s: float) -> bytes | None:
        """Return what the printer said; None if it said nothing in time."""
        if not self._said and select.select([self._end], [], [], timeout_s)[0]:
            self._listen()
        said, self._said = self._said, b""
        return said or None

    def taken(self, timeout_s: float) -> bool:
        """Wait until nothing is on its way any more."""
        until_s = time.monotonic() + timeout_s
        while self._end.untaken():
            if time.monotonic() > until_s:
                return False
            time.sleep(_CHECK_S)
        return True

    def ended(self, timeout_s: float) -> bool:
        """Return True: a device has no end that it could tell of."""
        del timeout_s
        return True

    def _listen(self) -> None:
        data = self._end.read()
        self._said += data
        for byte in data:
            if byte in (XON, XOFF):
                self._held = byte == XOFF
