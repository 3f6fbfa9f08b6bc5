"""The open event streams: each holds a web thread, so there are never more than some.

One more ends the oldest: the page that was opened last is the one somebody looks at, and a page
whose stream ended comes back by itself. A stream whose page went away ends by itself too.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from edge_agent.web.board import Board

HEARTBEAT_S = 10.0
# How soon a stream notices that its page is gone.
_LOOK_S = 1.0


class Streams:
    """At most `most` streams of one board."""

    def __init__(self, board: Board, most: int) -> None:
        self._board = board
        self._most = most
        self._guard = threading.Lock()
        self._open: deque[object] = deque()

    @property
    def count(self) -> int:
        """How many streams are open and not told to end."""
        return len(self._open)

    def stream(self, gone: Callable[[], bool]) -> Iterator[bytes]:
        """Send the newest snapshot, then each newer one; a comment keeps a silent stream alive.

        `gone` tells whether the page has left.
        """
        ticket = object()
        with self._guard:
            self._open.append(ticket)
            if len(self._open) > self._most:
                self._open.popleft()
                self._board.nudge()
        try:
            yield from self._sent(lambda: gone() or ticket not in self._open)
        finally:
            with self._guard:
                if ticket in self._open:
                    self._open.remove(ticket)

    def _sent(self, over: Callable[[], bool]) -> Iterator[bytes]:
        yield b"retry: 1000\n\n"
        version = 0  # before the first snapshot there is nothing to show
        silent_s = 0.0
        while not self._board.closed and not over():
            news = self._board.after(version, _LOOK_S, over)
            if news is not None:
                silent_s = 0.0
                version, snapshot = news
                yield b"event: state\nid: %d\ndata: %s\n\n" % (version, snapshot)
                continue
            silent_s += _LOOK_S
            if silent_s >= HEARTBEAT_S:
                silent_s = 0.0
                yield b": still here\n\n"
