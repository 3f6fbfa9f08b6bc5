"""The thread that steps a `Syncer` for as long as the agent runs."""

import logging
import threading
from collections.abc import Callable

from edge_agent.sync.syncer import Syncer
from loyalty.events import Moment

_log = logging.getLogger(__name__)


class SyncThread:
    """Steps `syncer` when a step is due or something is worth telling.

    `after_step` is called after each step, in this thread: put a message on a queue there.
    """

    def __init__(
        self,
        syncer: Syncer,
        clock: Callable[[], Moment],
        after_step: Callable[[], None] = lambda: None,
    ) -> None:
        self._syncer = syncer
        self._clock = clock
        self._after_step = after_step
        self._due = threading.Condition()
        self._woken = False
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin to step."""
        self._thread.start()

    def wake(self) -> None:
        """Step soon: at once while all is well, else when the wait after a failure is over."""
        with self._due:
            self._woken = True
            self._due.notify()

    def stop(self, timeout_s: float = 20.0) -> None:
        """End the thread after the step it is in; wait at most `timeout_s` for that."""
        with self._due:
            self._stopping = True
            self._due.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping:
            with self._due:
                self._woken = False
            wait_s = self._step()
            self._after_step()
            self._sleep(wait_s)

    def _step(self) -> float:
        try:
            return self._syncer.step(self._clock())
        except Exception as error:  # noqa: BLE001 the top of a thread: one bug must not end sync
            _log.exception("a step of sync failed")
            return self._syncer.broke(error)

    def _sleep(self, wait_s: float) -> None:
        in_trouble = self._syncer.in_trouble

        def enough() -> bool:
            return self._stopping or (self._woken and not in_trouble)

        with self._due:
            self._due.wait_for(enough, wait_s)
