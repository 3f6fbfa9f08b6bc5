"""Lending points to a device, and giving a lease up: decided under the lock (SYNC 2.5).

What a lease is granted for, the records said before; whether the points, the pieces and the run
allow it, is decided here. Like every command these change the ledger by their events only.
"""

from collections.abc import Iterable
from functools import partial
from typing import Literal

from msgspec import UNSET, Struct, structs

from central.ledger import offer as offers
from central.ledger.commands import Decision, refused
from central.ledger.judging import arming
from central.ledger.judging.accounts import debt_id, wallet_id
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import (
    Account,
    Lease,
    LeaseState,
    Voucher,
)
from central.ledger.judging.state import State
from central.ledger.offer import Choice, Offer
from central.ledger.writing.wants import Want, of_holder
from loyalty.catalogue import coupon_of
from loyalty.events import (
    Holder,
    LeaseGrant,
    LeaseRefused,
    LeaseRelease,
    Moment,
)
from loyalty.leases import ANOTHER_RUN, ARMED_ELSEWHERE
from loyalty.rules.earning import Reason

#: A device is lent at most one part in so many of what a member has, to redeem while it is cut off.
_SPARE_SHARE = 2


class GrantLease(Struct, frozen=True):
    """Set a reward's points aside for one device; the same request gets the same answer.

    Answers (Lease, Voucher, Redemption), or a Reason why not. `offer` is why the records say no,
    if they do; `lease_id` and `voucher_code` are fresh random ones. `gives_back` is a lease of this
    run that its device has closed unspent: its points count for this one.
    """

    holder: Holder
    device_id: bytes
    epoch: int
    request_id: str
    reward_id: str
    offer: Offer | Reason
    lease_id: str
    voucher_code: str
    session: str = ""
    gives_back: str = ""

    def wants(self) -> Iterable[Want]:
        """Return what was answered before, the chain that will spend, and the holder's points."""
        yield "requests", (self.device_id, self.request_id)
        yield "refusals", (self.device_id, self.request_id)
        yield "heads", (self.device_id, self.epoch)
        yield "arms", (self.device_id, self.epoch)
        yield from (("leases", one) for one in (self.lease_id, self.gives_back) if one)
        yield "vouchers", self.voucher_code
        yield from of_holder(self.holder)
        yield from (("cards", self.holder.key),) if self.holder.kind == "card" else ()
        if isinstance(self.offer, Offer):
            yield from offers.wants(self.offer)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the grant, or why there is none; either is written down, and then it stays."""
        head = state.heads.get((self.device_id, self.epoch))
        sealed = head is None or head.sealed  # for good, so that nothing need be written down
        known = state.requests.get((self.device_id, self.request_id))
        if known is not None and (sealed or _granted(state, known)[0].epoch != self.epoch):
            return refused("lease_in_doubt")  # of a chain that is sealed (SYNC 2.6)
        other = arming.another_run(state, (self.device_id, self.epoch), self.session, at)
        minutes = "" if other is None else str(-(-(other.until_ms - at.wall_ms) // 60_000))
        if known is not None:
            if other is not None and known in other.leases:
                return refused(ARMED_ELSEWHERE, minutes=minutes)
            return Decision((), partial(_granted, lease_id=known))
        told = state.refusals.get((self.device_id, self.request_id))
        if told is not None:
            return Decision((), lambda _: told)
        if sealed:
            return refused("epoch_sealed")
        armed = Reason(ANOTHER_RUN, {"minutes": minutes}) if other is not None else None
        grant = armed or self._grant(state, at)
        if isinstance(grant, Reason):
            why = grant
            device = self.device_id.hex()
            no = LeaseRefused(at, device, self.request_id, why.code, dict(why.values))
            return Decision((no,), lambda _: why)
        back = self._back(state)
        freed = () if back is None else (LeaseRelease(at, back.lease_id, "given_back"),)
        return Decision((*freed, grant), partial(_granted, lease_id=self.lease_id))

    def _member(self, state: State) -> str | None:
        """Return the member; points on a card that nobody owns yet cannot be spent."""
        if self.holder.kind == "card":
            return state.cards.get(self.holder.key)
        return self.holder.key if state.members.get(self.holder.key) is not None else None

    def _grant(self, state: State, at: Moment) -> LeaseGrant | Reason:
        offer, member = self.offer, self._member(state)
        if isinstance(offer, Reason):
            return offer
        if member is None:
            return Reason("member_unknown")
        choice = offers.choose(offer, member, self.device_id.hex(), state, at)
        if isinstance(choice, Reason):
            return choice
        wallet, owed, back = *_purse(state, member), self._back(state)
        # What is given back pays debts before it can be lent again.
        available = max(wallet.available + (0 if back is None else back.amount) - owed, 0)
        if offer.spare:
            offer = structs.replace(offer, points=min(offer.points, available // _SPARE_SHARE))
        if offer.points < 1:
            return Reason("offline_none_lent")
        if offer.points > available:
            return _too_low(wallet.posted - owed, available, offer.points)
        known = state.members.get(member)
        return self._of(offer, member, known.tier_id if known is not None else "", choice, at)

    def _back(self, state: State) -> Lease | None:
        """Return the lease whose points count for this one: open, unspent, of this very run."""
        lease = state.leases.get(self.gives_back) if self.gives_back else None
        if lease is None or lease.state is not LeaseState.OPEN or lease.spent:
            return None
        mine = (lease.device_id, lease.epoch) == (self.device_id, self.epoch)
        member = self._member(state)
        own = member is not None and lease.account_id == wallet_id(Holder("member", member))
        armed = arming.armed_for(state, lease) == self.session
        return lease if mine and own and armed else None

    def _of(
        self, offer: Offer, member: str, tier_id: str, choice: Choice, at: Moment
    ) -> LeaseGrant:
        return LeaseGrant(
            at=at,
            lease_id=self.lease_id,
            holder=Holder("member", member),
            device=self.device_id.hex(),
            epoch=self.epoch,
            request_id=self.request_id,
            points=offer.points,
            reward_id=self.reward_id,
            voucher_code=self.voucher_code,
            home_device=offer.home_device,
            valid_until=offer.valid_until,
            ttl_s=offer.ttl_s,
            session=self.session,
            pieces=offer.pieces,
            place=choice.place,
            counted=choice.counted,
            bill=UNSET if offer.bill is None else offer.bill,
            coupon=coupon_of(offer.details) or UNSET,
            tier_id=tier_id if offer.spare else UNSET,
        )


def _purse(state: State, member: str) -> tuple[Account, int]:
    """Return the wallet of a member, and how many points they owe."""
    holder = Holder("member", member)
    debt = state.accounts.get(debt_id(holder)) or Account()
    return state.accounts.get(wallet_id(holder)) or Account(), -debt.posted


def _too_low(own: int, available: int, needed: int) -> Reason:
    """Return why the points do not do: whether those that another screen has set aside would."""
    short = {"available": str(available), "needed": str(needed)}
    elsewhere = own - available
    if needed > own or elsewhere <= 0:
        return Reason("balance_too_low", short)
    return Reason("balance_held", {**short, "held": str(elsewhere)})


def _granted(state: State, lease_id: str) -> tuple[Lease, Voucher, Redemption]:
    lease = state.leases.get(lease_id)
    voucher = state.vouchers.get(lease.voucher_code) if lease is not None else None
    if lease is None or voucher is None:
        raise LookupError(f"lease {lease_id} or its voucher does not exist")
    return lease, voucher, state.redemptions.get(lease_id) or Redemption()


class ReleaseLease(Struct, frozen=True):
    """Give an open lease up by a person's word; answers the Lease, or a Reason why not."""

    lease_id: str
    cause: Literal["overdue", "destroyed"]

    def wants(self) -> Iterable[Want]:
        """Return the lease."""
        yield "leases", self.lease_id

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the release, or why there is none."""
        lease = state.leases.get(self.lease_id)
        if lease is None:
            return refused("lease_unknown")
        if lease.state is not LeaseState.OPEN:
            return Decision((), lambda _: lease)
        body = LeaseRelease(at, self.lease_id, self.cause)
        return Decision((body,), lambda later: later.leases.get(self.lease_id))
