"""Payments with points that no receipt matched yet, as the desk sees them of one member.

The till raises them and may leave them to the desk, where nobody holds a slip with a code. Reads
only; giving the points back is the voucher's affair (`redeeming`).
"""

from msgspec import UNSET, Struct
from sqlalchemy import Connection, select

from central.ledger.judging.redemption_rows import Redemption
from central.ledger.writing.projections import json_of
from central.records import find
from central.schema import redemption, voucher
from central.schema.leases import is_paid, lease
from central.stores.records import name_of
from loyalty.rules.tender import NO_END, TENDER_REWARD


class OpenPayment(Struct, frozen=True):
    """So many points paid `paid_fen` of a bill of `due_fen` at a shop (its name in zh and en)."""

    code: str
    shop: tuple[str, str]
    made_ms: int
    points: int
    paid_fen: int
    due_fen: int


def open_payments(connection: Connection, shard_key: int, member: str) -> list[OpenPayment]:
    """Return a member's payments that no receipt matched, the oldest first."""
    v = voucher.c
    query = select(v.code, v.lease_id).where(v.shard_key == shard_key, is_paid)
    query = query.where(v.valid_until == NO_END, v.reward_id == TENDER_REWARD)
    mine = query.where(v.holder_kind == "member", v.holder_key == member)
    codes = {row.lease_id: row.code for row in connection.execute(mine)}
    points = {
        row.lease_id: row.amount
        for row in find(connection, lease, shard_key, "lease_id", sorted(codes))
    }
    found = []
    for row in find(connection, redemption, shard_key, "lease_id", sorted(codes)):
        kept = json_of(row.content, Redemption)
        if kept.tender is UNSET:
            continue
        shop, bill = name_of(connection, shard_key, kept.tender.shop_id), kept.tender.bill
        own = codes[row.lease_id], shop, kept.granted_ms, points[row.lease_id]
        found.append(OpenPayment(*own, bill.paid_fen, bill.due_fen))
    return sorted(found, key=lambda one: (one.made_ms, one.code))
