"""The keeper: the thread that writes the copy to disk, so that no disk can hold up paper.

The loop hands bytes over without waiting. What does not fit into BACKLOG_BYTES_MAX while the disk
hangs, or onto a full disk, is lost to the copy only: it is counted, and its job says incomplete.
A kill of the tap takes with it what waits here in memory: milliseconds, while the disk keeps up.
The marks tell the next tap which jobs that were.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from edge_agent.devices.job_file import JobHead, JobTail, Moment
from edge_agent.devices.tap.copying import Begun
from edge_agent.devices.tap.job_store import JobStore
from edge_agent.devices.tap.marks import Marks

BACKLOG_BYTES_MAX = 8 << 20
# What one message costs in memory besides its bytes; it bounds messages without bytes too.
_MESSAGE_BYTES = 512
_TOO_SLOW = "the disk was too slow to keep all of it"


class _Start(msgspec.Struct, frozen=True):
    job: int
    head: JobHead
    mark: int | None


class _Bytes(msgspec.Struct, frozen=True):
    job: int
    data: bytes


class _End(msgspec.Struct, frozen=True):
    job: int
    tail: JobTail
    lossy: bool


class _Stop(msgspec.Struct, frozen=True):
    pass


_Message = _Start | _Bytes | _End | _Stop


class Keeper(threading.Thread):
    """Keeps the jobs of one tap: a JobSink, whose methods belong to the loop's thread."""

    def __init__(self, spool: Path, name: str, marks: Marks) -> None:
        super().__init__(name=f"keeper {name}", daemon=True)
        self._marks = marks
        self._store = JobStore(spool)
        self._queue: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        # Each of these has one writing thread; the backlog is their difference.
        self._put_bytes = 0
        self._got_bytes = 0
        self._next_job = 0
        self._lossy: set[int] = set()
        self._refused_jobs = 0
        # Jobs that lost bytes count at once, not when the disk wakes up: it may never.
        self._lossy_jobs = 0
        self._lossy_jobs_stored = 0
        self._overrun = ""
        self._unexpected = ""

    @property
    def whole_jobs(self) -> int:
        """How many jobs readers can find, whole."""
        return self._store.whole_jobs

    @property
    def incomplete_jobs(self) -> int:
        """How many jobs lack bytes, or their end."""
        return self._store.incomplete_jobs + self._lossy_jobs - self._lossy_jobs_stored

    @property
    def unkept_jobs(self) -> int:
        """How many jobs left nothing behind."""
        return self._store.unkept_jobs + self._refused_jobs

    @property
    def last_error(self) -> str:
        """What went wrong last, for the heartbeat."""
        return self._unexpected or self._store.last_error or self._overrun

    def begin(self) -> Begun:
        """Mark a job that is about to begin."""
        moment = Moment.now()
        return Begun(moment, self._marks.begin(moment))

    def never_began(self, begun: Begun) -> None:
        """Take a mark back."""
        self._marks.clear(begun.mark)

    def start_job(self, head: JobHead, mark: int | None) -> int | None:
        """Open a job; None (and counted) if the disk is too far behind."""
        if not self._fits(0):
            self._refused_jobs += 1
            self._marks.lose(mark)
            self._overrun = _TOO_SLOW
            return None
        self._next_job += 1
        self._put(_Start(self._next_job, head, mark), 0)
        return self._next_job

    def add(self, job: int, data: bytes) -> None:
        """Append bytes; if the disk is too far behind, the job lacks all from here on."""
        if job in self._lossy:
            return
        if self._fits(len(data)):
            self._put(_Bytes(job, data), len(data))
        else:
            self._lossy.add(job)
            self._lossy_jobs += 1
            self._overrun = _TOO_SLOW

    def end_job(self, job: int, tail: JobTail) -> None:
        """Close a job. Never refused: there are no more ends than starts."""
        lossy = job in self._lossy
        if lossy:
            self._lossy.discard(job)
            tail = msgspec.structs.replace(tail, complete=False, why=tail.why or _TOO_SLOW)
        self._put(_End(job, tail, lossy), 0)

    def stop(self, timeout_s: float) -> None:
        """Write what is still queued, for at most `timeout_s`."""
        self._queue.put(_Stop())
        self.join(timeout_s)

    def run(self) -> None:
        """Write until stopped. An error costs the job it met, never the thread."""
        self._store.prepare()
        publisher = threading.Thread(target=self._publish, name=f"{self.name} fsync", daemon=True)
        publisher.start()
        while not isinstance(message := self._queue.get(), _Stop):
            self._handle(message)
        self._store.close()
        publisher.join()

    def _publish(self) -> None:
        more = True
        while more:
            try:
                more = self._store.publish_next()
            except Exception as error:  # noqa: BLE001 - the next job must still appear
                self._unexpected = f"unexpected: {error!r}"

    def _fits(self, size: int) -> bool:
        behind = self._put_bytes - self._got_bytes
        return behind + size + _MESSAGE_BYTES <= BACKLOG_BYTES_MAX

    def _put(self, message: _Start | _Bytes | _End, size: int) -> None:
        self._put_bytes += size + _MESSAGE_BYTES
        self._queue.put(message)

    def _handle(self, message: _Start | _Bytes | _End) -> None:
        self._got_bytes += _MESSAGE_BYTES
        if isinstance(message, _Start):
            self._guard(lambda: self._begin(message))
        elif isinstance(message, _Bytes):
            self._got_bytes += len(message.data)
            self._guard(lambda: self._store.write(message.job, message.data))
        else:
            self._guard(lambda: self._store.end(message.job, message.tail))
            self._lossy_jobs_stored += message.lossy

    def _begin(self, start: _Start) -> None:
        kept = self._store.begin(start.job, start.head)
        (self._marks.clear if kept else self._marks.lose)(start.mark)

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - the copy must outlive any surprise
            self._unexpected = f"unexpected: {error!r}"
