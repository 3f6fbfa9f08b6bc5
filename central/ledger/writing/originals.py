"""The verdicts on events that a device wrote again and central knew already (SYNC 2.3, 2.6).

A repeat gets the stored verdict, not one of its own: the device keeps its books by it.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, select, tuple_

from central import schema
from central.ledger.judging.rows import read_origin
from loyalty.chain import Frame
from loyalty.wire import Judged

Place = tuple[int, int]


def read(
    connection: Connection, shard_key: int, device_id: bytes, frames: Mapping[int, Frame]
) -> dict[int, Judged]:
    """Return by seq the verdict on what each frame repeats; its place is that of the repeat."""
    origins = {seq: origin for seq, frame in frames.items() if (origin := read_origin(frame))}
    places = {seq: (origin.epoch, origin.seq) for seq, origin in origins.items()}
    first = _verdicts(connection, shard_key, device_id, list(places.values()))
    found = {
        seq: judged
        for seq, place in places.items()
        if (row := first.get(place)) is not None and row[0] == origins[seq].hash
        for judged in (row[1],)
    }
    elsewhere = _moved(
        connection,
        shard_key,
        device_id,
        {seq: (one.epoch, one.hash) for seq, one in origins.items() if seq not in found},
    )
    again = _verdicts(connection, shard_key, device_id, list(elsewhere.values()))
    found |= {seq: again[place][1] for seq, place in elsewhere.items() if place in again}
    return {
        seq: Judged(seq, judged.verdict, judged.reason, judged.adjusted)
        for seq, judged in found.items()
    }


def _verdicts(
    connection: Connection, shard_key: int, device_id: bytes, places: list[Place]
) -> dict[Place, tuple[bytes, Judged]]:
    """Return the hash and the verdict of events by place."""
    t = schema.inbox
    if not places:
        return {}
    columns = (t.c.epoch, t.c.seq, t.c.hash, t.c.verdict, t.c.reason, t.c.adjusted)
    query = select(*columns).where(
        t.c.shard_key == shard_key,
        t.c.device_id == device_id,
        tuple_(t.c.epoch, t.c.seq).in_(places),
    )
    return {
        (row.epoch, row.seq): (row.hash, Judged(row.seq, row.verdict, row.reason, row.adjusted))
        for row in connection.execute(query)
    }


def _moved(
    connection: Connection, shard_key: int, device_id: bytes, keys: Mapping[int, tuple[int, bytes]]
) -> dict[int, Place]:
    """Return by seq where an event went that is not where it stood first."""
    t = schema.rehome
    if not keys:
        return {}
    query = select(t.c.epoch, t.c.hash, t.c.new_epoch, t.c.new_seq).where(
        t.c.shard_key == shard_key,
        t.c.device_id == device_id,
        tuple_(t.c.epoch, t.c.hash).in_(list(keys.values())),
    )
    rows = {
        (row.epoch, row.hash): (row.new_epoch, row.new_seq) for row in connection.execute(query)
    }
    return {seq: rows[key] for seq, key in keys.items() if key in rows}
