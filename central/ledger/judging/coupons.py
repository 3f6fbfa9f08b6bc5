"""Coupons at a till: held for a bill, used up with its receipt, put back without one.

A home till holds its coupon by itself and central hears of the use alone; for any other central
used the voucher up beforehand, so what the till tells confirms that or gives it back.
"""

from msgspec import UNSET, structs

from central.ledger.judging import bill_coupons, redemptions, references, returning
from central.ledger.judging.entry import Entry, Impossible
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import Judgement, Voucher, VoucherState
from loyalty.events import CouponChecked, VoucherUse
from loyalty.wire import Verdict

_APPLIED = (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED)


def handed_in(entry: Entry, body: VoucherUse) -> Judgement:
    """Use a voucher up; that of a coupon goes to the bill that it was taken off.

    A till that was copied may use it on another bill under the very request that central answered.
    A second use waits for the bill that has the coupon to come back, or for its own.
    """
    voucher = entry.state.vouchers.get(body.voucher_code)
    if voucher is not None and _is_on_another(entry, voucher, body):
        judgement = returning.used_again(entry, voucher, body.by)
    else:
        judgement = redemptions.use(entry, body)
    waits = judgement.verdict is Verdict.PENDING_REF and judgement.reason == returning.VOUCHER_USED
    if body.bill is UNSET or voucher is None or not (waits or judgement.verdict in _APPLIED):
        return judgement
    if body.fingerprint is UNSET or not body.fingerprint:
        raise Impossible("a coupon was used on a bill that nobody names")
    of = (voucher.lease_id, body.fingerprint, body.bill)
    if not waits:
        bill_coupons.used(entry, *of)
    elif bill_coupons.never_counted(entry, *of):
        judgement = Judgement(Verdict.APPLIED)
    else:
        return structs.replace(judgement, bill=hash_of(body.fingerprint))
    entry.wakes.append(references.to_paid_bill(voucher.lease_id))
    return judgement


def _is_on_another(entry: Entry, voucher: Voucher, body: VoucherUse) -> bool:
    """Tell whether a coupon counts on another bill than the one that it is said to be used on."""
    kept = entry.state.redemptions.get(voucher.lease_id) or Redemption()
    asked_by_it = (voucher.used_by, voucher.request_id) == (body.by, body.request_id)
    return asked_by_it and kept.used_on not in (UNSET, body.fingerprint)


def checked(entry: Entry, body: CouponChecked) -> Judgement:
    """Put a coupon back that no bill took; let a person look at what did not fit a receipt.

    Their word comes with what they do at the till: they use the coupon up there, or put it back.
    """
    voucher = entry.state.vouchers.get(body.voucher_code)
    if voucher is None:
        reference = references.to_voucher(body.voucher_code)
        return Judgement(Verdict.PENDING_REF, "voucher_unknown", reference=reference)
    kept = entry.state.redemptions.get(voucher.lease_id) or Redemption()
    if body.outcome != "released":
        taken = body.fingerprint and bill_coupons.took(entry, voucher.lease_id, body.fingerprint)
        if taken or body.fingerprint == kept.let_go:
            return Judgement(Verdict.APPLIED)
        reference = references.to_paid_bill(voucher.lease_id)
        return Judgement(Verdict.PENDING_REF, f"coupon_{body.outcome}", reference=reference)
    if body.fingerprint:
        let_go = structs.replace(kept, let_go=body.fingerprint)
        entry.state.redemptions.put(voucher.lease_id, let_go)
        entry.wakes.append(references.to_paid_bill(voucher.lease_id))
    if body.request_id:
        _put_back(entry, voucher, body.request_id)
    return Judgement(Verdict.APPLIED)


def _put_back(entry: Entry, voucher: Voucher, request_id: str) -> None:
    """Make a voucher good again that this device took, or may yet take by a late request."""
    by = entry.event.identity.device_id.hex()
    kept = entry.state.redemptions.get(voucher.lease_id) or Redemption()
    if voucher.state is VoucherState.USED:
        if (voucher.used_by, voucher.request_id) != (by, request_id) or kept.used_on is not UNSET:
            return  # it was not taken for this, or a bill has it
    elif voucher.state not in (VoucherState.ISSUED, VoucherState.REDEEMED):
        return
    returning.good_again(entry, voucher, by, request_id)
