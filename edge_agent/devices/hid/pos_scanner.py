"""A HID point-of-sale scanner, read through hidraw. Nobody else is served by it: no grab needed."""

from __future__ import annotations

import errno
import os
import queue
import select
from collections.abc import Sequence
from pathlib import Path

from edge_agent.devices.hid.pos_reports import REPORT_BYTES, Maker, PosReports
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.ports import Shown
from edge_agent.devices.scanner_thread import ScannerThread
from edge_agent.devices.sources import Match, meant

#: The reports of one code follow each other within milliseconds.
_REST_S = 0.5


class PosScanner(ScannerThread):
    """Reads the HID point-of-sale scanner that `match` means and reports as `source`."""

    def __init__(
        self,
        source: str,
        match: Match,
        messages: queue.Queue[Shown],
        maker: Maker = "common",
        others: Sequence[Match] = (),
    ) -> None:
        super().__init__(source, messages)
        self._match = match
        self._others = others
        self._maker = maker

    def _read(self) -> None:
        node = meant(self._match, "pos", plugged_in(), self._others).node
        descriptor = os.open(node, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._opened()
            self._take(descriptor, node)
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, node: str) -> None:
        reports = PosReports(self._maker)
        while not self._stopping.is_set():
            if select.select([descriptor], [], [], _REST_S)[0]:
                report = os.read(descriptor, REPORT_BYTES)
                if not report:
                    raise OSError(errno.ENODEV, "it was unplugged")
                codes = reports.feed(report)
            else:
                if not Path(node).exists():
                    raise OSError(errno.ENODEV, "it was unplugged")
                codes = reports.silence()
            for code in codes:
                self._put(code)
