"""What stays behind the newest member file: some files with their deltas, the feed's last rows.

Rows of members and cards that a file holds may leave the feed; every other row stays.
"""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, Engine, delete, insert, select

from central import schema
from central.database import writing
from central.ledger.shards import Shard
from central.sync import file_offers
from loyalty.wire import Topic

DAY_MS = 86_400_000
_DELETE_ROWS = 10_000
_TOPICS = (int(Topic.MEMBER), int(Topic.CARD))


class Policy(Struct, frozen=True):
    """When a file is made, and how many files and rows of the feed stay behind the newest.

    One is made when the last is `every_ms` old, or the feed has `every_rows` more rows since then.
    """

    every_ms: int = DAY_MS
    every_rows: int = 100_000
    files: int = 7
    rows: int = 200_000


DAILY = Policy()


def forget(engine: Engine, shard: Shard, policy: Policy) -> set[str]:
    """Drop old files, and the rows that every till has or gets by a file; return what stays."""
    t = schema.member_file
    with writing(engine) as connection:
        mine = select(t).where(t.c.shard_key == shard.shard_key).order_by(t.c.position.desc())
        files = connection.execute(mine).all()
        whole = [
            row for row in files if row.delta_to is None and row.incarnation == shard.incarnation
        ]
        kept = whole[: policy.files]
        names = {row.name for row in kept}
        names |= {row.name for row in files if {row.delta_from, row.delta_to} <= names}
        gone = [row.name for row in files if row.name not in names]
        connection.execute(delete(t).where(t.c.shard_key == shard.shard_key, t.c.name.in_(gone)))
        oldest = kept[-1].position if len(kept) == policy.files else 0
        floor = max(oldest, kept[0].position - policy.rows)
        floor = _raise_floor(connection, shard.shard_key, floor)
    while _delete_rows(engine, shard.shard_key, floor):
        pass
    return names


def _raise_floor(connection: Connection, shard_key: int, position: int) -> int:
    t = schema.feed_floor
    floor = max(file_offers.floor(connection, shard_key), position)
    connection.execute(delete(t).where(t.c.shard_key == shard_key))
    connection.execute(insert(t), {"shard_key": shard_key, "position": floor})
    return floor


def _delete_rows(engine: Engine, shard_key: int, floor: int) -> bool:
    """Delete some rows, few enough that no push waits for long; tell whether there are more."""
    t = schema.feed
    rows = (t.c.shard_key == shard_key, t.c.topic.in_(_TOPICS))
    with writing(engine) as connection:
        query = select(t.c.position).where(*rows, t.c.position <= floor)
        found = connection.execute(query.order_by(t.c.position).limit(_DELETE_ROWS)).scalars()
        places: Sequence[int] = found.all()
        if places:
            span = t.c.position.between(places[0], places[-1])
            connection.execute(delete(t).where(*rows, span))
    return len(places) == _DELETE_ROWS
