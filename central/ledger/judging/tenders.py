"""What a till found when it compared a receipt with the points that paid a part of it.

A match uses the voucher up. Everything else waits for a person: nothing moves until one of them
takes the points back or closes the case. That central gave them back, which a restore may have
undone, its till tells as well.
"""

from central.ledger.judging import bill_points, redemptions, references, returning
from central.ledger.judging.entry import Entry, Impossible
from central.ledger.judging.rows import Judgement, Voucher, VoucherState
from loyalty.events import TenderChecked, VoucherReturned, VoucherUse
from loyalty.rules.tender import TENDER_REWARD
from loyalty.wire import Verdict

#: The reasons of what a person must look at.
MISMATCHES = ("tender_no_line", "tender_other_amount", "tender_other_bill", "tender_no_receipt")
COUPON_MISMATCHES = ("coupon_no_line", "coupon_other_amount", "coupon_too_late")


def checked(entry: Entry, body: TenderChecked) -> Judgement:
    """Use a matched payment's voucher up; let a person look at every other."""
    voucher = entry.state.vouchers.get(body.voucher_code)
    if voucher is None:
        reference = references.to_voucher(body.voucher_code)
        return Judgement(Verdict.PENDING_REF, "voucher_unknown", reference=reference)
    by = entry.event.identity.device_id.hex()
    if voucher.reward_id != TENDER_REWARD or voucher.home_device != by:
        raise Impossible("no payment with points at this till")
    if body.outcome == "matched":
        return _matched(entry, voucher, body, by)
    settles = references.to_paid_bill(voucher.lease_id)
    if body.outcome == "taken_back":
        entry.wakes.append(settles)
        if voucher.state is VoucherState.REDEEMED:  # who gave the points back has lost that
            again = VoucherReturned(body.at, body.voucher_code, "member", by)
            return returning.give_back(entry, again)
        return Judgement(Verdict.APPLIED)
    if voucher.state is not VoucherState.REDEEMED:
        return Judgement(Verdict.APPLIED)  # it is settled
    return Judgement(Verdict.PENDING_REF, f"tender_{body.outcome}", reference=settles)


def _matched(entry: Entry, voucher: Voucher, body: TenderChecked, by: str) -> Judgement:
    """Use a payment up on its bill, once; on another one it costs the house."""
    if bill_points.paid_for(entry, voucher.lease_id, body.fingerprint):
        return Judgement(Verdict.APPLIED)
    judgement = redemptions.use(entry, VoucherUse(body.at, voucher.code, by))
    lease = entry.state.leases.get(voucher.lease_id)
    if lease is not None:  # as the use leaves it: the house may have paid
        again = judgement.reason == returning.VOUCHER_USED
        bill_points.paid(entry, lease, body.fingerprint, ours=again)
    return judgement
