import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tillpoints.demo import processes
from tillpoints.demo.processes import ChildFailed, Leash, Service, run, wait_for

SLEEPER = "import signal, time; print('up', flush=True); time.sleep(600)"


@pytest.fixture
def sleeper(tmp_path, monkeypatch):
    """A service that would run for ten minutes, restarted without delay."""
    monkeypatch.setattr(processes, "command_line", lambda arguments: [sys.executable, *arguments])
    monkeypatch.setattr(processes, "RESTART_DELAY_S", 0.01)
    leash = Leash()
    service = Service("sleeper", ["-c", SLEEPER], tmp_path, leash)
    service.start()
    yield service
    service.stop()
    leash.let_go()


def alive(pid) -> bool:
    """Tell whether a process runs; one that is dead but not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_killed_service_is_started_again(sleeper):
    wait_for("its first words", lambda: "up" in sleeper.tail())
    killed = sleeper.kill()
    wait_for("a restart", lambda: sleeper.pid not in (None, killed))
    assert sleeper.restarts == 1
    wait_for("both lives in the log", lambda: sleeper.tail().count("up") == 2)


def test_a_stopped_service_stays_stopped(sleeper):
    pid = sleeper.pid
    sleeper.stop()
    assert not alive(pid)
    assert sleeper.pid is None


def test_a_command_that_fails_says_what_it_wrote():
    with pytest.raises(ChildFailed, match="No such command 'no-such-command'"):
        run(["no-such-command"])


PARENT = """
import sys, time
from pathlib import Path
from tillpoints.demo import processes
processes.command_line = lambda arguments: [sys.executable, *arguments]
folder = Path(sys.argv[1])
leash = processes.Leash(folder)
service = processes.Service("child", ["-c", "import time; time.sleep(600)"], folder, leash)
service.start()
print(service.pid, flush=True)
time.sleep(600)
"""


def test_killing_the_demo_outright_ends_its_children_and_removes_its_folder(tmp_path):
    folder = tmp_path / "world"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        os.kill(parent.pid, signal.SIGKILL)
    wait_for("the child's end", lambda: not alive(child))
    wait_for("the folder's end", lambda: not folder.exists())


def test_waiting_for_what_never_comes_names_it():
    with pytest.raises(TimeoutError, match="for a miracle"):
        wait_for("a miracle", lambda: None, timeout_s=0.01)
