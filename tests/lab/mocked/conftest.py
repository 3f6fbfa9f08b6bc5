"""The lab without a machine: each test runs in a process of its own that sees a mocked kernel.

umockdev works by standing between a process and its C library, so a test of this room is handed to
`umockdev-wrapper python -m pytest`, and its outcome is taken over.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edge_agent.devices.conftest import wait_for

INSIDE = "umockdev" in os.environ.get("LD_PRELOAD", "")
WRAPPER = shutil.which("umockdev-wrapper")
HERE = Path(__file__).parent
TIMEOUT_S = 120


class InMockedKernel(pytest.Item):
    """One test of this room, run where there is a mocked kernel."""

    def runtest(self) -> None:
        if WRAPPER is None:
            pytest.skip("needs the Debian package umockdev")
        ran = subprocess.run(
            [WRAPPER, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", self.nodeid],
            cwd=self.config.rootpath,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout

    def reportinfo(self):
        return self.path, None, self.name


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    if INSIDE:
        return
    for place, item in enumerate(items):
        if HERE in item.path.parents:
            items[place] = InMockedKernel.from_parent(item.parent, name=item.name)


@pytest.fixture(name="eventually")
def eventually_fixture():
    return wait_for


@pytest.fixture
def kernel(tmp_path):
    from tests.lab.mocked.mock_kernel import MockKernel

    return MockKernel(tmp_path)
