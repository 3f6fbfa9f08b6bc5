"""Which bytes make one job: cutting what one POS connection printed into parts.

A part starts with the first byte that is more than a status request, and ends at a silence, at
PART_BYTES_MAX, or with the connection. No socket and no timer here: the caller says what happened.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from edge_agent.devices.job_file import JobHead, JobTail, Moment
from edge_agent.devices.tap.polls import only_polls

PART_BYTES_MAX = 16 << 20
_ASKED_BYTES_MAX = 4096


class Begun(msgspec.Struct, frozen=True):
    """A part that is about to begin, and its mark (see `marks`)."""

    moment: Moment
    mark: int | None


class JobSink(Protocol):
    """Where parts go. None of this may block: what cannot be kept is dropped and remembered."""

    def begin(self) -> Begun:
        """Mark a job that is about to begin, so that a kill cannot lose it unseen."""

    def never_began(self, begun: Begun) -> None:
        """Take a mark back: nothing of that job went out."""

    def start_job(self, head: JobHead, mark: int | None) -> int | None:
        """Open a job; None if it cannot be kept."""

    def add(self, job: int, data: bytes) -> None:
        """Append bytes, or note that they were lost."""

    def end_job(self, job: int, tail: JobTail) -> None:
        """Close a job."""


class Copying:
    """The copy of one POS connection."""

    def __init__(self, sink: JobSink, tap: str, connection: str) -> None:
        self._sink = sink
        self._tap = tap
        self._connection = connection
        self._part = 0
        self._job: int | None = None
        self._begun: Begun | None = None
        self._asked = b""
        self._bytes = 0
        self._last_sent = True
        self.open = False

    def about_to_send(self, data: bytes) -> None:
        """Note bytes for the printer's side before it can take one of them."""
        if not self.open and self._begun is None and not only_polls(data):
            self._begun = self._sink.begin()

    def taken(self, data: bytes) -> None:
        """Note bytes the printer's side took, right after it took them."""
        if not self.open:
            if only_polls(data):
                self._asked = (self._asked + data)[-_ASKED_BYTES_MAX:]
                return
            self._start()
            data, self._asked = self._asked + data, b""
        self._bytes += len(data)
        if self._job is not None:
            self._sink.add(self._job, data)
        if self._bytes >= PART_BYTES_MAX:
            self._end(last=False, untaken=0, why="")

    def silence(self) -> None:
        """Note that the POS has paused and the printer has taken everything: the part ends."""
        self._asked = b""
        if self.open:
            self._end(last=False, untaken=0, why="")

    def end(self, *, untaken: int, why: str) -> None:
        """Note that the connection is over. `untaken` bytes were passed on, then never taken.

        An empty last part is left where an earlier part was not known to be the last one.
        """
        if not self.open and not self._last_sent:
            self._start()
        if self.open:
            self._end(last=True, untaken=untaken, why=why)
        if self._begun is not None:
            self._sink.never_began(self._begun)
            self._begun = None

    def _start(self) -> None:
        self._part += 1
        self._bytes = 0
        begun, self._begun = self._begun or self._sink.begin(), None
        head = JobHead(self._tap, self._connection, self._part, begun.moment)
        self._job = self._sink.start_job(head, begun.mark)
        self.open = True

    def _end(self, *, last: bool, untaken: int, why: str) -> None:
        self.open = False
        self._last_sent = last
        if self._job is not None:
            taken = max(0, self._bytes - untaken)
            self._sink.end_job(self._job, JobTail(Moment.now(), last, not why, why, taken))
