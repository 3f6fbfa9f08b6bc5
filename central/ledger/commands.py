"""What central decides under the lock and then writes as events of its own chain.

A command only reads the state; whatever it changes, it changes by its events, which the fold
judges like a till's. So a replay of the chains needs no command.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Literal

from msgspec import UNSET, Struct

from central.ledger import offer as offers
from central.ledger.judging import arming
from central.ledger.judging.accounts import wallet_id
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import (
    Account,
    Identity,
    Lease,
    LeaseState,
    Pending,
    Unreadable,
    Voucher,
    VoucherState,
)
from central.ledger.judging.state import State
from central.ledger.offer import Choice, Offer
from central.ledger.writing.wants import Want, of_holder
from loyalty.catalogue import coupon_of
from loyalty.events import (
    ActivityDone,
    Body,
    EpochSealed,
    Holder,
    LeaseGrant,
    LeaseRefused,
    LeaseRelease,
    MemberSet,
    Moment,
    Rejudge,
    Sale,
    VoucherUse,
)
from loyalty.leases import ANOTHER_RUN, ARMED_ELSEWHERE
from loyalty.rules.earning import Reason
from loyalty.wire import Verdict

#: A MemberSet moves at most so many cards: each takes three legs, the debt one more, of eight.
_NEW_CARDS_IN_ONE_EVENT = 2


class Decision(Struct, frozen=True):
    """The events a command writes, and its answer out of the state behind them."""

    bodies: tuple[Body, ...]
    answer: Callable[[State], object]


def refused(code: str, **values: str) -> Decision:
    """Return the decision to write nothing and say why."""
    return Decision((), lambda _: Reason(code, values))


class GrantLease(Struct, frozen=True):
    """Set a reward's points aside for one device; the same request gets the same answer.

    Answers (Lease, Voucher, Redemption), or a Reason why not. `offer` is why the records say no,
    if they do; `lease_id` and `voucher_code` are fresh random ones.
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

    def wants(self) -> Iterable[Want]:
        """Return what was answered before, the chain that will spend, and the holder's points."""
        yield "requests", (self.device_id, self.request_id)
        yield "refusals", (self.device_id, self.request_id)
        yield "heads", (self.device_id, self.epoch)
        yield "arms", (self.device_id, self.epoch)
        yield "leases", self.lease_id
        yield "vouchers", self.voucher_code
        yield from of_holder(self.holder)
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
        return Decision((grant,), partial(_granted, lease_id=self.lease_id))

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
        wallet = state.accounts.get(wallet_id(Holder("member", member))) or Account()
        if offer.points > wallet.available:
            short = {"available": str(wallet.available), "needed": str(offer.points)}
            return Reason("balance_too_low", short)
        return self._of(offer, member, choice, at)

    def _of(self, offer: Offer, member: str, choice: Choice, at: Moment) -> LeaseGrant:
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
        )


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


class UseVoucher(Struct, frozen=True):
    """Use a voucher up for the device that asks; the same request gets the same answer.

    Answers (Voucher, Redemption), or a Reason why not. `today` is the ISO date in the mall's zone.
    A voucher granted before `doubtful_ms` waits: the database was restored then, and a till that
    took the voucher may not have told it again.
    """

    device_id: bytes
    request_id: str
    code: str
    today: str
    doubtful_ms: int = 0

    def wants(self) -> Iterable[Want]:
        """Return the voucher."""
        yield "vouchers", self.code
        yield "shops", self.device_id

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the use, or why there is none."""
        voucher, device = state.vouchers.get(self.code), self.device_id.hex()
        if voucher is None or voucher.state is VoucherState.VOID:
            return refused("voucher_unknown")
        if voucher.state is VoucherState.USED:
            if (voucher.used_by, voucher.request_id) != (device, self.request_id):
                return refused("voucher_used")
            return Decision((), self._used)
        kept = state.redemptions.get(voucher.lease_id) or Redemption()
        if kept.granted_ms < self.doubtful_ms:
            return refused("after_restore")
        if voucher.state is VoucherState.CANCELLED:
            return refused("voucher_cancelled")
        if voucher.home_device not in (None, device) or self._is_elsewhere(state, voucher):
            return refused("voucher_elsewhere")
        if voucher.valid_until < self.today or voucher.state is VoucherState.EXPIRED:
            return refused("voucher_expired", until=voucher.valid_until)
        if (voucher.used_by, voucher.request_id) == (device, self.request_id):
            return refused("coupon_released")  # a late copy of the request
        use = VoucherUse(at, self.code, by=device, request_id=self.request_id)
        return Decision((use,), self._used)

    def _used(self, later: State) -> tuple[Voucher, Redemption]:
        voucher = later.vouchers.get(self.code)
        if voucher is None:
            raise LookupError("a voucher that was just used does not exist")
        return voucher, later.redemptions.get(voucher.lease_id) or Redemption()

    def _is_elsewhere(self, state: State, voucher: Voucher) -> bool:
        """Tell whether its pieces lie at another shop than that of the device."""
        kept = state.redemptions.get(voucher.lease_id)
        return kept is not None and kept.place not in ("", state.shops.get(self.device_id))


class SetMember(Struct, frozen=True):
    """Set a member's tier and cards; answers None. What was earned on a new card moves over."""

    member: str
    tier_id: str
    tags: tuple[str, ...]

    def wants(self) -> Iterable[Want]:
        """Return the member and the cards."""
        yield from of_holder(Holder("member", self.member))
        yield from (("cards", tag) for tag in self.tags)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return as many events as the limit of transfers to one event takes."""
        known = state.members.get(self.member)
        owned = known.tags if known is not None else ()
        kept = tuple(tag for tag in self.tags if tag in owned)
        new = tuple(tag for tag in self.tags if tag not in owned)
        bodies = []
        for end in range(0, max(len(new), 1), _NEW_CARDS_IN_ONE_EVENT):
            tags = kept + new[: end + _NEW_CARDS_IN_ONE_EVENT]
            bodies.append(MemberSet(at, self.member, self.tier_id, tags))
        return Decision(tuple(bodies), lambda _: None)


class RejudgeAll(Struct, frozen=True):
    """Judge waiting events again, those that can be judged now; answers how many were.

    Events in quarantine are judged again only when a person says so (`quarantined`).
    """

    identities: tuple[Identity, ...]
    quarantined: bool = False

    def wants(self) -> Iterable[Want]:
        """Return the events, and what judging them reads."""
        return (("pending", identity) for identity in self.identities)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return a re-judgement for each event that need not wait any longer."""
        bodies = []
        for identity in self.identities:
            pending = state.pending.get(identity)
            if pending is None or not self._ready(state, pending):
                continue
            device, was = identity.device_id.hex(), pending.verdict
            bodies.append(Rejudge(at, device, identity.epoch, identity.seq, was))
        return Decision(tuple(bodies), lambda _: len(bodies))

    def _ready(self, state: State, pending: Pending) -> bool:
        body = pending.event.body
        if pending.verdict is Verdict.QUARANTINED:
            return self.quarantined
        if pending.verdict is not Verdict.PENDING_UPGRADE or isinstance(body, Unreadable):
            return False
        return not isinstance(body, Sale | ActivityDone) or state.books.get(body.book) is not None


class SealEpoch(Struct, frozen=True):
    """End an epoch of a device at its head; answers the Head.

    `seen_seq` and `seen_hash` name the head of another branch, if that is why.
    """

    device_id: bytes
    epoch: int
    seen_seq: int = 0
    seen_hash: bytes = b""

    def wants(self) -> Iterable[Want]:
        """Return the head."""
        yield "heads", (self.device_id, self.epoch)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the seal, or nothing if the epoch is sealed already."""
        key = (self.device_id, self.epoch)
        head = state.heads.get(key)
        if head is None:
            raise LookupError(f"epoch {self.epoch} was never granted")
        seal = EpochSealed(
            at=at,
            device=self.device_id.hex(),
            epoch=self.epoch,
            head_seq=head.seq,
            head_hash=head.hash.hex(),
            seen_seq=self.seen_seq,
            seen_hash=self.seen_hash.hex(),
        )
        return Decision(() if head.sealed else (seal,), lambda later: later.heads.get(key))
