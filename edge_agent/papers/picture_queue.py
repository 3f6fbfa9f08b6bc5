"""Reads pictures by OCR in a thread of its own, so that the next paper need not wait for them.

A job stays in its spool until the journal has its outcome; a crash offers it again. One picture at
a time and in the order of printing. This thread may be slow, hang or die; paper does not pass here.
"""

import logging
import queue
import threading
from collections.abc import Callable

from edge_agent.devices.job_file import Job
from edge_agent.messages import JobRead
from edge_agent.papers.job_reading import JobReader

POLL_S = 0.05
RETRY_S = 2.0

_log = logging.getLogger(__name__)


class PictureQueue:
    """Takes jobs with their parts' ids; hands each reading to `offer` and the parts to `done`.

    `offer` returns False when nobody can take it any more because the agent stops.
    """

    def __init__(
        self,
        name: str,
        reader: JobReader,
        offer: Callable[[JobRead], bool],
        done: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._reader = reader
        self._offer = offer
        self._done = done
        self._jobs: queue.SimpleQueue[tuple[Job, tuple[str, ...]] | None] = queue.SimpleQueue()
        self._held: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"pictures {name}", daemon=True)

    @property
    def held(self) -> frozenset[str]:
        """The ids of the parts that are here, and so not to be offered by anybody else."""
        return self._held

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; what is not recorded stays in the spool. A page that is being read is left."""
        self._stopping.set()
        self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join(RETRY_S)

    def put(self, job: Job, parts: tuple[str, ...]) -> None:
        """Have a job read."""
        self._held |= {*parts}
        self._jobs.put((job, parts))

    def _run(self) -> None:
        while (item := self._jobs.get()) is not None and not self._stopping.is_set():
            job, parts = item
            message = JobRead(job, self._reader.read_pictures(job), parts)
            while not self._stopping.is_set() and not self._recorded(message):
                message = JobRead(job, message.readings, parts)
                self._stopping.wait(RETRY_S)
            if self._stopping.is_set():
                return
            self._finished(parts)

    def _recorded(self, message: JobRead) -> bool:
        if not self._offer(message):
            return False
        while not message.wait(POLL_S):
            if self._stopping.is_set():
                return False
        return message.recorded

    def _finished(self, parts: tuple[str, ...]) -> None:
        try:
            self._done(parts)
        except OSError as error:
            # The journal has the job: offered again, it is known and only leaves the spool.
            _log.warning("a picture could not leave the spool: %s", error)
        self._held -= {*parts}
