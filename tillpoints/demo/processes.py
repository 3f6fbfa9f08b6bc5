"""The demo's processes: started, watched, killed and restarted as systemd would do it.

All children live in one process group behind a leash (`leash.py`), so that none outlives the demo,
however it ends. What each says goes to its own log file.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

RESTART_DELAY_S = 0.5
STOP_TIMEOUT_S = 12.0
LOG_TAIL_BYTES = 4000

T = TypeVar("T")


class ChildFailed(RuntimeError):
    """A process of the demo did not do what the story needs; the message holds its log's end."""


class Leash:
    """The process group of every child. `folders` go when the demo is killed outright."""

    def __init__(self, *folders: Path) -> None:
        command = [sys.executable, "-m", "tillpoints.demo.leash", *map(str, folders)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, process_group=0
        )

    @property
    def group(self) -> int:
        """The process group that children join."""
        return self._process.pid

    def let_go(self) -> None:
        """End the leash itself; the children have ended already, and any that has not is killed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()


class Service:
    """One long-running process that is started again whenever it dies, until it is stopped."""

    def __init__(self, name: str, arguments: list[str], folder: Path, leash: Leash) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.restarts = 0
        self._arguments = arguments
        self._leash = leash
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._wanted = False
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def pid(self) -> int | None:
        """The process id, None between death and restart."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start it and watch over it."""
        self._wanted = True
        self._stopping.clear()
        self._spawn()
        self._thread = threading.Thread(target=self._watch, name=f"watch {self.name}", daemon=True)
        self._thread.start()

    def kill(self) -> int | None:
        """Kill it outright (SIGKILL) and return the process id that died; None if it was dead."""
        with self._lock:
            pid = self.pid
            if pid is not None and self._process is not None:
                self._process.kill()
                self._process.wait()
            return pid

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and insist after a while."""
        self.ask_to_stop()
        self.wait_stopped()

    def ask_to_stop(self) -> None:
        """Send SIGTERM and do not start it again; `wait_stopped` waits for the end."""
        with self._lock:
            self._wanted = False
            self._stopping.set()
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()

    def wait_stopped(self) -> None:
        """Wait for the end of a process that was asked to stop, and kill it if it does not come."""
        if self._process is not None:
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._thread is not None:
            self._thread.join()

    def tail(self) -> str:
        """Return the end of its log."""
        with contextlib.suppress(FileNotFoundError):
            return self.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace")
        return ""

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command_line(self._arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=self._leash.group,
                # What a killed process leaves in its temporary directory goes with the folder.
                env={**os.environ, "TMPDIR": str(self.log.parent)},
            )

    def _watch(self) -> None:
        while not self._stopping.is_set():
            assert self._process is not None
            self._process.wait()
            if self._stopping.wait(RESTART_DELAY_S):
                return
            with self._lock:
                if not self._wanted:
                    return
                self.restarts += 1
                self._spawn()


def command_line(arguments: list[str]) -> list[str]:
    """Return how this interpreter runs our own command."""
    return [sys.executable, "-m", "tillpoints", *arguments]


def run(arguments: list[str], *, timeout_s: float = 180.0) -> str:
    """Run one of our commands to its end and return what it wrote. Raises ChildFailed."""
    done = subprocess.run(
        command_line(arguments),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        said = f"{done.stdout[-LOG_TAIL_BYTES:]}{done.stderr[-LOG_TAIL_BYTES:]}"
        raise ChildFailed(f"tillpoints {' '.join(arguments)}: exit {done.returncode}\n{said}")
    return done.stdout


def wait_for(
    what: str, look: Callable[[], T | None], *, timeout_s: float = 20.0, every_s: float = 0.05
) -> T:
    """Return the first answer of `look` that is true. Raises TimeoutError naming `what`."""
    until_s = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until_s:
            raise TimeoutError(f"waited {timeout_s:g} s for {what}")
        time.sleep(every_s)
