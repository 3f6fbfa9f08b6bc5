"""Bugs to plant in coupons: kept, taken off a bill, put back, good again after a refund."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, structs

from central.ledger.judging import bill_coupons, bill_points, bills
from central.ledger.judging.accounts import REDEMPTION, Code, settlement_id
from central.ledger.judging.redemption_rows import BillPart, Returned
from central.ledger.judging.rows import VoucherState
from edge_agent.journal.journal import Journal
from edge_agent.journal.projections import refunds, vouchers
from edge_agent.journal.spending.vouchers import VoucherReader
from loyalty.events import VoucherUse
from tillpoints.simulation.plants import Patch

_COUPONS = "central.ledger.judging.bill_coupons"


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

    def again(entry: Any, part: BillPart, refunds: Sequence[Returned], here: str) -> BillPart:
        if not any(came.is_whole for came in refunds):
            return part
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

    return [(f"{_COUPONS}.back", again)]


def given_back_by_a_part() -> Sequence[Patch]:
    """A refund of a part of a bill makes its coupon good again."""
    back = bill_coupons.back

    def early(entry: Any, part: BillPart, refunds: Sequence[Returned], here: str) -> BillPart:
        whole = tuple(structs.replace(one, returned_fen=one.owed_fen) for one in refunds)
        return back(entry, part, whole, here)

    return [(f"{_COUPONS}.back", early)]


def refund_before_its_use_forgotten() -> Sequence[Patch]:
    """A refund gives back what is known by then to have paid, and nothing that is told later."""
    came_back = bills.came_back

    def forgetful(entry: Any, sale: Any, refund: Any) -> None:
        _, bill = bill_points.bill_of(entry, sale.fingerprint)
        if bill.parts:
            came_back(entry, sale, refund)

    return [("central.ledger.judging.bills.came_back", forgetful)]


def kept_by_the_till_after_a_refund() -> Sequence[Patch]:
    """A till lets go of a coupon with the first refund of its bill, whatever that returned."""

    def careless(db: Any, place: Any, body: Any, original: str) -> None:
        give_back(db, place, body, original)
        db.execute("DELETE FROM voucher_use WHERE fingerprint = ?", (original,))

    give_back = refunds._give_back  # noqa: SLF001
    return [("edge_agent.journal.projections.refunds._give_back", careless)]


def not_settled() -> Sequence[Patch]:
    """What a coupon took off a bill is not booked as what its shop is due."""
    return [(f"{_COUPONS}._pay_shop", lambda *_: None)]


def never_put_back() -> Sequence[Patch]:
    """A coupon that no bill took stays used up at central."""
    return [("central.ledger.judging.coupons._put_back", lambda *_: None)]
