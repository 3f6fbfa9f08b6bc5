"""After a restore: what may be out there that this database never heard of (SYNC 2.2, 2.5).

A till has told everything when central holds its chain as far as the till said, after the restore,
that it goes: its first push alone may hold a small part of what was lost.
"""

from sqlalchemy import Connection, and_, func, or_, select

from central import schema
from central.sync.callers import DeviceState


def leases_wait(connection: Connection, shard_key: int, now_ms: int, lease_ttl_s: int) -> bool:
    """Tell whether a till may still spend a lease of the lost database: its clock stops it."""
    restored_ms = when_restored(connection, shard_key)
    if restored_ms is None or now_ms >= restored_ms + lease_ttl_s * 1000:
        return False
    return _untold(connection, shard_key, restored_ms) > 0


def vouchers_wait(connection: Connection, shard_key: int) -> bool:
    """Tell whether a voucher that looks unused may have been used behind the backup.

    No clock ends this: a till that stays silent may have handed goods out. It tells what it did, or
    a person revokes it.
    """
    restored_ms = when_restored(connection, shard_key)
    return restored_ms is not None and _untold(connection, shard_key, restored_ms) > 0


def when_restored(connection: Connection, shard_key: int) -> int | None:
    """Return when the database came out of a backup (ms UTC), None if it never did."""
    t = schema.restored
    query = select(t.c.restored_ms).where(t.c.shard_key == shard_key)
    return connection.execute(query).scalar_one_or_none()


def _untold(connection: Connection, shard_key: int, restored_ms: int) -> int:
    """Count the enrolled devices that have not told everything since."""
    d, c, s = schema.device, schema.contact, schema.stream
    told = and_(c.c.shard_key == d.c.shard_key, c.c.device_id == d.c.device_id)
    chain = and_(
        s.c.shard_key == c.c.shard_key, s.c.device_id == c.c.device_id, s.c.epoch == c.c.epoch
    )
    query = select(func.count()).select_from(d.outerjoin(c, told).outerjoin(s, chain))
    query = query.where(
        d.c.shard_key == shard_key,
        d.c.state == DeviceState.ENROLLED,
        or_(
            c.c.seen_ms.is_(None),
            c.c.seen_ms < restored_ms,
            c.c.last_written.is_(None),
            c.c.last_written < 0,
            s.c.head_seq.is_(None),
            s.c.head_seq < c.c.last_written,
        ),
    )
    return int(connection.execute(query).scalar_one())


def has_told(connection: Connection, shard_key: int, device_id: bytes, since_ms: int) -> bool:
    """Tell whether a device has told everything it had written, in a contact since that moment."""
    c, s = schema.contact, schema.stream
    chain = and_(
        s.c.shard_key == c.c.shard_key, s.c.device_id == c.c.device_id, s.c.epoch == c.c.epoch
    )
    query = select(c.c.device_id).join_from(c, s, chain)
    query = query.where(
        c.c.shard_key == shard_key,
        c.c.device_id == device_id,
        c.c.seen_ms >= since_ms,
        c.c.last_written >= 0,
        s.c.head_seq >= c.c.last_written,
    )
    return connection.execute(query).first() is not None
