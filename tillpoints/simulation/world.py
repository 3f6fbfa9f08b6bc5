"""One run's world: virtual time, the heap of actions, chance, faults and the trace.

Everything that happens is an action on the heap. An action that waits for the network lets others
run meanwhile (`pass_time`), so what two threads could interleave is interleaved here, by the seed.
"""

import hashlib
import heapq
import random
from collections.abc import Callable
from pathlib import Path

from tillpoints.simulation.machines.vfs import Vfs

START_MS = 1_780_000_000_000  # 29 May 2026, by true time
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
_NESTED_MAX = 6

Action = Callable[[], None]


class Violation(AssertionError):
    """An invariant does not hold: the name of the invariant and what was found."""

    def __init__(self, invariant: str, found: str) -> None:
        super().__init__(f"{invariant}: {found}")
        self.invariant = invariant


class World:
    """What everybody in one run shares.

    `faults` are the kinds this run may meet; `only`, if given, the single ones it may meet, as
    they were numbered in an earlier run of the seed.
    """

    def __init__(
        self, seed: int, folder: Path, vfs: Vfs, faults: frozenset[str], only: frozenset[str] | None
    ) -> None:
        self.seed = seed
        self.folder = folder
        self.vfs = vfs
        self.faults = faults
        self.now_ms = START_MS
        self.met: list[str] = []
        self.marks: dict[str, int] = {}
        self.log: list[str] = []
        self.healing = False
        self._only = only
        self._hits: dict[str, int] = {}
        self._chances: dict[str, random.Random] = {}
        self._heap: list[tuple[int, int, Action]] = []
        self._pushed = 0
        self._depth = 0
        self._trace = hashlib.sha256()

    # ---- time

    def at(self, moment_ms: int, action: Action) -> None:
        """Put an action on the heap."""
        self._pushed += 1
        heapq.heappush(self._heap, (moment_ms, self._pushed, action))

    def after(self, delay_ms: float, action: Action) -> None:
        """Put an action on the heap, so many ms from now."""
        self.at(self.now_ms + max(int(delay_ms), 0), action)

    def run_until(self, end_ms: int) -> None:
        """Run every action that is due before `end_ms`, and come to that moment."""
        while self._heap and self._heap[0][0] <= end_ms:
            moment_ms, _, action = heapq.heappop(self._heap)
            self.now_ms = max(self.now_ms, moment_ms)
            action()
        self.now_ms = max(self.now_ms, end_ms)

    def pass_time(self, wait_ms: int) -> None:
        """Let time pass inside an action, and others act meanwhile."""
        until_ms = self.now_ms + wait_ms
        if self._depth < _NESTED_MAX:
            self._depth += 1
            try:
                self.run_until(until_ms)
            finally:
                self._depth -= 1
        self.now_ms = max(self.now_ms, until_ms)

    def forget_actions(self) -> None:
        """Empty the heap: what was planned does not happen."""
        self._heap.clear()

    # ---- chance and faults

    def chance(self, name: str) -> random.Random:
        """Return the source of chance of one part, which no other part disturbs."""
        if name not in self._chances:
            self._chances[name] = random.Random(f"{self.seed}/{name}")
        return self._chances[name]

    def points_wait(self) -> bool:
        """Tell whether points wait a day in this run's mall before they count."""
        return random.Random(f"{self.seed}/points wait").random() < 0.5

    def fault(self, kind: str, likely: float = 1.0) -> bool:
        """Tell whether a fault of this kind happens here; it is numbered and noted if so."""
        if self.healing or kind not in self.faults:
            return False
        if self.chance(f"fault {kind}").random() >= likely:
            return False
        number = self._hits[kind] = self._hits.get(kind, 0) + 1
        name = f"{kind}#{number}"
        if self._only is not None and name not in self._only:
            return False
        self.met.append(name)
        self.mark(f"fault {kind}")
        self.trace("fault", name)
        return True

    def mark(self, name: str) -> None:
        """Count that a rare thing was reached."""
        self.marks[name] = self.marks.get(name, 0) + 1

    # ---- what happened

    def trace(self, *words: object) -> None:
        """Add a line to the trace; two runs of a seed must not differ in any."""
        line = f"{self.now_ms - START_MS} " + " ".join(map(str, words))
        self._trace.update(line.encode() + b"\n")
        self.log.append(line)

    def trace_hash(self) -> str:
        """Return the hash of the trace so far."""
        return self._trace.hexdigest()[:32]

    def hold(self, invariant: str, found: object) -> None:
        """Raise Violation if something was found."""
        if found:
            raise Violation(invariant, str(found)[:2000])
