"""One programme in the database: its row, its feed and central's own chain."""

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select, update

from central import schema
from central.ledger.directory import NoShard
from central.ledger.judging.rows import CENTRAL_DEVICE, CENTRAL_EPOCH
from central.ledger.writing.statements import Statement
from loyalty.chain import HASH_BYTES, Stream, anchor

#: What the anchor of a device's first epoch names in place of a sealed head.
NO_HEAD = bytes(HASH_BYTES)
_SHARD = Statement(select(schema.shard).where(schema.shard.c.shard_key == bindparam("shard_key")))


class Shard(Struct, frozen=True):
    """A programme: its name, the zone of its days, and how far its feed has come."""

    shard_key: int
    programme: str
    zone: str
    incarnation: bytes
    turn: int
    feed_position: int


class ZoneChanged(ValueError):
    """The zone of a programme cannot change: the days of its lots and claims are days there."""


def open_shard(
    connection: Connection, shard_key: int, programme: str, zone: str, incarnation: bytes
) -> Shard:
    """Set a programme up, or rename the one that exists; return it.

    `incarnation` is 16 random bytes, used only if the programme is new. Raises ZoneChanged.
    """
    try:
        known = read_shard(connection, shard_key)
    except NoShard:
        _create(connection, shard_key, programme, zone, incarnation)
        return read_shard(connection, shard_key)
    if known.zone != zone:
        raise ZoneChanged(f"the programme's zone is {known.zone} and cannot become {zone}")
    t = schema.shard
    rename = update(t).where(t.c.shard_key == shard_key).values(programme=programme)
    connection.execute(rename)
    return read_shard(connection, shard_key)


def read_shard(connection: Connection, shard_key: int) -> Shard:
    """Return a programme. Raises NoShard."""
    row = _SHARD.row(connection, shard_key=shard_key)
    if row is None:
        raise NoShard(f"shard {shard_key} does not exist; run `tillpoints central init`")
    return Shard(
        row.shard_key, row.programme, row.zone, row.incarnation, row.turn, row.feed_position
    )


def own_key(connection: Connection, shard_key: int) -> bytes | None:
    """Return the public key by which tills know this central, None before the first."""
    row = _SHARD.row(connection, shard_key=shard_key)
    return row.central_public if row is not None else None


def keep_own_key(connection: Connection, shard_key: int, central_public: bytes) -> None:
    """Note by which key tills know this central from now on."""
    t = schema.shard
    mine = update(t).where(t.c.shard_key == shard_key)
    connection.execute(mine.values(central_public=central_public))


def tenant_number(connection: Connection, shard_key: int) -> int:
    """Return which of central's tenant keys tills make the tags of cards under."""
    row = _SHARD.row(connection, shard_key=shard_key)
    return (row.tenant_number or 0) if row is not None else 0


def keep_tenant_number(connection: Connection, shard_key: int, number: int) -> None:
    """Note under which tenant key tills make tags from now on."""
    t = schema.shard
    mine = update(t).where(t.c.shard_key == shard_key)
    connection.execute(mine.values(tenant_number=number))


def _create(
    connection: Connection, shard_key: int, programme: str, zone: str, incarnation: bytes
) -> None:
    connection.execute(
        schema.shard.insert(),
        {
            "shard_key": shard_key,
            "turn": 0,
            "feed_position": 0,
            "incarnation": incarnation,
            "programme": programme,
            "zone": zone,
        },
    )
    open_epoch(connection, Stream(shard_key, CENTRAL_DEVICE, CENTRAL_EPOCH), NO_HEAD)


def open_epoch(connection: Connection, stream: Stream, sealed_head: bytes) -> bytes:
    """Grant an epoch behind a sealed head; return its anchor, its chain's first `prev_hash`."""
    first = anchor(stream, sealed_head)
    connection.execute(
        schema.stream.insert(),
        {
            "shard_key": stream.shard_key,
            "device_id": stream.device_id,
            "epoch": stream.epoch,
            "head_seq": 0,
            "head_hash": first,
            "state": 0,
        },
    )
    return first
