"""How a device gets its next epoch when its chain and central's part (SYNC 2.6).

The epoch behind a sealed one is granted once, to the first machine that asks. A second one, which
has the same key because its disk is a copy, is fenced: its events stay where they are until a
person says with a new enrolment code which machine is the device.
"""

from sqlalchemy import Connection, insert, select, update

from central import schema
from central.database import writing
from central.ledger.commands import SealEpoch
from central.ledger.writing.bulk import upsert
from central.sync.callers import Caller
from central.sync.epochs import anchor_of, grant_behind, held_before, latest_epoch, reachable
from central.sync.problems import Refused, counted, malformed, plain
from central.sync.service import Service
from loyalty.chain import HASH_BYTES, Stream
from loyalty.wire import RehomeAnswer, RehomeRequest


def answer(service: Service, caller: Caller, request: RehomeRequest) -> RehomeAnswer:
    """Return the epoch of the machine that asks. Raises Refused, 409 if another one has it."""
    plain("request_id", request.request_id)
    plain("session", request.session)
    counted("epoch", request.epoch, 1)
    counted("head_seq", request.head_seq)
    if len(request.head_hash) != HASH_BYTES:
        raise malformed(f"head_hash has {len(request.head_hash)} bytes")
    with writing(service.engine) as connection:
        stream = grant(connection, service.shard_key, caller.device_id, request, service.now_ms())
        if stream is not None:
            anchor, held = anchor_of(connection, stream), held_before(connection, stream)
            return RehomeAnswer(stream.epoch, anchor, held)
    raise Refused(409, "fenced", "another machine goes on as this device; ask store IT")


def grant(
    connection: Connection, shard_key: int, device_id: bytes, request: RehomeRequest, now_ms: int
) -> Stream | None:
    """Return the epoch behind the request's; None, and a fence, if another machine has it."""
    # The shard's row is the lock: of two machines that ask at once, one comes second.
    t = schema.shard
    connection.execute(update(t).where(t.c.shard_key == shard_key).values(turn=t.c.turn))
    latest = latest_epoch(connection, shard_key, device_id)
    if latest is None:
        raise LookupError(f"device {device_id.hex()} is enrolled and has no epoch")
    if latest.epoch > request.epoch:
        if _granted_to(connection, latest) == request.request_id:
            return latest
        _fence(connection, shard_key, device_id, request, now_ms)
        return None
    seal = SealEpoch(device_id, latest.epoch, request.head_seq, request.head_hash)
    # A central restored from a backup may know fewer epochs than the device has had.
    next_epoch = reachable(request.epoch, latest.epoch) + 1
    stream = grant_behind(connection, latest, seal, next_epoch, now_ms)
    connection.execute(
        insert(schema.epoch_grant),
        {
            "shard_key": shard_key,
            "device_id": device_id,
            "epoch": stream.epoch,
            "request_id": request.request_id,
            "session": request.session,
            "granted_ms": now_ms,
        },
    )
    return stream


def _granted_to(connection: Connection, stream: Stream) -> str | None:
    t = schema.epoch_grant
    query = select(t.c.request_id).where(
        t.c.shard_key == stream.shard_key,
        t.c.device_id == stream.device_id,
        t.c.epoch == stream.epoch,
    )
    return connection.execute(query).scalar_one_or_none()


def _fence(
    connection: Connection, shard_key: int, device_id: bytes, request: RehomeRequest, now_ms: int
) -> None:
    row = {
        "shard_key": shard_key,
        "device_id": device_id,
        "epoch": request.epoch,
        "request_id": request.request_id,
        "session": request.session,
        "head_seq": request.head_seq,
        "head_hash": request.head_hash,
        "seen_ms": now_ms,
    }
    upsert(connection, schema.fence, tuple(row), [tuple(row.values())])
