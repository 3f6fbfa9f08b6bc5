"""After a restore: no lease while one may be out there that this database never heard of.

Leases that were granted behind the backup can still be spent on their tills, and vouchers used
behind it look unused. Until each till has pushed again, or the longest lease has run out, online
redemption waits (SYNC 2.2, 2.5).
"""

from sqlalchemy import Connection, and_, func, or_, select

from central import schema
from central.sync.callers import DeviceState


def is_open(connection: Connection, shard_key: int, now_ms: int, lease_ttl_s: int) -> bool:
    """Tell whether leases of a lost database may still be spent."""
    t, d, c = schema.restored, schema.device, schema.contact
    query = select(t.c.restored_ms).where(t.c.shard_key == shard_key)
    restored_ms = connection.execute(query).scalar_one_or_none()
    if restored_ms is None or now_ms >= restored_ms + lease_ttl_s * 1000:
        return False
    same = and_(c.c.shard_key == d.c.shard_key, c.c.device_id == d.c.device_id)
    silent = select(func.count()).select_from(d.outerjoin(c, same))
    silent = silent.where(
        d.c.shard_key == shard_key,
        d.c.state == DeviceState.ENROLLED,
        or_(c.c.seen_ms.is_(None), c.c.seen_ms < restored_ms),
    )
    return bool(connection.execute(silent).scalar_one())
