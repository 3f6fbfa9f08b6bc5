"""Takes print jobs out of the taps' spools, has them read, and offers them to the agent's loop.

One job at a time and in the order of printing: the next is read when the journal has the one
before. A job that could not be recorded stays in its spool and is offered again. This thread may
be slow, hang or die; paper does not pass here.
"""

import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import structs

from edge_agent.config import Tap
from edge_agent.devices.heartbeat import Heartbeat, read_heartbeat
from edge_agent.devices.job_file import Job, JobName, Moment, Unreadable
from edge_agent.devices.spool import Spool
from edge_agent.job_parts import PAUSE_S_MAX, follows, is_open, joined
from edge_agent.messages import JobRead, JobSeen
from receipts.reading import Reading, read_job
from receipts.reasons import reason

POLL_S = 0.05
RETRY_S = 2.0
TAP_SILENT_S = 5.0

_log = logging.getLogger(__name__)


class SpoolWatch:
    """Watches one tap's spool. `done` tells whether the journal has a job already."""

    def __init__(self, tap: Tap, inbox: queue.Queue[Any], done: Callable[[str], bool]) -> None:
        self._tap = tap
        self._folder = Path(tap.spool)
        self._spool = Spool(self._folder)
        self._inbox = inbox
        self._done = done
        self._announced: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"spool {self._folder.name}")

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; a job that was offered and not recorded stays in the spool."""
        self._stopping.set()
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
        finished = self._announce()
        while finished:
            names, job = self._next(finished)
            if not names:
                return True  # the paper goes on, and its next part is not here yet
            if job is not None and not self._done(job.job_id) and not self._offer(job, names):
                return False
            for name in names if job is not None else ():
                self._spool.done(name)
                self._announced.discard(name.job_id)
            del finished[: len(names)]
        return True

    def _announce(self) -> list[JobName]:
        """Tell of each job that has started, once; return the finished ones."""
        finished = self._spool.jobs()
        for name in sorted({*self._spool.started(), *finished}):
            if name.job_id not in self._announced:
                self._announced.add(name.job_id)
                self._put(JobSeen(name.job_id, name.started_boottime_ns / 1e9))
        return finished

    def _next(self, finished: list[JobName]) -> tuple[list[JobName], Job | None]:
        """Return the names of the parts that make the next job, and the job.

        No names: it has to wait for its next part. No job: its file could not be read, and the
        spool has set it aside and said so.
        """
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
        age_ns = Moment.now().boottime_ns - parts[-1].started.boottime_ns
        if len(parts) == len(finished) and 0 <= age_ns < _waits_ns(parts[-1]):
            return [], None
        return finished[: len(parts)], joined(parts)

    def _offer(self, job: Job, names: list[JobName]) -> bool:
        """Have a job read and recorded; False if that has to be tried again."""
        parts = tuple(name.job_id for name in names)
        message = JobRead(job, self._read(job), parts)
        # Reading takes a while. A job that began meanwhile ends the time in which a scan counts
        # for this one, so it has to be known first.
        self._announce()
        self._put(message)
        while not message.wait(POLL_S):
            if self._stopping.is_set():
                return False
        return message.recorded

    def _read(self, job: Job) -> tuple[Reading, ...] | None:
        dialect = self._tap.dialect or None
        try:
            readings = read_job(job.data, date_order=self._tap.date_order, dialect=dialect)
        except Exception as error:  # noqa: BLE001 one poison job must not stop those behind it (P9)
            _log.error("job %s trips the reader: %r", job.job_id, type(error))
            return None
        if job.complete:
            return tuple(readings)
        # Bytes are missing: whatever was read may lack the line that changes it.
        why = reason("uncertain_bytes")
        return tuple(
            structs.replace(one, decision="review", why=(why, *one.why))
            if one.decision == "award"
            else one
            for one in readings
        )

    def _put(self, message: object) -> None:
        while not self._stopping.is_set():
            try:
                return self._inbox.put(message, timeout=POLL_S)
            except queue.Full:
                continue
        return None


def _waits_ns(part: Job) -> float:
    """Return until how long after its start a part may still be continued."""
    ended = part.ended or part.started
    return ended.boottime_ns - part.started.boottime_ns + PAUSE_S_MAX * 1e9
