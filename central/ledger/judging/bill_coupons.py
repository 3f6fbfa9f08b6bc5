"""Coupons that were taken off bills: on which ones each counts, and what its shops are due.

A coupon's points go on to the shop that took it off a bill, as points that are money do; the amount
in money stands with the bill. Once nothing is left of that, the coupon is good again.
"""

from msgspec import UNSET, structs

from central.ledger.judging import returning, stock
from central.ledger.judging.accounts import OFFLINE_LOSS, REDEMPTION, Code, settlement_id
from central.ledger.judging.entry import Entry, Impossible, bounded
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.redemption_rows import BillPart, PaidBill, Redemption, Returned
from central.ledger.judging.rows import Lease, VoucherState
from loyalty.coupons import taken_off
from loyalty.events import Bill

_NO_BILL = PaidBill()
_NOTHING = Redemption()


def used(entry: Entry, lease_id: str, fingerprint: str, paid: Bill) -> None:
    """Keep which bill a coupon was taken off, once, and let its points go to the shop.

    One whose bill has come back whole by now is good again at once.
    """
    key, bill = _bill(entry, fingerprint)
    if any(part.lease_id == lease_id and not part.back for part in bill.parts):
        return
    part = _part(entry, lease_id, paid)
    kept = entry.state.redemptions.get(lease_id) or _NOTHING
    entry.state.redemptions.put(lease_id, _on(kept, (*_counts_on(kept), fingerprint)))
    lease = entry.state.leases.get(lease_id)
    if lease is not None and lease.spent:
        _pay_shop(entry, lease, part, fingerprint)
    part = back(entry, part, bill.refunds, key.hex())
    entry.state.bills.put(key, bill.plus(part))


def never_counted(entry: Entry, lease_id: str, fingerprint: str, paid: Bill) -> bool:
    """Keep a use that has nothing to count for any more: its bill came back whole.

    Tell whether that is so.
    """
    key, bill = _bill(entry, fingerprint)
    if not bill.is_back:
        return False
    if took(entry, lease_id, fingerprint):
        return True
    part = structs.replace(_part(entry, lease_id, paid), back=_points(_lease(entry, lease_id)))
    entry.state.bills.put(key, bill.plus(part))
    return True


def took(entry: Entry, lease_id: str, fingerprint: str) -> bool:
    """Tell whether a coupon was taken off a bill, which may have come back since."""
    _, bill = _bill(entry, fingerprint)
    return any(part.lease_id == lease_id for part in bill.parts)


def pay_shops(entry: Entry, lease: Lease) -> None:
    """Let the points of a coupon that bills took go to their shops; those of any other stay."""
    for fingerprint in _counts_on(entry.state.redemptions.get(lease.lease_id) or _NOTHING):
        _, bill = _bill(entry, fingerprint)
        mine = (one for one in bill.parts if one.lease_id == lease.lease_id and not one.back)
        _pay_shop(entry, lease, next(mine), fingerprint)


def back(entry: Entry, part: BillPart, refunds: tuple[Returned, ...], here: str) -> BillPart:
    """Let a coupon be good again if a refund leaves nothing of its bill; `here` is the receipt.

    One whose last day is over ends by the nightly job. Where it counts on another bill as well, by
    a copy of its till or because a refund in between came late, it stays used there, and the house
    has what the second use had cost it.
    """
    if part.back or not any(came.is_whole for came in refunds):
        return part
    lease = _lease(entry, part.lease_id)
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
        returning.good_again(entry, voucher)
    return structs.replace(part, back=_points(lease))


def _bill(entry: Entry, fingerprint: str) -> tuple[bytes, PaidBill]:
    key = hash_of(fingerprint)
    return key, entry.state.bills.get(key) or _NO_BILL


def _part(entry: Entry, lease_id: str, paid: Bill) -> BillPart:
    """Return what a coupon took off a bill at this till, by its terms."""
    shop_id = entry.shop()
    if shop_id is None:
        raise Impossible("a coupon counts at the till of a shop")
    kept = entry.state.redemptions.get(lease_id) or _NOTHING
    off_fen = bounded("bill.paid_fen", paid.paid_fen, 1)
    terms = kept.coupon if kept.granted_ms else UNSET  # of a lease made again they may be others
    if terms is not UNSET and taken_off(terms, paid.due_fen) != off_fen:
        raise Impossible(f"a coupon took {off_fen} off {paid.due_fen} fen, against its terms")
    return BillPart(lease_id, shop_id, off_fen, coupon=True)


def _points(lease: Lease) -> int:
    """Return what stands as `back` with a coupon that is: one may have cost nothing."""
    return max(lease.spent, 1)


def _pay_shop(entry: Entry, lease: Lease, part: BillPart, fingerprint: str) -> None:
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


def _lease(entry: Entry, lease_id: str) -> Lease:
    lease = entry.state.leases.get(lease_id)
    if lease is None:
        raise Impossible("a bill that a lease paid which does not exist")
    return lease
