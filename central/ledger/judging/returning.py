"""Redemptions that are taken back: points with their lots, pieces with their counters.

Only a voucher that nobody has taken gives anything back. A home till may have taken one while it
was cut off; what it tells later happened at the counter, so it counts, and the house pays.
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
from central.ledger.judging.entry import Entry, Impossible
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import Judgement, Lease, Voucher, VoucherState
from central.ledger.judging.wallets import pay_debt
from loyalty.events import VoucherCancelled, VoucherReturned
from loyalty.rules import lots
from loyalty.wire import Verdict

RETURNED = (VoucherState.CANCELLED, VoucherState.EXPIRED)
#: Why a person must look at a use of a voucher: it is used up already.
VOUCHER_USED = "voucher_used"
_NOTHING = Redemption()


def give_back(entry: Entry, body: VoucherReturned) -> Judgement:
    """Give the points of a voucher back to whom they were, and its pieces to the stock."""
    voucher = entry.state.vouchers.get(body.voucher_code)
    if voucher is None or voucher.state is not VoucherState.REDEEMED:
        raise Impossible("only a voucher that is paid and not used can be given back")
    expired = body.cause == "expired"
    code = Code.VOUCHER_EXPIRED if expired else Code.CANCELLED
    _all_back(entry, _lease(entry, voucher), code, body.request_id)
    state = VoucherState.EXPIRED if expired else VoucherState.CANCELLED
    by = body.by or None
    entry.state.vouchers.put(voucher.code, structs.replace(voucher, state=state, used_by=by))
    return Judgement(Verdict.APPLIED)


def told_back(entry: Entry, body: VoucherCancelled) -> Judgement:
    """Give back what a device was told is given back, where a restored central forgot it.

    What was handed in before we hear of it costs the house what it does when told afterwards.
    """
    voucher = entry.state.vouchers.get(body.voucher_code)
    if voucher is None:
        reference = references.to_voucher(body.voucher_code)
        return Judgement(Verdict.PENDING_REF, "voucher_unknown", reference=reference)
    lease, device_id = _lease(entry, voucher), entry.event.identity.device_id
    if lease.device_id != device_id:
        raise Impossible("a device tells what another one took back")
    taken, kept = voucher.state is VoucherState.USED, redemption(entry, lease.lease_id)
    if voucher.state in RETURNED or (taken and (kept.ours or kept.request_id)):
        return Judgement(Verdict.APPLIED)  # the member has the points
    if not taken or not lease.spent:
        by = device_id.hex()
        return give_back(
            entry, VoucherReturned(body.at, voucher.code, "member", by, body.request_id)
        )
    _all_back(entry, lease, Code.CANCELLED, body.request_id)
    return taken_all_the_same(entry, voucher)


def taken_all_the_same(entry: Entry, voucher: Voucher) -> Judgement:
    """Let the house pay for a voucher that was given back and yet handed in at its home till.

    Whatever comes back of it from then on is the house's: its member has the points already.
    """
    lease = _lease(entry, voucher)
    kept = redemption(entry, lease.lease_id)
    entry.move(OFFLINE_LOSS, spent_to(kept), lease.spent, Code.OFFLINE_LOSS, lease.lease_id)
    stock.take(entry, kept.counted)
    entry.state.redemptions.put(lease.lease_id, structs.replace(kept, ours=True))
    return Judgement(Verdict.APPLIED_ADJUSTED, "voucher_returned", lease.spent)


def good_again(
    entry: Entry, voucher: Voucher, by: str | None = None, request_id: str | None = None
) -> None:
    """Let a coupon that no bill has any more be good again, or stay cancelled if it was.

    Then its member has the points, and the house gets back what the bill had cost it.
    """
    lease = _lease(entry, voucher)
    kept = redemption(entry, lease.lease_id)
    state = VoucherState.REDEEMED if lease.spent else VoucherState.ISSUED
    if kept.ours and kept.request_id:
        entry.move(spent_to(kept), OFFLINE_LOSS, lease.spent, Code.LOSS_BACK, lease.lease_id)
        stock.put_back(entry, kept.counted)
        entry.state.redemptions.put(lease.lease_id, structs.replace(kept, ours=False))
        state, by, request_id = VoucherState.CANCELLED, lease.device_id.hex(), None
    again = structs.replace(voucher, state=state, used_by=by, request_id=request_id)
    entry.state.vouchers.put(voucher.code, again)
    entry.wakes.append(references.to_voucher_back(voucher.code))


def used_again(entry: Entry, voucher: Voucher, by: str) -> Judgement:
    """Let the house pay for what left a home till twice; what another device tells waits.

    Only the home till takes a voucher while it is cut off, and so does a copy of its disk. Any
    other had central's word: of one that is good again after all, or that a lost database gave.
    """
    if voucher.home_device != by:
        reference = references.to_voucher_back(voucher.code)
        return Judgement(Verdict.PENDING_REF, VOUCHER_USED, reference=reference)
    lease = _lease(entry, voucher)
    kept = redemption(entry, lease.lease_id)
    entry.move(OFFLINE_LOSS, spent_to(kept), lease.amount, Code.OFFLINE_LOSS, lease.lease_id)
    stock.take(entry, kept.counted)
    return Judgement(Verdict.APPLIED_ADJUSTED, VOUCHER_USED, lease.amount)


def redemption(entry: Entry, lease_id: str) -> Redemption:
    """Return what a lease takes besides points."""
    return entry.state.redemptions.get(lease_id) or _NOTHING


def spent_to(kept: Redemption) -> bytes:
    """Return the account of what was spent: the shop's where points were money."""
    return REDEMPTION if kept.tender is UNSET else settlement_id(kept.tender.shop_id)


def _all_back(entry: Entry, lease: Lease, code: Code, request_id: str) -> None:
    kept = redemption(entry, lease.lease_id)
    if kept.ours:
        entry.move(spent_to(kept), OFFLINE_LOSS, lease.spent, code, lease.lease_id)
    else:
        _pay_back(entry, lease, kept, code)
    stock.put_back(entry, kept.counted)
    entry.state.redemptions.put(lease.lease_id, structs.replace(kept, request_id=request_id))


def _pay_back(entry: Entry, lease: Lease, kept: Redemption, code: Code) -> None:
    if sum(one.left for one in kept.drawn) != lease.spent:
        raise Impossible("the lots that paid for this voucher are not known")
    wallet, holder = lease.account_id, holder_of(lease.account_id)
    entry.move(spent_to(kept), wallet, lease.spent, code, lease.lease_id)
    there = entry.state.lots.get(wallet) or ()
    entry.state.lots.put(wallet, lots.put_back(there, kept.drawn))
    if holder is not None:
        pay_debt(entry, holder, lease.lease_id)


def _lease(entry: Entry, voucher: Voucher) -> Lease:
    lease = entry.state.leases.get(voucher.lease_id)
    if lease is None:
        raise Impossible("a voucher whose lease does not exist")
    return lease
