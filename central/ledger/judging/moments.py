"""When an event happened, by central's clock: an interval, because tills' clocks are not trusted.

In a boot in which the device met central, the boot's own clock tells: it may run a little wrong,
and the answer took its time. An event of a boot without contact lies between the boots around it.
Otherwise the wall clock's distance is all there is (SYNC 2.7). Edges are decided for the member:
what expires counts from the latest moment, what comes too late from the earliest.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from loyalty.events import Moment
from loyalty.facts import BootClock, ClockSample
from loyalty.leases import CLOCK_ERROR_PERMILLE

_ROUNDING_MS = 2


class Quality(IntEnum):
    """How far an interval can be trusted. The truth lies in it when it is exact or bounded."""

    EXACT = 0  # by the boot's clock and central's answer in that boot
    BOUNDED = 1  # between the boots around it
    CLAMPED = 2  # what the device says cannot be; its interval was cut to what can
    UNKNOWN = 3  # by the device's wall clock


class When(NamedTuple):
    """Between which two moments, ms UTC by central's clock, something happened."""

    earliest_ms: int
    latest_ms: int
    quality: Quality


def interval(at: Moment, clock: Moment, boots: Sequence[BootClock], received_ms: int) -> When:
    """Return when a moment `at` was, told by a device whose clock read `clock` as it sent this.

    `boots` are the boots it may have been in. The interval lies between 0 and `received_ms`,
    whatever the device says.
    """
    same_boot = at.boot_id == clock.boot_id
    before_ms = clock.boottime_ms - at.boottime_ms
    for place, boot in enumerate(boots):
        if boot.boot_id != at.boot_id:
            continue
        latest_ms = received_ms - (before_ms - _drift_ms(before_ms) if same_boot else 0)
        sample = boot.sample
        if sample is not None:
            earliest_ms, until_ms = _around(at.boottime_ms, sample)
            return _cut(earliest_ms, min(until_ms, latest_ms), received_ms, Quality.EXACT)
        since_ms, until_ms = _between(boots[:place], boots[place + 1 :], latest_ms)
        if since_ms is not None:
            return _cut(since_ms, until_ms, received_ms, Quality.BOUNDED)
        break
    if same_boot:
        moment_ms = received_ms - before_ms
        return _cut(moment_ms, moment_ms, received_ms, Quality.UNKNOWN)
    moment_ms = received_ms - (clock.wall_ms - at.wall_ms)
    return _cut(moment_ms, received_ms, received_ms, Quality.UNKNOWN)


def clock_error(clock: Moment, received_ms: int) -> int:
    """Return how many ms a device's wall clock is ahead of central's, within 100 years."""
    century_ms = 100 * 366 * 86_400_000
    return max(-century_ms, min(clock.wall_ms - received_ms, century_ms))


def central_moment(now_ms: int) -> Moment:
    """Return the moment that central writes into its own events."""
    return Moment(wall_ms=now_ms, boot_id="central", boottime_ms=0)


def _drift_ms(passed_ms: int) -> int:
    """Return by how much a boot's clock may be wrong about so many ms."""
    return abs(passed_ms) * CLOCK_ERROR_PERMILLE // 1000 + _ROUNDING_MS


def _around(boottime_ms: int, sample: ClockSample) -> tuple[int, int]:
    """Return between which moments by central's clock a boot's clock showed `boottime_ms`."""
    passed_ms = boottime_ms - sample.boottime_ms
    moment_ms, drift_ms = sample.server_ms + passed_ms, _drift_ms(passed_ms)
    rtt_ms = sample.rtt_ms + _drift_ms(sample.rtt_ms)
    return moment_ms - drift_ms, moment_ms + drift_ms + rtt_ms


def _between(
    before: Sequence[BootClock], behind: Sequence[BootClock], latest_ms: int
) -> tuple[int | None, int]:
    """Return between which moments a boot without contact lies; None if nothing is before it."""
    for boot in behind:
        if boot.sample is not None:
            latest_ms = min(latest_ms, _around(boot.opened_ms, boot.sample)[1])
            break
    known = [boot.sample.server_ms for boot in before if boot.sample is not None]
    return (known[-1] if known else None), latest_ms


def _cut(earliest_ms: int, latest_ms: int, received_ms: int, quality: Quality) -> When:
    """Return an interval as far as it lies between 0 and `received_ms`."""
    if 0 <= earliest_ms <= latest_ms <= received_ms:  # nearly always
        return When(earliest_ms, latest_ms, quality)
    earliest, latest = max(0, min(earliest_ms, received_ms)), max(0, min(latest_ms, received_ms))
    if earliest > latest or latest_ms < 0 or earliest_ms > received_ms:
        return When(min(earliest, latest), latest, Quality.CLAMPED)
    return When(earliest, latest, quality)
