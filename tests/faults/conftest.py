"""Real processes that faults are done to, and must come through."""

import tempfile
from pathlib import Path

import pytest

from tests.central.commands.conftest import (  # noqa: F401 fixtures of central on each database
    any_mall,
    databases,
    postgresql_mall,
    sqlite_mall,
)
from tests.central.conftest import postgresql_url  # noqa: F401 a fixture too
from tillpoints.demo.story.stage import Stage
from tillpoints.demo.teller import Teller
from tillpoints.demo.world import World

#: On Linux a folder in memory that everybody may write in (shm_overview(7)).
MEMORY = "/dev/shm"  # noqa: S108 a folder of our own is made in it


@pytest.fixture
def memory():
    """A folder that a reboot would empty."""
    with tempfile.TemporaryDirectory(prefix="tillpoints-test-", dir=MEMORY) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def mall_of_processes():
    """Central, two tills and a kiosk; what the tests of one file do to it adds up."""
    with World() as world:
        yield Stage(world, Teller(), seed=4)


@pytest.fixture
def stage(mall_of_processes, request):
    """The mall, which must be whole again when the test ends: nothing queued, each sum right."""
    stage = mall_of_processes
    with stage.teller.step(request.node.name, request.node.name):
        yield stage
        stage.settled()
        stage.world.on_central("central", "ledger", "verify")
