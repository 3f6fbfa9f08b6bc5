"""The state machine of one kiosk: a member, their balance, a reward, a voucher. Pure.

Points are spent only under a lease of the reward's exact size, which central grants while the
member waits; without central the kiosk says what it cannot do and why. What a member sees is gone
when they leave, or 60 s after their last touch.
"""

from typing import Literal

from msgspec import Struct, structs

from edge_agent.effects import (
    AskBalance,
    AskClaim,
    AskLease,
    Effect,
    Member,
    Now,
    Record,
    SyncNow,
    Terms,
)
from edge_agent.kiosk.paper import redemption_slip
from edge_agent.phrases import Phrase, Tone, own_words, phrase
from loyalty.earning import Reason, money
from loyalty.events import Claim, Redeem
from loyalty.wire import BalanceAnswer, ClaimAnswer, LeaseAnswer, RewardRow

IDLE_S = 60.0
IDLE_WARNING_S = 20.0

Step = Literal["welcome", "home", "confirm", "working", "done", "refused"]


class Voucher(Struct, frozen=True):
    """What the member takes away."""

    code: str
    signed: str
    reward: RewardRow
    place: Phrase
    valid_until: str
    slip_id: str


class ClaimResult(Struct, frozen=True):
    """How a claim went: credited, noted until the receipt arrives, or refused."""

    state: Literal["credited", "pending", "refused"]
    phrase: Phrase
    shop_id: str = ""
    eligible_fen: int = 0


class State(Struct, frozen=True):
    """All that a kiosk knows between two inputs."""

    step: Step = "welcome"
    member: Member | None = None
    available: int | None = None
    chosen: RewardRow | None = None
    place: Phrase | None = None
    request_id: str = ""
    voucher: Voucher | None = None
    refusal: Phrase | None = None
    claim_hash: str = ""
    claim: ClaimResult | None = None
    touched_s: float = 0.0
    tone: Tone | None = None
    notice: Phrase | None = None
    notices: int = 0


class MemberScanned(Struct, frozen=True):
    """A member's card was scanned or their number typed."""

    member: Member


class ClaimScanned(Struct, frozen=True):
    """The code of a claim slip was scanned or typed."""

    claim_hash: str


class ScanFailed(Struct, frozen=True):
    """A scan was of no use here."""

    phrase: Phrase


class Synced(Struct, frozen=True):
    """Central has heard what this kiosk wrote down; a balance may have changed."""


class BalanceTold(Struct, frozen=True):
    """Central said what the member has; None when it could not be asked."""

    answer: BalanceAnswer | None


class ClaimTold(Struct, frozen=True):
    """Central said what a claim code stands for; None when it could not be asked."""

    answer: ClaimAnswer | None


class Chosen(Struct, frozen=True):
    """The member touched a reward, which is handed over at `place`."""

    reward: RewardRow
    place: Phrase


class Confirmed(Struct, frozen=True):
    """The member wants it; `request_id` is new and random."""

    request_id: str


class LeaseTold(Struct, frozen=True):
    """Central's answer to the request for a lease; None when it could not be asked."""

    request_id: str
    answer: LeaseAnswer | None


class Back(Struct, frozen=True):
    """The member goes one step back."""


class Left(Struct, frozen=True):
    """The member is done; nothing of theirs stays on the screen."""


class Stayed(Struct, frozen=True):
    """The member touched the screen."""


class Tick(Struct, frozen=True):
    """Time passed."""


Input = (
    MemberScanned
    | ClaimScanned
    | ScanFailed
    | Synced
    | BalanceTold
    | ClaimTold
    | Chosen
    | Confirmed
    | LeaseTold
    | Back
    | Left
    | Stayed
    | Tick
)

Result = tuple[State, tuple[Effect, ...]]


def step(state: State, event: Input, now: Now, terms: Terms) -> Result:
    """Return the kiosk after `event` and what has to be done about it, in this order."""
    if not isinstance(event, Tick | Synced | BalanceTold | ClaimTold | LeaseTold):
        state = structs.replace(state, touched_s=now.boottime_s)
    match event:
        case MemberScanned(member=member):
            return _member(state, member, now)
        case ClaimScanned(claim_hash=claim_hash):
            return _claim_code(state, claim_hash)
        case ScanFailed(phrase=words):
            return _tell(state, "error", words), ()
        case Synced():
            return state, (AskBalance(state.member.holder),) if state.member else ()
        case BalanceTold(answer=answer):
            return _balance(state, answer), ()
        case ClaimTold(answer=answer):
            return _claim_known(state, answer, now)
        case Chosen(reward=reward, place=place) if state.step == "home" and state.member:
            return structs.replace(state, step="confirm", chosen=reward, place=place), ()
        case Confirmed(request_id=request_id) if state.step == "confirm":
            return _confirmed(state, request_id, terms)
        case LeaseTold():
            return _leased(state, event, now, terms)
        case Back() if state.claim is not None or state.step in ("confirm", "done", "refused"):
            return _home(state), ()
        case Left():
            return State(notices=state.notices), ()
        case Tick():
            return _ticked(state, now)
    return state, ()


def leaves_s(state: State) -> float | None:
    """Return the boot's second at which the screen forgets the member; None if there is none."""
    at_rest = state.step == "welcome" and state.claim is None and not state.claim_hash
    return None if at_rest or state.step == "working" else state.touched_s + IDLE_S


def why_not(state: State, reward: RewardRow, terms: Terms, *, online: bool) -> Phrase | None:
    """Return why the member cannot have this reward here and now, None if they can."""
    limit = terms.book.redeem_limit_points
    if reward.points > limit:
        return phrase(Reason("above_limit", {"limit": str(limit)}))
    if state.available is not None and reward.points > state.available:
        values = {"available": str(state.available), "needed": str(reward.points)}
        return phrase(Reason("balance_too_low", values))
    if state.member is not None and state.member.new_card:
        return phrase(Reason("member_unknown"))
    return None if online else phrase(Reason("offline"))


def _tell(state: State, tone: Tone, words: Phrase) -> State:
    return structs.replace(state, tone=tone, notice=words, notices=state.notices + 1)


def _home(state: State) -> State:
    return structs.replace(
        state, step="home", chosen=None, request_id="", voucher=None, refusal=None, claim=None
    )


def _member(state: State, member: Member, now: Now) -> Result:
    if state.step == "working":
        return state, ()  # a second card may not take over a redemption that is under way
    fresh = State(
        step="home",
        member=member,
        available=member.balance,
        touched_s=now.boottime_s,
        notices=state.notices,
        claim_hash=state.claim_hash,
    )
    fresh = _tell(fresh, "ok", own_words("member_ready_kiosk"))
    if state.claim_hash:
        return fresh, (AskBalance(member.holder), AskClaim(state.claim_hash))
    return fresh, (AskBalance(member.holder),)


def _claim_code(state: State, claim_hash: str) -> Result:
    """A claim needs its member too: whoever is on the screen, else whoever is scanned next."""
    if state.step == "working":
        return state, ()
    state = structs.replace(state, claim_hash=claim_hash, claim=None)
    if state.member is None:
        return _tell(state, "info", own_words("claim_needs_member")), ()
    return state, (AskClaim(claim_hash),)


def _balance(state: State, answer: BalanceAnswer | None) -> State:
    if answer is None or state.member is None or not answer.known:
        return state
    member = structs.replace(
        state.member,
        balance=answer.balance,
        tier_id=answer.tier_id or state.member.tier_id,
        masked_name=answer.masked_name or state.member.masked_name,
        new_card=False,
    )
    return structs.replace(state, member=member, available=max(answer.balance - answer.held, 0))


def _claim_known(state: State, answer: ClaimAnswer | None, now: Now) -> Result:
    """Write the claim down if it may still be good; central's verdict moves the points."""
    member, claim_hash = state.member, state.claim_hash
    if member is None or not claim_hash:
        return state, ()
    state = structs.replace(state, claim_hash="")
    if answer is not None and answer.state in _OVER:
        words = phrase(Reason(_OVER[answer.state]))
        state = structs.replace(state, claim=ClaimResult("refused", words))
        return _tell(state, "error", words), ()
    body = Claim(at=now.moment, claim_hash=claim_hash, holder=member.holder)
    if answer is not None and answer.state == "open":
        words = own_words("claim_taken_in")
        if answer.refunded_fen:
            words = own_words("claim_taken_in_partly", refunded=money(answer.refunded_fen))
        result = ClaimResult("credited", words, answer.shop_id, answer.eligible_fen)
    else:
        words = own_words("claim_pending")
        result = ClaimResult("pending", words)
    state = _tell(structs.replace(state, claim=result), "ok", words)
    return state, (Record((body,)), SyncNow())


#: Why a claim code earns nothing any more, by central's answer.
_OVER = {"claimed": "claim_taken", "refunded": "claim_refunded", "expired": "claim_expired"}


def _confirmed(state: State, request_id: str, terms: Terms) -> Result:
    member, chosen = state.member, state.chosen
    if member is None or chosen is None:
        return state, ()
    refusal = why_not(state, chosen, terms, online=True)
    if refusal is not None:
        return _refused(state, refusal), ()
    state = structs.replace(state, step="working", request_id=request_id)
    return state, (AskLease(request_id, member.holder, chosen.reward_id),)


def _leased(state: State, told: LeaseTold, now: Now, terms: Terms) -> Result:
    if state.step != "working" or told.request_id != state.request_id:
        return state, ()
    if told.answer is None:
        return _refused(state, phrase(Reason("offline"))), ()
    if told.answer.refusal is not None:
        return _refused(state, phrase(told.answer.refusal)), ()
    member, chosen, place, lease = state.member, state.chosen, state.place, told.answer
    if member is None or chosen is None or place is None:
        return _refused(state, own_words("stopped_while_redeeming")), ()
    body = Redeem(
        at=now.moment,
        holder=member.holder,
        lease_id=lease.lease_id,
        points=lease.points,
        reward_id=chosen.reward_id,
        voucher_code=lease.voucher_code,
    )
    slip = redemption_slip(member, chosen, place, lease, now, terms)
    voucher = Voucher(
        lease.voucher_code, lease.voucher_signed, chosen, place, lease.valid_until, slip.slip_id
    )
    left = None if state.available is None else state.available - lease.points
    state = structs.replace(state, step="done", voucher=voucher, available=left)
    state = structs.replace(state, touched_s=now.boottime_s)
    return _tell(state, "ok", own_words("redeemed")), (
        Record((body,), (slip,)),
        SyncNow(),
    )


def _refused(state: State, refusal: Phrase) -> State:
    return _tell(structs.replace(state, step="refused", refusal=refusal), "error", refusal)


def _ticked(state: State, now: Now) -> Result:
    leaves = leaves_s(state)
    if leaves is not None and now.boottime_s >= leaves:
        return State(notices=state.notices), ()
    return state, ()
