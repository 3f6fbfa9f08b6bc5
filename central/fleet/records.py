"""The devices of a mall, and the one-time codes by which a machine becomes one of them.

Owns the tables `device` and `enrolment` up to the moment a machine trades its code; the sync room
owns that trade. A code is shown once and kept only as a hash.
"""

import secrets
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from central.fleet.sheet import Till
from central.records import Tally, find, put, tally
from central.schema import contact, device, enrolment, stream
from central.sync.enrolment import code_hash

CODE_VALID_MS = 24 * 60 * 60 * 1000

#: Crockford's base 32: no I, L, O, U. Sixteen symbols are 80 bits.
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_SYMBOLS = 16
_GROUP = 4
_DEVICE_BYTES = 16
_STATES: tuple[Literal["expected", "enrolled", "revoked"], ...] = (
    "expected",
    "enrolled",
    "revoked",
)


class EnrolledAlready(ValueError):
    """A machine is this device already; what it is cannot be changed from here."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name}: 已有机器注册为此终端 / a machine is enrolled under this name already"
        )


class Device(Struct, frozen=True):
    """One device as store IT sees it. Times in ms UTC, None: never."""

    name: str
    role: str
    shop_id: str
    state: Literal["expected", "enrolled", "revoked"]
    device_id: str
    code_until_ms: int | None
    enrolled_ms: int | None
    seen_ms: int | None
    clock_error_ms: int | None
    events: int


def register(connection: Connection, shard_key: int, tills: list[Till]) -> Tally:
    """Expect these devices. Raises EnrolledAlready when an enrolled one would become another."""
    names = [till.name for till in tills]
    known = {row.name: row for row in find(connection, device, shard_key, "name", names)}
    rows = []
    for till in tills:
        row = known.get(till.name)
        if row is not None and row.state and (row.role, row.shop_id) != (till.role, till.shop_id):
            raise EnrolledAlready(till.name)
        rows.append(
            {
                "device_id": row.device_id
                if row is not None
                else secrets.token_bytes(_DEVICE_BYTES),
                "name": till.name,
                "role": till.role,
                "shop_id": till.shop_id,
                "state": row.state if row is not None else 0,
            }
        )
    return tally(put(connection, device, shard_key, rows))


def new_code(connection: Connection, shard_key: int, name: str, now_ms: int) -> str:
    """Return a fresh one-time code for an expected device; an older code of it stops working.

    Raises EnrolledAlready, and LookupError for a name that nobody registered.
    """
    row = next(find(connection, device, shard_key, "name", [name]), None)
    if row is None:
        raise LookupError(name)
    if row.state:
        raise EnrolledAlready(name)
    code = "".join(secrets.choice(_SYMBOLS) for _ in range(_CODE_SYMBOLS))
    connection.execute(
        delete(enrolment).where(
            enrolment.c.shard_key == shard_key, enrolment.c.device_id == row.device_id
        )
    )
    connection.execute(
        insert(enrolment).values(
            shard_key=shard_key,
            code_hash=code_hash(code),
            device_id=row.device_id,
            expires_ms=now_ms + CODE_VALID_MS,
        )
    )
    return "-".join(code[start : start + _GROUP] for start in range(0, _CODE_SYMBOLS, _GROUP))


def devices(connection: Connection, shard_key: int) -> list[Device]:
    """Return every device of the mall by name."""
    codes = {
        row.device_id: row.expires_ms
        for row in connection.execute(select(enrolment).where(enrolment.c.shard_key == shard_key))
    }
    contacts = {
        row.device_id: row
        for row in connection.execute(select(contact).where(contact.c.shard_key == shard_key))
    }
    events: dict[bytes, int] = {}
    for row in connection.execute(select(stream).where(stream.c.shard_key == shard_key)):
        events[row.device_id] = events.get(row.device_id, 0) + row.head_seq
    found = connection.execute(
        select(device).where(device.c.shard_key == shard_key).order_by(device.c.name)
    )
    listed = []
    for row in found:
        seen = contacts.get(row.device_id)
        listed.append(
            Device(
                name=row.name,
                role=row.role,
                shop_id=row.shop_id,
                state=_STATES[row.state],
                device_id=row.device_id.hex(),
                code_until_ms=None if row.state else codes.get(row.device_id),
                enrolled_ms=row.enrolled_ms,
                seen_ms=seen.seen_ms if seen is not None else None,
                clock_error_ms=seen.clock_error_ms if seen is not None else None,
                events=events.get(row.device_id, 0),
            )
        )
    return listed
