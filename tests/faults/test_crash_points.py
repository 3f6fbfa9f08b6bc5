"""A few of the points at which `make crash-points` kills real processes, all of them the same."""

import subprocess
import sys

import pytest

from tests.faults.at_write import AtWrite, Strike, Write
from tests.faults.central_day import Days
from tests.faults.crash_points import sound
from tests.faults.till_day import Upgrades
from tests.faults.victims import CentralVictim

WRITES_THREE_TIMES = """
import os, sys, threading
folder = sys.argv[1]
def one(name):
    with open(f"{folder}/{name}", "wb", buffering=0) as file:
        file.write(b"x")
    print(name, flush=True)
for name in "abc":
    thread = threading.Thread(target=one, args=name)
    thread.start()
    thread.join()
os.rename(f"{folder}/c", f"{folder}/d")
"""


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_a_process_dies_right_before_its_nth_write_whichever_thread_writes(tmp_path, nth):
    strike = Strike(nth)
    command = [sys.executable, "-c", WRITES_THREE_TIMES, str(tmp_path)]
    watched = AtWrite(command, tmp_path, stdout=subprocess.PIPE, text=True)
    watched.arm(strike)
    with watched.begin().stdout as out:
        said = out.read().split()
    watched.join()
    all_writes = [*(Write("write", name) for name in "abc"), Write("rename", "c")]
    assert strike.writes == all_writes[:nth]
    assert said == ["a", "b", "c"][: nth - 1]
    assert strike.killed == ([watched.process.pid] if nth <= 4 else [])
    assert (tmp_path / "d").exists() is (nth > 4)


@pytest.mark.parametrize("nth", [60, 150])
def test_an_upgrade_with_a_full_queue_loses_nothing(tmp_path, nth):
    strike, wrong = Upgrades(tmp_path).one(nth)
    assert len(strike.killed) == 1
    assert not wrong.total(), wrong


def test_a_till_that_speaks_too_soon_is_caught(tmp_path):
    upgrades = Upgrades(tmp_path, too_soon=True)
    strike, _ = upgrades.one()
    _, wrong = upgrades.one(last_of_the_sale(strike))
    assert wrong["lost"] == 1


def last_of_the_sale(strike):
    """Return which write the sale is, after all those of the upgrade."""
    logs = [at for at, one in enumerate(strike.writes, 1) if one.name.endswith("-wal")]
    return max(at for at in logs if strike.writes[at - 1].call == "pwrite64")


def test_a_day_under_which_central_dies_loses_nothing(any_mall):
    days = Days(any_mall, count=2)
    central = CentralVictim(any_mall, days.central)
    try:
        for nth in (33, 101):
            strike, wrong = days.one(central, nth)
            assert strike.killed
            assert not wrong.total(), wrong
    finally:
        central.end()
    sound(any_mall)
