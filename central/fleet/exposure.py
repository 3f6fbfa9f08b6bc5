"""What the mall stands to lose by a device: its open leases, and which of them are in doubt.

A lease is in doubt when nobody can say any more whether it was spent: its chain was sealed, its
device was shut out, or it was not closed in the time in which it could be spent (SYNC 2.5).
"""

from collections import defaultdict
from typing import cast

from msgspec import Struct
from sqlalchemy import Connection, and_, func, select

from central import schema
from central.ledger.judging.rows import Lease, LeaseState
from central.ledger.lease_commands import ReleaseLease
from central.ledger.writing.turns import run_turn
from central.sync.callers import DeviceState
from loyalty.rules.earning import Reason

#: How long a lease stays in doubt before a person may give it up without another reason.
OVERDUE_MS = 7 * 86_400_000


class OpenLease(Struct, frozen=True):
    """Points set aside for a device since `since_ms` (UTC); `left` of them are not spent."""

    lease_id: str
    reward_id: str
    epoch: int
    left: int
    since_ms: int
    in_doubt: bool


class NotReleased(ValueError):
    """The lease cannot be given up; the message says why, in both languages."""


def open_leases(
    connection: Connection, shard_key: int, now_ms: int
) -> dict[bytes, list[OpenLease]]:
    """Return the leases of each device that it may still spend from, oldest first."""
    lease, stream, device, inbox = schema.lease, schema.stream, schema.device, schema.inbox
    same = and_(
        stream.c.shard_key == lease.c.shard_key,
        stream.c.device_id == lease.c.device_id,
        stream.c.epoch == lease.c.epoch,
    )
    whose = and_(device.c.shard_key == lease.c.shard_key, device.c.device_id == lease.c.device_id)
    since = (
        select(func.max(inbox.c.received_ms))
        .where(inbox.c.shard_key == lease.c.shard_key, inbox.c.turn == lease.c.turn)
        .scalar_subquery()
    )
    query = (
        select(lease, stream.c.state.label("sealed"), device.c.state.label("standing"))
        .add_columns(since.label("since_ms"))
        .join_from(lease, stream, same)
        .join(device, whose)
        .where(lease.c.shard_key == shard_key, lease.c.state == int(LeaseState.OPEN))
        .where(lease.c.spent < lease.c.amount)
        .order_by(lease.c.turn, lease.c.lease_id)
    )
    found: dict[bytes, list[OpenLease]] = defaultdict(list)
    for row in connection.execute(query):
        late = now_ms - row.since_ms > row.ttl_s * 1000
        in_doubt = late or bool(row.sealed) or row.standing == int(DeviceState.REVOKED)
        left = row.amount - row.spent
        one = OpenLease(row.lease_id, row.reward_id, row.epoch, left, row.since_ms, in_doubt)
        found[row.device_id].append(one)
    return found


def release(
    connection: Connection, shard_key: int, lease_id: str, now_ms: int, *, destroyed: bool
) -> Lease:
    """Give a lease in doubt up, in the caller's transaction; return it.

    Without `destroyed`, the word of a person that its device is gone, it must have been in doubt
    for seven days. Raises NotReleased.
    """
    leases = open_leases(connection, shard_key, now_ms).values()
    known = next((one for some in leases for one in some if one.lease_id == lease_id), None)
    if known is None:
        raise NotReleased(f"{lease_id}: 没有这样的未结授权 / no such lease is open")
    if not destroyed and not (known.in_doubt and now_ms - known.since_ms >= OVERDUE_MS):
        raise NotReleased(
            f"{lease_id}: 七天内不能收回，除非终端已损毁 / not before seven days in doubt,"
            " unless its device is destroyed"
        )
    command = ReleaseLease(lease_id, "destroyed" if destroyed else "overdue")
    answer = run_turn(connection, shard_key, [command], now_ms)[0]
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, Reason):
        raise NotReleased(f"{lease_id}: {answer.code}")
    return cast(Lease, answer)
