"""The weather of one till: at random sales its agent is killed and its network cut for a while."""

from __future__ import annotations

import threading
from random import Random
from typing import Literal

from tillpoints.demo.processes import wait_for
from tillpoints.demo.station import Station

KILL_DELAY_S_MAX = 0.4
CUT_S_MIN, CUT_S_MAX = 0.2, 3.0
SALES_PER_CUT = 25


class Faults(threading.Thread):
    """Strikes at sale numbers that were drawn before; `sold` tells it how far the till is."""

    def __init__(self, station: Station, receipts: int, kills: int, rng: Random) -> None:
        super().__init__(name=f"faults {station.name}", daemon=True)
        self.killed = 0
        self.cut = 0
        self.error = ""
        self._station = station
        self._rng = rng
        strikes: list[tuple[int, Literal["kill", "cut"]]] = []
        strikes += [(rng.randint(1, receipts), "kill") for _ in range(kills)]
        strikes += [(rng.randint(1, receipts), "cut") for _ in range(receipts // SALES_PER_CUT + 1)]
        self._strikes = sorted(strikes)
        self._sold = 0
        self._changed = threading.Condition()

    def sold(self, count: int) -> None:
        """Take note of a sale."""
        with self._changed:
            self._sold = count
            self._changed.notify_all()

    def run(self) -> None:
        """Strike until all strikes are done; the network is whole afterwards."""
        try:
            for at, what in self._strikes:
                with self._changed:
                    self._changed.wait_for(lambda at=at: self._sold >= at)  # type: ignore[misc]
                if what == "kill":
                    self._kill()
                else:
                    self._cut()
        except TimeoutError as error:
            self.error = f"{self._station.name}: {error}"

    def _kill(self) -> None:
        """Kill the agent somewhere in the middle of what it does now."""
        threading.Event().wait(self._rng.uniform(0.0, KILL_DELAY_S_MAX))
        agent = self._station.agent
        wait_for("the agent to be alive again", lambda: agent.pid, timeout_s=30.0)
        if agent.kill() is not None:
            self.killed += 1

    def _cut(self) -> None:
        how: Literal["refusing", "silent"] = self._rng.choice(("refusing", "silent"))
        self._station.relay.cut(how)
        threading.Event().wait(self._rng.uniform(CUT_S_MIN, CUT_S_MAX))
        self._station.relay.plug()
        self.cut += 1
