"""Tells central what this till's papers leave out, as far as the agent knows by now."""

from edge_agent.sync.calls import Caller, Offline
from loyalty.trails import TRAIL_PATH, Gaps, GapsTold


class TrailTeller:
    """Tells what is new; nothing else waits for it. `step` belongs to the thread of sync."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._told = Gaps()
        #: Set from any thread.
        self.gaps = Gaps()

    def step(self) -> None:
        """Tell it, once. While nobody answers it stays to be told."""
        gaps = self.gaps
        if not gaps.at_ms or gaps == self._told:
            return
        # A central of an older version refuses it: that is no trouble, and asked no second time.
        if not isinstance(self._caller.call(TRAIL_PATH, gaps, GapsTold), Offline):
            self._told = gaps
