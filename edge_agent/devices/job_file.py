"""One print job as a sealed file: its name, what it says about the job, writing and reading it.

A job id sorts by the order of printing even when the wall clock is set back, and names when the
job started. The file is a head, the printed bytes as they came, and an end; one without an end is a
job that was cut short. This module must never look into what was printed.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from pathlib import Path

import msgspec

from edge_agent import boot
from edge_agent.devices.sealing import SealBrokenError, Sealer, fsync_folder, open_frames

_HEAD, _DATA, _TAIL = b"H", b"D", b"T"
_NAME = re.compile(r"(?P<order>\d{15})-(?P<boottime_ns>\d{20})-[0-9a-f]{8}")


class Moment(msgspec.Struct, frozen=True):
    """One instant by the clock that never jumps (within a boot) and by the one people read."""

    boot_id: str
    boottime_ns: int
    wall_ms: int

    @classmethod
    def now(cls) -> Moment:
        """Read both clocks."""
        return cls(boot.boot_id(), boot.boottime_ns(), time.time_ns() // 1_000_000)


class JobName(msgspec.Struct, frozen=True, order=True):
    """What a spool file's name says: the sortable job id, and when printing began."""

    job_id: str
    started_boottime_ns: int

    @classmethod
    def parse(cls, text: str) -> JobName | None:
        """Read a job id; None if it is not one."""
        match = _NAME.fullmatch(text)
        return cls(text, int(match["boottime_ns"])) if match else None

    @property
    def order(self) -> int:
        """The number that sorts jobs: milliseconds, pushed on where the wall clock went back."""
        return int(self.job_id[:15])


class Job(msgspec.Struct, frozen=True):
    """One print job: what the printer took from one POS connection, up to a silence or its end.

    `connection` is equal for all parts of one POS connection, `part` counts from 1, and `last` says
    that no part follows; a last part may be empty. `complete` is False if bytes are missing, and
    `why` then says what happened. `byte_count` is what the printer took; None if unknown.
    """

    job_id: str
    tap: str
    connection: str
    part: int
    started: Moment
    last: bool
    complete: bool
    why: str
    ended: Moment | None
    byte_count: int | None
    data: bytes


class Unreadable(msgspec.Struct, frozen=True):
    """A spool file that could not be read and was set aside."""

    job_id: str
    why: str


class JobHead(msgspec.Struct, frozen=True):
    """What is known when a job starts."""

    tap: str
    connection: str
    part: int
    started: Moment


class JobTail(msgspec.Struct, frozen=True):
    """What is known when a job ends."""

    ended: Moment
    last: bool
    complete: bool
    why: str
    byte_count: int


def next_name(started: Moment, after: int) -> JobName:
    """Name a job so that it sorts after order number `after`, whatever the wall clock says."""
    order = max(started.wall_ms, after + 1)
    job_id = f"{order:015d}-{started.boottime_ns:020d}-{secrets.token_hex(4)}"
    return JobName(job_id, started.boottime_ns)


class JobWriter:
    """Writes one job file. Every method may raise OSError; then only `give_up` or `discard` may."""

    def __init__(self, jobs: Path, name: JobName, key: bytes, head: JobHead) -> None:
        self._part = jobs / f"{name.job_id}.part"
        self._job = jobs / f"{name.job_id}.job"
        self._sealer = Sealer(key, name.job_id)
        self._handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            self._frame(_HEAD, msgspec.json.encode(head))
        except OSError:
            os.close(self._handle)
            self._part.unlink(missing_ok=True)
            raise

    def write(self, data: bytes) -> None:
        """Append printed bytes; they outlive a kill of this process at once."""
        self._frame(_DATA, data)

    def end(self, tail: JobTail) -> None:
        """Append the end; the job is whole, though no reader sees it yet."""
        self._frame(_TAIL, msgspec.json.encode(tail))
        self._close()

    def publish(self) -> None:
        """Let the job appear, safe from a power cut."""
        self._close()
        handle = os.open(self._part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self.give_up()

    def give_up(self) -> None:
        """Let what was written appear; without an end, readers see an incomplete job."""
        self._close()
        self._part.rename(self._job)
        fsync_folder(self._job.parent)

    def discard(self) -> None:
        """Leave nothing behind of what has not appeared."""
        self._close()
        self._part.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _frame(self, kind: bytes, plain: bytes) -> None:
        rest = memoryview(self._sealer.seal(kind, plain))
        while rest:
            rest = rest[os.write(self._handle, rest) :]


def unseal_job(job_id: str, key: bytes, sealed: bytes) -> Job:
    """Put a job together from its file; one without an end, or damaged, is incomplete.

    Raises SealBrokenError or msgspec.MsgspecError if not even its head can be read.
    """
    head: JobHead | None = None
    tail: JobTail | None = None
    data = bytearray()
    why = "the tap ended before the job did"
    try:
        for kind, plain in open_frames(key, job_id, sealed):
            if kind == _HEAD:
                head = msgspec.json.decode(plain, type=JobHead)
            elif kind == _DATA:
                data += plain
            elif kind == _TAIL:
                tail = msgspec.json.decode(plain, type=JobTail)
    except SealBrokenError as error:
        if head is None:
            raise
        why = f"the spool file is damaged: {error}"
    if head is None:
        raise SealBrokenError(0, "no job in it")
    return Job(
        job_id=job_id,
        tap=head.tap,
        connection=head.connection,
        part=head.part,
        started=head.started,
        last=tail.last if tail else True,
        complete=tail.complete if tail else False,
        why=tail.why if tail else why,
        ended=tail.ended if tail else None,
        byte_count=tail.byte_count if tail else None,
        data=bytes(data),
    )
