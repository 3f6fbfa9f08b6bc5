"""This boot of this machine: its id, and the clock that counts since then.

BOOTTIME counts through suspend and nobody can set it; two readings of one boot compare, whatever
the wall clock says.
"""

import functools
import time
from pathlib import Path


@functools.cache
def boot_id() -> str:
    """Return the kernel's name for this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def boottime_ns() -> int:
    """Return nanoseconds since the boot, sleep included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
