"""The devices of a mall, and the one-time codes by which a machine becomes one of them.

Owns the tables `device` and `enrolment` up to the moment a machine trades its code; the sync room
owns that trade. A code is shown once and kept only as a hash.
"""

import secrets
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from central.fleet.exposure import OpenLease, open_leases
from central.fleet.sheet import Till
from central.ledger.judging.fold import OPEN_VERDICTS
from central.ledger.shards import tenant_number
from central.records import Tally, find, put, tally
from central.schema import contact, device, enrolment, fence, inbox, stream
from central.sync.callers import DeviceState
from central.sync.census import await_too, awaited
from central.sync.enrolment import code_hash
from central.sync.tenant_moves import behind
from central.sync.trails import gaps
from central.sync.witnesses import against
from loyalty.codes import group
from loyalty.trails import Gaps

CODE_VALID_MS = 24 * 60 * 60 * 1000

#: Crockford's base 32: no I, L, O, U. Sixteen symbols are 80 bits.
_SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_SYMBOLS = 16
_DEVICE_BYTES = 16
_STATES: dict[DeviceState, Literal["expected", "enrolled", "revoked"]] = {
    DeviceState.EXPECTED: "expected",
    DeviceState.ENROLLED: "enrolled",
    DeviceState.REVOKED: "revoked",
}


class EnrolledAlready(ValueError):
    """A machine is this device already; what it is cannot be changed from here."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name}: 已有机器注册为此终端 / a machine is enrolled under this name already"
        )


class HasPast(ValueError):
    """A device has written events, which count for its shop for ever: it cannot be another's."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name}: 此终端有原店铺的流水，不能改属别的店铺；请以新名称登记一台终端"
            " / its events are of the shop it has: register a new device under another name"
        )


class Issued(Struct, frozen=True):
    """A one-time code as it is shown, once."""

    name: str
    role: str
    shop_id: str
    code: str
    valid_until_ms: int


class Device(Struct, frozen=True):
    """One device as store IT sees it. Times in ms UTC, None: never.

    `fenced` other machines hold a copy of this device's disk and events that wait there: a new
    enrolment code (`again`) says which machine goes on. `exposed_points` are what it may have spent
    under its open leases without central knowing. `seal_contradicted`: it holds a seal that the
    ledger's seal of this turn contradicts, so somebody changed what was sealed. `gaps`: what its
    papers left out on the last day. `awaited`: the database was restored, and this device has not
    told everything since. `has_old_key`: it makes the tags of cards under an earlier tenant key.
    """

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
    open_cases: int
    epoch: int | None
    fenced: int
    open_leases: tuple[OpenLease, ...] = ()
    exposed_points: int = 0
    seal_contradicted: int | None = None
    gaps: Gaps = Gaps()
    awaited: bool = False
    has_old_key: bool = False


def register(connection: Connection, shard_key: int, tills: list[Till]) -> Tally:
    """Expect these devices. One that is new while others are awaited after a restore is, too.

    Raises EnrolledAlready when an enrolled one would become another, and HasPast when one that was
    enrolled before would go to another shop.
    """
    names = [till.name for till in tills]
    known = {row.name: row for row in find(connection, device, shard_key, "name", names)}
    rows = []
    for till in tills:
        row = known.get(till.name)
        if row is not None and row.state and (row.role, row.shop_id) != (till.role, till.shop_id):
            raise EnrolledAlready(till.name)
        if row is not None and row.shop_id != till.shop_id and _has_chain(connection, row):
            raise HasPast(till.name)
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
    changes = put(connection, device, shard_key, rows)
    await_too(connection, shard_key, [row["device_id"] for row in changes.added])
    return tally(changes)


def issue(connection: Connection, shard_key: int, name: str, now_ms: int, *, again: bool) -> Issued:
    """Return a fresh one-time code for a device; an unused older one of it stops working.

    `again` lets another machine, or the same one with a new disk, become a device that a machine
    is already; that one is then shut out. Raises EnrolledAlready without it, and LookupError for a
    name that nobody registered.
    """
    row = next(find(connection, device, shard_key, "name", [name]), None)
    if row is None:
        raise LookupError(name)
    if row.state != DeviceState.EXPECTED and not again:
        raise EnrolledAlready(name)
    if row.state == DeviceState.REVOKED:
        _set_state(connection, row, DeviceState.EXPECTED)
        await_too(connection, shard_key, [row.device_id])
    return _issue(connection, shard_key, row, now_ms)


def revoke(connection: Connection, shard_key: int, name: str) -> None:
    """Shut a device out from its next call on; codes handed out for it stop working.

    Only a new code (`again`) brings the name back, for the machine that then enrols. Copies of its
    disk are shut out too, and waited for no longer. Raises LookupError for a name that nobody
    registered.
    """
    row = next(find(connection, device, shard_key, "name", [name]), None)
    if row is None:
        raise LookupError(name)
    _set_state(connection, row, DeviceState.REVOKED)
    _drop_codes(connection, row)
    whose = (fence.c.shard_key == shard_key, fence.c.device_id == row.device_id)
    connection.execute(delete(fence).where(*whose))


def _has_chain(connection: Connection, row: Row[Any]) -> bool:
    """Tell whether a device ever had an epoch: a replay judges its events by its shop."""
    whose = (stream.c.shard_key == row.shard_key, stream.c.device_id == row.device_id)
    return connection.execute(select(stream.c.epoch).where(*whose)).first() is not None


def _set_state(connection: Connection, row: Row[Any], state: DeviceState) -> None:
    whose = (device.c.shard_key == row.shard_key, device.c.device_id == row.device_id)
    connection.execute(update(device).where(*whose).values(state=int(state)))


def _drop_codes(connection: Connection, row: Row[Any]) -> None:
    connection.execute(
        delete(enrolment).where(
            enrolment.c.shard_key == row.shard_key,
            enrolment.c.device_id == row.device_id,
            enrolment.c.used_by.is_(None),
        )
    )


def issue_all(connection: Connection, shard_key: int, now_ms: int) -> list[Issued]:
    """Return a fresh one-time code for every device that no machine has become yet."""
    expected = connection.execute(
        select(device)
        .where(device.c.shard_key == shard_key, device.c.state == int(DeviceState.EXPECTED))
        .order_by(device.c.name)
    ).all()
    return [_issue(connection, shard_key, row, now_ms) for row in expected]


def _issue(connection: Connection, shard_key: int, row: Row[Any], now_ms: int) -> Issued:
    code = "".join(secrets.choice(_SYMBOLS) for _ in range(_CODE_SYMBOLS))
    until_ms = now_ms + CODE_VALID_MS
    _drop_codes(connection, row)
    connection.execute(
        insert(enrolment).values(
            shard_key=shard_key,
            code_hash=code_hash(code),
            device_id=row.device_id,
            expires_ms=until_ms,
        )
    )
    return Issued(row.name, row.role, row.shop_id, group(code), until_ms)


class _Facts(Struct, frozen=True):
    """What other tables say of devices, by device_id."""

    code_until_ms: dict[bytes, int]
    contacts: dict[bytes, Row[Any]]
    streams: dict[bytes, Row[Any]]
    awaited: frozenset[bytes]
    open_cases: dict[bytes, int]
    fenced: dict[bytes, int]
    leases: dict[bytes, list[OpenLease]]
    contradicted: dict[bytes, int]
    gaps: dict[bytes, Gaps]
    behind: frozenset[str]


def devices(connection: Connection, shard_key: int, now_ms: int = 0) -> list[Device]:
    """Return every device of the mall by name."""
    facts = _facts(connection, shard_key, now_ms)
    found = connection.execute(
        select(device).where(device.c.shard_key == shard_key).order_by(device.c.name)
    )
    return [_device(row, facts) for row in found]


def _device(row: Row[Any], facts: _Facts) -> Device:
    seen = facts.contacts.get(row.device_id)
    journals = facts.streams.get(row.device_id)
    leases = tuple(facts.leases.get(row.device_id, ()))
    return Device(
        name=row.name,
        role=row.role,
        shop_id=row.shop_id,
        state=_STATES[DeviceState(row.state)],
        device_id=row.device_id.hex(),
        code_until_ms=facts.code_until_ms.get(row.device_id),
        enrolled_ms=row.enrolled_ms,
        seen_ms=seen.seen_ms if seen is not None else None,
        clock_error_ms=seen.clock_error_ms if seen is not None else None,
        events=int(journals.events) if journals is not None else 0,
        open_cases=facts.open_cases.get(row.device_id, 0),
        epoch=journals.epoch if journals is not None else None,
        fenced=facts.fenced.get(row.device_id, 0),
        open_leases=leases,
        exposed_points=sum(lease.left for lease in leases),
        seal_contradicted=facts.contradicted.get(row.device_id),
        gaps=facts.gaps.get(row.device_id, Gaps()),
        awaited=row.device_id in facts.awaited,
        has_old_key=row.name in facts.behind,
    )


def _facts(connection: Connection, shard_key: int, now_ms: int) -> _Facts:
    codes = select(enrolment.c.device_id, enrolment.c.expires_ms).where(
        enrolment.c.shard_key == shard_key, enrolment.c.used_by.is_(None)
    )
    journals = (
        select(
            stream.c.device_id,
            func.sum(stream.c.head_seq).label("events"),
            func.max(stream.c.epoch).label("epoch"),
        )
        .where(stream.c.shard_key == shard_key)
        .group_by(stream.c.device_id)
    )
    cases = (
        select(inbox.c.device_id, func.count().label("number"))
        .where(inbox.c.shard_key == shard_key, inbox.c.verdict.in_(OPEN_VERDICTS))
        .group_by(inbox.c.device_id)
    )
    fences = (
        select(fence.c.device_id, func.count(func.distinct(fence.c.request_id)).label("number"))
        .where(fence.c.shard_key == shard_key)
        .group_by(fence.c.device_id)
    )
    contacts = select(contact).where(contact.c.shard_key == shard_key)

    def by_device(query: Select[Any]) -> dict[bytes, Row[Any]]:
        return {row.device_id: row for row in connection.execute(query)}

    return _Facts(
        code_until_ms={key: row.expires_ms for key, row in by_device(codes).items()},
        contacts=by_device(contacts),
        streams=by_device(journals),
        open_cases={key: row.number for key, row in by_device(cases).items()},
        fenced={key: row.number for key, row in by_device(fences).items()},
        leases=open_leases(connection, shard_key, now_ms),
        contradicted=against(connection, shard_key),
        gaps=gaps(connection, shard_key, now_ms),
        awaited=awaited(connection, shard_key),
        behind=frozenset(behind(connection, shard_key, tenant_number(connection, shard_key))),
    )
