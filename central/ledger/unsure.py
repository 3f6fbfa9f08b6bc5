"""Which lines of a statement happened on a day that is not sure, and between which days (SYNC 2.7).

Central dates each event by an interval, since tills' clocks are not trusted. Where all of it lies
on one day of the mall, people need not hear of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central import schema
from central.ledger.judging.moments import Quality
from central.ledger.judging.rows import CENTRAL_DEVICE, Identity, read_body
from central.ledger.queries import Line
from central.ledger.writing.bulk import by_key
from loyalty.chain import Frame
from loyalty.events import Rejudge
from loyalty.rules.earning import Reason

_TIMES = ("earliest_ms", "latest_ms", "quality", "kind", "kind_version", "body")

_Times = dict[Identity, tuple[Any, ...]]


def of_lines(
    connection: Connection, shard_key: int, lines: Sequence[Line], zone: ZoneInfo
) -> list[Reason | None]:
    """Return for each line the days between which it happened, None where its day is sure."""
    found = _times(connection, shard_key, {line.booked_by for line in lines})
    again = {key: _origin(row) for key, row in found.items() if key.device_id == CENTRAL_DEVICE}
    origins = {key: origin for key, origin in again.items() if origin is not None}
    found |= _times(connection, shard_key, set(origins.values()))
    return [_unsure(found.get(origins.get(one.booked_by, one.booked_by)), zone) for one in lines]


def _times(connection: Connection, shard_key: int, events: set[Identity]) -> _Times:
    t = schema.inbox.c
    columns = (t.device_id, t.epoch, t.seq, *(t[name] for name in _TIMES))
    rows = by_key(connection, shard_key, columns, sorted(events))
    return {Identity(*row[:3]): tuple(row[3:]) for row in rows}


def _origin(row: tuple[Any, ...]) -> Identity | None:
    """Return the event that an event of central judged again; None for all its others."""
    body = read_body(Frame(*row[3:]))
    if not isinstance(body, Rejudge):
        return None
    return Identity(bytes.fromhex(body.device), body.epoch, body.seq)


def _unsure(row: tuple[Any, ...] | None, zone: ZoneInfo) -> Reason | None:
    if row is None:
        return None
    earliest_ms, latest_ms, quality = row[:3]
    first, last = (
        datetime.fromtimestamp(moment_ms / 1000, tz=UTC).astimezone(zone).date().isoformat()
        for moment_ms in (earliest_ms, latest_ms)
    )
    if quality == Quality.CLAMPED:
        return Reason("time_clamped", {"last": last})
    return Reason("time_unsure", {"first": first, "last": last}) if first != last else None
