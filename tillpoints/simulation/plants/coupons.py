"""Bugs to plant in coupons: kept, taken off a bill, put back, good again after a refund."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, structs

from central.ledger.judging import bills
from central.ledger.judging.accounts import REDEMPTION, Code, settlement_id
from central.ledger.judging.redemption_rows import BillPart, PaidBill
from central.ledger.judging.rows import VoucherState
from edge_agent.journal.journal import Journal
from edge_agent.journal.projections import refunds, vouchers
from edge_agent.journal.spending.vouchers import VoucherReader
from loyalty.events import VoucherUse
from tillpoints.simulation.plants import Patch

_BILLS = "central.ledger.judging.bills"


def remembered_in_memory_alone() -> Sequence[Patch]:
    """A till knows the coupons that it has used until it is killed."""
    used: set[tuple[int, str]] = set()
    append, known = Journal.append, VoucherReader.voucher_used

    def note(self: Journal, entries: Sequence[Any], **more: Any) -> list[int]:
        seqs = append(self, entries, **more)
        uses = (one for one in entries if isinstance(one, VoucherUse))
        used.update((id(self), one.voucher_code) for one in uses)
        return seqs

    def replace(db: Any, place: Any, body: VoucherUse) -> None:
        if body.bill is not UNSET:
            db.execute("DELETE FROM voucher_use WHERE voucher_code = ?", (body.voucher_code,))
        _used(db, place, body)

    _used = vouchers.used
    return [
        ("edge_agent.journal.journal.Journal.append", note),
        (
            "edge_agent.journal.spending.vouchers.VoucherReader.voucher_used",
            lambda me, code: (id(me), code) in used if me.coupon(code) else known(me, code),
        ),
        ("edge_agent.journal.projections.vouchers.used", replace),
    ]


def given_back_by_each_refund() -> Sequence[Patch]:
    """A coupon is given back by every refund that leaves nothing of its bill, not by one."""

    def again(entry: Any, part: BillPart, here: str) -> BillPart:
        lease = entry.state.leases.get(part.lease_id)
        kept = entry.state.redemptions.get(part.lease_id)
        voucher = entry.state.vouchers.get(lease.voucher_code)
        if lease.spent:
            subject = f"{lease.lease_id}/{here}"
            shop = settlement_id(part.shop_id)
            entry.move(shop, REDEMPTION, lease.amount, Code.COUPON_BACK, subject)
        state = VoucherState.REDEEMED if lease.spent else VoucherState.ISSUED
        entry.state.vouchers.put(voucher.code, structs.replace(voucher, state=state))
        entry.state.redemptions.put(lease.lease_id, structs.replace(kept, used_on=UNSET))
        return part  # and nothing says that it has come back

    return [(f"{_BILLS}._coupon_back", again)]


def given_back_by_a_part() -> Sequence[Patch]:
    """A refund of a part of a bill makes its coupon good again."""
    came_back, give_back, of = bills.came_back, bills._coupon_back, bills._of  # noqa: SLF001

    def early(entry: Any, sale: Any, refund: Any) -> None:
        came_back(entry, sale, refund)
        key, bill = of(entry, sale)
        if bill is None:
            return
        parts = tuple(
            give_back(entry, one, key.hex()) if one.coupon and not one.back else one
            for one in bill.parts
        )
        entry.state.bills.put(key, PaidBill(parts, bill.returned_fen))

    return [("central.ledger.judging.sales.bills.came_back", early)]


def kept_by_the_till_after_a_refund() -> Sequence[Patch]:
    """A till lets go of a coupon with the first refund of its bill, whatever that returned."""

    def careless(db: Any, place: Any, body: Any, original: str) -> None:
        give_back(db, place, body, original)
        db.execute("DELETE FROM voucher_use WHERE fingerprint = ?", (original,))

    give_back = refunds._give_back  # noqa: SLF001
    return [("edge_agent.journal.projections.refunds._give_back", careless)]


def not_settled() -> Sequence[Patch]:
    """What a coupon took off a bill is not booked as what its shop is due."""
    return [(f"{_BILLS}._pay_shop", lambda *_: None)]


def never_put_back() -> Sequence[Patch]:
    """A coupon that no bill took stays used up at central."""
    return [("central.ledger.judging.coupons._put_back", lambda *_: None)]
