"""The shard's row: the lock under which turns run, their number, and where the feed ends."""

from typing import Any

from sqlalchemy import Connection, bindparam, update

from central import schema
from central.ledger.directory import NoShard
from central.ledger.writing.statements import Statement

_SHARD = schema.shard.c
_LOCK = Statement(
    update(schema.shard)
    .where(_SHARD.shard_key == bindparam("key"))
    .values(turn=_SHARD.turn + 1)
    .returning(_SHARD.turn, _SHARD.feed_position, _SHARD.incarnation, _SHARD.zone)
)
_MOVE = Statement(
    update(schema.shard)
    .where(_SHARD.shard_key == bindparam("key"))
    .values(feed_position=bindparam("position"))
    .returning(_SHARD.feed_position)
)


def lock(connection: Connection, shard_key: int) -> Any:
    """Take the lock for a new turn; return its number with the rest of the row. Raises NoShard."""
    row = _LOCK.row(connection, key=shard_key)
    if row is None:
        raise NoShard(f"shard {shard_key} does not exist")
    return row


def move_feed(connection: Connection, shard_key: int, position: int) -> None:
    """Let the feed end at a position."""
    _MOVE.run(connection, key=shard_key, position=position)
