"""The pulse: the thread that writes the heartbeat, and says in the log what changed."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from edge_agent.devices.heartbeat import Heartbeat, Reachable, write_heartbeat
from edge_agent.devices.job_file import Moment
from edge_agent.devices.tap.courier import Courier
from edge_agent.devices.tap.keeper import Keeper
from edge_agent.devices.tap.line_tap import LineTap
from edge_agent.devices.tap.loop import Loop
from edge_agent.devices.tap.losses import Losses
from edge_agent.devices.tap.marks import Marks
from edge_agent.devices.tap.tap import Tap

_EVERY_S = 1.0

_log = logging.getLogger(__name__)


class Pulse(threading.Thread):
    """Reads the counters of one tap's threads once a second; it never asks them anything."""

    def __init__(
        self,
        spool: Path,
        name: str,
        loop: Loop,
        tap: Tap | LineTap,
        keeper: Keeper,
        courier: Courier,
        marks: Marks,
    ) -> None:
        super().__init__(name=f"pulse {name}", daemon=True)
        self._spool = spool
        self._tap_name = name
        self._loop = loop
        self._tap = tap
        self._keeper = keeper
        self._courier = courier
        self._marks = marks
        self._losses = Losses(spool, marks)
        self._since = Moment.now()
        self._stopping = threading.Event()
        self._said_errors = [""] * 5
        self._said_printer = Reachable.UNKNOWN
        self._write_error = ""

    def stop(self, timeout_s: float) -> None:
        """Write a last heartbeat, for at most `timeout_s`."""
        self._stopping.set()
        self.join(timeout_s)

    def run(self) -> None:
        """Beat until stopped."""
        while True:
            last = self._stopping.wait(_EVERY_S)
            self._beat(ended=last)
            if last:
                return

    def _beat(self, *, ended: bool) -> None:
        self._say_changes()
        try:
            self._spool.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._losses.tell(lambda: write_heartbeat(self._spool, self._read(ended=ended)))
            self._write_error = ""
        except OSError as error:
            # The agent sees the beat grow old; the log says why, once per outage.
            if str(error) != self._write_error:
                _log.warning("%s: 心跳写不进去 / no heartbeat: %s", self._tap_name, error)
            self._write_error = str(error)

    def _read(self, *, ended: bool) -> Heartbeat:
        tap, keeper, courier = self._tap, self._keeper, self._courier
        return Heartbeat(
            tap=self._tap_name,
            pid=os.getpid(),
            started=self._since,
            beat=Moment.now(),
            printer=tap.printer,
            open_connections=tap.open_connections,
            printed_bytes=tap.printed_bytes,
            jobs=keeper.whole_jobs,
            incomplete_jobs=keeper.incomplete_jobs,
            unkept_jobs=keeper.unkept_jobs,
            refused_connections=tap.refused_connections,
            failed_connections=tap.failed_connections,
            slips=courier.slips,
            last_error="; ".join(error for error in self._errors() if error),
            lost=self._losses.lost,
            condition=tap.listening.condition,
            ended=ended,
        )

    def _say_changes(self) -> None:
        """Log an outage once and its recovery once; the others must not wait for a log."""
        if self._tap.printer is not self._said_printer:
            if self._tap.printer is Reachable.NO:
                _log.warning("%s: 打印机连不上 / the printer cannot be reached", self._tap_name)
            elif self._said_printer is Reachable.NO:
                _log.info("%s: 打印机已恢复 / the printer is back", self._tap_name)
            self._said_printer = self._tap.printer
        for place, error in enumerate(self._errors()):
            if error not in {"", self._said_errors[place]}:
                _log.warning("%s: %s", self._tap_name, error)
                self._said_errors[place] = error

    def _errors(self) -> tuple[str, ...]:
        parts = (self._loop, self._tap, self._keeper, self._courier, self._marks)
        return tuple(part.last_error for part in parts)
