"""How central listens: whole requests first, a thread after; every client's time is bounded.

waitress reads in one loop and gives a request to a thread only when its last byte is here, and
sends answers from the same loop, so a slow client costs a descriptor and never a thread. It bounds
silence but not slowness: that, the number of connections and TLS are what this file adds. It must
never look into a request.
"""

import contextlib
import socket
import ssl
import time
from enum import Enum, auto
from typing import Any

from flask import Flask
from msgspec import Struct
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import WSGITask

HEADER_BYTES_MAX = 16 << 10
#: In a request's environ: the seconds from its last byte until a thread took it.
WAITED_S = "central.waited_s"
_SWEEP_EVERY_S = 1.0
_BODY_IN_MEMORY_BYTES_MAX = 128 << 10
# One TLS record at most: what is left of a record inside the TLS library wakes no poll.
_READ_BYTES = 64 << 10
_NOT_YET = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Patience(Struct, frozen=True):
    """How long a client may take for a whole request, for its answer, and for saying nothing."""

    # A batch of 1 MiB over a bad line of 40 KB/s; TLS has to begin within it too.
    request_s: float = 30.0
    # As long as an agent waits for a whole answer.
    answer_s: float = 60.0
    # Longer than agents stay silent. Closed sooner, a connection can end under the request that a
    # till is just sending, which it must take for an outage.
    idle_s: float = 75.0


class _Stage(Enum):
    """What a connection is waiting for."""

    REQUEST = auto()
    US = auto()
    ANSWER_TAKEN = auto()
    NEXT_REQUEST = auto()


class Task(WSGITask):
    """One request in its thread. It tells the application how long the request has waited."""

    channel: "Channel"

    def get_environment(self) -> dict[str, Any]:
        """Return the WSGI environment."""
        environ: dict[str, Any] = super().get_environment()
        environ[WAITED_S] = self.channel.waited_s
        return environ


class Channel(HTTPChannel):
    """One client's connection. `served` counts the requests that came whole."""

    server: "Listener"
    task_class = Task
    came_whole_s = 0.0
    waited_s = 0.0

    def __init__(
        self,
        server: "Listener",
        sock: socket.socket,
        addr: Any,
        adj: Adjustments,
        map: Any = None,  # noqa: A002 waitress passes it by this name
    ) -> None:
        if server.tls is not None:
            sock.setblocking(False)
            sock = server.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        self.served = 0
        self.since_s = time.monotonic()
        self._stage = (0, _Stage.REQUEST)
        super().__init__(server, sock, addr, adj, map=map)

    def handle_read(self) -> None:
        """Take what has come. waitress's own would take a TLS record's first part for an end."""
        try:
            data = self.recv(self.adj.recv_bytes)
        except _NOT_YET:
            return
        except OSError:
            self.handle_close()
            return
        if data:
            self.received(data)
        else:
            self.connected = False

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: FBT001, FBT002 waitress's
        """Send what goes now; return how many bytes that were."""
        try:
            return int(super().send(data, do_close))
        except _NOT_YET:
            return 0

    def service(self) -> None:
        """Answer one request, in a thread."""
        self.served += 1
        self.waited_s = time.monotonic() - self.came_whole_s
        super().service()

    def overdue(self, now_s: float, patience: Patience) -> bool:
        """Tell whether the client has used up its time for what it is at. Call it each second."""
        stage = (self.served, self._waits_for())
        if stage != self._stage:
            self._stage, self.since_s = stage, now_s
        match stage[1]:
            case _Stage.US:
                return False
            case _Stage.REQUEST:
                limit_s = patience.request_s
            case _Stage.ANSWER_TAKEN:
                limit_s = patience.answer_s
            case _Stage.NEXT_REQUEST:
                limit_s = patience.idle_s
        return now_s - self.since_s > limit_s

    def _waits_for(self) -> _Stage:
        if self.total_outbufs_len:
            return _Stage.ANSWER_TAKEN
        if self.requests:
            return _Stage.US
        fresh = not self.served  # silence after connecting is part of the first request
        return _Stage.REQUEST if fresh or self.request is not None else _Stage.NEXT_REQUEST


class Listener(TcpWSGIServer):
    """Serves `app` on a bound socket, in turns; at most `connections_max` clients at a time."""

    channel_class = Channel

    def __init__(
        self,
        app: Flask,
        sock: socket.socket,
        *,
        threads: int,
        connections_max: int,
        body_bytes_max: int,
        tls: ssl.SSLContext | None = None,
        patience: Patience = Patience(),  # noqa: B008 frozen
    ) -> None:
        self.tls = tls
        self._patience = patience
        self._connections_max = connections_max
        self._sweep_at_s = 0.0
        self._sockets: dict[int, Any] = {}
        self._channels: dict[int, Channel] = {}
        super().__init__(
            app,
            self._sockets,
            True,
            sock,
            adj=Adjustments(
                threads=threads,
                recv_bytes=_READ_BYTES,
                inbuf_overflow=_BODY_IN_MEMORY_BYTES_MAX,
                max_request_header_size=HEADER_BYTES_MAX,
                max_request_body_size=body_bytes_max + 1,  # it refuses from this size on
                connection_limit=connections_max + 16,  # ours comes first, see _make_room
                log_socket_errors=False,
                url_scheme="https" if tls is not None else "http",
                ident=None,
            ),
            sockinfo=(sock.family, sock.type, sock.proto, sock.getsockname()),
            bind_socket=False,
        )
        any_channels: Any = self._channels
        self.active_channels = any_channels

    @property
    def busy(self) -> bool:
        """Whether a request is being answered, or its answer still on its way."""
        return any(each.requests or each.total_outbufs_len for each in self._channels.values())

    def turn(self, wait_s: float) -> None:
        """Do what there is to do; wait for it for at most `wait_s`."""
        wasyncore.loop(wait_s, use_poll=True, map=self._sockets, count=1)
        now_s = time.monotonic()
        if now_s >= self._sweep_at_s:
            self._sweep_at_s = now_s + _SWEEP_EVERY_S
            for channel in tuple(self._channels.values()):
                if channel.overdue(now_s, self._patience):
                    # Not by `will_close`: that waits until the client takes what it does not take.
                    channel.handle_close()

    def add_task(self, task: Any) -> None:
        """Let a channel, whose request came whole, wait for a thread."""
        task.came_whole_s = time.monotonic()
        super().add_task(task)

    def wake(self) -> None:
        """End the wait of a turn; safe in a signal handler."""
        self.pull_trigger()

    def stop_listening(self) -> None:
        """Take no more connections."""
        self.accepting = False

    def shut_down(self, timeout_s: int) -> None:
        """Let go of threads and connections."""
        self.task_dispatcher.shutdown(timeout=timeout_s)
        wasyncore.close_all(self._sockets, ignore_all=True)

    def maintenance(self, now: float) -> None:
        """Do nothing: waitress would go by the wall clock; `turn` goes by one that never jumps."""

    def handle_accept(self) -> None:
        """Take a connection in; if there are too many, the one least needed has to go."""
        self._make_room()
        # A client that left before TLS began is no error of ours, and must not end the listener.
        with contextlib.suppress(OSError):
            super().handle_accept()

    def _make_room(self) -> None:
        """Close a connection that never got a request through, else the one longest at rest."""
        if len(self._channels) < self._connections_max:
            return
        ours = [each for each in self._channels.values() if not each.requests]
        if ours:
            min(ours, key=lambda each: (each.served > 0, each.since_s)).handle_close()
