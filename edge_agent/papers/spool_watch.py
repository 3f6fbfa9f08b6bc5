"""Takes print jobs out of the taps' spools, has them read, and offers them to the agent's loop.

One job at a time and in the order of printing: the next is read when the journal has the one
before; only a picture that needs OCR is read beside them, and its place in the order is told. A
job that could not be recorded stays in its spool and is offered again. This thread may be slow,
hang or die; paper does not pass here.
"""

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_agent.config import Tap
from edge_agent.devices.heartbeat import Heartbeat, read_heartbeat
from edge_agent.devices.job_file import Job, JobName, Moment, Unreadable
from edge_agent.devices.spool import Spool
from edge_agent.messages import JobRead, JobSeen, PictureSeen
from edge_agent.papers.job_parts import (
    JOIN_S_MAX,
    PAUSE_S_MAX,
    continues,
    follows,
    goes_on,
    is_open,
    is_torn,
    joined,
    seconds_between,
)
from edge_agent.papers.job_reading import JobReader
from edge_agent.papers.paper_trail import PaperTrail, Trail
from edge_agent.papers.picture_queue import PictureQueue

POLL_S = 0.05
RETRY_S = 2.0
TAP_SILENT_S = 5.0

_log = logging.getLogger(__name__)
#: The parts that make the next job, and the job; see `SpoolWatch._next`.
Next = tuple[list[JobName], Job | None]


class SpoolWatch:
    """Watches one tap's spool. `done` tells whether the journal has a job already."""

    def __init__(
        self,
        tap: Tap,
        inbox: queue.Queue[Any],
        done: Callable[[str], bool],
        reader: JobReader,
    ) -> None:
        self._tap = tap
        self._folder = Path(tap.spool)
        self._spool = Spool(self._folder)
        self._inbox = inbox
        self._done = done
        self._reader = reader
        self._announced: set[str] = set()
        self._trail = PaperTrail(self._folder.name)
        self._stopping = threading.Event()
        name = self._folder.name
        self._pictures = PictureQueue(name, reader, self._put, self._leave)
        self._thread = threading.Thread(target=self._run, name=f"spool {name}")

    def start(self) -> None:
        """Begin to watch."""
        self._pictures.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a job that was offered and not recorded stays in the spool."""
        self._stopping.set()
        self._pictures.stop()
        self._thread.join()

    def heartbeat(self) -> Heartbeat | None:
        """Return the tap's last word if it is alive, None if it is silent."""
        try:
            beat = read_heartbeat(self._folder)
        except OSError:
            return None
        now = Moment.now()
        if beat is None or beat.beat.boot_id != now.boot_id:
            return None
        silent_ns = now.boottime_ns - beat.beat.boottime_ns
        return beat if silent_ns < TAP_SILENT_S * 1e9 else None

    def trail(self, now_ms: int) -> Trail | None:
        """Return what this tap's papers leave out, None when that is nothing."""
        return self._trail.told(now_ms)

    def expire(self, now_s: float, keep_days: int) -> None:
        """Delete jobs kept longer than `keep_days`. Raises OSError."""
        self._spool.expire(now_s, keep_days)

    def _run(self) -> None:
        outage = ""
        wait_s = POLL_S
        while not self._stopping.wait(wait_s):
            try:
                wait_s = POLL_S if self._step() else RETRY_S
                if outage:
                    _log.info("spool %s can be read again", self._folder.name)
                outage = ""
            except (OSError, ValueError) as error:
                wait_s = RETRY_S
                if not outage:
                    outage = str(error)
                    _log.warning("spool %s cannot be read: %s", self._folder.name, outage)

    def _step(self) -> bool:
        """Announce what started and offer what is finished; False if a job has to wait."""
        held = self._pictures.held
        finished = [name for name in self._announce() if name.job_id not in held]
        while finished:
            names, job = self._next(finished)
            if not names:
                return True  # the paper goes on, and its next part is not here yet
            parts = tuple(name.job_id for name in names)
            if job is not None and not self._done(job.job_id):
                if self._reader.needs_ocr(job):
                    self._set_apart(job, parts)
                    del finished[: len(names)]
                    continue
                if not self._offer(job, parts):
                    return False
            if job is not None:
                self._leave(parts)
            del finished[: len(names)]
        return True

    def _announce(self) -> list[JobName]:
        """Tell of each job that has started, once; return the finished ones."""
        started = self._spool.started()  # looked at first: one that ends meanwhile is in the second
        finished = self._spool.jobs()
        for name in sorted({*started, *finished}):
            if name.job_id not in self._announced:
                self._announced.add(name.job_id)
                self._put(JobSeen(name.job_id, name.started_boottime_ns / 1e9))
        return finished

    def _next(self, finished: list[JobName]) -> Next:
        """Return the names of the parts that make the next job, and the job.

        No names: it has to wait for its next part. No job: its file could not be read, and the
        spool has set it aside and said so.
        """
        names, job = self._of_one_connection(finished)
        while job is not None and goes_on(job, self._tap.dialect or None):
            rest = finished[len(names) :]
            if not rest:
                return (names, job) if self._given_up(job, JOIN_S_MAX) else ([], None)
            if not _began_in_time(rest[0], job, JOIN_S_MAX):
                return names, job
            more, follower = self._of_one_connection(rest)
            if not more:
                return [], None
            if follower is None or not continues(follower, job, self._tap.dialect or None):
                return names, job
            names, job = [*names, *more], joined([job, follower])
        return names, job

    def _of_one_connection(self, finished: list[JobName]) -> Next:
        """Return the parts of one POS connection that make a paper, as `_next` does."""
        parts: list[Job] = []
        for name in finished:
            part = self._spool.read(name)
            if isinstance(part, Unreadable):
                return finished[: len(parts) or 1], joined(parts) if parts else None
            if parts and not follows(part, parts[-1]):
                break  # another connection: the POS gave the paper up
            parts.append(part)
            if not is_open(part, self._tap.dialect or None):
                return finished[: len(parts)], joined(parts)
        job = joined(parts)
        if len(parts) == len(finished) and not self._given_up(job, PAUSE_S_MAX):
            return [], None
        return finished[: len(parts)], job

    def _given_up(self, job: Job, s_max: float) -> bool:
        """Tell whether nothing can go on any more with this paper, the last of what is finished.

        What begins within `s_max` seconds may; for a torn paper it is waited for while it is
        being printed.
        """
        if 0 <= seconds_between(job, Moment.now()) < s_max:
            return False
        if not is_torn(job, self._tap.dialect or None):
            return True
        # What is printing is looked at before what is finished, here too.
        others = {*self._spool.started(), *self._spool.jobs()}
        return not any(_began_in_time(name, job, s_max) for name in others)

    def _set_apart(self, job: Job, parts: tuple[str, ...]) -> None:
        """Let a picture be read beside the jobs that follow; its place in the order is told."""
        self._put(PictureSeen(job, parts))
        self._pictures.put(job, parts)

    def _offer(self, job: Job, parts: tuple[str, ...]) -> bool:
        """Have a job read and recorded; False if that has to be tried again."""
        readings = self._reader.read(job)
        message = JobRead(job, readings, parts)
        # Reading takes a while. A job that began meanwhile ends the time in which a scan counts
        # for this one, so it has to be known first.
        self._announce()
        self._put(message)
        while not message.wait(POLL_S):
            if self._stopping.is_set():
                return False
        if message.recorded and readings is not None:
            self._trail.saw(job.data, self._tap.dialect or None, readings, job.started.wall_ms)
        return message.recorded

    def _leave(self, parts: tuple[str, ...]) -> None:
        """Let the parts of a recorded job leave the spool. Raises OSError."""
        for part in parts:
            name = JobName.parse(part)
            if name is not None:
                self._spool.done(name)
            self._announced.discard(part)

    def _put(self, message: object) -> bool:
        while not self._stopping.is_set():
            try:
                self._inbox.put(message, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False


def _began_in_time(name: JobName, job: Job, s_max: float) -> bool:
    ended = job.ended or job.started
    return 0 < name.started_boottime_ns - ended.boottime_ns < s_max * 1e9
