"""When to try again, and how much to send at once. No clock in here, and no chance of its own."""

import random

from loyalty.chain import BATCH_BYTES_MAX, BATCH_EVENTS_MAX

BACKOFF_FIRST_S = 0.5
BACKOFF_MAX_S = 15.0
#: Whatever an answer asks for: a box on the way may send a page that says "tomorrow".
ASKED_MAX_S = 300.0
_EVENTS_FIRST = 100
_AIM_S = 2.0


class Backoff:
    """Full jitter: anywhere between nothing and a bound that doubles with each failure.

    A thousand tills whose network came back at once then come one after another.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures = 0

    def failed(self, at_least_s: float = 0.0) -> float:
        """Return the seconds to wait after one more failure, not less than was asked for.

        What is asked for counts up to ASKED_MAX_S.
        """
        bound_s = min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** min(self._failures, 16))
        self._failures += 1
        return min(at_least_s, ASKED_MAX_S) + self._rng.uniform(0.0, bound_s)

    def worked(self) -> None:
        """Start over after a success."""
        self._failures = 0


class BatchSize:
    """How many events one push carries, so that it takes about two seconds on this line."""

    def __init__(self) -> None:
        self.events = _EVENTS_FIRST
        self.bytes = BATCH_BYTES_MAX

    def took(self, events: int, elapsed_s: float) -> None:
        """Learn from a push that was answered."""
        if elapsed_s > 2 * _AIM_S:
            self.too_slow()
        elif events >= self.events and elapsed_s < _AIM_S / 2:
            self.events = min(self.events * 2, BATCH_EVENTS_MAX)

    def too_slow(self) -> None:
        """Learn from a push that was not answered in time."""
        self.events = max(self.events // 2, 1)

    def too_large(self, sent: int) -> None:
        """Learn that something on the way takes no call with `sent` bytes of events, ever."""
        self.bytes = max(min(self.bytes, sent) // 2, 1)
