"""Epochs of a device: which it has, and how the next one is granted behind a sealed head."""

from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter
from typing import cast

from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import SealEpoch
from central.ledger.judging.rows import Head
from central.ledger.shards import NO_HEAD, open_epoch
from central.ledger.writing import bulk
from central.ledger.writing.turns import run_turn
from central.sync.problems import malformed
from loyalty.chain import Stream, anchor
from loyalty.wire import HeldEpoch

#: How many epochs more than a restored database knows a device may have had.
_LOST_MAX = 1_000


def reachable(named: int, known: int) -> int:
    """Return the epoch a device says it is in; `known` is the newest that this database granted.

    Raises Refused for one that no lost database granted: behind it there might be none left.
    """
    if named > known + _LOST_MAX:
        raise malformed(f"epoch is {named}, and {known} is the newest that was granted here")
    return named


def latest_epoch(connection: Connection, shard_key: int, device_id: bytes) -> Stream | None:
    """Return a device's newest epoch; None if it never had one."""
    t = schema.stream
    query = select(t.c.epoch).where(t.c.shard_key == shard_key, t.c.device_id == device_id)
    row = connection.execute(query.order_by(t.c.epoch.desc()).limit(1)).one_or_none()
    return Stream(shard_key, device_id, row.epoch) if row is not None else None


def held_before(connection: Connection, stream: Stream) -> tuple[HeldEpoch, ...]:
    """Return how far central holds each epoch of a device before this one.

    The machine that asks may have another branch of it: what a lost database had acknowledged to
    it, a restored one may hold as its copy wrote it.
    """
    t = schema.stream
    query = select(t.c.epoch, t.c.head_seq).where(
        t.c.shard_key == stream.shard_key,
        t.c.device_id == stream.device_id,
        t.c.epoch < stream.epoch,
    )
    heads = connection.execute(query.order_by(t.c.epoch)).all()
    places = [(stream.device_id, row.epoch, seq) for row in heads for seq in _apart(row.head_seq)]
    i = schema.inbox.c
    hashes = bulk.by_key(
        connection, stream.shard_key, (i.device_id, i.epoch, i.seq, i.hash), places
    )
    of_epoch: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for _, epoch, seq, hash_ in sorted(hashes, key=itemgetter(2), reverse=True):
        of_epoch[epoch].append((seq, bytes(hash_)))
    return tuple(HeldEpoch(row.epoch, row.head_seq, tuple(of_epoch[row.epoch])) for row in heads)


def _apart(head_seq: int) -> Iterator[int]:
    """Yield sequence numbers from the head back, each twice as far from it as the one before."""
    back = 0
    while back < head_seq:
        yield head_seq - back
        back = back * 2 or 1


def anchor_of(connection: Connection, stream: Stream) -> bytes:
    """Return the first `prev_hash` of an epoch that was granted: it names the head before it."""
    t = schema.stream
    query = select(t.c.head_hash).where(
        t.c.shard_key == stream.shard_key,
        t.c.device_id == stream.device_id,
        t.c.epoch < stream.epoch,
    )
    before = connection.execute(query.order_by(t.c.epoch.desc()).limit(1)).scalar_one_or_none()
    return anchor(stream, NO_HEAD if before is None else before)


def first_epoch(connection: Connection, shard_key: int, device_id: bytes, epoch: int = 1) -> Stream:
    """Grant a device the first epoch that this database knows of."""
    stream = Stream(shard_key, device_id, epoch)
    open_epoch(connection, stream, NO_HEAD)
    return stream


def grant_behind(
    connection: Connection, latest: Stream, seal: SealEpoch, epoch: int, now_ms: int
) -> Stream:
    """Seal a device's newest epoch and grant `epoch`, which is later, behind its head."""
    sealed = run_turn(connection, latest.shard_key, [seal], now_ms)[0]
    if isinstance(sealed, Exception):
        raise sealed
    stream = Stream(latest.shard_key, latest.device_id, epoch)
    open_epoch(connection, stream, cast(Head, sealed).hash)
    return stream
