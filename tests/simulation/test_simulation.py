"""A deterministic share of the simulation, small enough for every run of the suite."""

import gc
import json
import os
import random
import sqlite3
import subprocess
import sys

import pytest
from click.testing import CliRunner
from msgspec import structs

from tillpoints.cli import main
from tillpoints.simulation.machines.disk import Disk, File
from tillpoints.simulation.machines.vfs import installed
from tillpoints.simulation.mall import Size
from tillpoints.simulation.marks import RARE, missed
from tillpoints.simulation.planted import catch, planted
from tillpoints.simulation.run import run, smallest
from tillpoints.simulation.world import World

SMALL = Size(stations=3, days=1.0, events_min=12, events_max=20)


@pytest.mark.parametrize("seed", range(16))
def test_every_invariant_holds_under_the_faults_of_a_seed(seed):
    result = run(seed, SMALL)
    assert result.failure is None, (result.failure, result.trace_hash, result.met, result.last)
    assert result.events > 10


@pytest.mark.parametrize("crowd", ["coupons", "lending"])
def test_every_invariant_holds_where_many_come_for_the_same(crowd):
    result = run(1, structs.replace(SMALL, crowd=crowd))
    assert result.failure is None, (result.failure, result.trace_hash, result.met, result.last)
    assert result.events > 10


def test_the_same_seed_gives_the_same_run_whatever_the_process():
    words = ["simulate", "--seed", "3", "--stations", "3", "--days", "0.3", "--json"]
    code = f"from tillpoints.cli import main; main({words!r})"
    found = set()
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **os.environ,
                "PYTHONHASHSEED": hash_seed,
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            },
            capture_output=True,
            text=True,
            check=True,
        )
        result = json.loads(done.stdout)
        found.add((result["trace_hash"], result["events"], tuple(result["met"])))
    assert len(found) == 1


def test_another_seed_gives_another_run():
    size = Size(stations=3, days=0.2)
    assert run(1, size).trace_hash != run(2, size).trace_hash


def test_a_night_of_runs_keeps_no_more_in_memory_than_one():
    for seed in range(3):
        run(seed, Size(stations=1, days=0.02))
    assert sum(isinstance(one, World) for one in gc.get_objects()) <= 1


@pytest.mark.parametrize(
    ("bug", "invariant"),
    [
        ("poison stops the batch", "S2 central never fails by itself"),
        ("contained_seq at ack instead of at pull", "I14 contained only when pulled"),
        ("answers take no time", "I16 time"),
    ],
)
def test_a_planted_bug_is_caught_by_its_invariant(bug, invariant):
    assert catch(bug, seeds_max=10).invariant == invariant


def test_the_faults_of_a_failure_are_reduced_to_those_that_matter():
    names = tuple(f"drop#{number}" for number in range(40))
    matter = {"drop#7", "drop#31"}
    tried = []

    def breaks(some):
        tried.append(some)
        return some if matter <= set(some) else None

    assert set(smallest(names, breaks, 200)) == matter
    assert len(tried) < 60


def test_a_power_cut_keeps_what_was_synced_and_only_a_part_of_the_rest():
    found = set()
    for seed in range(40):
        file = File()
        file.unsynced.append((0, b"a" * 1024))
        file.sync()
        file.unsynced.append((1024, b"b" * 1024))
        found.add(file.after_power_loss(random.Random(seed)))
    assert all(content[:1024] == b"a" * 1024 for content in found)
    assert {len(content) for content in found} >= {1024, 2048}
    assert len(found) > 5


@pytest.mark.parametrize(("synchronous", "loses"), [("FULL", False), ("NORMAL", True)])
def test_sqlite_loses_commits_to_a_power_cut_only_without_syncing(tmp_path, synchronous, loses):
    lost = 0
    with installed() as vfs:
        for seed in range(20):
            rng = random.Random(seed)
            disk = Disk(tmp_path / f"{seed}.before", rng, lambda _: None)
            vfs.disks[str(disk.folder)] = disk
            db = sqlite3.connect(disk.folder / "x.db", isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA synchronous = {synchronous}")
            db.execute("CREATE TABLE t (a INTEGER)")
            told = write_until_the_power_goes(db, disk, rng)
            after = disk.restart(tmp_path / f"{seed}.after")
            db.close()
            lost += told - count(after)
    assert (lost > 0) == loses


def write_until_the_power_goes(db, disk, rng):
    disk.arm("power", rng.randrange(5, 200))
    told = 0
    for number in range(80):
        try:
            db.execute("INSERT INTO t VALUES (?)", (number,))
        except sqlite3.OperationalError:
            break
        told += not disk.dead
    disk.die("power")
    return told


def count(disk):
    db = sqlite3.connect(disk.folder / "x.db")
    try:
        return min(db.execute("SELECT count(*) FROM t").fetchone()[0], 80)
    except sqlite3.OperationalError:
        return 0
    finally:
        db.close()


def test_two_processes_give_the_runs_that_one_gives():
    words = ["simulate", "--seed", "3", "--runs", "2", "--stations", "3", "--days", "0.1", "--json"]
    found = []
    for jobs in ("1", "2"):
        result = CliRunner().invoke(main, [*words, "--jobs", jobs])
        assert result.exit_code == 0, result.output
        runs = [json.loads(line) for line in result.stdout.splitlines()]
        found.append([(one["seed"], one["trace_hash"], one["events"]) for one in runs])
    assert found[0] == found[1]
    assert [seed for seed, _, _ in found[0]] == [3, 4]


def test_a_failing_seed_is_told_with_the_faults_that_suffice():
    words = ["simulate", "--seed", "0", "--runs", "10", "--stations", "3", "--jobs", "1"]
    with planted("poison stops the batch"):
        result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "faults that suffice: none" in result.output  # poison needs no fault at all
    assert "S2 central never fails by itself" in result.output


def test_a_night_that_never_reached_a_rare_branch_says_which():
    every = dict.fromkeys(RARE, 1)
    assert missed(every) == []
    assert missed({**every, "fork": 0}) == ["fork"]
    assert missed({}) == list(RARE)
