"""What the mall owes its shops for points that were money at their tills, and coupons. Reads only.

A payment belongs to the month in which the ledger booked it, so a month that is over stays as it
was: what comes late, or is given back later, stands in the month of then.
"""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from central import schema
from central.ledger.judging.accounts import AccountKind, Code, settlement_id
from central.ledger.judging.redemption_rows import BillPart
from central.ledger.judging.rows import VoucherState
from central.ledger.writing.loading import read

State = Literal["matched", "open", "taken_back"]


class Payment(Struct, frozen=True):
    """Points that paid at a shop or a coupon it took off, or (negative) what came back of either.

    `state` is that of now: `open` while no receipt was found for it. `due_fen` is 0 for a coupon,
    whose bill is its receipt. Points that a refund gave back count in whole fen, rounded down.
    """

    shop_id: str
    booked_ms: int
    lease_id: str
    points: int
    paid_fen: int
    due_fen: int
    state: State
    kind: Literal["points", "coupon"] = "points"
    counts: int = 1  # -1 where nothing of it is left with the shop, 0 where only a part came back


class Due(Struct, frozen=True):
    """What the mall owes a shop for a time; what is `open` of it waits for a person."""

    shop_id: str
    payments: int
    points: int
    owed_fen: int
    open: int
    open_fen: int


def payments(connection: Connection, shard_key: int, from_ms: int, until_ms: int) -> list[Payment]:
    """Return what was booked from `from_ms` until before `until_ms`, in the order it was."""
    a, t = schema.account, schema.transfer
    query = select(a.c.account_id)
    query = query.where(a.c.shard_key == shard_key, a.c.kind == int(AccountKind.SETTLEMENT))
    shops = set(connection.scalars(query))
    moved = select(t).where(
        t.c.shard_key == shard_key,
        t.c.booked_ms >= from_ms,
        t.c.booked_ms < until_ms,
        t.c.credit_id.in_(shops) | t.c.debit_id.in_(shops),
    )
    rows = connection.execute(moved.order_by(t.c.number)).all()
    ids = sorted({row.subject for row in rows if "/" not in row.subject})
    coupons = _coupons(connection, shard_key, {row.subject for row in rows} - set(ids))
    kept = read(connection, shard_key, "redemptions", ids)
    leases = read(connection, shard_key, "leases", ids)
    codes = {lease_id: lease.voucher_code for lease_id, lease in leases.items() if lease}
    vouchers = read(connection, shard_key, "vouchers", sorted(codes.values()))
    found = []
    for row in rows:
        if row.subject in coupons:
            found.append(_of_coupon(row, coupons[row.subject]))
            continue
        tender = kept[row.subject].tender  # without one nothing else moves to such an account
        sign = 1 if row.credit_id == settlement_id(tender.shop_id) else -1
        found.append(
            Payment(
                shop_id=tender.shop_id,
                booked_ms=row.booked_ms,
                lease_id=row.subject,
                points=sign * row.amount,
                paid_fen=sign * tender.bill.paid_fen * row.amount // leases[row.subject].amount,
                due_fen=tender.bill.due_fen,
                state=_state(vouchers[codes[row.subject]].state),
                counts=0 if row.code == Code.PAID_BACK else sign,
            )
        )
    return found


def _coupons(
    connection: Connection, shard_key: int, subjects: Iterable[str]
) -> dict[str, BillPart]:
    """Return what coupons took off their bills, by the subjects of their transfers."""
    named = {subject: subject.partition("/") for subject in subjects}
    keys = sorted({bytes.fromhex(paper) for _, _, paper in named.values()})
    bills = read(connection, shard_key, "bills", keys)
    return {
        subject: next(
            part for part in bills[bytes.fromhex(paper)].parts if part.lease_id == lease_id
        )
        for subject, (lease_id, _, paper) in named.items()
    }


def _of_coupon(row: Row[Any], part: BillPart) -> Payment:
    sign = 1 if row.code == Code.COUPON_USED else -1
    return Payment(
        shop_id=part.shop_id,
        booked_ms=row.booked_ms,
        lease_id=part.lease_id,
        points=sign * row.amount,
        paid_fen=sign * part.paid_fen,
        due_fen=0,
        state="taken_back" if part.back else "matched",
        kind="coupon",
        counts=sign,
    )


def dues(found: list[Payment]) -> list[Due]:
    """Return what the mall owes each shop for these payments, by shop."""
    by_shop: dict[str, list[Payment]] = {}
    for one in found:
        by_shop.setdefault(one.shop_id, []).append(one)
    return [_due(shop_id, by_shop[shop_id]) for shop_id in sorted(by_shop)]


def _due(shop_id: str, own: list[Payment]) -> Due:
    waiting = [one for one in own if one.state == "open"]
    return Due(
        shop_id=shop_id,
        payments=sum(one.counts for one in own),
        points=sum(one.points for one in own),
        owed_fen=sum(one.paid_fen for one in own),
        open=len(waiting),
        open_fen=sum(one.paid_fen for one in waiting),
    )


def _state(voucher: VoucherState) -> State:
    if voucher is VoucherState.USED:
        return "matched"
    return "taken_back" if voucher is VoucherState.CANCELLED else "open"
