"""What systemd is told of agent and tap: that it is ready, and that its loop still turns.

Source: sd_notify(3): datagrams on the Unix socket that NOTIFY_SOCKET names, "@" standing for an
abstract one; WATCHDOG_USEC is the time after which a silent service is killed and started again.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """The line to systemd; without systemd, nothing is told."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        place = environ.get("NOTIFY_SOCKET", "")
        self._place = f"\0{place[1:]}" if place.startswith("@") else place
        # Twice within the time, so that one late turn kills nobody.
        self._every_s = int(environ.get("WATCHDOG_USEC", "0") or 0) / 2_000_000
        self._told_s: float | None = None

    def ready(self) -> None:
        """Say that the service does its work."""
        self._tell("READY=1")

    def alive(self, now_s: float) -> None:
        """Say that the loop has turned; call it at every turn, it speaks when it is due."""
        if not self._every_s:
            return
        if self._told_s is None or now_s - self._told_s >= self._every_s:
            self._told_s = now_s
            self._tell("WATCHDOG=1")

    def _tell(self, what: str) -> None:
        if not self._place:
            return
        # A manager that does not listen is no reason to stop working; it will say so itself.
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line,
        ):
            line.setblocking(False)  # whoever tells must not wait for who listens
            line.sendto(what.encode(), self._place)
