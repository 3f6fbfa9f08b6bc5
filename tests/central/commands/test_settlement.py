"""What shops are owed for points that paid there, as the command writes it."""

import pytest


@pytest.mark.parametrize("more", [(), ("--each",)])
def test_a_month_in_which_nobody_paid_with_points_owes_nothing(sqlite_mall, tmp_path, more):
    mall = sqlite_mall.copied(tmp_path)
    assert mall.json("central", "settlement", "--month", "2026-12", *more) == []
