"""Whom a turn judges again because what they waited for is here, and what it leaves to the next.

However many wait for one thing, a turn takes its share of them, so that tills are answered between.
The rest goes on behind the last one: an event that waits again is not judged for ever.
"""

from collections import deque
from collections.abc import Mapping
from operator import itemgetter

from central.ledger.judging.rows import Identity, Pending
from central.ledger.judging.state import FIRST, Place, State
from central.ledger.writing.waiters import FEW


class Waking:
    """The events of one turn that wait no longer."""

    def __init__(self, state: State) -> None:
        self._state = state
        #: What each event brought, in its order, and behind which place those who wait are due.
        self._due: dict[tuple[bytes, ...], Place] = {}
        self._queue: deque[tuple[Identity, Place]] = deque()  # who waits for the first of it
        self._first: tuple[bytes, ...] = ()
        self._reached = FIRST
        self._looked: dict[bytes, int] = {}
        self._taken = 0
        self.left: dict[bytes, Place] = {}

    def came(self, references: tuple[bytes, ...]) -> None:
        """Take in what an event brought."""
        self._due[references] = FIRST

    def go_on(self, left: Mapping[bytes, Place]) -> None:
        """Take in what an earlier turn left."""
        self._due.update({(reference,): place for reference, place in left.items()})

    def next(self) -> Pending | None:
        """Return the event to judge again now, in the order they came; None if there is no more.

        Raises Unloaded when a row was not looked up; call it again then.
        """
        while self._queue or self._due:
            if not self._queue:
                self._look()
            elif self._taken == FEW:
                self._leave(self._first, self._reached)
                self._queue.clear()
            else:
                identity, self._reached = self._queue.popleft()
                pending = self._state.pending.get(identity)
                if pending is not None:
                    self._taken += 1
                    return pending
        return None

    def _look(self) -> None:
        """Let those who wait for what came first be the next."""
        waiting, (references, behind) = self._state.waiting, next(iter(self._due.items()))
        new = [one for one in references if self._looked.get(one) != waiting.added(one)]
        places: dict[Identity, Place] = {}
        for reference in new:
            for identity in waiting.get(reference) or ():
                pending = self._state.pending.get(identity)
                place = (pending.event.turn, pending.event.place) if pending is not None else FIRST
                if place > behind:
                    places[identity] = place
        del self._due[references]
        self._looked.update({one: waiting.added(one) for one in new})
        self._first, self._reached = tuple(new), behind
        self._queue.extend(sorted(places.items(), key=itemgetter(1)))
        for reference in waiting.cut.keys() & new:
            begins, more = waiting.cut[reference]
            if behind < begins:
                self._leave((reference,), FIRST)
            elif more:
                self._leave((reference,), max(places.values(), default=behind))

    def _leave(self, references: tuple[bytes, ...], behind: Place) -> None:
        for reference in references:
            self.left[reference] = min(behind, self.left.get(reference, behind))
