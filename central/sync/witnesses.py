"""Devices as witnesses of the ledger's seals: what they tell, and who told it (SYNC 2.4).

A device that holds a seal which the ledger contradicts shows that history was changed behind that
seal. Nothing is mended here: people must look. What was told of another incarnation, before a
restore that everybody can see, says nothing about this one.
"""

import structlog
from sqlalchemy import Connection, and_, select

from central import schema
from central.database import writing
from central.ledger.writing import bulk
from central.sync.callers import Caller
from central.sync.problems import malformed
from central.sync.service import Service
from loyalty.chain import HASH_BYTES
from loyalty.seals import Contradiction, Noted, contradicts

_COLUMNS = (
    "shard_key",
    "device_id",
    "incarnation",
    "told_ms",
    "held_turn",
    "held_digest",
    "told_turn",
)
_TURN_MAX = 1 << 62

_log = structlog.get_logger(__name__)


def receive(service: Service, caller: Caller, asked: Contradiction) -> Noted:
    """Take note of a contradiction. Raises Refused for what is none."""
    held, told, key = asked.held, asked.told, service.shard_key
    turns = (held.turn, told.turn, held.previous_turn, told.previous_turn)
    if not all(0 <= turn < _TURN_MAX for turn in turns) or len(held.digest) != HASH_BYTES:
        raise malformed("that is no seal")
    if not contradicts(held, told):
        raise malformed("the two seals do not contradict each other")
    s = schema.shard.c
    with writing(service.engine) as connection:
        query = select(s.incarnation).where(s.shard_key == key)
        incarnation = connection.execute(query).scalar_one()
        seals = (held.turn, held.digest, told.turn)
        row = (key, caller.device_id, incarnation, service.now_ms(), *seals)
        bulk.upsert(connection, schema.witness, _COLUMNS, [row])
    _log.error("seal_contradicted", device=caller.device_id.hex(), turn=told.turn)
    return Noted()


def against(connection: Connection, shard_key: int) -> dict[bytes, int]:
    """Return by device the turn whose seal it contradicts; nothing as it should be."""
    w, s = schema.witness.c, schema.shard.c
    same = and_(s.shard_key == w.shard_key, s.incarnation == w.incarnation)
    query = select(w.device_id, w.told_turn).join_from(schema.witness, schema.shard, same)
    rows = connection.execute(query.where(w.shard_key == shard_key))
    return {row.device_id: row.told_turn for row in rows}
