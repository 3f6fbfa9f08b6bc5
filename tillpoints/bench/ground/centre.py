"""A central for the benchmarks: the production service over a database that is thrown away."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from sqlalchemy import Connection, Engine, select, update

from central import schema
from central.database import writing
from central.ledger.commands import SetMember
from central.ledger.directory import announce, of_rule_book
from central.ledger.shards import open_shard
from central.ledger.writing import bulk
from central.ledger.writing.items import Item, Pushed
from central.ledger.writing.turns import run_turn
from central.sync import pushing
from central.sync.callers import Caller, DeviceState
from central.sync.combiner import Combiner
from loyalty.chain import anchor, extend
from loyalty.rules import rulebook
from loyalty.wire import PushRequest, RuleBookRow
from tillpoints.bench.ground import days
from tillpoints.bench.ground.days import SHARD, START_MS, Till
from tillpoints.simulation.programme.book import BOOK

_PART = 10_000
_FACTS = "shard_key device_id epoch seq hash kind kind_version body"
_TIMES = "earliest_ms latest_ms received_ms turn place verdict reason adjusted error"
_INBOX = (*_FACTS.split(), *_TIMES.split())


def open_central(engine: Engine, tills: Sequence[Till]) -> Combiner:
    """Make the tables, the programme, its members and its tills; return the ledger's writer."""
    with writing(engine) as connection:
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        fill(connection, tills)
    return writer(engine)


def writer(engine: Engine) -> Combiner:
    """Return what combines pushes into turns of a database that is ready."""

    def run(items: Sequence[Item]) -> list[object]:
        with writing(engine) as connection:
            return run_turn(connection, SHARD, items, START_MS)

    return Combiner(run)


def fill(connection: Connection, tills: Sequence[Till], members: int | None = None) -> None:
    """Put the programme, its rule book, its members and its tills into empty tables."""
    open_shard(connection, SHARD, "bench", "Asia/Shanghai", bytes(16))
    book = RuleBookRow(days.VERSION, rulebook.canonical(BOOK), 0)
    row = {"shard_key": SHARD, **msgspec.structs.asdict(book)}
    connection.execute(schema.rule_book.insert(), row)
    announce(connection, SHARD, [of_rule_book(book)])
    for till in tills:
        enrol(connection, till)
    count = days.MEMBERS if members is None else members
    for first in range(0, count, _PART):
        numbers = range(first, min(first + _PART, count))
        some = [SetMember(days.member(n), days.tier(n), ()) for n in numbers]
        run_turn(connection, SHARD, some, START_MS)


def push_all(ledger: Combiner, tills: Sequence[Till], bodies: Sequence[Sequence[bytes]]) -> float:
    """Push every till's bodies, all tills at once; return the seconds until the last answer.

    Everything of a push but HTTP: decoding, chain, signature, judgement, commit.
    """
    with ThreadPoolExecutor(len(tills)) as pool:
        start_s = time.perf_counter()
        pairs = zip(tills, bodies, strict=True)
        for future in [pool.submit(_push, ledger, *pair) for pair in pairs]:
            future.result()
        return time.perf_counter() - start_s


def _push(ledger: Combiner, till: Till, bodies: Sequence[bytes]) -> None:
    caller = Caller(
        till.device_id, till.name, "till", till.shop_id, till.key.public_key().public_bytes_raw()
    )
    for body in bodies:
        request = msgspec.msgpack.decode(body, type=PushRequest)
        pushed = ledger.submit(pushing.checked(request, caller, SHARD, START_MS))
        if not isinstance(pushed, Pushed) or pushed.status != "ok":
            raise RuntimeError(f"{till.name}: {pushed}")


def store_chain(engine: Engine, till: Till, events: int, same: Path) -> None:
    """Put a till's next events straight into the inbox, and the same bytes into a file."""
    seq, head = 0, anchor(till.stream, days.NO_HEAD)
    with same.open("wb") as file:
        while seq < events:
            frames = till.frames(min(_PART, events - seq), seq)
            hashes = extend(till.stream, seq + 1, head, frames)
            head = hashes[-1]
            rows = []
            for frame, hash_ in zip(frames, hashes, strict=True):
                seq += 1
                file.write(hash_ + frame.body)
                facts = (hash_, frame.kind, frame.kind_version, frame.body)
                times = (START_MS, START_MS, START_MS, 2, seq, 0, "", 0, None)
                rows.append((SHARD, till.device_id, 1, seq, *facts, *times))
            with writing(engine) as connection:
                bulk.insert(connection, schema.inbox, _INBOX, rows)
    t = schema.stream
    with writing(engine) as connection:
        here = update(t).where(t.c.shard_key == SHARD, t.c.device_id == till.device_id)
        connection.execute(here.values(head_seq=seq, head_hash=head))


def enrol(connection: Connection, till: Till) -> None:
    """Put a till and its first epoch into the records, unless they are there."""
    t = schema.device
    here = select(t.c.name).where(t.c.shard_key == SHARD, t.c.device_id == till.device_id)
    if connection.execute(here).first() is not None:
        return
    device = {
        "shard_key": SHARD,
        "device_id": till.device_id,
        "name": till.name,
        "role": "till",
        "shop_id": till.shop_id,
        "state": int(DeviceState.ENROLLED),
        "public_key": till.key.public_key().public_bytes_raw(),
        "enrolled_ms": START_MS,
    }
    connection.execute(schema.device.insert(), device)
    stream = {
        "shard_key": SHARD,
        "device_id": till.device_id,
        "epoch": 1,
        "head_seq": 0,
        "head_hash": anchor(till.stream, days.NO_HEAD),
        "state": 0,
    }
    connection.execute(schema.stream.insert(), stream)
