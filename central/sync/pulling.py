"""A page of the pull feed: what changed behind a cursor, for one device (SYNC 2.9)."""

from sqlalchemy import Connection, or_, select

from central import schema
from central.ledger.shards import read_shard
from loyalty.wire import FeedRow, PullAnswer, PullRequest

PAGE_ROWS_MAX = 5_000
PAGE_BYTES_MAX = 1 << 20


def page(
    connection: Connection, shard_key: int, device_id: bytes, request: PullRequest
) -> PullAnswer:
    """Return the rows behind the request's cursor that are for all or for this device.

    A cursor of another incarnation, or from beyond the end, is answered by `refetch`.
    """
    shard = read_shard(connection, shard_key)
    begins = request.position == 0
    foreign = request.incarnation != shard.incarnation and not begins
    if foreign or not 0 <= request.position <= shard.feed_position:
        return PullAnswer(shard.incarnation, 0, (), more=True, refetch=True)
    t = schema.feed
    limit = max(1, min(request.limit, PAGE_ROWS_MAX))
    query = (
        select(t.c.position, t.c.topic, t.c.item, t.c.payload)
        .where(
            t.c.shard_key == shard_key,
            t.c.position > request.position,
            t.c.position <= shard.feed_position,
            or_(t.c.device_id.is_(None), t.c.device_id == device_id),
        )
        .order_by(t.c.position)
        .limit(limit + 1)
    )
    rows: list[FeedRow] = []
    size = 0
    for row in connection.execute(query):
        size += len(row.payload or b"")
        if len(rows) == limit or (rows and size > PAGE_BYTES_MAX):
            return PullAnswer(shard.incarnation, rows[-1].position, tuple(rows), more=True)
        rows.append(FeedRow(row.position, row.topic, row.item, row.payload))
    return PullAnswer(shard.incarnation, shard.feed_position, tuple(rows), more=False)
