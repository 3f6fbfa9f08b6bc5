"""What proves that a member stands at a device: their PIN, or a pass that was not shown before.

The device has read the pass when it was fresh; while its member chooses, it grows a little older.
"""

from collections.abc import Callable
from typing import Literal

from sqlalchemy import Engine, delete, select

from central import schema
from central.access.pins import Pins
from central.database import writing
from central.records import put
from loyalty.passes import NotAPass, Pass, read_pass, slot_at

#: How old a pass may have become between the scan and the redemption.
_PASS_AGE_MS = 5 * 60_000
#: How long a slot is remembered; longer than any pass counts.
_KEPT_MS = 2 * _PASS_AGE_MS

Missing = Literal["proof_needed", "pin_wrong", "pin_waits", "pin_none", "pass_old", "pass_used"]
_PIN: dict[str, Missing] = {"wrong": "pin_wrong", "waits": "pin_waits", "none": "pin_none"}


class Proof:
    """Checks what devices send to prove that a member stands there."""

    def __init__(
        self,
        engine: Engine,
        shard_key: int,
        now_ms: Callable[[], int],
        central_key: bytes,
        pins: Pins,
    ) -> None:
        """Take the database, the clock (ms UTC), central's public key and the members' PINs."""
        self._engine = engine
        self._shard_key = shard_key
        self._now_ms = now_ms
        self._central_key = central_key
        self._pins = pins

    def missing(
        self, member: str, device_id: bytes, request_id: str, *, pin: str, shown_pass: str
    ) -> Missing | None:
        """Return why it is not proven that `member` asks, None if it is.

        The same request may show the same pass again: its answer may have been lost.
        """
        if shown_pass:
            return self._missing_of_pass(member, device_id, request_id, shown_pass)
        return _PIN.get(self._pins.check(member, pin)) if pin else "proof_needed"

    def let_go(self, device_id: bytes, request_id: str) -> None:
        """Let a pass count again whose request got nothing: its member may choose something else.

        A pass that a lease was granted for is used up, whatever the same request is told later.
        """
        t, lease = schema.pass_shown, schema.lease
        mine = (t.c.device_id == device_id, t.c.request_id == request_id)
        granted = select(lease.c.lease_id).where(
            lease.c.shard_key == self._shard_key,
            lease.c.device_id == device_id,
            lease.c.request_id == request_id,
        )
        with writing(self._engine) as connection:
            shown = delete(t).where(t.c.shard_key == self._shard_key, *mine)
            connection.execute(shown.where(~granted.exists()))

    def _missing_of_pass(
        self, member: str, device_id: bytes, request_id: str, text: str
    ) -> Missing | None:
        try:
            shown = read_pass(text, self._central_key, self._shard_key)
        except NotAPass:
            return "proof_needed"
        if shown.member != member:
            return "proof_needed"
        now_ms = self._now_ms()
        oldest, youngest = slot_at(now_ms - _PASS_AGE_MS), slot_at(now_ms) + 1
        if not (oldest <= shown.slot <= youngest and shown.still_counts(now_ms)):
            return "pass_old"
        return None if self._take_slot(shown, device_id, request_id) else "pass_used"

    def _take_slot(self, shown: Pass, device_id: bytes, request_id: str) -> bool:
        """Take a slot for one request; tell whether it was free, or taken by this very request."""
        t, shard = schema.pass_shown, schema.shard.c
        of_member = (t.c.shard_key == self._shard_key, t.c.member == shown.member)
        with writing(self._engine) as connection:
            # The shard's row is the lock on PostgreSQL: two kiosks may show one picture at once.
            lock = select(shard.turn).where(shard.shard_key == self._shard_key)
            connection.execute(lock.with_for_update())
            old = t.c.slot < slot_at(self._now_ms() - _KEPT_MS)
            connection.execute(delete(t).where(*of_member, old))
            query = select(t.c.device_id, t.c.request_id).where(*of_member, t.c.slot == shown.slot)
            row = connection.execute(query).one_or_none()
            if row is not None:
                return (bytes(row.device_id), row.request_id) == (device_id, request_id)
            slot = {"member": shown.member, "slot": shown.slot}
            taker = {"device_id": device_id, "request_id": request_id}
            put(connection, t, self._shard_key, [{**slot, **taker}])
        return True
