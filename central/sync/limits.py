"""How much one device may do: a full bucket at first, then as much as drips in.

A device that runs wild, or somebody with its key, slows itself down and nobody else. Each worker
process counts calls and events for itself; open leases are counted in the ledger.
"""

import threading

BURST_CALLS = 600
CALLS_PER_S = 20
#: Twice what a till may hold back before it warns (SYNC 2.13), and far more than any counter sells.
BURST_EVENTS = 200_000
EVENTS_PER_S = 1_000
#: A kiosk has one redemption under way; the others are answers that got lost and go back.
LEASES_OPEN_MAX = 100


class Limits:
    """The buckets of the devices. Any thread may take."""

    def __init__(self, burst: int = BURST_CALLS, per_s: int = CALLS_PER_S) -> None:
        self._burst = burst
        self._per_s = per_s
        self._lock = threading.Lock()
        self._buckets: dict[bytes, tuple[float, int]] = {}

    def take(self, device_id: bytes, now_ms: int, much: int = 1) -> int:
        """Take so much out of a device's bucket; return 0, or the seconds until it is there."""
        with self._lock:
            left, since_ms = self._buckets.get(device_id, (float(self._burst), now_ms))
            passed_s = max(now_ms - since_ms, 0) / 1000  # a clock set back fills no bucket
            left = min(left + passed_s * self._per_s, float(self._burst))
            allowed = left >= much
            self._buckets[device_id] = (left - much if allowed else left, now_ms)
        return 0 if allowed else max(round((much - left) / self._per_s), 1)
