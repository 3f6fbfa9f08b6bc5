"""Lots: what ends soonest is spent first, and nothing beyond what there is."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.lots import Draw, Lot, draw, expires_on

LOTS = (
    Lot(b"b", date(2027, 1, 31), 50),
    Lot(b"a", date(2026, 12, 31), 30),
    Lot(b"c", date(2027, 1, 31), 20),
)


def test_what_expires_soonest_is_spent_first() -> None:
    assert draw(LOTS, 60) == (Draw(b"a", 30), Draw(b"b", 30))


@given(st.lists(st.integers(0, 100), max_size=6), st.integers(0, 700))
def test_a_draw_takes_what_there_is_and_never_more(lefts: list[int], points: int) -> None:
    lots = [Lot(bytes([n]), date(2027, 1, 1 + n), left) for n, left in enumerate(lefts)]
    assert sum(one.points for one in draw(lots, points)) == min(points, sum(lefts))


@pytest.mark.parametrize(
    ("earned", "months", "until"),
    [
        (date(2026, 11, 21), 12, date(2027, 11, 21)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
    ],
)
def test_months_end_where_the_calendar_ends(earned: date, months: int, until: date) -> None:
    assert expires_on(earned, months) == until
