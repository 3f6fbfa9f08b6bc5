"""Setting pieces of a reward aside while somebody decides, and taking redemptions back."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from central.ledger import offer as offers
from central.ledger.commands import Decision, is_on_raised_bill, refused
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.returning import RETURNED
from central.ledger.judging.rows import Voucher, VoucherState
from central.ledger.judging.state import State
from central.ledger.lease_commands import GrantLease
from central.ledger.offer import Offer, free_by_place
from central.ledger.writing.wants import Want
from loyalty.catalogue import stock_name
from loyalty.events import LeaseGrant, Moment, Redeem, StockReserved, VoucherReturned
from loyalty.rules.earning import Reason

#: Longer than a kiosk waits for a member who does not touch it.
RESERVED_S = 120


class ReserveStock(Struct, frozen=True):
    """Keep the pieces of an offer for whoever decides at a device, or let them go again.

    Answers for how many seconds (0: nothing need be kept), or a Reason why there are not as many.
    What it kept before at other places goes.
    """

    device_id: bytes
    offer: Offer
    let_go: bool = False

    def wants(self) -> Iterable[Want]:
        """Return the counters of the stock."""
        return offers.wants(self.offer)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the reservation, or why there is none."""
        device, offer = self.device_id.hex(), self.offer
        pieces = {
            stock_name(one.reward_id, place): 0
            for one in offer.stocked
            for place in one.supplied
            if _keeps(state, stock_name(one.reward_id, place), device)
        }
        if offer.stocked and not self.let_go:
            free = free_by_place(offer, device, state, at)
            most = max(free.values(), default=0)
            if most < offer.pieces:
                left = {"left": str(max(most, 0))}
                return refused("reward_left", **left) if most > 0 else refused("reward_gone")
            place = min(
                free, key=lambda one: (free[one] < offer.pieces, one != offer.near, -free[one], one)
            )
            for one in offer.stocked:
                pieces[stock_name(one.reward_id, place)] = one.each * offer.pieces
        if not pieces:
            return Decision((), lambda _: 0)
        until_ms = at.wall_ms + RESERVED_S * 1000
        body = StockReserved(at, device, pieces, until_ms)
        return Decision((body,), lambda _: 0 if self.let_go else RESERVED_S)


class RedeemAtDesk(Struct, frozen=True):
    """Grant and spend at once, on central's own chain: the desk is no device that could be lost.

    Answers as GrantLease does, and like it the same to the same request.
    """

    grant: GrantLease

    def wants(self) -> Iterable[Want]:
        """Return what the grant reads."""
        return self.grant.wants()

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the grant with its spend, or why there is none."""
        decision = self.grant.decide(state, at)
        for body in decision.bodies:
            if isinstance(body, LeaseGrant):
                spend = Redeem(
                    at=at,
                    holder=body.holder,
                    lease_id=body.lease_id,
                    points=body.points,
                    reward_id=body.reward_id,
                    voucher_code=body.voucher_code,
                )
                return Decision((*decision.bodies, spend), decision.answer)
        return decision


class ReturnVoucher(Struct, frozen=True):
    """Take a redemption back; answers how many points, or a Reason why not.

    `cause` is `member` at the device that redeemed (`device_id`), `staff` at the desk with a `why`,
    `expired` for a voucher whose last day is before `today`. `home_is_sure` tells that the home
    till, which may take a voucher while it is cut off, has told everything until now. A voucher of
    before `doubtful_ms` waits, as in UseVoucher.
    """

    code: str
    cause: Literal["member", "staff", "expired"]
    today: str
    device_id: bytes = b""
    request_id: str = ""
    staff: str = ""
    why: str = ""
    home_is_sure: bool = False
    doubtful_ms: int = 0

    def wants(self) -> Iterable[Want]:
        """Return the voucher, and through it its lease."""
        yield "vouchers", self.code

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the event that gives everything back, or why there is none."""
        voucher = state.vouchers.get(self.code)
        lease = state.leases.get(voucher.lease_id) if voucher is not None else None
        if voucher is None or lease is None or voucher.state is VoucherState.VOID:
            return refused("voucher_unknown")
        kept = state.redemptions.get(lease.lease_id) or Redemption()
        points = 0 if kept.ours else lease.spent
        if voucher.state in RETURNED and self._asked_before(voucher, kept):
            return Decision((), lambda _: points)
        why = self._why_not(voucher, kept, lease.device_id, lease.spent)
        if why is None and is_on_raised_bill(state, voucher):
            why = Reason("voucher_used")
        if why is not None:
            return Decision((), lambda _: why)
        by = self.device_id.hex()
        back = VoucherReturned(at, self.code, self.cause, by, self.request_id, self.staff, self.why)
        return Decision((back,), lambda _: points)

    def _asked_before(self, voucher: Voucher, kept: Redemption) -> bool:
        """Tell whether this very request was granted and its answer got lost."""
        same = kept.request_id == self.request_id != ""
        return same and voucher.used_by == self.device_id.hex()

    def _why_not(
        self, voucher: Voucher, kept: Redemption, redeemed_at: bytes, spent: int
    ) -> Reason | None:
        until = {"until": voucher.valid_until}
        match voucher.state:
            case VoucherState.USED:
                return Reason("voucher_used")
            case VoucherState.CANCELLED:
                return Reason("voucher_cancelled")
            case VoucherState.EXPIRED:
                return Reason("voucher_expired", until)
            case VoucherState.ISSUED:
                return Reason("redeem_on_its_way")
        if kept.granted_ms < self.doubtful_ms:
            return Reason("after_restore")
        if self.cause == "member" and redeemed_at != self.device_id:
            return Reason("cancel_elsewhere")
        if self.cause == "expired" and voucher.valid_until >= self.today:
            return Reason("voucher_still_counts", until)
        elsewhere = voucher.home_device not in (None, self.device_id.hex())
        if elsewhere and not self.home_is_sure:
            return Reason("home_till_unheard")
        if not kept.ours and sum(one.left for one in kept.drawn) != spent:
            return Reason("lots_unknown")
        return None


def _keeps(state: State, name: str, device: str) -> bool:
    kept = state.reserved.get(name)
    return kept is not None and any(one.device == device for one in kept.by)
