"""What central's ledger takes in and checks, beside what the same bytes cost without a ledger.

A push is timed from its bytes to its committed answer: decoding, chain, signature, judgement, every
projection and the sync to the disk; only HTTP is missing (`bench sync` has it).
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import Engine

from central.config import Database
from central.database import connect, reading
from central.ledger.chains import chains
from tillpoints.bench.ground import centre, days, directory, figures, growth, peers
from tillpoints.bench.ground.days import SHARD, Till
from tillpoints.bench.ground.figures import D2, Row
from tillpoints.bench.ground.postgres import NotHere, postgresql

TILLS = 8
BATCHES = 5
BATCH = 1_000
PER_EVENT = 250
CHAIN_EVENTS = 1_000_000

_SQLITE = Row(
    "central ingest, SQLite, batches of 1,000 from 8 tills",
    "executemany of the same bytes into one table, a commit for each batch",
    "events/s",
    at_least=0.25,
    durability=D2,
)
_POSTGRESQL = Row(
    "central ingest, PostgreSQL, batches of 1,000 from 8 tills",
    "arrays (unnest) INSERT .. ON CONFLICT of the bytes and a balance upsert, by psycopg",
    "events/s",
    at_least=0.33,
    durability=D2,
)
_PER_EVENT = Row(
    _POSTGRESQL.measure,
    "a ledger transaction for each event with row locks, 8 connections",
    "events/s",
    at_least=4,
    durability=D2,
)
_CHAIN = Row(
    f"verify the chain of {CHAIN_EVENTS:,} events in central's SQLite",
    "sha256sum of the same bytes",
    "s",
    at_most=6,
)

Bodies = list[list[bytes]]


def run(*, rounds: int = figures.ROUNDS) -> dict[str, object]:
    """Measure every row but the one of a large ledger, which `run_large` has."""
    tills = [Till(number) for number in range(TILLS)]
    bodies = list(days.batches(tills, BATCHES, BATCH))
    rows = figures.measured(
        [
            lambda: [_sqlite(rounds, tills, bodies)],
            lambda: _postgresql(rounds, tills, bodies),
            lambda: [_chain(rounds, CHAIN_EVENTS)],
            lambda: [growth.not_run()],
            lambda: directory.rows(rounds),
        ]
    )
    return figures.result(rows, rounds)


def run_large(events: int, folder: Path) -> dict[str, object]:
    """Measure one more event in a ledger of `events`, which is built or finished in `folder`."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    return figures.result([growth.run(events, folder, figures.ROUNDS, tell)], figures.ROUNDS)


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    return figures.describe(result)


def _sqlite(rounds: int, tills: Sequence[Till], bodies: Bodies) -> Row:
    batches = [peers.stored(body) for each in zip(*bodies, strict=True) for body in each]

    def ours() -> float:
        with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as folder:
            return _ingest(connect(Database(f"sqlite:///{folder}/central.db")), tills, bodies)

    def theirs() -> float:
        with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as folder:
            return peers.executemany(Path(folder), batches)

    taken = figures.turns(rounds, {"ours": ours, "theirs": theirs})
    return figures.beside(_SQLITE, taken["ours"], taken["theirs"])


def _postgresql(rounds: int, tills: Sequence[Till], bodies: Bodies) -> list[Row]:
    batches = [peers.stored(body) for each in zip(*bodies, strict=True) for body in each]
    few = [peers.stored(of_till[0])[:PER_EVENT] for of_till in bodies]
    try:
        with postgresql() as url:
            plain = url.replace("+psycopg", "", 1)
            ways: dict[str, Callable[[], float]] = {
                "ours": lambda: _ingest(connect(Database(url)), tills, bodies),
                "unnest": lambda: peers.unnest(plain, batches),
                "per event": lambda: peers.per_event(plain, few),
            }
            taken = figures.turns(rounds, ways)
    except NotHere as error:
        return [figures.not_run(row, str(error)) for row in (_POSTGRESQL, _PER_EVENT)]
    return [
        figures.beside(_POSTGRESQL, taken["ours"], taken["unnest"]),
        figures.beside(_PER_EVENT, taken["ours"], taken["per event"]),
    ]


def _ingest(engine: Engine, tills: Sequence[Till], bodies: Bodies) -> float:
    """Return events per second of all pushes into a new ledger."""
    ledger = centre.open_central(engine, tills)
    try:
        took_s = centre.push_all(ledger, tills, bodies)
    finally:
        ledger.close()
        engine.dispose()
    return sum(map(len, bodies)) * BATCH / took_s


def _chain(rounds: int, events: int) -> Row:
    program = shutil.which("sha256sum")
    if program is None:
        return figures.not_run(_CHAIN, "there is no sha256sum; Debian's coreutils bring it")
    with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as folder:
        same = Path(folder, "events")
        engine = connect(Database(f"sqlite:///{folder}/central.db"))
        till = Till(0)
        centre.open_central(engine, [till]).close()
        centre.store_chain(engine, till, events, same)

        def ours() -> float:
            start_s = time.perf_counter()
            with reading(engine) as connection:
                found = list(chains(connection, SHARD))
            if found:
                raise RuntimeError(f"the chain does not verify: {found[0]}")
            return time.perf_counter() - start_s

        def theirs() -> float:
            start_s = time.perf_counter()
            subprocess.run([str(program), str(same)], check=True, stdout=subprocess.DEVNULL)
            return time.perf_counter() - start_s

        taken = figures.turns(rounds, {"ours": ours, "theirs": theirs})
        engine.dispose()
    return figures.beside(_CHAIN, taken["ours"], taken["theirs"])
