"""The far ends of the wires at which virtual printers stand."""

from __future__ import annotations

import os
import socket
import struct
from typing import Protocol, Self


class Link(Protocol):
    """One wire, from the printer's side."""

    def __enter__(self) -> Self:
        """Hold the wire."""

    def __exit__(self, *error: object) -> None:
        """Let go of it, as a printer that is done with a job."""

    def fileno(self) -> int:
        """Return what to wait at for bytes."""

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes; none when the sender has ended. Raises ConnectionError."""

    def sendall(self, data: bytes) -> None:
        """Answer. Raises ConnectionError."""

    def hang_up(self) -> None:
        """Break the wire, so that the other side sees an error."""


class TcpLink:
    """A connection to the network board."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self.fileno, self.recv, self.sendall = sock.fileno, sock.recv, sock.sendall

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._sock.close()

    def hang_up(self) -> None:
        """Reset the connection, as a board does that lost its power."""
        # Linger 0: closing then resets.
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class PtyLink:
    """The far end of a pseudo-terminal, which stands for a serial line and never ends by itself."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def fileno(self) -> int:
        """Return the handle; -1 once it was hung up."""
        return self._handle

    def recv(self, size: int) -> bytes:
        """Return what came. Raises ConnectionError when the near end is gone for good."""
        try:
            return os.read(self._handle, size)
        except OSError as error:
            raise ConnectionResetError("the line is gone") from error

    def sendall(self, data: bytes) -> None:
        """Answer: status bytes, which always fit."""
        os.write(self._handle, data)

    def hang_up(self) -> None:
        """Pull the adapter out: the near end sees an error."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
