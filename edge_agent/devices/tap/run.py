"""The tap process: builds each tap's threads around one loop, and stops them in order."""

from __future__ import annotations

import contextlib
import sys
import time

from edge_agent.devices.slip_folder import Slips
from edge_agent.devices.tap.config import AnyConfig, FolderConfig, LineConfig, TapConfig
from edge_agent.devices.tap.courier import Courier
from edge_agent.devices.tap.folder_tap import FolderTap
from edge_agent.devices.tap.keeper import Keeper
from edge_agent.devices.tap.line_tap import LineTap
from edge_agent.devices.tap.loop import Loop
from edge_agent.devices.tap.marks import Marks
from edge_agent.devices.tap.one_at_a_time import only_tap_of
from edge_agent.devices.tap.pulse import Pulse
from edge_agent.devices.tap.tap import Tap
from edge_agent.service_manager import ServiceManager

# Longer than any slip takes; a hanging disk must not keep the process from ending.
STOP_TIMEOUT_S = 8.0
# A byte for the printer waits at most this long for a thread that is busy sealing the copy.
_SWITCH_INTERVAL_S = 0.0002
_ALIVE_EVERY_S = 1.0


class _Threads:
    """The threads beside the loop that serve one tap."""

    def __init__(self, config: TapConfig | LineConfig, loop: Loop) -> None:
        name = config.name
        slips = Slips(config.spool / "slips")
        self.marks = Marks(config.spool)
        self.keeper = Keeper(config.spool, name, self.marks)
        self.tap: Tap | LineTap
        if isinstance(config, LineConfig):
            self.tap = LineTap(config, loop, self.keeper)
            self.courier = Courier(self.tap, loop, slips, None, name)
        else:
            self.tap = Tap(config, loop, self.keeper)
            self.courier = Courier(self.tap, loop, slips, config.printer, name)
        self.pulse = Pulse(
            config.spool, name, loop, self.tap, self.keeper, self.courier, self.marks
        )

    def start(self) -> None:
        for thread in (self.keeper, self.courier, self.pulse):
            thread.start()


def run_taps(configs: list[AnyConfig]) -> None:
    """Serve until SIGTERM or SIGINT; main thread only. Open jobs end as incomplete.

    A printer, disk or listening address that is not there is tried again for as long as it takes.
    Raises AnotherTapError if one of the spools has its tap already.
    """
    with contextlib.ExitStack() as locks:
        for config in configs:
            locks.enter_context(only_tap_of(config.spool))
        _serve(configs)


def _serve(configs: list[AnyConfig]) -> None:
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    loop = Loop()
    folders = [FolderTap(each) for each in configs if isinstance(each, FolderConfig)]
    everything = [_Threads(each, loop) for each in configs if not isinstance(each, FolderConfig)]
    loop.members = [threads.tap for threads in everything]
    loop.stop_on_signals()
    for threads in everything:
        threads.start()
    for folder in folders:
        folder.start()
    manager = ServiceManager()
    manager.ready()
    loop.members.append(_Alive(manager))
    loop.run(until=lambda: loop.stopping)
    for folder in folders:
        folder.ending.set()
    until_s = time.monotonic() + STOP_TIMEOUT_S
    loop.due(until_s)
    loop.run(until=lambda: time.monotonic() > until_s or not any(t.tap.lending for t in everything))
    for threads in everything:
        threads.tap.stop()
    for threads in everything:
        threads.courier.stop(max(0.1, until_s - time.monotonic()))
        threads.keeper.stop(max(0.1, until_s - time.monotonic()))
        threads.pulse.stop(max(0.1, until_s - time.monotonic()))
        threads.marks.close()
    for folder in folders:
        folder.stop(max(0.1, until_s - time.monotonic()))
    loop.close()


class _Alive:
    """Tells the service manager that the loop turns: the one thing that moves paper."""

    def __init__(self, manager: ServiceManager) -> None:
        self._manager = manager

    def tick(self, now_s: float) -> float:
        """Tell it; return when to be called next."""
        self._manager.alive(now_s)
        return now_s + _ALIVE_EVERY_S
