"""What central decides under the lock and then writes as events of its own chain.

A command only reads the state; whatever it changes, it changes by its events, which the fold
judges like a till's. So a replay of the chains needs no command.
"""

from collections.abc import Callable, Iterable

from msgspec import UNSET, Struct

from central.ledger.judging import references
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import (
    CENTRAL_DEVICE,
    Identity,
    Pending,
    Unreadable,
    Voucher,
    VoucherState,
)
from central.ledger.judging.state import State
from central.ledger.writing.wants import Want, of_holder
from loyalty.events import (
    ActivityDone,
    Body,
    EpochSealed,
    Holder,
    MemberSet,
    Moment,
    Rejudge,
    Sale,
    VoucherUse,
)
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason
from loyalty.rules.tender import TENDER_REWARD
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


def is_on_raised_bill(state: State, voucher: Voucher) -> bool:
    """Tell whether a till raised a bill that had this coupon, and nobody has settled it yet.

    Then it is in use, also where only a lost database knew that the till had it.
    """
    if voucher.reward_id == TENDER_REWARD:
        return False
    return bool(state.waiting.get(references.to_paid_bill(voucher.lease_id)))


class UseVoucher(Struct, frozen=True):
    """Use a voucher up for the device that asks; the same request gets the same answer.

    Answers (Voucher, Redemption), or a Reason why not. `today` is the ISO date in the mall's zone.
    A voucher granted before `doubtful_ms` waits: the database was restored then, and a till that
    took the voucher may not have told it again. `place` is where somebody of the desk stands, who
    hands out of what lies there.
    """

    device_id: bytes
    request_id: str
    code: str
    today: str
    doubtful_ms: int = 0
    place: str = ""

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
        if voucher.reward_id == READY_REWARD:
            return refused("redeem_on_its_way")  # its device has not told yet what for
        if voucher.valid_until < self.today or voucher.state is VoucherState.EXPIRED:
            return refused("voucher_expired", until=voucher.valid_until)
        if self.device_id == CENTRAL_DEVICE and kept.coupon is not UNSET:
            return refused("coupon_at_till")
        if (voucher.used_by, voucher.request_id) == (device, self.request_id):
            return refused("coupon_released")  # a late copy of the request
        if is_on_raised_bill(state, voucher):
            return refused("voucher_used")
        use = VoucherUse(at, self.code, by=device, request_id=self.request_id)
        return Decision((use,), self._used)

    def _used(self, later: State) -> tuple[Voucher, Redemption]:
        voucher = later.vouchers.get(self.code)
        if voucher is None:
            raise LookupError("a voucher that was just used does not exist")
        return voucher, later.redemptions.get(voucher.lease_id) or Redemption()

    def _is_elsewhere(self, state: State, voucher: Voucher) -> bool:
        """Tell whether its pieces lie at another place than where they are to be handed out."""
        kept = state.redemptions.get(voucher.lease_id)
        here = self.place or state.shops.get(self.device_id)
        return kept is not None and kept.place not in ("", here)


class SetMember(Struct, frozen=True):
    """Set a member's tier and cards; answers None. What was earned on a new card moves over."""

    member: str
    tier_id: str
    tags: tuple[str, ...]

    def wants(self) -> Iterable[Want]:
        """Return the member and the cards."""
        yield from of_holder(Holder("member", self.member))
        yield from ((table, tag) for tag in self.tags for table in ("cards", "owners"))

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
