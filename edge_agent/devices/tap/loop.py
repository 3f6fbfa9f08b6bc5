"""The one thread that moves bytes: readiness of sockets, deadlines, and words from other threads.

Nothing in it may block: no disk, no names looked up, no log (a full pipe to the journal would stop
paper). What the loop has to say goes into counters, which another thread writes down.

One loop instead of two blocking threads per connection, because it was measured: the first byte of
a new connection arrives sooner than through a relay of threads, on an open one within a fifth of it
(20 microseconds; `tillpoints bench tap`), and slips need no locks between directions.
"""

from __future__ import annotations

import contextlib
import queue
import select
import signal
import socket
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

READ = select.EPOLLIN
WRITE = select.EPOLLOUT
_BROKEN = select.EPOLLHUP | select.EPOLLERR
NEVER = float("inf")

T = TypeVar("T")


class Watched(Protocol):
    """A socket or a device."""

    def fileno(self) -> int:
        """Return its descriptor; -1 once it is closed."""


class Watcher(Protocol):
    """Whoever owns what is watched."""

    def ready(self, sock: Watched, events: int) -> None:
        """Act on a socket that is ready for READ or WRITE."""

    def abandon(self, why: str) -> None:
        """Give up after an unexpected error, so that it costs one connection and no more."""


class Timed(Protocol):
    """Something with deadlines."""

    def tick(self, now_s: float) -> float:
        """Do what is due; return when to be called next: monotonic seconds, or NEVER."""


class Loop:
    """Runs callbacks of ready sockets and due members until stopped.

    Nothing they raise ends it; `last_error` says what it was.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: dict[int, tuple[int, Watched, Watcher]] = {}
        self._posted: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._wake_in, self._wake_out = socket.socketpair()
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        self._epoll.register(self._wake_out, READ)
        self._due_s = 0.0
        self.members: list[Timed] = []
        self.stopping = False
        self.last_error = ""

    def watch(self, sock: Watched, mask: int, watcher: Watcher) -> None:
        """Tell `watcher` when the socket is ready for one of `mask`; 0 stops watching."""
        number = sock.fileno()
        before = self._watched.get(number)
        if mask == 0:
            if before is not None:
                del self._watched[number]
                self._epoll.unregister(number)
            return
        if before is None:
            self._epoll.register(number, mask)
        elif before[0] != mask:
            self._epoll.modify(number, mask)
        else:
            return
        self._watched[number] = (mask, sock, watcher)

    def due(self, at_s: float) -> None:
        """Have every member's `tick` called no later than `at_s`."""
        self._due_s = min(self._due_s, at_s)

    def post(self, call: Callable[[], object]) -> None:
        """Have the loop's thread run `call` soon. From any thread; never blocks."""
        self._posted.put(call)
        with contextlib.suppress(BlockingIOError):  # It is full of wake-ups already.
            self._wake_in.send(b"!")

    def ask(self, question: Callable[[], T], timeout_s: float) -> T:
        """Run `question` in the loop's thread and return its answer. Raises queue.Empty."""
        answer: queue.SimpleQueue[T] = queue.SimpleQueue()
        self.post(lambda: answer.put(question()))
        return answer.get(timeout=timeout_s)

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and SIGINT. Main thread only."""
        signal.set_wakeup_fd(self._wake_in.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())

    def stop(self) -> None:
        """Let `run` return."""
        self.stopping = True
        self.post(lambda: None)

    def run(self, until: Callable[[], bool]) -> None:
        """Run until `until()` is true. It is asked whenever something happened."""
        while not until():
            now_s = time.monotonic()
            if now_s >= self._due_s:
                self._due_s = NEVER
                for member in tuple(self.members):
                    self._due_again(member, now_s)
            wait_s = None if self._due_s == NEVER else max(0.0, self._due_s - time.monotonic())
            # Looked up before any callback: one may close a socket and open another with the same
            # number, to which this round's events do not belong.
            ready = [(self._watched.get(each), events) for each, events in self._epoll.poll(wait_s)]
            for watched, events in ready:
                if watched is None:
                    self._woken()
                else:
                    self._tell(watched[1], watched[2], events)

    def close(self) -> None:
        """Free the loop's own descriptors."""
        self._epoll.close()
        self._wake_in.close()
        self._wake_out.close()

    def _tell(self, sock: Watched, watcher: Watcher, events: int) -> None:
        now = self._watched.get(sock.fileno())
        if now is None or now[1] is not sock:
            return  # Closed by a callback earlier in this round.
        if events & _BROKEN:
            events |= now[0]  # Reading or writing will meet the error and say what it is.
        try:
            watcher.ready(sock, events)
        except Exception as error:  # noqa: BLE001 - paper goes on for everybody else
            watcher.abandon(f"unexpected: {error!r}")

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_out.recv(4096):
                pass
        while not self._posted.empty():
            call = self._posted.get()
            try:
                call()
            except Exception as error:  # noqa: BLE001 - paper goes on for everybody else
                self.last_error = f"unexpected: {error!r}"
        self._due_s = 0.0

    def _due_again(self, member: Timed, now_s: float) -> None:
        try:
            self.due(member.tick(now_s))
        except Exception as error:  # noqa: BLE001 - paper goes on for everybody else
            self.last_error = f"unexpected: {error!r}"
            self.due(now_s + 1.0)
