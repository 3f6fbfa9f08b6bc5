"""What one more event costs in a large ledger, beside the same in a small one.

Both malls have a member for every ten events of the ledger they are built for, so that wallets are
alike and only the ledgers differ: beside members who buy for the first time, those who come back
would cost more in a ledger of any size. Such a ledger keeps the members that it began with.

The large one is built part by part in a folder of the caller's, which may be stopped and started
again at any time: a part that was cut short is pushed again, and central skips what it has.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, func, select

from central import migrations, schema
from central.config import Database
from central.database import connect, reading, writing
from central.ledger.judging.rows import CENTRAL_DEVICE
from tillpoints.bench.ground import centre, days, figures
from tillpoints.bench.ground.days import SHARD, Till
from tillpoints.bench.ground.figures import D2, Row

SMALL_EVENTS = 100_000
TILLS = 8
BATCH = 1_000
EVENTS_EACH = 10
_PART_EVENTS = 80_000
_SPARE = 1_000_000  # the numbers of tills that only measure

_COST = Row(
    "cost of one more event in a large ledger, SQLite",
    f"the same in a ledger of {SMALL_EVENTS:,} events, by turns",
    "us/event",
    at_most=1.2,
    durability=D2,
)


def grow(events: int, folder: Path, tell: Callable[[str], None]) -> None:
    """Bring the ledger in `folder` to `events` events, from wherever it stands."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = connect(Database(f"sqlite:///{folder.absolute()}/central.db"))
    with writing(engine) as connection:
        migrations.upgrade(connection)
        if connection.execute(select(schema.shard.c.turn)).first() is None:
            centre.fill(connection, [], events // EVENTS_EACH)
    for part in range(_parts(engine), -(-events // _PART_EVENTS)):
        before = part * _PART_EVENTS
        took_s = _push(engine, part * TILLS, _PART_EVENTS // TILLS // BATCH, before)
        held = (part + 1) * _PART_EVENTS
        tell(f"{held:,} events, {_PART_EVENTS / took_s:,.0f}/s, {_size_gb(folder):.2f} GB")
    engine.dispose()


def run(events: int, folder: Path, rounds: int, tell: Callable[[str], None]) -> Row:
    """Build what is missing of a ledger of `events` events and measure both."""
    grow(events, folder, tell)
    with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as name:
        small = Path(name)
        grow(SMALL_EVENTS, small, lambda _: None)
        first = _SPARE + time.time_ns() // 1_000_000_000 * TILLS  # tills that have pushed nothing
        engines = {
            "ours": connect(Database(f"sqlite:///{folder.absolute()}/central.db")),
            "theirs": connect(Database(f"sqlite:///{small}/central.db")),
        }
        taken: dict[str, list[float]] = {which: [] for which in engines}
        for number in range(rounds):
            for which, engine in engines.items():
                took_s = _push(engine, first + number * TILLS, 2, _events(engine))
                taken[which].append(took_s / (2 * TILLS * BATCH) * 1e6)
        held = _events(engines["ours"])
        for engine in engines.values():
            engine.dispose()
    note = f"{held:,} events in {_size_gb(folder):.2f} GB"
    return figures.noted(figures.beside(_COST, taken["ours"], taken["theirs"]), note)


def _size_gb(folder: Path) -> float:
    """Return what the ledger in `folder` takes up on the disk."""
    return sum(one.stat().st_size for one in folder.glob("central.db*")) / 1e9


def not_run() -> Row:
    """Return the row of a run that was not asked for a large ledger."""
    how = "tillpoints bench ledger --events 10000000 --keep DIR builds one, or make bench-10m"
    return figures.not_run(_COST, how)


def _push(engine: Engine, first_till: int, batches: int, before: int) -> float:
    """Enrol eight tills unless they are, push their first batches; return the seconds of it.

    They print behind the `before` events that the mall has printed.
    """
    members = _members(engine)
    tills = [Till(first_till + number, members, before) for number in range(TILLS)]
    bodies = list(days.batches(tills, batches, BATCH))
    with writing(engine) as connection:
        for till in tills:
            centre.enrol(connection, till)
    ledger = centre.writer(engine)
    try:
        return centre.push_all(ledger, tills, bodies)
    finally:
        ledger.close()


def _parts(engine: Engine) -> int:
    """Return how many parts are whole."""
    t = schema.stream
    each = _PART_EVENTS // TILLS
    with reading(engine) as connection:
        query = select(func.count()).where(t.c.shard_key == SHARD, t.c.head_seq == each)
        return int(connection.execute(query).scalar_one()) // TILLS


def _members(engine: Engine) -> int:
    t = schema.member_tier
    with reading(engine) as connection:
        query = select(func.count()).where(t.c.shard_key == SHARD)
        return int(connection.execute(query).scalar_one())


def _events(engine: Engine) -> int:
    t = schema.stream
    with reading(engine) as connection:
        query = select(func.sum(t.c.head_seq)).where(t.c.shard_key == SHARD)
        query = query.where(t.c.device_id != CENTRAL_DEVICE)
        return int(connection.execute(query).scalar_one())
