"""Which devices use today's tenant key, and which have not heard of it yet."""

from sqlalchemy import Connection, func, select, update

from central import schema
from central.database import WriterBusy, writing
from central.sync.callers import Caller, DeviceState
from central.sync.service import Service


def note(service: Service, caller: Caller) -> None:
    """Keep that a device uses today's tenant key."""
    t = schema.device
    whose = (t.c.shard_key == service.shard_key, t.c.device_id == caller.device_id)
    moved = update(t).where(*whose).values(tenant_number=service.member_files.key_number)
    try:
        with writing(service.engine) as connection:
            connection.execute(moved)
    except WriterBusy:
        return  # an import holds the database, and the device says it again at its next pull


def behind(connection: Connection, shard_key: int, number: int) -> list[str]:
    """Return the names of the enrolled devices that do not use the tenant key of a number yet."""
    t = schema.device
    found = connection.execute(
        select(t.c.name)
        .where(
            t.c.shard_key == shard_key,
            t.c.state == int(DeviceState.ENROLLED),
            func.coalesce(t.c.tenant_number, 0) != number,
        )
        .order_by(t.c.name)
    )
    return list(found.scalars())
