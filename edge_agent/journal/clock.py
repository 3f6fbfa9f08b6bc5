"""This machine's clocks, as one `Moment`.

With the boot's id, its clock lets central place an event in time whatever the wall clock says
(SYNC 2.7).
"""

import time

from edge_agent.boot import boot_id, boottime_ns
from loyalty.events import Moment


def moment() -> Moment:
    """Return now, by the wall clock and by the boot's own clock."""
    return Moment(
        wall_ms=time.time_ns() // 1_000_000,
        boot_id=boot_id(),
        boottime_ms=boottime_ns() // 1_000_000,
    )
