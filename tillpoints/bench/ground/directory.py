"""A new till learns of a million members: as one file, beside a table copied out and read in.

Central keeps them in PostgreSQL. Ours is timed from the first pull to the file in use: HTTP,
signatures, SHA-256, syncing and the journal's transaction; the file itself central makes once for
all tills, which is told beside it. The peer copies the same columns out over a Unix socket, by the
key it will insert them under, and skips HTTP. Making and loading run in processes of their own
(`directory_parts.py`), so that their memory can be told.
"""

import random
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, update

from central import schema
from central.config import Config, load
from central.database import connect, writing
from central.keys import load as load_keys
from central.ledger.judging.accounts import wallet_id
from central.setup import set_up
from loyalty.codes import card_tag
from loyalty.events import Holder
from tillpoints.bench.ground import centre, directory_parts, figures
from tillpoints.bench.ground.days import SHARD, Till
from tillpoints.bench.ground.figures import D2, Row
from tillpoints.bench.ground.postgres import NotHere, postgresql

MEMBERS = 1_000_000
CHANGED = 0.01
LOOKUPS = 20_000
_STOP_S = 30.0
#: A member's pseudonym and number to the columns of a table.
Fields = Callable[[str, str], tuple[object, ...]]
_NAMES = ("王**", "李**", "欧***", "A***")

_P99 = ("p99_us", "p99_busy_us")
_FIRST = Row(
    f"first directory, {MEMBERS:,} members: from the first pull to the file in use",
    "COPY out + indexed import into SQLite",
    "s",
    at_most=0.5,
    durability=D2,
)
_WITH_MAKING = Row(
    "the same with the making of the file, as if for one till alone", _FIRST.beside, "s"
)
_BYTES = Row("bytes on the till's disk for each member with one card", _FIRST.beside, "B")
_LOOKUP = Row(
    "till: from a card to what its member has, promises on top and all, median",
    "member, tier, balance and name from the imported table",
    "us",
)
#: What the till has to keep to, whatever a peer does.
_BYTES_MOST = 48
_LOOKUP_MOST_US = 200
_BYTES_GOAL = Row(_BYTES.measure, f"the goal, {_BYTES_MOST} B", "B", at_most=1)
_LOOKUP_GOAL = Row(
    "till: the same lookup, 99th percentile on the processor",
    f"the goal, {_LOOKUP_MOST_US} us",
    "us",
    at_most=1,
)
_DELTA = Row(
    f"bring the file up to date after {CHANGED:.0%} of the members changed", _FIRST.beside, "s"
)


def rows(rounds: int, members: int = MEMBERS) -> list[Row]:
    """Measure every row of the member directory."""
    try:
        with tempfile.TemporaryDirectory(prefix="tillpoints-bench-") as name, postgresql() as url:
            return _rows(Path(name), url, rounds, members)
    except NotHere as error:
        every = (_FIRST, _BYTES, _BYTES_GOAL, _LOOKUP, _LOOKUP_GOAL, _DELTA)
        return [figures.not_run(row, str(error)) for row in every]


def _rows(folder: Path, url: str, rounds: int, members: int) -> list[Row]:
    till = Till(0)
    config = _mall(folder, url, till, members)
    made = directory_parts.run("make", folder)
    with _serving(folder) as address:
        mine: list[dict[str, Any]] = []

        def ours() -> float:
            mine.append(directory_parts.run("load", folder, address, f"till-{len(mine)}"))
            return float(mine[-1]["seconds"])

        theirs: list[tuple[float, int, list[float]]] = []

        def peer() -> float:
            theirs.append(directory_parts.copied(folder, url))
            return theirs[-1][0]

        taken = figures.turns(rounds, {"ours": ours, "theirs": peer})
        _change(config, members)
        again = directory_parts.run("make", folder)
        updated = directory_parts.run("load", folder, address, "till-0")
    with_making = [made["seconds"] + one for one in taken["ours"]]
    peer_us = [statistics.median(one[2]) * 1e6 for one in theirs]
    memory = f"peak memory: central {made['peak_mb']:.0f} MB, till {mine[0]['peak_mb']:.0f} MB"
    p99_us, busy_us = (statistics.median(one[key] for one in mine) for key in _P99)
    lookups = f"99th percentile {p99_us:.0f} us by the clock"
    delta = (
        f"delta of {again['delta_bytes']:,} bytes, {updated['fetched']:,} bytes fetched;"
        f" central made file and delta in {again['seconds']:.1f} s"
    )
    sizes = [made["bytes"] / members], [theirs[0][1] / members]
    return [
        figures.noted(
            figures.beside(_FIRST, taken["ours"], taken["theirs"]),
            f"central makes the file once in {made['seconds']:.1f} s; {memory}",
        ),
        figures.beside(_WITH_MAKING, with_making, taken["theirs"]),
        figures.beside(_BYTES, *sizes),
        figures.beside(_BYTES_GOAL, sizes[0], [_BYTES_MOST]),
        figures.noted(figures.beside(_LOOKUP, [one["p50_us"] for one in mine], peer_us), lookups),
        figures.beside(_LOOKUP_GOAL, [busy_us], [_LOOKUP_MOST_US]),
        figures.noted(figures.beside(_DELTA, [updated["seconds"]], taken["theirs"]), delta),
    ]


# ---- the mall


def _mall(folder: Path, url: str, till: Till, members: int) -> Config:
    """Set a central up whose ledger holds so many members, each with a card and some points."""
    file = folder / "central.toml"
    file.write_text(
        f'programme = "bench"\nshard_key = {SHARD}\n[server]\nlisten = "127.0.0.1:0"\n'
        f'[database]\nurl = "{url}"\n',
        encoding="utf-8",
    )
    config = load(file)
    set_up(config)
    engine = connect(config.database)
    with writing(engine) as connection:
        centre.fill(connection, [till])
        tenant_key = load_keys(Path(config.keys_file)).tenant_key
        (folder / "cards").write_text("\n".join(_fill(connection, tenant_key, members)))
    engine.dispose()
    return config


def _fill(connection: Connection, tenant_key: bytes, members: int) -> Iterator[str]:
    """Copy members into the ledger's tables; yield the numbers of some cards."""
    rng = random.Random(1)
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    drawn = [(f"{rng.getrandbits(64):016x}", f"{number:012d}") for number in range(members)]
    tables: dict[str, Fields] = {
        "member_tier (shard_key, member, tier_id)": lambda m, _: (m, "gold"),
        "card (shard_key, tag, member)": lambda m, n: (card_tag(tenant_key, n), m),
        "member (shard_key, member, number, name, masked_name, joined_on)": lambda m, n: (
            (m, n, "王小明", _NAMES[int(n) % 4], "2026-01-01")
        ),
        "account (shard_key, account_id, kind, posted, held, last_transfer, turn)": lambda m, n: (
            (wallet_id(Holder("member", m)), 1, int(n) % 9_000, 0, 0, 1)
        ),
    }
    with raw.cursor() as cursor:
        for table, values in tables.items():
            with cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
                for member, number in drawn:
                    copy.write_row((SHARD, *values(member, number)))
        cursor.execute("ANALYZE")
    yield from (number for _, number in rng.sample(drawn, min(LOOKUPS, members)))


def _change(config: Config, members: int) -> None:
    """Give points to one member in a hundred, and move the feed on as pushes would."""
    engine = connect(config.database)
    step = round(1 / CHANGED)
    t, s = schema.account, schema.shard
    with writing(engine) as connection:
        some = (t.c.shard_key == SHARD, t.c.posted % step == 0, t.c.kind == 1)
        connection.execute(update(t).where(*some).values(posted=t.c.posted + 7))
        moved = s.c.feed_position + members // step
        connection.execute(update(s).where(s.c.shard_key == SHARD).values(feed_position=moved))
    engine.dispose()


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tillpoints", "central", "serve"]
    command += ["--config", str(folder / "central.toml")]
    with (folder / "central.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            if address is None:
                said = Path(log.name).read_text(encoding="utf-8")
                raise RuntimeError(f"central did not start:\n{said}")
            yield address.group()
        finally:
            process.terminate()
            process.wait(_STOP_S)
            if process.stdout is not None:
                process.stdout.close()
