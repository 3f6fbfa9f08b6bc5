"""Expiry: the mall's days, whatever its clocks do, and lots that keep their dates."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.expiry import day_of, end_of_day_ms
from loyalty.rules.lots import Lot, draw, put_back, taken

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
BEIRUT = ZoneInfo("Asia/Beirut")  # its clocks go forward at midnight
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2026, 11, 22), SHANGHAI, "2026-11-22T16:00:00+00:00"),
        (date(2028, 2, 29), SHANGHAI, "2028-02-29T16:00:00+00:00"),
        (date(2026, 3, 8), NEW_YORK, "2026-03-09T04:00:00+00:00"),  # 23 hours long
        (date(2026, 11, 1), NEW_YORK, "2026-11-02T05:00:00+00:00"),  # 25 hours long
        (date(2026, 3, 28), BEIRUT, "2026-03-28T22:00:00+00:00"),  # midnight does not exist
        (date(2026, 12, 31), KIRITIMATI, "2026-12-31T10:00:00+00:00"),
        (date(2026, 12, 31), ZoneInfo("UTC"), "2027-01-01T00:00:00+00:00"),
    ],
)
def test_a_day_ends_at_the_malls_next_midnight(day: date, zone: ZoneInfo, end: str) -> None:
    assert end_of_day_ms(day, zone) == ms(end)
    assert day_of(end_of_day_ms(day, zone) - 1, zone) == day
    assert day_of(end_of_day_ms(day, zone), zone) > day


@given(
    st.dates(date(1971, 1, 1), date(2099, 12, 30)),
    st.sampled_from([SHANGHAI, NEW_YORK, BEIRUT, KIRITIMATI]),
)
def test_every_moment_belongs_to_the_day_that_ends_behind_it(day: date, zone: ZoneInfo) -> None:
    end = end_of_day_ms(day, zone)
    assert day_of(end - 1, zone) <= day < day_of(end, zone)


def test_a_moment_before_1970_has_a_day_too() -> None:
    assert day_of(-1, ZoneInfo("UTC")) == datetime(1969, 12, 31, tzinfo=UTC).date()


LOTS = st.lists(
    st.builds(
        Lot,
        st.integers(0, 9).map(lambda n: bytes([n])),
        st.dates(date(2026, 1, 1), date(2027, 1, 1)),
        st.integers(1, 500),
    ),
    unique_by=lambda lot: lot.lot_id,
    max_size=8,
)


@given(LOTS, st.integers(0, 2_000))
def test_what_was_drawn_can_be_put_back_with_its_dates(lots: list[Lot], points: int) -> None:
    draws = draw(lots, points)
    pieces = taken(lots, draws)
    gone = {one.lot_id: one.points for one in draws}
    left = [Lot(lot.lot_id, lot.expires_on, lot.left - gone.get(lot.lot_id, 0)) for lot in lots]
    back = put_back([lot for lot in left if lot.left], pieces)
    assert back == tuple(sorted(lots, key=lambda lot: lot.lot_id))
