"""This machine's clocks, as one `Moment`.

BOOTTIME counts through suspend and nobody can set it; with the boot's id it lets central place an
event in time whatever the wall clock says (SYNC 2.7).
"""

import functools
import time
from pathlib import Path

from loyalty.events import Moment


def moment() -> Moment:
    """Return now, by the wall clock and by the boot's own clock."""
    return Moment(
        wall_ms=time.time_ns() // 1_000_000,
        boot_id=_boot_id(),
        boottime_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
    )


@functools.cache
def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
