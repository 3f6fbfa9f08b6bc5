"""What devices tell of gaps in their papers, for the fleet's list. Nothing is judged by it."""

from sqlalchemy import Connection, select

from central import schema
from central.database import writing
from central.ledger.writing import bulk
from central.sync.callers import Caller
from central.sync.problems import malformed
from central.sync.service import Service
from loyalty.trails import Gaps, GapsTold

#: How long it is shown after it was last seen to happen.
SHOWN_MS = 24 * 3600 * 1000
_COLUMNS = ("shard_key", "device_id", "skipped", "drawers", "lost", "told_ms")
_COUNT_MAX = 1 << 31


def receive(service: Service, caller: Caller, asked: Gaps) -> GapsTold:
    """Write down what a device tells. Raises Refused for what is no count."""
    counts = (asked.skipped, asked.drawers, asked.lost)
    if not all(0 <= count < _COUNT_MAX for count in counts):
        raise malformed("that is no count")
    # By central's clock: the till's own may be wrong, and people would look at the wrong day.
    row = (service.shard_key, caller.device_id, *counts, service.now_ms())
    with writing(service.engine) as connection:
        bulk.upsert(connection, schema.trail, _COLUMNS, [row])
    return GapsTold()


def gaps(connection: Connection, shard_key: int, now_ms: int) -> dict[bytes, Gaps]:
    """Return by device what was told within the last day."""
    t = schema.trail.c
    query = select(schema.trail).where(t.shard_key == shard_key, t.told_ms > now_ms - SHOWN_MS)
    return {
        row.device_id: Gaps(row.skipped, row.drawers, row.lost, row.told_ms)
        for row in connection.execute(query)
    }
