"""When an event happened, by central's clock: an interval, because tills' clocks are not trusted.

Within the boot of the push that brought it, the boot's own clock tells how long before the push it
was. Otherwise the wall clock's distance is all there is: corrected by how wrong it is now, it is
taken as the earliest moment, the arrival as the latest (SYNC 2.7). Edges are decided for the
member: what expires counts from the latest moment, what comes too late from the earliest.
"""

from loyalty.events import Moment


def interval(at: Moment, clock: Moment, received_ms: int) -> tuple[int, int]:
    """Return earliest and latest ms of a moment `at`, told by a device whose clock read `clock`.

    Both lie between 0 and `received_ms`, whatever the device says.
    """
    if at.boot_id == clock.boot_id:
        moment = received_ms - (clock.boottime_ms - at.boottime_ms)
        return _within(moment, received_ms), _within(moment, received_ms)
    return _within(received_ms - (clock.wall_ms - at.wall_ms), received_ms), received_ms


def clock_error(clock: Moment, received_ms: int) -> int:
    """Return how many ms a device's wall clock is ahead of central's, within 100 years."""
    century_ms = 100 * 366 * 86_400_000
    return max(-century_ms, min(clock.wall_ms - received_ms, century_ms))


def central_moment(now_ms: int) -> Moment:
    """Return the moment that central writes into its own events."""
    return Moment(wall_ms=now_ms, boot_id="central", boottime_ms=0)


def _within(moment_ms: int, received_ms: int) -> int:
    return max(0, min(moment_ms, received_ms))
