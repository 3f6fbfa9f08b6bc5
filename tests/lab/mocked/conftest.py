"""The lab without a machine: its tests run in a process of their own that sees a mocked kernel.

umockdev works by standing between a process and its C library, so the tests of one file are handed
to `umockdev-wrapper python -m pytest`, and their outcomes are taken over.
"""

import os
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.edge_agent.devices.conftest import wait_for

INSIDE = "umockdev" in os.environ.get("LD_PRELOAD", "")
WRAPPER = shutil.which("umockdev-wrapper")
HERE = Path(__file__).parent
TIMEOUT_S = 600


class Inside:
    """The tests of one file, run once where there is a mocked kernel."""

    def __init__(self) -> None:
        self.nodeids = []
        self._wrong = None

    def wrong_with(self, name, root, scratch):
        """What went wrong with one test; empty when nothing did."""
        if self._wrong is None:
            self._wrong = self._run(root, scratch / "outcomes.xml")
        return self._wrong.get(name, "it was not run")

    def _run(self, root, outcomes):
        order = [WRAPPER, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        ran = subprocess.run(
            [*order, f"--junit-xml={outcomes}", *self.nodeids],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if not outcomes.exists():
            return defaultdict(lambda: ran.stdout or f"it ended with {ran.returncode}")
        cases = ET.parse(outcomes).iter("testcase")  # noqa: S314 we wrote it
        return {case.get("name"): "\n".join(part.text or "" for part in case) for case in cases}


class InMockedKernel(pytest.Item):
    """One test of this room."""

    def __init__(self, *, inside, **more):
        super().__init__(**more)
        self._inside = inside

    def runtest(self) -> None:
        if WRAPPER is None:
            pytest.skip("needs the Debian package umockdev")
        scratch = self.config._tmp_path_factory.mktemp("mocked")
        wrong = self._inside.wrong_with(self.name, self.config.rootpath, scratch)
        assert not wrong, wrong

    def reportinfo(self):
        return self.path, None, self.name


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    if INSIDE:
        return
    files = defaultdict(Inside)
    for place, item in enumerate(items):
        if HERE in item.path.parents:
            inside = files[item.path]
            inside.nodeids.append(item.nodeid)
            items[place] = InMockedKernel.from_parent(item.parent, name=item.name, inside=inside)


@pytest.fixture(name="eventually")
def eventually_fixture():
    return wait_for


@pytest.fixture
def kernel(tmp_path):
    from tests.lab.mocked.mock_kernel import MockKernel

    kernel = MockKernel(tmp_path)
    yield kernel
    kernel.close()
