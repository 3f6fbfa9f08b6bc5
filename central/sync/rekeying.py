"""A device takes a new key: from then on its old one opens nothing."""

import structlog
from sqlalchemy import update

from central import schema
from central.database import writing
from central.sync.callers import Caller
from central.sync.problems import Refused, malformed
from central.sync.service import Service
from loyalty.chain import signed_by
from loyalty.rekeying import RekeyAnswer, RekeyRequest, rekey_message

_KEY_BYTES = 32

_log = structlog.get_logger(__name__)


def receive(service: Service, caller: Caller, asked: RekeyRequest) -> RekeyAnswer:
    """Know a device by its new key; the same call by the new key changes nothing.

    Raises Refused.
    """
    old, new, key = caller.public_key, asked.public_key, service.shard_key
    if len(new) != _KEY_BYTES:
        raise malformed(f"public_key has {len(new)} bytes")
    if not signed_by(new, asked.proof, rekey_message(caller.device_id, new)):
        raise malformed("the new key has not signed for this device")
    if new == old:
        return RekeyAnswer(new)
    d, e = schema.device, schema.enrolment
    mine = (d.c.shard_key == key, d.c.device_id == caller.device_id, d.c.public_key == old)
    codes = (e.c.shard_key == key, e.c.device_id == caller.device_id, e.c.used_by == old)
    with writing(service.engine) as connection:
        changed = connection.execute(update(d).where(*mine).values(public_key=new))
        if not changed.rowcount:
            raise Refused(409, "key_changed", "the device has another key since this call began")
        connection.execute(update(e).where(*codes).values(used_by=new))
    _log.warning("device_rekeyed", device=caller.device_id.hex())
    return RekeyAnswer(new)
