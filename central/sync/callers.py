"""Who calls: the device behind a signed request (wire.py), as it stands in the records now.

A revoked device is refused at its next call, because every call looks. A call that says when it was
sent is good for five minutes, so that a copy of it tells nobody a balance days later.
"""

from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct
from sqlalchemy import Connection, bindparam, select

from central import schema
from central.ledger.writing.statements import Statement
from central.sync.problems import Refused
from loyalty.chain import DEVICE_BYTES, call_message, signed_by
from loyalty.wire import (
    CLOCK,
    DEVICE_HEADER,
    INCARNATION_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
)

#: How far the time in a call may be from central's.
CALL_AGE_MS_MAX = 300_000
_NONCE_CHARACTERS = range(16, 65)
_DEVICE = Statement(
    select(schema.device).where(
        schema.device.c.shard_key == bindparam("shard_key"),
        schema.device.c.device_id == bindparam("device_id"),
    )
)


class DeviceState(IntEnum):
    """How far a device has come."""

    EXPECTED = 0  # store IT registered it
    ENROLLED = 1
    REVOKED = 2


class Caller(Struct, frozen=True):
    """An enrolled device; `incarnation` is that of the central it knows, in hex, if it said so.

    `tenant_number` is the tenant key that it said it uses.
    """

    device_id: bytes
    name: str
    role: str
    shop_id: str
    public_key: bytes
    incarnation: str = ""
    tenant_number: int = 0


def authenticate(
    connection: Connection,
    shard_key: int,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    now_ms: int,
) -> Caller:
    """Return the device that signed a call of `path`. Raises Refused, 401 or 403."""
    try:
        device_id = bytes.fromhex(headers[DEVICE_HEADER])
        signature = bytes.fromhex(headers[SIGNATURE_HEADER])
        nonce = headers[NONCE_HEADER]
        incarnation = headers.get(INCARNATION_HEADER, "")
    except (KeyError, ValueError) as error:
        raise Refused(401, "unsigned", "the call carries no readable signature") from error
    if len(device_id) != DEVICE_BYTES or len(nonce) not in _NONCE_CHARACTERS:
        raise Refused(401, "unsigned", "the device or the nonce is not of the right length")
    row = _DEVICE.row(connection, shard_key=shard_key, device_id=device_id)
    if row is None or row.public_key is None:
        raise Refused(401, "device_unknown", "this device is not enrolled here")
    message = call_message(method, path, device_id, nonce, body, incarnation)
    if not signed_by(row.public_key, signature, message):
        raise Refused(401, "bad_signature", "the signature is not this device's")
    if row.state != DeviceState.ENROLLED:
        raise Refused(403, "device_revoked", "this device was revoked")
    sent, dot, _ = nonce.partition(".")
    if dot and not _is_fresh(sent, now_ms):
        raise Refused(401, CLOCK, "the call was not sent just now", server_ms=now_ms)
    return Caller(
        device_id,
        row.name,
        row.role,
        row.shop_id,
        row.public_key,
        incarnation,
        row.tenant_number or 0,
    )


def _is_fresh(sent: str, now_ms: int) -> bool:
    """Tell whether the time in a nonce is about now."""
    return sent.isascii() and sent.isdigit() and abs(now_ms - int(sent)) <= CALL_AGE_MS_MAX
