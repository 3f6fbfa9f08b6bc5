"""waitress around the screens' application, in threads of its own.

A page that has gone, or takes nothing any more, must give its thread back: see `_Channel`.
"""

import socket
import threading
import time
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

# A page that is shown takes what it is sent at once; one that was put to sleep takes nothing.
TAKING_S = 30.0
# Threads that no event stream may have: they answer everything else.
SPARE_THREADS = 8


class _Channel(HTTPChannel):
    """One page's connection."""

    _moved_s = 0.0
    _moved_at: float | None = None

    def stuck(self, now_s: float, taking_s: float) -> bool:
        """Tell whether the page has taken nothing of an answer for `taking_s`. Ask it often."""
        if not self.total_outbufs_len or self._moved_at != self.last_activity:
            self._moved_at, self._moved_s = self.last_activity, now_s
        return now_s - self._moved_s > taking_s


class _Server(TcpWSGIServer):
    """Closes pages that are stuck, each time its loop turns (at least once a second)."""

    channel_class = _Channel
    taking_s = TAKING_S
    trigger: Any  # the stubs know another type

    def maintenance(self, now: int) -> None:
        """Close connections that are of no use; `now` is the wall clock, which may jump."""
        super().maintenance(now)
        self.next_channel_cleanup = 0
        now_s = time.monotonic()
        channels: Any = self.active_channels
        for channel in tuple(channels.values()):
            if channel.stuck(now_s, self.taking_s):
                # Its thread may wait for room in the answer, and closing wakes it; but not while
                # the loop is counting the sockets to wait for.
                self.trigger.pull_trigger(channel.handle_close)


class WebServer:
    """Serves `app` on `host:port` until it is closed. Raises OSError if the port is taken."""

    def __init__(
        self, app: Flask, host: str, port: int, threads: int, taking_s: float = TAKING_S
    ) -> None:
        listen = socket.create_server((host, port), family=_family(host))
        self._server = _Server(
            app,
            {},
            True,
            listen,
            adj=Adjustments(
                threads=threads,
                ident=None,
                # Reads on while it answers: only so does it see that a page has gone.
                channel_request_lookahead=1,
                asyncore_use_poll=True,
                log_socket_errors=False,
            ),
            sockinfo=(listen.family, listen.type, listen.proto, listen.getsockname()),
            bind_socket=False,
        )
        self._server.taking_s = taking_s
        self.port = int(listen.getsockname()[1])
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving and let go of the port."""
        # Its threads first: one that is still answering needs the server to wake up for its bytes.
        self._server.task_dispatcher.shutdown(timeout=2)
        # Then its sockets, by its own loop: they must not vanish under its select. The stubs know
        # neither of the two names.
        server: Any = self._server
        sockets = server._map  # noqa: SLF001 - see above
        server.trigger.pull_trigger(lambda: wasyncore.close_all(sockets, ignore_all=True))
        self._thread.join(timeout=5)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
