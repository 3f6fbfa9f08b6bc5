"""The thread that lets decisions teach, lets old papers go and seals, while central runs."""

import threading

import structlog

from central.database import writing
from central.reviewing.teaching import hand_out, teach
from central.sync import papers
from central.sync.service import Service

EVERY_S = 10.0
HAND_OUT_EVERY = 60  # rounds

_log = structlog.get_logger(__name__)


class Teacher:
    """Learns and seals in the background; a fault is logged and the next round goes on."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teacher", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the round at hand."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        rounds = 0
        while not self._stopping.wait(EVERY_S):
            rounds += 1
            try:
                if rounds % HAND_OUT_EVERY == 1:
                    hand_out(self._service)
                while teach(self._service) and not self._stopping.is_set():
                    continue
                with writing(self._service.engine) as connection:
                    papers.expire(connection, self._service.shard_key, self._service.now_ms())
            except Exception as error:  # noqa: BLE001 the top of a thread: the next round goes on
                _log.error("teaching_failed", error=type(error).__name__)
            try:
                self._service.seal()
            except Exception as error:  # noqa: BLE001
                _log.error("sealing_failed", error=type(error).__name__)
