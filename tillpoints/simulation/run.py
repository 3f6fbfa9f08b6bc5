"""One run of one seed, and the smallest set of faults that still breaks what it broke."""

import gc
import logging
import random
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from msgspec import Struct

from tillpoints.simulation.machines.vfs import installed
from tillpoints.simulation.mall import Mall, Size
from tillpoints.simulation.world import DAY_MS, START_MS, Violation, World

FAULTS = (
    "drop",
    "late",
    "duplicate",
    "lost_reply",
    "truncated",
    "partition",
    "kill_till",
    "power_till",
    "disk_error",
    "disk_full",
    "fsync",
    "kill_central",
    "power_central",
    "disk_central",
    "stop_central",
    "reboot",
    "clock_jump",
    "skew",
    "rollback",
    "clone",
    "restore",
    "release",
    "older_central",
    "refusing_database",
)
#: Agents of the version before run beside newer ones, and a till may come back as either.
MIXED_VERSIONS = "older_agent"


class Result(Struct, frozen=True):
    """What a run came to. `failure` is None if every invariant held."""

    seed: int
    trace_hash: str
    faults: tuple[str, ...]
    met: tuple[str, ...]
    marks: dict[str, int]
    events: int
    till_days: float
    seconds: float
    failure: str | None = None
    invariant: str | None = None
    last: tuple[str, ...] = ()


def run(seed: int, size: Size | None = None, only: frozenset[str] | None = None) -> Result:
    """Run one seed. `only` names the single faults that may happen, to make a failure smaller."""
    size = size or Size()
    began_s = time.monotonic()
    plan = random.Random(f"{seed}/plan")
    faults = frozenset(kind for kind in FAULTS if plan.random() < 0.5)
    if random.Random(f"{seed}/versions").random() < 0.4:
        faults |= {MIXED_VERSIONS}
    count = size.stations or plan.randrange(3, 9)
    with installed() as vfs, _folder() as folder, _quiet(), _collector_at_rest():
        world = World(seed, folder, vfs, faults, only)
        mall = Mall(world, count, size)
        failure, invariant = None, None
        try:
            with mock.patch("central.ledger.judging.rows.body_of", mall.central.read):
                mall.live()
        except Violation as error:
            failure, invariant = str(error), error.invariant
        except Exception as error:  # noqa: BLE001 whatever the product raises is a finding
            where = traceback.extract_tb(error.__traceback__)[-6:]
            frames = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(where))
            failure = f"S1 surprise: {type(error).__name__}: {error} at {frames}"
            invariant = "S1 surprise"
        finally:
            mall.close()
        return Result(
            seed=seed,
            trace_hash=world.trace_hash(),
            faults=tuple(sorted(faults)),
            met=tuple(world.met),
            marks=dict(sorted(world.marks.items())),
            events=mall.observer.events,
            till_days=count * (world.now_ms - START_MS) / DAY_MS,
            seconds=time.monotonic() - began_s,
            failure=failure,
            invariant=invariant,
            last=tuple(world.log[-40:]) if failure else (),
        )


def reduced(failed: Result, size: Size | None = None, runs_max: int = 40) -> tuple[str, ...]:
    """Return a smaller list of faults that still breaks the same invariant.

    A fault is named by its kind and its number in the run; leaving one out changes what comes
    after it, so every candidate is run.
    """

    def breaks(names: tuple[str, ...]) -> tuple[str, ...] | None:
        again = run(failed.seed, size, frozenset(names))
        return again.met if again.invariant == failed.invariant else None

    if breaks(()) is not None:
        return ()  # no fault is needed
    return smallest(failed.met, breaks, runs_max)


def smallest(
    names: tuple[str, ...],
    breaks: Callable[[tuple[str, ...]], tuple[str, ...] | None],
    tries_max: int,
) -> tuple[str, ...]:
    """Return a subset that still breaks, by delta debugging in at most `tries_max` tries.

    `breaks` returns which of the names it is given were met, None if nothing broke.
    """
    kept, parts, tries = names, 2, 0
    while len(kept) > 1 and tries < tries_max:
        width = -(-len(kept) // parts)
        for start in range(0, len(kept), width):
            tries += 1
            met = breaks(kept[:start] + kept[start + width :])
            if met is not None:
                kept, parts = met, max(parts - 1, 2)
                break
        else:
            if width == 1:
                break
            parts = min(parts * 2, len(kept))
    return kept


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder for one run, in memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108 made with mkdtemp
    folder = Path(
        tempfile.mkdtemp(prefix="tillpoints-sim-", dir=memory if memory.is_dir() else None)
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let Python look for no cycles during a run: it takes a fifth of its time."""
    at_work = gc.isenabled()
    gc.collect()  # the run before this one: what is frozen with it would never be given back
    gc.disable()
    gc.freeze()  # what was there before is not looked at behind the run either
    try:
        yield
    finally:
        gc.unfreeze()
        if at_work:
            gc.enable()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the agents' log out of the way: outages are what a run is made of."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
