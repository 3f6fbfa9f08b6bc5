"""When each device was heard of last, and what it said of its clock and its chain."""

from collections.abc import Sequence

from sqlalchemy import Connection

from central import schema
from central.ledger.judging.moments import clock_error
from central.ledger.writing import bulk
from central.ledger.writing.items import Push

_COLUMNS = (
    "shard_key",
    "device_id",
    "seen_ms",
    "clock_error_ms",
    "session",
    "epoch",
    "last_written",
)


def save(connection: Connection, shard_key: int, pushes: Sequence[Push]) -> None:
    """Note who pushed."""
    rows = [
        (
            shard_key,
            push.device_id,
            push.received_ms,
            clock_error(push.clock, push.received_ms),
            push.session,
            push.epoch,
            push.last_written,
        )
        for push in pushes
    ]
    bulk.upsert(connection, schema.contact, _COLUMNS, rows)
