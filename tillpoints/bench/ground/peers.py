"""What central's ingest is measured beside: the same bytes into one table, and a plain ledger.

Each function does its work once and returns events per second.
"""

import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import LiteralString

import msgspec
import psycopg

from loyalty.chain import Stream, extend, unpack
from loyalty.wire import PushRequest
from tillpoints.bench.ground.days import SHARD

#: device, epoch, seq, hash, kind, version, body
Stored = tuple[bytes, int, int, bytes, int, int, bytes]


def stored(body: bytes) -> list[Stored]:
    """Return the events of a push as the rows of one table."""
    request = msgspec.msgpack.decode(body, type=PushRequest)
    frames = unpack(request.frames)
    stream = Stream(SHARD, request.device_id, request.epoch)
    hashes = extend(stream, request.first_seq, request.prev_hash, frames)
    return [
        (stream.device_id, stream.epoch, seq, hash_, frame.kind, frame.kind_version, frame.body)
        for seq, (frame, hash_) in enumerate(zip(frames, hashes, strict=True), request.first_seq)
    ]


def executemany(folder: Path, batches: Sequence[Sequence[Stored]]) -> float:
    """SQLite, one table with its key, `executemany`, one synced commit for each batch."""
    file = folder / "peer.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(
            "CREATE TABLE inbox (device BLOB, epoch INTEGER, seq INTEGER, hash BLOB, kind INTEGER,"
            " version INTEGER, body BLOB, PRIMARY KEY (device, epoch, seq))"
        )
        start_s = time.perf_counter()
        for batch in batches:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO inbox VALUES (?, ?, ?, ?, ?, ?, ?)", batch)
            db.execute("COMMIT")
        took_s = time.perf_counter() - start_s
    for one in folder.glob("peer.db*"):
        one.unlink()
    return sum(map(len, batches)) / took_s


_TABLES: LiteralString = """
    DROP TABLE IF EXISTS peer_inbox, peer_account, peer_transfer;
    CREATE TABLE peer_inbox (device BYTEA, epoch BIGINT, seq BIGINT, hash BYTEA, kind BIGINT,
        version BIGINT, body BYTEA, PRIMARY KEY (device, epoch, seq));
    CREATE TABLE peer_account (account TEXT PRIMARY KEY, posted BIGINT NOT NULL);
    CREATE TABLE peer_transfer (device BYTEA, epoch BIGINT, seq BIGINT, debit TEXT NOT NULL,
        credit TEXT NOT NULL, amount BIGINT NOT NULL, PRIMARY KEY (device, epoch, seq));
    CREATE INDEX ON peer_transfer (debit);
    CREATE INDEX ON peer_transfer (credit);
"""
_UNNEST: LiteralString = """
    INSERT INTO peer_inbox
    SELECT * FROM unnest(%s::bytea[], %s::bigint[], %s::bigint[], %s::bytea[], %s::bigint[],
        %s::bigint[], %s::bytea[])
    ON CONFLICT DO NOTHING
"""
_BALANCES: LiteralString = """
    INSERT INTO peer_account AS a SELECT * FROM unnest(%s::text[], %s::bigint[])
    ON CONFLICT (account) DO UPDATE SET posted = a.posted + excluded.posted
"""
_LOCK: LiteralString = (
    "SELECT posted FROM peer_account WHERE account IN (%s, %s) ORDER BY account FOR UPDATE"
)
_ADD: LiteralString = "UPDATE peer_account SET posted = posted + %s WHERE account = %s"
_HOUSE = "house"


def unnest(url: str, batches: Sequence[Sequence[Stored]]) -> float:
    """PostgreSQL, arrays of a batch into one table and its sums into balances, one commit each."""
    sums = [_sums(batch) for batch in batches]
    with psycopg.connect(url) as db:
        db.execute(_TABLES)
        db.commit()
        start_s = time.perf_counter()
        for batch, balances in zip(batches, sums, strict=True):
            db.execute(_UNNEST, [list(column) for column in zip(*batch, strict=True)])
            db.execute(_BALANCES, (list(balances), list(balances.values())))
            db.commit()
        return sum(map(len, batches)) / (time.perf_counter() - start_s)


def per_event(url: str, tills: Sequence[Sequence[Stored]]) -> float:
    """PostgreSQL, a transaction for each event that locks its accounts' rows, all tills at once."""
    postings = [[_posting(event) for event in events] for events in tills]
    accounts = sorted({account for till in postings for account, _ in till} | {_HOUSE})
    with psycopg.connect(url) as db:
        db.execute(_TABLES)
        db.execute(_BALANCES, (accounts, [0] * len(accounts)))
    with ThreadPoolExecutor(len(tills)) as pool:
        start_s = time.perf_counter()
        ways = zip(tills, postings, strict=True)
        for future in [pool.submit(_post_each, url, *way) for way in ways]:
            future.result()
        return sum(map(len, tills)) / (time.perf_counter() - start_s)


def _post_each(url: str, events: Sequence[Stored], postings: Sequence[tuple[str, int]]) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        for event, (account, points) in zip(events, postings, strict=True):
            with db.transaction():
                db.execute("INSERT INTO peer_inbox VALUES (%s, %s, %s, %s, %s, %s, %s)", event)
                db.execute(_LOCK, (_HOUSE, account))
                db.execute(
                    "INSERT INTO peer_transfer VALUES (%s, %s, %s, %s, %s, %s)",
                    (*event[:3], _HOUSE, account, points),
                )
                db.execute(_ADD, (-points, _HOUSE))
                db.execute(_ADD, (points, account))


def _sums(batch: Sequence[Stored]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for event in batch:
        account, points = _posting(event)
        sums[account] = sums.get(account, 0) + points
    return sums


def _posting(event: Stored) -> tuple[str, int]:
    """Return whose points an event moves, and how many; what it does not say costs nothing here."""
    body = msgspec.json.decode(event[6])
    holder = body.get("holder") or {"key": "nobody"}
    return holder["key"], body.get("points") or 0
