"""Whatever copies disks and databases come back from, nothing is lost and nothing is doubled.

`make any-image` tries many more histories.
"""

import pytest

from tests.faults.any_image.looking import findings


@pytest.mark.parametrize("seed", range(8))
def test_what_comes_back_from_copies_loses_nothing(tmp_path, seed):
    wrong, deeds = findings(tmp_path, seed)
    assert wrong == [], deeds
