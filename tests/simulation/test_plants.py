import pytest

from tillpoints.simulation.planted import planted
from tillpoints.simulation.plants.bugs import BUGS


@pytest.mark.parametrize("name", BUGS)
def test_what_a_planted_bug_replaces_is_still_there(name):
    with planted(name):
        pass
