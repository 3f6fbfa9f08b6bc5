"""Leases: no more is spent than was set aside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.leases import Lease, LeaseExceeded, spend


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
