"""Where a push meets the chain that central holds: continue, repeat, gap, fork or stale.

A repeat is compared hash by hash and skipped (SYNC 2.2, 2.6). What is acknowledged is only what
this very push has shown: a till restored from an old image must not take a head it does not have
for its own.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, and_, or_, select

from central import schema
from central.ledger.judging.rows import Head

Status = Literal["ok", "gap", "fork", "stale"]

_RANGES_IN_ONE_STATEMENT = 500


class Repeat(Struct, frozen=True):
    """An event that is in the inbox already."""

    hash: bytes
    verdict: int
    reason: str
    adjusted: int


Known = dict[int, Repeat]


class Meeting(Struct, frozen=True):
    """How a push meets its chain. The frames from `fresh_from` on are new."""

    status: Status
    acked_through: int = 0
    fresh_from: int = 0
    seen_seq: int = 0
    seen_hash: bytes = b""


def meet(
    head: Head,
    first_seq: int,
    prev_hash: bytes,
    hashes: Sequence[bytes],
    known: Mapping[int, Repeat],
) -> Meeting:
    """Return how a run of events, the first at `first_seq` behind `prev_hash`, meets `head`.

    `known` holds the events of the inbox that the run repeats, and the one before them.
    """
    if first_seq > head.seq + 1:
        return Meeting("stale") if head.sealed else Meeting("gap", head.seq)
    before = head.hash if first_seq == head.seq + 1 else _before(known, first_seq)
    if before is not None and before != prev_hash:
        return Meeting("fork", seen_seq=first_seq - 1, seen_hash=prev_hash)
    for offset, hash_ in enumerate(hashes[: head.seq + 1 - first_seq]):
        if known[first_seq + offset].hash != hash_:
            seq = first_seq + offset
            return Meeting("fork", seq - 1, seen_seq=seq, seen_hash=hash_)
    last_seq = first_seq + len(hashes) - 1
    if head.sealed:
        return Meeting("stale", min(head.seq, last_seq))
    return Meeting("ok", last_seq, fresh_from=max(head.seq + 1 - first_seq, 0))


def read(
    connection: Connection, shard_key: int, ranges: Mapping[tuple[bytes, int], tuple[int, int]]
) -> dict[tuple[bytes, int], Known]:
    """Return the events of the inbox between two seqs, and the one before, for each chain."""
    t = schema.inbox
    found: dict[tuple[bytes, int], Known] = {key: {} for key in ranges}
    conditions = [
        and_(t.c.device_id == device_id, t.c.epoch == epoch, t.c.seq.between(first - 1, last))
        for (device_id, epoch), (first, last) in ranges.items()
    ]
    columns = (t.c.device_id, t.c.epoch, t.c.seq, t.c.hash, t.c.verdict, t.c.reason, t.c.adjusted)
    for start in range(0, len(conditions), _RANGES_IN_ONE_STATEMENT):
        some = conditions[start : start + _RANGES_IN_ONE_STATEMENT]
        query = select(*columns).where(t.c.shard_key == shard_key, or_(*some))
        for row in connection.execute(query):
            repeat = Repeat(row.hash, row.verdict, row.reason, row.adjusted)
            found[row.device_id, row.epoch][row.seq] = repeat
    return found


def _before(known: Mapping[int, Repeat], first_seq: int) -> bytes | None:
    repeat = known.get(first_seq - 1)
    return repeat.hash if repeat is not None else None
