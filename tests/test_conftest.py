import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pytest

def test_passes():
    pass

def test_skips():
    pytest.skip("no hardware")

@pytest.mark.xfail(reason="known")
def test_is_known_to_fail():
    assert False
"""


def run_suite(folder: Path, suite: str, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """Run a suite of its own under our conftest, as a developer or as CI would."""
    shutil.copy(Path(__file__).parent / "conftest.py", folder)
    (folder / "test_suite.py").write_text(suite)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env=environment | ({"CI": "true"} if ci else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_skip_is_no_failure_on_a_developers_machine(tmp_path):
    seen = run_suite(tmp_path, SUITE, ci=False)
    assert seen.returncode == 0, seen.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in seen.stdout


def test_a_skipped_test_fails_in_ci_and_says_why(tmp_path):
    seen = run_suite(tmp_path, SUITE, ci=True)
    assert seen.returncode == 1
    assert "1 failed, 1 passed, 1 xfailed" in seen.stdout
    assert "no hardware" in seen.stdout


def test_a_skipped_file_fails_in_ci_and_says_why(tmp_path):
    suite = 'import pytest\n\npytest.importorskip("a_library_that_nobody_has")\n'
    seen = run_suite(tmp_path, suite, ci=True)
    assert seen.returncode != 0
    assert "a_library_that_nobody_has" in seen.stdout


def test_a_test_cannot_reach_another_machine():
    with (
        socket.socket() as away,
        pytest.raises(RuntimeError, match=r"192\.0\.2\.1; tests stay on this machine"),
    ):
        away.connect(("192.0.2.1", 80))


def test_a_test_can_reach_its_own_machine():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as here,
    ):
        assert here.getpeername() == server.getsockname()
