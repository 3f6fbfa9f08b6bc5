"""What proves that a member stands at a device: their PIN, or a pass that was not shown before.

The device has read the pass when it was fresh; while its member chooses, it grows a little older.
"""

from typing import Literal

from sqlalchemy import delete, select

from central import schema
from central.database import writing
from central.members.access import check_pin
from central.records import put
from central.sync.service import Service
from loyalty.passes import NotAPass, Pass, read_pass, slot_at

#: How old a pass may have become between the scan and the redemption.
_PASS_AGE_MS = 5 * 60_000
#: How long a slot is remembered; longer than any pass counts.
_KEPT_MS = 2 * _PASS_AGE_MS

Missing = Literal["proof_needed", "pin_wrong", "pin_waits", "pin_none", "pass_old", "pass_used"]
_PIN: dict[str, Missing] = {"wrong": "pin_wrong", "waits": "pin_waits", "none": "pin_none"}


def missing_proof(
    service: Service, member: str, device_id: bytes, request_id: str, *, pin: str, shown_pass: str
) -> Missing | None:
    """Return why it is not proven that `member` asks, None if it is.

    The same request may show the same pass again: its answer may have been lost.
    """
    if shown_pass:
        return _pass_missing(service, member, device_id, request_id, shown_pass)
    if pin:
        return _PIN.get(check_pin(service, member, pin))
    return "proof_needed"


def _pass_missing(
    service: Service, member: str, device_id: bytes, request_id: str, text: str
) -> Missing | None:
    public = service.central_key.public_key().public_bytes_raw()
    try:
        shown = read_pass(text, public, service.shard_key)
    except NotAPass:
        return "proof_needed"
    now_ms = service.now_ms()
    youngest, oldest = slot_at(now_ms) + 1, slot_at(now_ms - _PASS_AGE_MS)
    if shown.member != member:
        return "proof_needed"
    if not (oldest <= shown.slot <= youngest and shown.still_counts(now_ms)):
        return "pass_old"
    mine = _take_slot(service, shown, device_id, request_id)
    return None if mine else "pass_used"


def _take_slot(service: Service, shown: Pass, device_id: bytes, request_id: str) -> bool:
    """Take a slot for one request; tell whether it was free, or taken by this very request."""
    t = schema.pass_shown
    of_member = (t.c.shard_key == service.shard_key, t.c.member == shown.member)
    taker = {"device_id": device_id, "request_id": request_id}
    with writing(service.engine) as connection:
        # The shard's row is the lock on PostgreSQL: two kiosks may show one picture at once.
        shard = schema.shard.c
        connection.execute(
            select(shard.turn).where(shard.shard_key == service.shard_key).with_for_update()
        )
        old = t.c.slot < slot_at(service.now_ms() - _KEPT_MS)
        connection.execute(delete(t).where(*of_member, old))
        query = select(t.c.device_id, t.c.request_id).where(*of_member, t.c.slot == shown.slot)
        row = connection.execute(query).one_or_none()
        if row is None:
            values = {"member": shown.member, "slot": shown.slot, **taker}
            put(connection, t, service.shard_key, [values])
            return True
    return (bytes(row.device_id), row.request_id) == (device_id, request_id)
