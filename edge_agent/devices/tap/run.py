"""The tap process: builds each tap's threads around one loop, and stops them in order."""

from __future__ import annotations

import contextlib
import sys
import time

from edge_agent.devices.slip_folder import Slips
from edge_agent.devices.tap.config import TapConfig
from edge_agent.devices.tap.courier import Courier
from edge_agent.devices.tap.keeper import Keeper
from edge_agent.devices.tap.loop import Loop
from edge_agent.devices.tap.marks import Marks
from edge_agent.devices.tap.one_at_a_time import only_tap_of
from edge_agent.devices.tap.pulse import Pulse
from edge_agent.devices.tap.tap import Tap

# Longer than any slip takes; a hanging disk must not keep the process from ending.
STOP_TIMEOUT_S = 8.0
# A byte for the printer waits at most this long for a thread that is busy sealing the copy.
_SWITCH_INTERVAL_S = 0.0002


class _Threads:
    """The threads beside the loop that serve one tap."""

    def __init__(self, config: TapConfig, loop: Loop) -> None:
        name = config.name
        slips = Slips(config.spool / "slips")
        self.marks = Marks(config.spool)
        self.keeper = Keeper(config.spool, name, self.marks)
        self.tap = Tap(config, loop, self.keeper)
        self.courier = Courier(self.tap, loop, slips, config.printer, name)
        self.pulse = Pulse(
            config.spool, name, loop, self.tap, self.keeper, self.courier, self.marks
        )

    def start(self) -> None:
        for thread in (self.keeper, self.courier, self.pulse):
            thread.start()


def run_taps(configs: list[TapConfig]) -> None:
    """Serve until SIGTERM or SIGINT; main thread only. Open jobs end as incomplete.

    A printer, disk or listening address that is not there is tried again for as long as it takes.
    Raises AnotherTapError if one of the spools has its tap already.
    """
    with contextlib.ExitStack() as locks:
        for config in configs:
            locks.enter_context(only_tap_of(config.spool))
        _serve(configs)


def _serve(configs: list[TapConfig]) -> None:
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    loop = Loop()
    everything = [_Threads(config, loop) for config in configs]
    loop.members = [threads.tap for threads in everything]
    loop.stop_on_signals()
    for threads in everything:
        threads.start()
    loop.run(until=lambda: loop.stopping)
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
    loop.close()
