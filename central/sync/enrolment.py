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
    reachable,
)
from central.sync.problems import Refused, counted, malformed, plain
from central.sync.service import Service
from loyalty.chain import DEVICE_BYTES, Stream, enrol_message, signed_by
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
        stream = enrol(connection, key, asked, now_ms)
        _note_key(connection, stream, service.member_files.key_number)
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


def enrol(connection: Connection, shard_key: int, asked: EnrolRequest, now_ms: int) -> Stream:
    """Bind a public key to the device whose code this is; return its open epoch.

    Works in the caller's transaction. Raises Refused for a code that is unknown, used by another
    key or too old, and for a device that was revoked or does not hold the key.
    """
    if len(asked.public_key) != _KEY_BYTES:
        raise malformed(f"public_key has {len(asked.public_key)} bytes")
    if asked.device_id and len(asked.device_id) != DEVICE_BYTES:
        raise malformed(f"device_id has {len(asked.device_id)} bytes")
    counted("epoch", asked.epoch)
    if asked.fenced:
        plain("fenced", asked.fenced)
    message = enrol_message(asked.code, asked.public_key, asked.device_id, asked.epoch)
    if not signed_by(asked.public_key, asked.signature, message):
        raise Refused(401, "bad_signature", "the request is not signed with the key it brings")
    row = _by_code(connection, shard_key, asked.code)
    if row.state == DeviceState.REVOKED:
        raise Refused(403, "device_revoked", "this device was revoked")
    if row.expires_ms < now_ms:
        raise Refused(403, "code_expired", "this code is too old; ask store IT for a new one")
    latest = latest_epoch(connection, shard_key, row.device_id)
    if row.used_by is not None:
        if row.used_by != asked.public_key or latest is None:
            raise Refused(409, "code_used", "this code was used by another device")
        return latest
    known = bool(asked.device_id) and _is_known(connection, shard_key, asked.device_id)
    if asked.device_id != row.device_id and (known or (asked.device_id and latest is not None)):
        # Its journal goes on under its own name alone, and that device would be locked out.
        raise Refused(409, "code_of_another", "this code is for another device than this one")
    if latest is not None:
        stream = _next_epoch(connection, latest, asked.epoch if known else 0, now_ms)
    elif asked.device_id and not known:
        _rename(connection, shard_key, row.device_id, asked.device_id)
        epoch = reachable(asked.epoch, 0) + 1
        stream = first_epoch(connection, shard_key, asked.device_id, epoch)
    else:
        stream = first_epoch(connection, shard_key, row.device_id)
    _bind(connection, shard_key, row.code_hash, stream.device_id, asked.public_key, now_ms)
    _unfence(connection, stream, asked.fenced)
    return stream


def _next_epoch(connection: Connection, latest: Stream, epoch: int, now_ms: int) -> Stream:
    """Grant the epoch behind the device's newest one, which is sealed first.

    The device may be in a later `epoch`, which a database that was lost had granted.
    """
    seal = SealEpoch(latest.device_id, latest.epoch)
    newest = max(latest.epoch, reachable(epoch, latest.epoch))
    return grant_behind(connection, latest, seal, newest + 1, now_ms)


def _is_known(connection: Connection, shard_key: int, device_id: bytes) -> bool:
    d = schema.device
    query = select(d.c.device_id).where(d.c.shard_key == shard_key, d.c.device_id == device_id)
    return connection.execute(query).first() is not None


def _rename(connection: Connection, shard_key: int, drawn: bytes, own: bytes) -> None:
    """Give a device that never wrote here the id under which it wrote behind a lost database."""
    for table in (schema.device, schema.enrolment, schema.awaited):
        whose = (table.c.shard_key == shard_key, table.c.device_id == drawn)
        connection.execute(update(table).where(*whose).values(device_id=own))


def _by_code(connection: Connection, shard_key: int, code: str) -> Row[tuple[object, ...]]:
    e, d = schema.enrolment, schema.device
    same = and_(d.c.shard_key == e.c.shard_key, d.c.device_id == e.c.device_id)
    query = select(e, d.c.state).join_from(e, d, same)
    query = query.where(e.c.shard_key == shard_key, e.c.code_hash == code_hash(code))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise Refused(403, "code_unknown", "this code is not known here")
    return row


def _bind(
    connection: Connection,
    shard_key: int,
    code_hash: bytes,
    device_id: bytes,
    public_key: bytes,
    now_ms: int,
) -> None:
    e, d = schema.enrolment, schema.device
    used = update(e).where(e.c.shard_key == shard_key, e.c.code_hash == code_hash)
    connection.execute(used.values(used_by=public_key))
    bound = update(d).where(d.c.shard_key == shard_key, d.c.device_id == device_id)
    connection.execute(
        bound.values(public_key=public_key, state=int(DeviceState.ENROLLED), enrolled_ms=now_ms)
    )


def _note_key(connection: Connection, stream: Stream, number: int) -> None:
    """Keep under which tenant key the device that enrols makes its tags."""
    d = schema.device
    whose = (d.c.shard_key == stream.shard_key, d.c.device_id == stream.device_id)
    connection.execute(update(d).where(*whose).values(tenant_number=number))


def _unfence(connection: Connection, stream: Stream, request_id: str) -> None:
    """Lift the fence of the machine that enrols; another one still has events that wait there."""
    f = schema.fence
    whose = (f.c.shard_key == stream.shard_key, f.c.device_id == stream.device_id)
    connection.execute(delete(f).where(*whose, f.c.request_id == request_id))
