"""Lots and leases: what is spent first, and that no more is spent than was set aside."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.leases import Lease, LeaseExceeded, spend
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


@given(st.integers(0, 500), st.lists(st.integers(1, 200), max_size=10))
def test_spends_under_a_lease_never_exceed_it(amount: int, spends: list[int]) -> None:
    lease, spent = Lease("l", amount), 0
    for points in spends:
        after = spend(lease, points)
        if isinstance(after, LeaseExceeded):
            assert spent + points > amount
            assert after.left == amount - spent
        else:
            spent, lease = spent + points, after
    assert lease.spent == spent <= amount


@pytest.mark.parametrize("points", [0, -1])
def test_a_spend_of_nothing_is_a_mistake(points: int) -> None:
    with pytest.raises(ValueError, match="at least one point"):
        spend(Lease("l", 10), points)
