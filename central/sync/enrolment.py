"""How a device gets its identity: a one-time code for a public key (SYNC 2.1, 2.6).

Store IT registers a device and hands its code out; the device brings the code and its key. Asking
again with both changes nothing. A new code for a device that was enrolled before (a new disk, a
fork) seals its epoch and grants the next one, anchored to the sealed head.
"""

import hashlib

from sqlalchemy import Connection, Row, and_, delete, select, update

from central import schema
from central.database import writing
from central.ledger.commands import SealEpoch
from central.ledger.shards import read_shard
from central.sync.callers import DeviceState
from central.sync.epochs import (
    anchor_of,
    first_epoch,
    grant_behind,
    held_before,
    latest_epoch,
)
from central.sync.problems import Refused, malformed
from central.sync.service import Service
from loyalty.chain import Stream
from loyalty.wire import EnrolAnswer, EnrolRequest

_KEY_BYTES = 32


def code_hash(code: str) -> bytes:
    """Return what the database keeps of a one-time code, however it was typed."""
    typed = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(b"tillpoints enrolment 1" + typed.encode()).digest()


def answer(service: Service, asked: EnrolRequest) -> EnrolAnswer:
    """Enrol a device and return all it needs before its first event. Raises Refused."""
    with writing(service.engine) as connection:
        key, now_ms = service.shard_key, service.now_ms()
        stream = enrol(connection, key, asked.code, asked.public_key, now_ms)
        shard = read_shard(connection, key)
        t = schema.device
        query = select(t).where(t.c.shard_key == key, t.c.device_id == stream.device_id)
        row = connection.execute(query).one()
        return EnrolAnswer(
            shard_key=key,
            device_id=stream.device_id,
            epoch=stream.epoch,
            anchor=anchor_of(connection, stream),
            name=row.name,
            role="kiosk" if row.role == "kiosk" else "till",
            shop_id=row.shop_id,
            tenant_key=service.tenant_key,
            central_key=service.central_key.public_key().public_bytes_raw(),
            programme=shard.programme,
            zone=shard.zone,
            held=held_before(connection, stream),
        )


def enrol(
    connection: Connection, shard_key: int, code: str, public_key: bytes, now_ms: int
) -> Stream:
    """Bind a public key to the device whose code this is; return its open epoch.

    Works in the caller's transaction. Raises Refused for a code that is unknown, used by another
    key or too old.
    """
    if len(public_key) != _KEY_BYTES:
        raise malformed(f"public_key has {len(public_key)} bytes")
    row = _by_code(connection, shard_key, code)
    latest = latest_epoch(connection, shard_key, row.device_id)
    if row.used_by is not None:
        if row.used_by != public_key or latest is None:
            raise Refused(409, "code_used", "this code was used by another device")
        return latest
    if row.state == DeviceState.REVOKED:
        raise Refused(403, "device_revoked", "this device was revoked")
    if row.expires_ms < now_ms:
        raise Refused(403, "code_expired", "this code is too old; ask store IT for a new one")
    stream = _next_epoch(connection, shard_key, row.device_id, latest, now_ms)
    _bind(connection, shard_key, row, public_key, now_ms)
    return stream


def _by_code(connection: Connection, shard_key: int, code: str) -> Row[tuple[object, ...]]:
    e, d = schema.enrolment, schema.device
    same = and_(d.c.shard_key == e.c.shard_key, d.c.device_id == e.c.device_id)
    query = select(e, d.c.state).join_from(e, d, same)
    query = query.where(e.c.shard_key == shard_key, e.c.code_hash == code_hash(code))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Refused(403, "code_unknown", "this code is not known here")
    return row


def _next_epoch(
    connection: Connection, shard_key: int, device_id: bytes, latest: Stream | None, now_ms: int
) -> Stream:
    """Grant the epoch behind the device's newest one, which is sealed first."""
    if latest is None:
        return first_epoch(connection, shard_key, device_id)
    seal = SealEpoch(device_id, latest.epoch)
    return grant_behind(connection, latest, seal, latest.epoch + 1, now_ms)


def _bind(
    connection: Connection,
    shard_key: int,
    row: Row[tuple[object, ...]],
    public_key: bytes,
    now_ms: int,
) -> None:
    e, d = schema.enrolment, schema.device
    used = update(e).where(e.c.shard_key == shard_key, e.c.code_hash == row.code_hash)
    connection.execute(used.values(used_by=public_key))
    bound = update(d).where(d.c.shard_key == shard_key, d.c.device_id == row.device_id)
    connection.execute(
        bound.values(public_key=public_key, state=int(DeviceState.ENROLLED), enrolled_ms=now_ms)
    )
    # A person has said which machine is this device.
    f = schema.fence
    whose = (f.c.shard_key == shard_key, f.c.device_id == row.device_id)
    connection.execute(delete(f).where(*whose))
