"""After a restore: what may be out there that this database never heard of (SYNC 2.2, 2.5).

Every device that the backup knows is awaited, also one that was only registered then, and each
that is registered while others are: it may have been the lost database's. It has told
everything when central holds its chain as far as the device, which has heard of the restore, says
that it goes: its first push alone may hold a small part of what was lost. While it keeps a coupon
for a bill its chain is to go further: only the lost database may know whom it gave that to.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Engine, Select, and_, bindparam, delete, func, select

from central import schema
from central.database import reading, writing
from central.ledger.writing.statements import Statement
from central.records import put
from central.sync.callers import DeviceState
from loyalty.wire import PushAnswer, PushRequest

_RESTORED = Statement(
    select(schema.restored.c.restored_ms).where(
        schema.restored.c.shard_key == bindparam("shard_key")
    )
)


def leases_wait(connection: Connection, shard_key: int, now_ms: int, lease_ttl_s: int) -> bool:
    """Tell whether a till may still spend a lease of the lost database: its clock stops it.

    Also one that has told everything may hold a lease that is not spent yet.
    """
    return wait_since(when_restored(connection, shard_key), now_ms, lease_ttl_s)


def wait_since(restored_ms: int | None, now_ms: int, lease_ttl_s: int) -> bool:
    """Tell as `leases_wait` does, of a database that came out of a backup then, if ever."""
    return restored_ms is not None and now_ms < restored_ms + lease_ttl_s * 1000


def vouchers_doubtful_ms(connection: Connection, shard_key: int) -> int:
    """Return before which moment (ms UTC) granted vouchers may have been used unknown to us, or 0.

    No clock ends this: a till that stays silent may have handed goods out behind the backup. It
    tells what it did, or a person revokes it.
    """
    restored_ms = when_restored(connection, shard_key)
    if restored_ms is None or not awaited(connection, shard_key):
        return 0
    return restored_ms


def when_restored(connection: Connection, shard_key: int) -> int | None:
    """Return when the database came out of a backup (ms UTC), None if it never did."""
    found = _RESTORED.row(connection, shard_key=shard_key)
    return found.restored_ms if found is not None else None


def awaited(connection: Connection, shard_key: int) -> frozenset[bytes]:
    """Return the devices that have not told everything since, and that nobody revoked."""
    a, d = schema.awaited, schema.device
    same = and_(d.c.shard_key == a.c.shard_key, d.c.device_id == a.c.device_id)
    query = select(a.c.device_id).join_from(a, d, same)
    query = query.where(a.c.shard_key == shard_key, d.c.state != DeviceState.REVOKED)
    return frozenset(connection.execute(query).scalars())


def await_too(connection: Connection, shard_key: int, device_ids: Iterable[bytes]) -> None:
    """Await devices too that the backup does not know, or knows as revoked, while others are."""
    if awaited(connection, shard_key):
        rows = [{"device_id": device_id} for device_id in device_ids]
        put(connection, schema.awaited, shard_key, rows)


class Census:
    """Ticks off who has told everything since a restore. Most servers were never restored."""

    def __init__(self, engine: Engine, shard_key: int) -> None:
        self._engine = engine
        self._shard_key = shard_key
        self._over = False

    def heard(self, device_id: bytes, asked: PushRequest, answer: PushAnswer, known: str) -> None:
        """Take note of a push that was taken in; `known` is the incarnation its device named.

        One that was made before the restore says nothing about what came behind the backup, however
        late it comes.
        """
        if self._over:
            return
        with reading(self._engine) as connection:
            left = awaited(connection, self._shard_key)
        self._over = not left
        whole = answer.status == "ok" and answer.acked_through >= asked.last_to_be_written >= 0
        if device_id not in left or not whole or known != answer.incarnation.hex():
            return
        a = schema.awaited
        with writing(self._engine) as connection:
            mine = a.c.device_id == device_id
            connection.execute(delete(a).where(a.c.shard_key == self._shard_key, mine))


def has_told(connection: Connection, shard_key: int, device_id: bytes, since_ms: int) -> bool:
    """Tell whether a device has told everything it had to tell, in a contact since that moment.

    Not one whose chain was sealed: what it had to tell was not taken, for its disk is an old one or
    a copy, and waits for its next epoch.
    """
    query = _told(shard_key, since_ms).where(schema.contact.c.device_id == device_id)
    return connection.execute(query).first() is not None


def yet_to_tell(connection: Connection, shard_key: int, since_ms: int) -> int:
    """Count the enrolled devices that have not told everything in a contact since that moment."""
    d = schema.device.c
    query = select(func.count()).where(d.shard_key == shard_key, d.state == DeviceState.ENROLLED)
    query = query.where(d.device_id.not_in(_told(shard_key, since_ms)))
    return connection.execute(query).scalar_one()


def _told(shard_key: int, since_ms: int) -> Select[tuple[bytes]]:
    c, s = schema.contact, schema.stream
    chain = and_(
        s.c.shard_key == c.c.shard_key, s.c.device_id == c.c.device_id, s.c.epoch == c.c.epoch
    )
    query = select(c.c.device_id).join_from(c, s, chain)
    return query.where(
        c.c.shard_key == shard_key,
        c.c.seen_ms >= since_ms,
        c.c.last_written >= 0,
        s.c.head_seq >= c.c.last_written,
        s.c.state == 0,  # open
    )
