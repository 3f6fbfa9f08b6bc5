"""Two worker processes: when the one that leads is killed outright, the other takes over."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

from sqlalchemy import select

from central import schema
from central.database import reading

LEASE_S = 3
BOUND_S = 40.0


@contextmanager
def a_worker(mall):
    words = ("central", "worker", "--config", str(mall.config), "--lease-s", str(LEASE_S))
    with subprocess.Popen(
        [sys.executable, "-m", "tillpoints", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert "the worker runs" in process.stdout.readline()
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def leader_of(parts):
    with reading(parts.engine) as connection:
        return connection.execute(select(schema.job_leader.c.worker)).scalar_one_or_none()


def wait_for(what):
    """Return what comes first that is not None, False or empty."""
    end = time.monotonic() + BOUND_S
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def test_another_worker_takes_over_when_the_leader_is_killed(any_mall):
    with any_mall.parts() as parts, a_worker(any_mall) as first:
        leader = wait_for(lambda: leader_of(parts))
        with a_worker(any_mall) as second:
            assert leader_of(parts) == leader
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
            taken = wait_for(lambda: (now := leader_of(parts)) != leader and now)
            second.send_signal(signal.SIGTERM)
            assert second.wait(BOUND_S) == 0
            assert taken != leader
            # Who stops in good order leaves the lead at once.
            assert leader_of(parts) is None
