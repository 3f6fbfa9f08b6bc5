"""Which member file a device should have, and which rows of the feed it needs beside it.

Pure reading: the records of files are `schema.member_file`'s, the bytes are somebody else's.
"""

from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, func, select

from central import schema
from central.ledger.shards import Shard
from central.ledger.writing.statements import Statement
from loyalty.directory import DirectoryHeld, DirectoryOffer

_FILES = schema.member_file
_WHOLE = select(_FILES).where(
    _FILES.c.shard_key == bindparam("shard_key"),
    _FILES.c.incarnation == bindparam("incarnation"),
    _FILES.c.delta_to.is_(None),
)
_NEWEST = Statement(_WHOLE.order_by(_FILES.c.position.desc()).limit(1))
_NAMED = Statement(_WHOLE.where(_FILES.c.name == bindparam("name")))
_DELTA = Statement(
    select(_FILES)
    .where(
        _FILES.c.shard_key == bindparam("shard_key"),
        _FILES.c.incarnation == bindparam("incarnation"),
        _FILES.c.delta_from == bindparam("delta_from"),
    )
    .limit(1)
)
_FLOOR = Statement(
    select(func.coalesce(func.max(schema.feed_floor.c.position), 0).label("position")).where(
        schema.feed_floor.c.shard_key == bindparam("shard_key")
    )
)


class Look(Struct, frozen=True):
    """What there is for one device: where rows may begin, what to fetch, and the newest file."""

    shard: Shard
    through: int
    offer: DirectoryOffer | None
    newest: Row[Any] | None


def look(
    connection: Connection,
    shard: Shard,
    position: int,
    held: DirectoryHeld,
    *,
    other_key: bool = False,
) -> Look:
    """Return what there is for a device that has pulled up to `position`.

    A file under another tenant key than today's has no card that can be found: whatever its place,
    it is replaced, and nothing of it stays.
    """
    last = newest(connection, shard)
    if last is not None and last.position <= held.position and not other_key:
        return Look(shard, held.through, None, last)
    through = _through(connection, shard, position, held, last)
    name = "" if other_key else held.name
    offer = None if last is None else _offer(connection, shard, name, held.position, last)
    return Look(shard, through, offer, last)


def newest(connection: Connection, shard: Shard) -> Row[Any] | None:
    """Return the last whole file of this incarnation's feed, None before the first."""
    return _NEWEST.row(connection, shard_key=shard.shard_key, incarnation=shard.incarnation)


def floor(connection: Connection, shard_key: int) -> int:
    """Return the position up to which the feed has no rows of members and cards any more."""
    (row,) = _FLOOR.rows(connection, shard_key=shard_key)
    return int(row.position)


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
    connection: Connection, shard: Shard, name: str, position: int, last: Row[Any]
) -> DirectoryOffer:
    """Return the next file along the deltas from the one called `name`, else the newest."""
    of = {"shard_key": shard.shard_key, "incarnation": shard.incarnation}
    delta = _DELTA.row(connection, **of, delta_from=name) if name else None
    if delta is not None:
        after = _NAMED.row(connection, **of, name=delta.delta_to)
        if after is not None and after.position > position:
            return DirectoryOffer(after.name, after.size, after.position, delta.name, delta.size)
    return DirectoryOffer(last.name, last.size, last.position)
