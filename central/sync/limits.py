"""How many calls one device may make: a full bucket at first, then as many as drip in.

A device that runs wild, or somebody with its key, slows itself down and nobody else. Each worker
process counts for itself.
"""

import threading

BURST_CALLS = 600
CALLS_PER_S = 20


class CallLimits:
    """The buckets of the devices that call. Any thread may take."""

    def __init__(self, burst: int = BURST_CALLS, per_s: int = CALLS_PER_S) -> None:
        self._burst = burst
        self._per_s = per_s
        self._lock = threading.Lock()
        self._buckets: dict[bytes, tuple[float, int]] = {}

    def take(self, device_id: bytes, now_ms: int) -> int:
        """Take one call out of a device's bucket; return 0, or the seconds until there is one."""
        with self._lock:
            left, since_ms = self._buckets.get(device_id, (float(self._burst), now_ms))
            passed_s = max(now_ms - since_ms, 0) / 1000  # a clock set back fills no bucket
            left = min(left + passed_s * self._per_s, float(self._burst))
            allowed = left >= 1
            self._buckets[device_id] = (left - 1 if allowed else left, now_ms)
        return 0 if allowed else max(round((1 - left) / self._per_s), 1)
