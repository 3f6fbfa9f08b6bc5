"""Which member file a device should have, and which rows of the feed it needs beside it.

Pure reading: the records of files are `schema.member_file`'s, the bytes are somebody else's.
"""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, func, select

from central import schema
from central.ledger.shards import Shard
from loyalty.directory import DirectoryHeld, DirectoryOffer


class Look(Struct, frozen=True):
    """What there is for one device: where rows may begin, what to fetch, and the newest file."""

    shard: Shard
    through: int
    offer: DirectoryOffer | None
    newest: Row[Any] | None


def look(connection: Connection, shard: Shard, position: int, held: DirectoryHeld) -> Look:
    """Return what there is for a device that has pulled up to `position`."""
    last = newest(connection, shard)
    if last is not None and last.position <= held.position:
        return Look(shard, held.through, None, last)
    through = _through(connection, shard, position, held, last)
    offer = None if last is None else _offer(connection, shard, held, last)
    return Look(shard, through, offer, last)


def newest(connection: Connection, shard: Shard) -> Row[Any] | None:
    """Return the last whole file of this incarnation's feed, None before the first."""
    t = schema.member_file
    query = _whole(shard).order_by(t.c.position.desc()).limit(1)
    return connection.execute(query).one_or_none()


def floor(connection: Connection, shard_key: int) -> int:
    """Return the position up to which the feed has no rows of members and cards any more."""
    t = schema.feed_floor
    query = select(func.coalesce(func.max(t.c.position), 0)).where(t.c.shard_key == shard_key)
    return int(connection.execute(query).scalar_one())


def _through(
    connection: Connection, shard: Shard, position: int, held: DirectoryHeld, last: Row[Any] | None
) -> int:
    """Return up to where a file stands for the rows of members and cards behind a cursor.

    That changes for who begins, and for who comes back to find rows gone: they get the newest file
    for what it holds, or the one that is made next.
    """
    gone = floor(connection, shard.shard_key)
    begins = position == 0 and held.through == 0
    if not begins and max(position, held.through) >= gone:
        return held.through
    return last.position if last is not None and last.position >= gone else shard.feed_position


def _offer(
    connection: Connection, shard: Shard, held: DirectoryHeld, last: Row[Any]
) -> DirectoryOffer:
    """Return the next file along the deltas from the one in use, else the newest."""
    t = schema.member_file
    from_here = (t.c.delta_from == held.name, t.c.incarnation == shard.incarnation)
    query = select(t).where(t.c.shard_key == shard.shard_key, *from_here).limit(1)
    delta = connection.execute(query).one_or_none() if held.name else None
    if delta is not None:
        after = connection.execute(_whole(shard).where(t.c.name == delta.delta_to)).one_or_none()
        if after is not None and after.position > held.position:
            return DirectoryOffer(after.name, after.size, after.position, delta.name, delta.size)
    return DirectoryOffer(last.name, last.size, last.position)


def _whole(shard: Shard) -> Select[Any]:
    t = schema.member_file
    return select(t).where(
        t.c.shard_key == shard.shard_key,
        t.c.incarnation == shard.incarnation,
        t.c.delta_to.is_(None),
    )
