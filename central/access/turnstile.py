"""How many PINs and passwords are looked at at once: slow hashes must not keep tills waiting.

A slow hash takes a core and 32 MiB. Only a few are made at a time, only a few more wait for that in
the server's threads, and few of them come from one place. Each worker process counts for itself.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_WORK = 2
INSIDE = 8
FROM_ONE_PLACE = 4


class Crowded(RuntimeError):
    """Too many are being looked at already: nothing was counted, and one may try again."""


class Turnstile:
    """Lets people pass one after the other. Any thread may pass."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_work = threading.Semaphore(AT_WORK)
        self._inside: Counter[str] = Counter()

    @contextmanager
    def passing(self, place: str) -> Iterator[None]:
        """Wait for a turn to look at a secret from `place` (an address or a device).

        Raises Crowded at once where that place, or all places, have too many waiting.
        """
        with self._lock:
            if self._inside[place] >= FROM_ONE_PLACE or self._inside.total() >= INSIDE:
                raise Crowded(place)
            self._inside[place] += 1
        try:
            with self._at_work:
                yield
        finally:
            with self._lock:
                self._inside[place] -= 1
                self._inside += Counter()  # forgets whom nobody is inside for
