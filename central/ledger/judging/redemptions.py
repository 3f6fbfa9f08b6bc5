"""What leases and vouchers do to the ledger (SYNC 2.5).

A grant sets points aside, a spend moves them out of the wallet, a close frees the rest. Nothing
here reads a clock: how long a lease may be spent is between the device and its own boot clock.
"""

from msgspec import UNSET, structs

from central.ledger.judging import arming, bill_coupons, prices, references, returning, stock
from central.ledger.judging.accounts import OFFLINE_LOSS, Code, wallet_id
from central.ledger.judging.entry import Entry, Impossible, bounded
from central.ledger.judging.redemption_rows import Redemption, Tender
from central.ledger.judging.rows import (
    CENTRAL_DEVICE,
    Judgement,
    Lease,
    LeaseState,
    Voucher,
    VoucherState,
)
from central.ledger.judging.wallets import draw_lots, free, resolve
from loyalty.events import (
    LeaseClose,
    LeaseGrant,
    LeaseRefused,
    LeaseRelease,
    LeaseRemade,
    Redeem,
    VoucherUse,
)
from loyalty.leases import READY_REWARD
from loyalty.rules import lots
from loyalty.rules.earning import Reason
from loyalty.wire import Verdict

_APPLIED = Judgement(Verdict.APPLIED)


def grant(entry: Entry, body: LeaseGrant) -> Judgement:
    """Set points aside for one device, and issue the voucher they will pay for."""
    holder = resolve(entry, body.holder)
    if holder.kind == "card":
        raise Impossible(f"card {holder.key} is nobody's: its points cannot be lent")
    wallet = wallet_id(holder)
    entry.hold(wallet, bounded("points", body.points, 1))
    lease = Lease(
        lease_id=body.lease_id,
        account_id=wallet,
        device_id=bytes.fromhex(body.device),
        epoch=body.epoch,
        request_id=body.request_id,
        amount=body.points,
        spent=0,
        ttl_s=body.ttl_s,
        reward_id=body.reward_id,
        voucher_code=body.voucher_code,
        state=LeaseState.OPEN,
    )
    _issue(entry, lease, body)
    kept = Redemption(body.pieces, body.place, body.counted, granted_ms=body.at.wall_ms)
    if body.bill is not UNSET:
        kept = structs.replace(kept, tender=Tender(body.place, body.bill))
    if body.coupon is not UNSET:
        kept = structs.replace(kept, coupon=body.coupon)
    if body.tier_id is not UNSET:
        kept = structs.replace(kept, tier_id=body.tier_id)
    entry.state.redemptions.put(body.lease_id, kept)
    if body.counted:
        stock.take(entry, body.counted)
        stock.decided(entry, body.counted, body.device, body.at)
    arming.arm(entry.state, body)
    return _APPLIED


def remake(entry: Entry, body: LeaseRemade) -> Judgement:
    """Make a lease again that went with a lost database, for the spend that waits for it.

    Where the points are not the member's any more, or not yet, the spend will be the house's loss.
    """
    holder = resolve(entry, body.holder)
    wallet = wallet_id(holder)
    points = bounded("points", body.points, 1)
    # What is set aside on a card that is nobody's would stay behind when it becomes a member's.
    covered = holder.kind == "member" and points <= entry.account(wallet).available
    if covered:
        entry.hold(wallet, points)
        stock.take(entry, body.counted)
    lease = Lease(
        lease_id=body.lease_id,
        account_id=wallet,
        device_id=bytes.fromhex(body.device),
        epoch=body.epoch,
        request_id=body.lease_id,  # the one that it was asked for with is lost
        amount=points,
        spent=0,
        ttl_s=0,
        reward_id=body.reward_id,
        voucher_code=body.voucher_code,
        state=LeaseState.OPEN if covered else LeaseState.RELEASED,
    )
    _issue(entry, lease, body)
    kept = Redemption(
        pieces=bounded("pieces", body.pieces, 1),
        counted=body.counted,
        coupon=body.coupon,
        tier_id=body.tier_id,
    )
    if kept != Redemption():
        entry.state.redemptions.put(body.lease_id, kept)
    return _APPLIED


def refuse(entry: Entry, body: LeaseRefused) -> Judgement:
    """Keep the answer to a request for a lease that was none."""
    key = (bytes.fromhex(body.device), body.request_id)
    if entry.state.requests.get(key) is not None or entry.state.refusals.get(key) is not None:
        raise Impossible(f"request {body.request_id} was answered before")
    entry.state.refusals.put(key, Reason(body.code, body.values))
    return _APPLIED


def redeem(entry: Entry, body: Redeem) -> Judgement:
    """Spend a lease's points, all of them. It happened at the counter, so it is never refused.

    What a copy of the device spent after the lease was given back is the house's loss. A price that
    never stood in the catalogue is for a person to look at.
    """
    lease = entry.state.leases.get(body.lease_id)
    if lease is None:
        return Judgement(
            Verdict.PENDING_REF, "lease_unknown", reference=references.to_lease(body.lease_id)
        )
    kept = returning.redemption(entry, lease.lease_id)
    judgement = _spend(entry, lease, body)
    if not prices.off_catalogue(entry, lease, kept, body):
        return judgement
    return Judgement(Verdict.APPLIED_ADJUSTED, prices.OFF_CATALOGUE, judgement.adjusted)


def _spend(entry: Entry, lease: Lease, body: Redeem) -> Judgement:
    _check_owner(entry, lease)
    if lease.state is LeaseState.CLOSED and entry.event.origin is None:
        raise Impossible(f"lease {lease.lease_id} is closed")
    lent = lease.amount
    if lease.reward_id == READY_REWARD:
        lease = _told_what_for(entry, lease, body)
    if body.points != lease.amount:  # its voucher is good for all of them
        raise Impossible(f"{body.points} points spent of {lease.amount} in {lease.lease_id}")
    if lease.state is LeaseState.SETTLED:
        entry.state.put_lease(structs.replace(lease, state=LeaseState.RELEASED))
        return _APPLIED
    if lease.spent:
        raise Impossible(f"lease {lease.lease_id} is spent already")
    at_our_cost = lease.state is not LeaseState.OPEN  # its points are the member's again
    _remember_bill(entry, lease, body)
    _pay(entry, lease, body.points, at_our_cost=at_our_cost)
    if not at_our_cost:  # behind the spend, which came first: that draws what ends soonest
        free(entry, lease.account_id, lent - lease.amount, lease.lease_id)
    entry.state.put_lease(structs.replace(lease, spent=body.points))
    voucher = _voucher(entry, lease.voucher_code)
    if voucher.state is not VoucherState.USED:  # it may have been handed in before we heard of this
        redeemed = structs.replace(voucher, state=VoucherState.REDEEMED)
        entry.state.vouchers.put(voucher.code, redeemed)
    armed = arming.armed_for(entry.state, lease)
    arming.disarm(entry.state, lease)
    if at_our_cost:
        why = "lease_released" if lease.state is LeaseState.RELEASED else "lease_closed"
        return Judgement(Verdict.APPLIED_ADJUSTED, why, body.points)
    if armed not in (None, body.session):
        return Judgement(Verdict.APPLIED_ADJUSTED, "armed_in_another_run")
    return _APPLIED


def _told_what_for(entry: Entry, lease: Lease, body: Redeem) -> Lease:
    """Make a lease for no reward yet that of the reward it went for."""
    if body.pieces is UNSET or not 0 < body.points <= lease.amount:
        raise Impossible(f"{body.points} points spent of {lease.amount} in {lease.lease_id}")
    pieces = bounded("pieces", body.pieces, 1)
    kept = returning.redemption(entry, lease.lease_id)
    entry.state.redemptions.put(lease.lease_id, structs.replace(kept, pieces=pieces))
    voucher = _voucher(entry, lease.voucher_code)
    entry.state.vouchers.put(voucher.code, structs.replace(voucher, reward_id=body.reward_id))
    return structs.replace(lease, amount=body.points, reward_id=body.reward_id)


def _remember_bill(entry: Entry, lease: Lease, body: Redeem) -> None:
    """Learn the bill from the spend where the grant of its lease was lost with a database."""
    kept = returning.redemption(entry, lease.lease_id)
    if body.bill is not UNSET and kept.tender is UNSET:
        shop_id = entry.shop()
        if shop_id is None:
            raise Impossible("points pay at the till of a shop")
        kept = structs.replace(kept, tender=Tender(shop_id, body.bill))
        entry.state.redemptions.put(lease.lease_id, kept)


def _pay(entry: Entry, lease: Lease, points: int, *, at_our_cost: bool) -> None:
    """Move the points of a spend, and keep what they came out of."""
    kept = returning.redemption(entry, lease.lease_id)
    to = returning.spent_to(kept)
    if at_our_cost:
        entry.move(OFFLINE_LOSS, to, points, Code.OFFLINE_LOSS, lease.lease_id)
        stock.take(entry, kept.counted)  # they were back in stock
        kept = structs.replace(kept, ours=True)
    else:
        before = entry.state.lots.get(lease.account_id) or ()
        entry.hold(lease.account_id, -points)
        code = Code.REDEEM if kept.tender is UNSET else Code.PAID
        entry.move(lease.account_id, to, points, code, lease.lease_id)
        drawn = lots.taken(before, draw_lots(entry, lease.account_id, points))
        kept = structs.replace(kept, drawn=lots.put_back(kept.drawn, drawn))
    entry.state.redemptions.put(lease.lease_id, kept)
    bill_coupons.pay_shops(entry, lease)


def release(entry: Entry, body: LeaseRelease) -> Judgement:
    """Free what a lease in doubt holds; its voucher counts only if its device spent it.

    One whose voucher was handed in is spent, though its device has not told it yet.
    """
    lease = entry.state.leases.get(body.lease_id)
    if lease is None or lease.state is not LeaseState.OPEN:
        raise Impossible(f"lease {body.lease_id} is not open")
    voucher = _voucher(entry, lease.voucher_code)
    if voucher.state is VoucherState.USED and not lease.spent:
        _pay(entry, lease, lease.amount, at_our_cost=False)
        lease = structs.replace(lease, spent=lease.amount, state=LeaseState.SETTLED)
    else:
        lease = _freed(entry, lease, voucher)
    entry.state.put_lease(lease)
    arming.disarm(entry.state, lease)
    return _APPLIED


def _freed(entry: Entry, lease: Lease, voucher: Voucher) -> Lease:
    free(entry, lease.account_id, lease.amount - lease.spent, lease.lease_id)
    if lease.spent == 0:
        stock.put_back(entry, returning.redemption(entry, lease.lease_id).counted)
    if voucher.state is VoucherState.ISSUED:
        void = structs.replace(voucher, state=VoucherState.VOID)
        entry.state.vouchers.put(voucher.code, void)
    return structs.replace(lease, state=LeaseState.RELEASED)


def close(entry: Entry, body: LeaseClose) -> Judgement:
    """Give what a lease did not spend back to its holder."""
    lease = entry.state.leases.get(body.lease_id)
    if lease is None:
        return Judgement(
            Verdict.PENDING_REF, "lease_unknown", reference=references.to_lease(body.lease_id)
        )
    _check_owner(entry, lease)
    if lease.state is LeaseState.CLOSED and entry.event.origin is None:
        raise Impossible(f"lease {lease.lease_id} is closed")
    if lease.state is not LeaseState.OPEN:
        return _APPLIED  # there is nothing left to give back
    if body.spent != lease.spent:
        # A spend of this chain is missing, in quarantine perhaps: its points must stay held.
        raise Impossible(f"closed with {body.spent} spent where {lease.spent} are known")
    voucher = _voucher(entry, lease.voucher_code)
    if lease.spent == 0:
        if voucher.state is VoucherState.USED:
            raise Impossible("a lease without a spend, and its voucher was used")
        void = structs.replace(voucher, state=VoucherState.VOID)
        entry.state.vouchers.put(voucher.code, void)
        stock.put_back(entry, returning.redemption(entry, lease.lease_id).counted)
    free(entry, lease.account_id, lease.amount - lease.spent, lease.lease_id)
    entry.state.put_lease(structs.replace(lease, state=LeaseState.CLOSED))
    arming.disarm(entry.state, lease)
    return _APPLIED


def use(entry: Entry, body: VoucherUse) -> Judgement:
    """Use a voucher up, once. An empty `request_id` names no request: it is a use of its own."""
    device_id = entry.event.identity.device_id
    if device_id != CENTRAL_DEVICE and body.by != device_id.hex():
        raise Impossible("a device tells what another one took")
    voucher = entry.state.vouchers.get(body.voucher_code)
    if voucher is None:
        reference = references.to_voucher(body.voucher_code)
        return Judgement(Verdict.PENDING_REF, "voucher_unknown", reference=reference)
    if voucher.state is VoucherState.USED:
        told = body.request_id and (voucher.used_by, voucher.request_id)
        if told == (body.by, body.request_id):
            return _APPLIED
        return returning.used_again(entry, voucher, body.by)
    if voucher.state is VoucherState.VOID:
        return _use_given_up(entry, voucher, body)
    late = voucher.state in returning.RETURNED
    if late and voucher.home_device != body.by:
        return Judgement(Verdict.REFUSED_FINAL, "voucher_returned")
    used = structs.replace(
        voucher, state=VoucherState.USED, used_by=body.by, request_id=body.request_id
    )
    entry.state.vouchers.put(voucher.code, used)
    return returning.taken_all_the_same(entry, voucher) if late else _APPLIED


def _use_given_up(entry: Entry, voucher: Voucher, body: VoucherUse) -> Judgement:
    """Let the house pay for a voucher of a lease that a person gave up, if its home till took it.

    Its device had printed it, and may tell of the spend yet: that costs nothing more.
    """
    lease = entry.state.leases.get(voucher.lease_id)
    given_up = lease is not None and lease.state is LeaseState.RELEASED
    if lease is None or not given_up or voucher.home_device != body.by:
        return Judgement(Verdict.REFUSED_FINAL, "voucher_unknown")
    _pay(entry, lease, lease.amount, at_our_cost=True)
    entry.state.put_lease(structs.replace(lease, spent=lease.amount, state=LeaseState.SETTLED))
    used = structs.replace(
        voucher, state=VoucherState.USED, used_by=body.by, request_id=body.request_id
    )
    entry.state.vouchers.put(voucher.code, used)
    return Judgement(Verdict.APPLIED_ADJUSTED, "lease_released", lease.amount)


def _issue(entry: Entry, lease: Lease, body: LeaseGrant | LeaseRemade) -> None:
    """Keep a new lease with its voucher, and wake what waits for either."""
    state = entry.state
    if state.leases.get(lease.lease_id) is not None:
        raise Impossible(f"lease {lease.lease_id} was granted before")
    if state.vouchers.get(lease.voucher_code) is not None:
        raise Impossible("this voucher code was issued before")
    voucher = Voucher(
        code=lease.voucher_code,
        lease_id=lease.lease_id,
        reward_id=lease.reward_id,
        holder=body.holder,
        home_device=body.home_device,
        valid_until=body.valid_until,
        state=VoucherState.ISSUED,
    )
    state.put_lease(lease)
    state.vouchers.put(voucher.code, voucher)
    entry.wakes += [references.to_lease(lease.lease_id), references.to_voucher(voucher.code)]


def _check_owner(entry: Entry, lease: Lease) -> None:
    if (entry.event.identity.device_id, entry.event.epoch) != (lease.device_id, lease.epoch):
        raise Impossible(f"lease {lease.lease_id} belongs to another chain")


def _voucher(entry: Entry, code: str) -> Voucher:
    voucher = entry.state.vouchers.get(code)
    if voucher is None:
        raise Impossible("a lease whose voucher does not exist")
    return voucher
