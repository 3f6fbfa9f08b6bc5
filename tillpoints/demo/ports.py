"""Loopback ports for a demo's processes, out of reach of the system's own choices.

A port of the ephemeral range may be taken by any outgoing connection while its server restarts, and
a client that keeps knocking at a closed one can even meet itself there. So ports come from below
that range; each process looks through places of its own, so that two demos rarely look at the same.
"""

import os
import socket

_FIRST, _LAST = 20_000, 32_000  # Linux hands out 32768 to 60999 by itself
_BLOCK = 16


class NoFreePort(OSError):
    """Every loopback port that a demo may use is taken."""


class Ports:
    """Hands out ports that nobody listened on when asked, none of them twice."""

    def __init__(self) -> None:
        blocks = (_LAST - _FIRST) // _BLOCK
        self._next = _FIRST + os.getpid() % blocks * _BLOCK

    def take(self) -> int:
        """Return a port. Raises NoFreePort."""
        for _ in range(_LAST - _FIRST):
            port = self._next
            self._next = port + 1 if port + 1 < _LAST else _FIRST
            try:
                check(port)
            except OSError:
                continue
            return port
        raise NoFreePort(f"no free port from {_FIRST} to {_LAST}")


def check(port: int) -> None:
    """Raise OSError if somebody listens on a port."""
    with socket.socket() as probe:
        # As servers do: a connection that is still fading away does not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
