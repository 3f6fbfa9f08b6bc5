"""The keeper: the thread that writes the copy to disk, so that no disk can hold up paper.

The loop hands bytes over without waiting. What does not fit into BACKLOG_BYTES_MAX while the disk
hangs, or onto a full disk, is lost to the copy only: it is counted, and its job says incomplete.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import msgspec

from edge_agent.devices.job_file import JobHead, JobName, JobTail, JobWriter, next_name
from edge_agent.devices.sealing import FRAME_BYTES_MAX, till_key
from edge_agent.devices.spool import key_file

BACKLOG_BYTES_MAX = 8 << 20
# What one message costs in memory besides its bytes; it bounds messages without bytes too.
_MESSAGE_BYTES = 512
_TOO_SLOW = "the disk was too slow to keep all of it"


class _Start(msgspec.Struct, frozen=True):
    job: int
    head: JobHead


class _Bytes(msgspec.Struct, frozen=True):
    job: int
    data: bytes


class _End(msgspec.Struct, frozen=True):
    job: int
    tail: JobTail
    overrun: bool


class _Stop(msgspec.Struct, frozen=True):
    pass


class Keeper(threading.Thread):
    """Keeps the jobs of one tap. `start_job`, `add` and `end_job` belong to the loop's thread."""

    def __init__(self, spool: Path, name: str) -> None:
        super().__init__(name=f"keeper {name}", daemon=True)
        self._spool = spool
        self._jobs = spool / "jobs"
        self._queue: queue.SimpleQueue[_Start | _Bytes | _End | _Stop] = queue.SimpleQueue()
        # Each of these has one writing thread; the backlog is their difference.
        self._put_bytes = 0
        self._got_bytes = 0
        self._next_job = 0
        self._lossy: set[int] = set()
        self.overrun_unkept_jobs = 0
        self.overrun_incomplete_jobs = 0
        self._open: dict[int, JobWriter] = {}
        self._broken: set[int] = set()
        self._key: bytes | None = None
        self._last_order = 0
        self.whole_jobs = 0
        self.incomplete_jobs = 0
        self.unkept_jobs = 0
        self.last_error = ""

    def start_job(self, head: JobHead) -> int | None:
        """Open a job; None (and counted) if the disk is too far behind."""
        if not self._fits(0):
            self.overrun_unkept_jobs += 1
            self.last_error = _TOO_SLOW
            return None
        self._next_job += 1
        self._put(_Start(self._next_job, head), 0)
        return self._next_job

    def add(self, job: int, data: bytes) -> None:
        """Append bytes; if the disk is too far behind, the job lacks all from here on."""
        if job in self._lossy:
            return
        if self._fits(len(data)):
            self._put(_Bytes(job, data), len(data))
        else:
            # Counted at once, not when the disk wakes up: it may never.
            self._lossy.add(job)
            self.overrun_incomplete_jobs += 1
            self.last_error = _TOO_SLOW

    def end_job(self, job: int, tail: JobTail) -> None:
        """Close a job. Never refused: there are no more ends than starts."""
        overrun = job in self._lossy
        if overrun:
            self._lossy.discard(job)
            tail = msgspec.structs.replace(tail, complete=False, why=tail.why or _TOO_SLOW)
        self._put(_End(job, tail, overrun), 0)

    def stop(self, timeout_s: float) -> None:
        """Write what is still queued, for at most `timeout_s`."""
        self._queue.put(_Stop())
        self.join(timeout_s)

    def run(self) -> None:
        """Write until stopped. An error costs the job it met, never the thread."""
        self._prepare()
        while True:
            message = self._queue.get()
            if isinstance(message, _Stop):
                return
            self._got_bytes += _MESSAGE_BYTES
            if isinstance(message, _Bytes):
                self._got_bytes += len(message.data)
            try:
                self._handle(message)
            except Exception as error:  # noqa: BLE001 - the copy must outlive any surprise
                self._lose(message, error)

    def _fits(self, size: int) -> bool:
        behind = self._put_bytes - self._got_bytes
        return behind + size + _MESSAGE_BYTES <= BACKLOG_BYTES_MAX

    def _put(self, message: _Start | _Bytes | _End, size: int) -> None:
        self._put_bytes += size + _MESSAGE_BYTES
        self._queue.put(message)

    def _prepare(self) -> None:
        """Make the folders, and let what a dead tap left half-printed appear as it is."""
        try:
            self._jobs.mkdir(parents=True, exist_ok=True, mode=0o700)
            for part in sorted(self._jobs.glob("*.part")):
                part.rename(part.with_suffix(".job"))
                self.incomplete_jobs += 1
            for path in (*self._jobs.iterdir(), *(self._spool / "kept").glob("*.job")):
                name = JobName.parse(path.stem)
                self._last_order = max(self._last_order, name.order if name else 0)
            self._key = till_key(key_file(self._spool))
        except (OSError, ValueError) as error:
            self._key = None
            self.last_error = f"the spool {self._spool} cannot be used: {error}"

    def _handle(self, message: _Start | _Bytes | _End) -> None:
        if isinstance(message, _Start):
            self._begin(message)
            return
        writer = self._open.get(message.job)
        if writer is None:
            return  # It could not even be begun, and was counted then.
        if isinstance(message, _Bytes):
            if message.job not in self._broken:
                for start in range(0, len(message.data), FRAME_BYTES_MAX):
                    writer.write(message.data[start : start + FRAME_BYTES_MAX])
            return
        del self._open[message.job]
        if self._finish(message, writer) and message.tail.complete:
            self.whole_jobs += 1
        elif not message.overrun:
            self.incomplete_jobs += 1

    def _begin(self, message: _Start) -> None:
        if self._key is None or not self._jobs.is_dir():
            self._prepare()
        if self._key is None:
            raise OSError(self.last_error)
        name = next_name(message.head.started, self._last_order)
        self._open[message.job] = JobWriter(self._jobs, name, self._key, message.head)
        self._last_order = name.order

    def _finish(self, message: _End, writer: JobWriter) -> bool:
        """Let a job appear; return False if it had to go without its end."""
        if message.job not in self._broken:
            try:
                writer.finish(message.tail)
                return True
            except OSError as error:
                self.last_error = f"a job's end could not be kept: {error}"
        self._broken.discard(message.job)
        try:
            writer.give_up()
        except OSError as error:
            # The .part stays; the next start of the tap lets it appear.
            self.last_error = f"a job stays hidden until the tap restarts: {error}"
        return False

    def _lose(self, message: _Start | _Bytes | _End, error: Exception) -> None:
        if isinstance(message, _Start):
            self.unkept_jobs += 1
            self.last_error = f"a job could not be kept: {error}"
        elif isinstance(message, _Bytes):
            self._broken.add(message.job)
            self.last_error = f"a job could not be kept whole: {error}"
        else:
            self.last_error = f"a job's end could not be kept: {error}"
