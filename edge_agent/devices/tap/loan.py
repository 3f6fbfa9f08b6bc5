"""A loan: the printer's line handed from the loop to the slip thread for one slip, and back."""

from __future__ import annotations

import queue
import threading

import msgspec

from edge_agent.devices.tap.answers import Answers, Kind
from edge_agent.devices.tap.slip_line import SlipLine


class Line(msgspec.Struct, frozen=True):
    """What the slip thread gets: the printer's line, or None if it has to connect itself."""

    ours: SlipLine | None


class Returned(msgspec.Struct, frozen=True):
    """What the loop gets back.

    `sent_bytes` went out on the lent line, `for_pos` came in that was no answer to us, `late` may
    still be owed answers, and a `failure` means that the connection is of no more use. `answers`
    are those to DLE EOT 2 (real time) and GS r 1 (in order).
    """

    sent_bytes: int
    for_pos: bytes
    late: Answers
    failure: str
    answers: tuple[tuple[Kind, int], ...] = ()


class Loan:
    """One request for the line. Either the loop grants it or the slip thread withdraws it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled = False
        self._granted: queue.SimpleQueue[Line] = queue.SimpleQueue()

    def grant(self, line: Line) -> bool:
        """Hand out the line; False if nobody wants it any more."""
        with self._lock:
            if self._settled:
                return False
            self._settled = True
        self._granted.put(line)
        return True

    def wait(self, timeout_s: float) -> Line | None:
        """Return the line, or withdraw the request and return None."""
        try:
            return self._granted.get(timeout=timeout_s)
        except queue.Empty:
            with self._lock:
                if not self._settled:
                    self._settled = True
                    return None
            return self._granted.get()
