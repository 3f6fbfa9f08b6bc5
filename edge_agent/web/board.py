"""The one snapshot all screens show, and how they wait for the next.

The agent's loop publishes; web threads read. A slow screen never slows the loop: it skips to the
newest snapshot when it comes back.
"""

import threading
from collections.abc import Callable

import msgspec


class Board:
    """Holds the newest snapshot as JSON bytes with its version."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._snapshot = b"{}"
        self._content: dict[str, object] = {}
        self._closed = False

    def publish(self, content: dict[str, object], now_ms: int) -> None:
        """Make `content` of `now_ms` the newest snapshot, unless it says nothing new."""
        with self._changed:
            if content == self._content:
                return
            self._content = content
            self._version += 1
            stamped = {"version": self._version, "now_ms": now_ms, **content}
            self._snapshot = msgspec.json.encode(stamped)
            self._changed.notify_all()

    def newest(self) -> tuple[int, bytes]:
        """Return the newest version and snapshot."""
        with self._changed:
            return self._version, self._snapshot

    def after(
        self, version: int, timeout_s: float, over: Callable[[], bool]
    ) -> tuple[int, bytes] | None:
        """Wait for a version newer than `version`; None when there is none in time.

        It stops waiting once `over` holds, which is asked when something happened and at `nudge`.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._version > version or self._closed or over(), timeout_s
            )
            if self._version <= version:
                return None
            return self._version, self._snapshot

    def nudge(self) -> None:
        """Have everybody who waits ask again whether to wait on."""
        with self._changed:
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Tell whether the agent is stopping."""
        return self._closed

    def close(self) -> None:
        """End every stream: the agent is stopping."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
