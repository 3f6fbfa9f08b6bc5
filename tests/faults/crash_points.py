"""Kills real processes at every write of a short day, starts them again, and counts what is lost.

    python -m tests.faults.crash_points [SUBJECT ...] [--every K]

The test run takes a few points of it (test_crash_points.py), `make crash-points` takes them all.
At point n a subject dies at the nth write of a day; the day is finished then, and what was told is
held to what is there. Of central that is all that it writes or sends, on SQLite and on PostgreSQL;
of PostgreSQL what its server writes; of a till its journal's and its sync's, from the start of the
process to its last event at central; of a whole agent what it does for two sales, with all its
devices; of an upgrade what changes the journal of a till with a full queue.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from tests.central.mall import Mall
from tests.central.serving.process import serving
from tests.faults.agent_day import AgentDays
from tests.faults.central_day import Days
from tests.faults.till_day import TillDays, Upgrades
from tests.faults.victims import CentralVictim, postgresql_victim
from tillpoints.demo.story.stage import Stage
from tillpoints.demo.teller import Teller
from tillpoints.demo.world import World

#: On Linux a folder in memory that everybody may write in (shm_overview(7)).
MEMORY = "/dev/shm"  # noqa: S108 a folder of our own is made in it


class Tally(Struct):
    """What all points of a subject came to."""

    points: int = 0
    killed: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, strike, found):
        """Take one point in. Raises AssertionError if nothing died there."""
        assert strike.killed, strike.writes[-1]
        self.points += 1
        self.killed += len(strike.killed)
        self.calls[strike.writes[strike.nth - 1].call] += 1
        self.wrong.update(found)


def at_every_write(day, every, tell):
    """Try the points 1, 1 + every, ... until a day ends before its nth write; return the tally.

    `day(nth)` returns the strike and what was found wrong, by name.
    """
    tally, nth = Tally(), 1
    while True:
        strike, found = day(nth)
        if not strike.struck:
            tally.wrong.update(found)
            return tally
        tally.add(strike, found)
        if any(found.values()):
            tell(f"point {nth}, {strike.writes[nth - 1]}: {found}")
        nth += every


@contextmanager
def central_on_sqlite(folder):
    """Central dies; its database is a file."""
    mall = Mall(folder).set_up()
    with central_dies(mall) as day:
        yield day


@contextmanager
def central_on_postgresql(folder):
    """Central dies; its database is a server that does not."""
    with postgresql_victim() as server, central_dies(Mall(folder, server.url).set_up()) as day:
        yield day


@contextmanager
def central_dies(mall):
    """Give a day under which central dies; at the end the ledger must be sound."""
    days = Days(mall)
    central = CentralVictim(mall, days.central)
    try:
        yield lambda nth: days.one(central, nth)
    finally:
        central.end()
    sound(mall)


@contextmanager
def postgresql_dies(folder):
    """PostgreSQL dies, with all its processes, under a central that does not."""
    with postgresql_victim() as server:
        mall = Mall(folder, server.url).set_up()
        days = Days(mall)
        central = CentralVictim(mall, days.central)
        try:
            yield lambda nth: days.one(server, nth)
        finally:
            central.end()
        server.arm()
        sound(mall)


@contextmanager
def till_dies(folder):
    """A till's process dies, with the real journal and the real sync, and central does not."""
    mall = Mall(folder).set_up()
    with (
        serving(mall) as (_, url),
        tempfile.TemporaryDirectory(prefix="tillpoints-crash-", dir=MEMORY) as memory,
    ):
        yield TillDays(mall, url, folder, Path(memory)).one
    sound(mall)


@contextmanager
def upgrade_dies(folder):
    """A till's process dies while it brings a journal with a full queue to a newer version."""
    yield Upgrades(folder).one


@contextmanager
def agent_dies(_folder):
    """A till's whole agent dies, with all its devices, at what it writes or sends in a day."""
    teller = Teller()
    with World() as world, teller.step("crash points", "crash points"):
        yield AgentDays(Stage(world, teller, seed=4)).one
        said = world.on_central("central", "ledger", "verify", "--json")
        assert json.loads(said)["ok"], said


def sound(mall):
    """Hold the ledger to its log."""
    said = mall.json("central", "ledger", "verify")
    assert said["ok"], said


SUBJECTS = {
    "upgrade": upgrade_dies,
    "till": till_dies,
    "agent": agent_dies,
    "central-sqlite": central_on_sqlite,
    "central-postgresql": central_on_postgresql,
    "postgresql": postgresql_dies,
}


def main() -> int:
    """Try the points of each subject; return 1 if anything was lost, doubled or missed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("subjects", nargs="*", choices=SUBJECTS, metavar="SUBJECT")
    options.add_argument("--every", type=int, default=1, help="try each so manieth point")
    told = options.parse_args()
    wrong = 0
    for name in told.subjects or SUBJECTS:
        began_s = time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="tillpoints-crash-") as folder,
            SUBJECTS[name](Path(folder)) as day,
        ):
            tally = at_every_write(day, told.every, say)
        wrong += tally.wrong.total()
        calls = ", ".join(f"{count} {call}" for call, count in tally.calls.most_common())
        say(f"{name}: {tally.points} points tried ({calls}), {tally.killed} processes killed")
        found = ", ".join(f"{what} {count}" for what, count in tally.wrong.items())
        say(f"    {found}; {time.monotonic() - began_s:.0f} s")
    return int(wrong > 0)


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
