"""The disk side of the copy: open job files, ended ones waiting for their fsync, and counts.

Writing and making safe are two threads' work. A byte handed to the kernel outlives a kill of the
tap; an fsync only helps against a power cut, and may take a hundred times longer. So writing never
waits for one: an ended job is complete on disk at once, and appears to readers after its fsync.
"""

from __future__ import annotations

import queue
from pathlib import Path

import msgspec

from edge_agent.devices.job_file import (
    JobHead,
    JobName,
    JobTail,
    JobWriter,
    next_name,
    unseal_job,
)
from edge_agent.devices.sealing import FRAME_BYTES_MAX, SealBrokenError, till_key
from edge_agent.devices.spool import key_file


class _Ended(msgspec.Struct, frozen=True):
    writer: JobWriter
    whole: bool


class JobStore:
    """One spool's job files. `publish_next` belongs to one thread, everything else to another.

    Only `keep` raises OSError; of the others errors are counted. Each counter is written by one
    thread only. `keep` is for whoever does both with one thread.
    """

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._jobs = spool / "jobs"
        self._key: bytes | None = None
        self._recovered = False
        self._last_order = 0
        self._open: dict[int, JobWriter] = {}
        self._broken: set[int] = set()
        self._ended: queue.SimpleQueue[_Ended | Path | None] = queue.SimpleQueue()
        self.whole_jobs = 0
        self.incomplete_jobs = 0
        self.unkept_jobs = 0
        self.last_error = ""

    def prepare(self) -> None:
        """Make the folders, and have what a dead tap left appear as it is."""
        try:
            self._jobs.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._key = till_key(key_file(self._spool))
            if not self._recovered:
                for part in sorted(self._jobs.glob("*.part")):
                    self._ended.put(part)
            self._recovered = True
            for path in (*self._jobs.iterdir(), *(self._spool / "kept").glob("*.job")):
                name = JobName.parse(path.stem)
                self._last_order = max(self._last_order, name.order if name else 0)
        except (OSError, ValueError) as error:
            self._key = None
            self.last_error = f"the spool {self._spool} cannot be used: {error}"

    def begin(self, job: int, head: JobHead) -> bool:
        """Open a job's file; False, and the job is unkept, if that fails."""
        if self._key is None or not self._jobs.is_dir():
            self.prepare()
        if self._key is None:
            self.unkept_jobs += 1
            return False
        try:
            name = next_name(head.started, self._last_order)
            self._open[job] = JobWriter(self._jobs, name, self._key, head)
            self._last_order = name.order
        except OSError as error:
            self.unkept_jobs += 1
            self.last_error = f"a job could not be kept: {error}"
            return False
        return True

    def keep(self, head: JobHead, data: bytes, tail: JobTail) -> None:
        """Let a whole job appear, safe from a power cut; nothing of it if that raises OSError."""
        if self._key is None or not self._jobs.is_dir():
            self.prepare()
        if self._key is None:
            raise OSError(self.last_error)
        self.publish_ended()
        name = next_name(head.started, self._last_order)
        writer = JobWriter(self._jobs, name, self._key, head)
        self._last_order = name.order
        try:
            _write(writer, data)
            writer.end(tail)
            writer.publish()
        except OSError:
            writer.discard()
            raise
        self._count(whole=tail.complete)

    def write(self, job: int, data: bytes) -> None:
        """Append to a job; one that met an error before gets no more."""
        if job not in self._open or job in self._broken:
            return
        try:
            _write(self._open[job], data)
        except OSError as error:
            self._broken.add(job)
            self.last_error = f"a job could not be kept whole: {error}"

    def end(self, job: int, tail: JobTail) -> None:
        """Write a job's end, if all before it could be written."""
        writer = self._open.pop(job, None)
        if writer is None:
            return  # It could not even be begun, and was counted then.
        whole = job not in self._broken
        self._broken.discard(job)
        if whole:
            try:
                writer.end(tail)
            except OSError as error:
                whole = False
                self.last_error = f"a job's end could not be kept: {error}"
        self._ended.put(_Ended(writer, whole and tail.complete))

    def publish_ended(self) -> None:
        """Let every ended job appear, and what a dead tap left."""
        while not self._ended.empty():
            self.publish_next()

    def close(self) -> None:
        """Let `publish_next` return False when every ended job has appeared."""
        self._ended.put(None)

    def publish_next(self) -> bool:
        """Wait for an ended job and let it appear, safe from a power cut; False when closed."""
        ended = self._ended.get()
        if isinstance(ended, Path):
            self._recover(ended)
        elif ended is not None:
            self._publish(ended)
        return ended is not None

    def _publish(self, ended: _Ended) -> None:
        whole = ended.whole
        try:
            ended.writer.publish()
        except OSError as error:
            whole = False
            self.last_error = f"a job may be lost in a power cut: {error}"
            try:
                ended.writer.give_up()
            except OSError as second:
                # The .part stays; the next start of the tap lets it appear.
                self.last_error = f"a job stays hidden until the tap restarts: {second}"
        self._count(whole=whole)

    def _count(self, *, whole: bool) -> None:
        if whole:
            self.whole_jobs += 1
        else:
            self.incomplete_jobs += 1

    def _recover(self, part: Path) -> None:
        assert self._key is not None
        try:
            sealed = part.read_bytes()
            if not sealed:
                part.unlink()  # Killed before it wrote a single byte: there is nothing to read.
                self._count(whole=False)
                return
            part.rename(part.with_suffix(".job"))
            self._count(whole=unseal_job(part.stem, self._key, sealed).complete)
        except (OSError, SealBrokenError, msgspec.MsgspecError) as error:
            self._count(whole=False)
            self.last_error = f"a dead tap's job {part.name}: {error}"


def _write(writer: JobWriter, data: bytes) -> None:
    for start in range(0, len(data), FRAME_BYTES_MAX):
        writer.write(data[start : start + FRAME_BYTES_MAX])
