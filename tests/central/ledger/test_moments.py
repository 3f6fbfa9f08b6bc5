"""When an event happened, by central's clock, and how sure that is (SYNC 2.7)."""

from hypothesis import given
from hypothesis import strategies as st

from central.ledger.judging.moments import Quality, When, interval
from loyalty.events import Moment
from loyalty.facts import BootClock, ClockSample

NOW = 1_780_000_000_000
HOUR = 3_600_000


def at(boottime_ms, boot="b2", wall_ms=0):
    return Moment(wall_ms, boot, boottime_ms)


def test_in_a_boot_with_contact_the_boots_clock_tells_whatever_the_wall_clock_says():
    boots = (BootClock("b2", 1_000, ClockSample(NOW - HOUR, 50_000, 40)),)
    when = interval(at(50_000 + 60_000), at(50_000 + HOUR), boots, NOW)
    assert when.quality is Quality.EXACT
    true_ms = NOW - HOUR + 60_000
    assert when.earliest_ms <= true_ms <= when.latest_ms
    assert when.latest_ms - when.earliest_ms < 40 + 2 * (60_000 * 5 // 1000) + 20
    assert interval(at(110_000, wall_ms=7), at(50_000 + HOUR), boots, NOW) == when


def test_a_boot_without_contact_lies_between_the_boots_around_it():
    boots = (
        BootClock("b1", 0, ClockSample(NOW - 9 * HOUR, 500, 100)),
        BootClock("b2", 2_000, None),
        BootClock("b3", 5_000, ClockSample(NOW - HOUR, 5_000 + 2 * HOUR, 0)),
    )
    when = interval(at(9_000), at(5_000 + 3 * HOUR, "b3"), boots, NOW)
    assert (when.quality, when.earliest_ms) == (Quality.BOUNDED, NOW - 9 * HOUR)
    # The journal was opened in b3 two hours of its clock before the sample.
    assert NOW - 3 * HOUR <= when.latest_ms <= NOW - 3 * HOUR + 2 * HOUR * 5 // 1000 + 10


def test_before_the_first_contact_the_wall_clocks_distance_is_all_there_is():
    boots = (BootClock("b1", 0, None), BootClock("b2", 0, None))
    clock = at(HOUR, "b2", wall_ms=10 * HOUR)
    when = interval(at(5, "b1", wall_ms=8 * HOUR), clock, boots, NOW)
    assert when == When(NOW - 2 * HOUR, NOW, Quality.UNKNOWN)
    assert interval(at(5, "b1", wall_ms=8 * HOUR), clock, (), NOW) == when


def test_what_cannot_be_is_cut_to_what_can():
    boots = (BootClock("b2", 0, ClockSample(NOW + 9 * HOUR, 0, 0)),)
    when = interval(at(5 * HOUR), at(HOUR), boots, NOW)
    assert when == When(NOW, NOW, Quality.CLAMPED)
    past = (BootClock("b2", 0, ClockSample(5, 1 << 62, 0)),)
    assert interval(at(0), at(HOUR), past, NOW).quality is Quality.CLAMPED


NUMBERS = st.integers(-(1 << 63), 1 << 63)
MOMENTS = st.builds(Moment, NUMBERS, st.sampled_from(["b1", "b2", "b3"]), NUMBERS)
SAMPLES = st.none() | st.builds(ClockSample, NUMBERS, NUMBERS, NUMBERS)
BOOTS = st.lists(st.builds(BootClock, st.sampled_from(["b1", "b2", "b3"]), NUMBERS, SAMPLES))


@given(MOMENTS, MOMENTS, BOOTS, st.integers(0, 1 << 62))
def test_whatever_a_device_says_the_interval_lies_before_its_arrival(told, clock, boots, now_ms):
    when = interval(told, clock, boots, now_ms)
    assert 0 <= when.earliest_ms <= when.latest_ms <= now_ms


@given(
    uptime_ms=st.integers(0, 40 * 24 * HOUR),
    sampled_ms=st.integers(0, 40 * 24 * HOUR),
    wait_ms=st.integers(0, HOUR),
    rate=st.floats(-0.004, 0.004),
    there_ms=st.integers(0, 30_000),
    back_ms=st.integers(0, 30_000),
)
def test_an_exact_interval_holds_the_truth(uptime_ms, sampled_ms, wait_ms, rate, there_ms, back_ms):
    def clock(true_ms):
        return round(true_ms * (1 + rate))

    sample = ClockSample(
        NOW + sampled_ms - back_ms,
        clock(sampled_ms),
        clock(sampled_ms) - clock(sampled_ms - there_ms - back_ms),
    )
    sent_ms = max(uptime_ms, sampled_ms) + wait_ms
    boots = (BootClock("b2", 0, sample),)
    when = interval(at(clock(uptime_ms)), at(clock(sent_ms)), boots, NOW + sent_ms + there_ms)
    assert when.quality is Quality.EXACT
    assert when.earliest_ms <= NOW + uptime_ms <= when.latest_ms
