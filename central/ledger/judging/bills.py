"""Bills that points or coupons paid a part of: what the shop is due, and what a refund undoes.

A coupon's points go on to the shop that took it off a bill, as points that are money do; the amount
in money stands with the bill. A refund gives the points of a payment back with their lots, the last
to end first, and a coupon once nothing of its bill is left.
"""

from msgspec import UNSET, structs

from central.ledger.judging import references, stock
from central.ledger.judging.accounts import (
    OFFLINE_LOSS,
    REDEMPTION,
    Code,
    holder_of,
    settlement_id,
)
from central.ledger.judging.entry import Entry, Impossible, bounded
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.redemption_rows import BillPart, PaidBill, Redemption, Returned
from central.ledger.judging.rows import Lease, Sale, VoucherState
from central.ledger.judging.state import State
from central.ledger.judging.wallets import pay_debt
from loyalty.bills import earning_back, named_fen, points_back, returned_fen
from loyalty.coupons import taken_off
from loyalty.events import Bill, Refund
from loyalty.rules import lots

_NO_BILL = PaidBill()
_NOTHING = Redemption()


def coupon_used(entry: Entry, lease_id: str, fingerprint: str, bill: Bill) -> None:
    """Keep which bill a coupon was taken off, once, and let its points go to the shop."""
    key, shop_id = hash_of(fingerprint), entry.shop()
    if shop_id is None:
        raise Impossible("a coupon counts at the till of a shop")
    known = entry.state.bills.get(key) or _NO_BILL
    if any(part.lease_id == lease_id and not part.back for part in known.parts):
        return
    kept = entry.state.redemptions.get(lease_id) or _NOTHING
    off_fen = bounded("bill.paid_fen", bill.paid_fen, 1)
    if kept.coupon is not UNSET and taken_off(kept.coupon, bill.due_fen) != off_fen:
        raise Impossible(f"a coupon took {off_fen} off {bill.due_fen} fen, against its terms")
    _add(entry, key, BillPart(lease_id, shop_id, off_fen, coupon=True))
    entry.state.redemptions.put(lease_id, _on(kept, (*_counts_on(kept), fingerprint)))
    lease = entry.state.leases.get(lease_id)
    if lease is not None and lease.spent:
        _pay_shop(entry, lease, fingerprint)
    _give_back_again(entry, key)


def pay_shops(entry: Entry, lease: Lease) -> None:
    """Let the points of a coupon that bills took go to their shops; those of any other stay."""
    for fingerprint in _counts_on(entry.state.redemptions.get(lease.lease_id) or _NOTHING):
        _pay_shop(entry, lease, fingerprint)


def _pay_shop(entry: Entry, lease: Lease, fingerprint: str) -> None:
    bill = entry.state.bills.get(hash_of(fingerprint)) or _NO_BILL
    part = next(one for one in bill.parts if one.lease_id == lease.lease_id and not one.back)
    subject = f"{lease.lease_id}/{fingerprint}"
    shop = settlement_id(part.shop_id)
    entry.move(REDEMPTION, shop, lease.amount, Code.COUPON_USED, subject)


def _counts_on(kept: Redemption) -> tuple[str, ...]:
    """Return the receipts of the bills that a coupon counts on; more than one cost the house."""
    if kept.used_on is UNSET:
        return ()
    return (kept.used_on,) if kept.also_on is UNSET else (*kept.also_on, kept.used_on)


def _on(kept: Redemption, bills: tuple[str, ...]) -> Redemption:
    """Return a coupon's redemption as it counts on these bills, the latest last."""
    *before, last = bills or (UNSET,)
    return structs.replace(kept, used_on=last, also_on=tuple(before) or UNSET)


def points_paid(entry: Entry, lease: Lease, fingerprint: str) -> None:
    """Keep which bill it was that points paid a part of."""
    kept = entry.state.redemptions.get(lease.lease_id) or _NOTHING
    if kept.tender is UNSET or not fingerprint:
        return
    key = hash_of(fingerprint)
    known = entry.state.bills.get(key) or _NO_BILL
    if all(part.lease_id != lease.lease_id for part in known.parts):
        _add(entry, key, BillPart(lease.lease_id, kept.tender.shop_id, kept.tender.bill.paid_fen))
        _give_back_again(entry, key)


def took(entry: Entry, lease_id: str, fingerprint: str) -> bool:
    """Tell whether a lease paid a part of a bill, which may have come back since."""
    known = entry.state.bills.get(hash_of(fingerprint)) or _NO_BILL
    return any(part.lease_id == lease_id for part in known.parts)


def expect(state: State, key: bytes) -> None:
    """Keep the refunds of a bill from now on: what paid a part of it is not known yet."""
    known = state.bills.get(key) or _NO_BILL
    if known.early is UNSET:
        state.bills.put(key, structs.replace(known, early=()))


def keep_under(entry: Entry, key: bytes, read_as: str) -> None:
    """Let a corrected receipt keep what paid for it, which stands under what it was read as."""
    if hash_of(read_as) != key:
        entry.state.bills.put(key, PaidBill(under=read_as))


def earning_part(entry: Entry, sale: Sale, refund: Refund, fen: int) -> int:
    """Return what of a refund takes back what earned, where its paper alone says `fen`."""
    _, bill = _of(entry, sale)
    if bill is None:
        return fen
    returned = returned_fen(sale.owed_fen, bill.returned_fen, refund.receipt)
    came = (returned, sale.owed_fen)
    return earning_back(sale.eligible_fen, sale.refunded_fen, refund.receipt, fen, came)


def came_back(entry: Entry, sale: Sale, refund: Refund) -> None:
    """Give back what paid for a sale, as far as a refund returns it."""
    key, bill = _of(entry, sale)
    if bill is None:
        return
    returned = returned_fen(sale.owed_fen, bill.returned_fen, refund.receipt)
    came = Returned(returned, sale.owed_fen, named_fen(refund.receipt))
    parts = tuple(_part_back(entry, part, (came,), key.hex()) for part in bill.parts)
    early = UNSET if bill.early is UNSET else (*bill.early, came)
    entry.state.bills.put(key, PaidBill(parts, returned, early=early))


def _give_back_again(entry: Entry, key: bytes) -> None:
    """Give back what was learned last to have paid for a bill, by the refunds before that."""
    bill = entry.state.bills.get(key) or _NO_BILL
    if bill.early is UNSET:
        return
    *others, last = bill.parts
    last = _part_back(entry, last, bill.early, key.hex())
    entry.state.bills.put(key, structs.replace(bill, parts=(*others, last)))


def _part_back(entry: Entry, part: BillPart, refunds: tuple[Returned, ...], here: str) -> BillPart:
    if not part.coupon:
        return _points_back(entry, part, refunds)
    whole = any(came.returned_fen == came.owed_fen for came in refunds) and not part.back
    return _coupon_back(entry, part, here) if whole else part


def _points_back(entry: Entry, part: BillPart, refunds: tuple[Returned, ...]) -> BillPart:
    """Give back what each of the refunds does, at once: one event moves points a few times only."""
    lease, back = _lease(entry, part), part.back
    for came in refunds:
        of = (came.returned_fen, came.owed_fen)
        back += points_back(lease.spent, part.paid_fen, back, came.named_fen, of)
    points = back - part.back
    if not points:
        return part
    kept = entry.state.redemptions.get(lease.lease_id) or _NOTHING
    shop = settlement_id(part.shop_id)
    if kept.ours:
        entry.move(shop, OFFLINE_LOSS, points, Code.PAID_BACK, lease.lease_id)
        return structs.replace(part, back=back)
    wallet, holder = lease.account_id, holder_of(lease.account_id)
    pieces, rest = lots.last_to_end(kept.drawn, points)
    if sum(one.left for one in pieces) != points:
        raise Impossible("the lots that paid for this bill are not known")
    entry.move(shop, wallet, points, Code.PAID_BACK, lease.lease_id)
    there = entry.state.lots.get(wallet) or ()
    entry.state.lots.put(wallet, lots.put_back(there, pieces))
    entry.state.redemptions.put(lease.lease_id, structs.replace(kept, drawn=rest))
    if holder is not None:
        pay_debt(entry, holder, lease.lease_id)
    return structs.replace(part, back=back)


def _coupon_back(entry: Entry, part: BillPart, here: str) -> BillPart:
    """Let a coupon be good again; one whose last day is over ends by the nightly job.

    Where it counts on another bill as well, by a copy of its till or because a refund in between
    came late, it stays used there, and the house has what the second use had cost it.
    """
    lease = _lease(entry, part)
    kept = entry.state.redemptions.get(lease.lease_id) or _NOTHING
    voucher = entry.state.vouchers.get(lease.voucher_code)
    if voucher is None or voucher.state is not VoucherState.USED or here not in _counts_on(kept):
        return part
    if lease.spent:
        subject = f"{lease.lease_id}/{here}"
        shop = settlement_id(part.shop_id)
        entry.move(shop, REDEMPTION, lease.amount, Code.COUPON_BACK, subject)
    others = tuple(one for one in _counts_on(kept) if one != here)
    entry.state.redemptions.put(lease.lease_id, _on(kept, others))
    if others:
        entry.move(REDEMPTION, OFFLINE_LOSS, lease.amount, Code.LOSS_BACK, lease.lease_id)
        stock.put_back(entry, kept.counted)
    else:
        state = VoucherState.REDEEMED if lease.spent else VoucherState.ISSUED
        again = structs.replace(voucher, state=state, used_by=None, request_id=None)
        entry.state.vouchers.put(voucher.code, again)
        entry.wakes.append(references.to_voucher_back(voucher.code))
    return structs.replace(part, back=max(lease.spent, 1))


def _of(entry: Entry, sale: Sale) -> tuple[bytes, PaidBill | None]:
    """Return what paid for a sale beside money, and the key under which that stands."""
    bill = entry.state.bills.get(sale.fingerprint)
    if bill is None or bill.under is UNSET:
        return sale.fingerprint, bill
    key = hash_of(bill.under)
    return key, entry.state.bills.get(key)


def _add(entry: Entry, key: bytes, part: BillPart) -> None:
    known = entry.state.bills.get(key) or _NO_BILL
    entry.state.bills.put(key, structs.replace(known, parts=(*known.parts, part)))


def _lease(entry: Entry, part: BillPart) -> Lease:
    lease = entry.state.leases.get(part.lease_id)
    if lease is None:
        raise Impossible("a bill that a lease paid which does not exist")
    return lease
