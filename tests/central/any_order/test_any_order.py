"""Whatever order central hears of a short history in, everybody has the same in the end.

Tills are cut off for days, and a restored central hears all of them again: nobody's points may hang
on who comes first. `make any-order` tries many more histories.
"""

import shutil

import pytest

from tests.central.any_order.histories import differences


@pytest.mark.parametrize("seed", range(40))
def test_who_is_heard_first_changes_nothing(sqlite_template, tmp_path, seed):
    file = shutil.copy(sqlite_template, tmp_path / "central.db")
    assert differences(file, seed, 4) == []
