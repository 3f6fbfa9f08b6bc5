"""The state machine of one kiosk: a member, their balance, a reward, a voucher. Pure.

Points are spent only under a lease of the reward's exact size, which central grants while the
member waits; without central the kiosk says what it cannot do and why. What a member sees is gone
when they leave, or 60 s after their last touch.
"""

from typing import Literal

from msgspec import UNSET, Struct, structs

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
from edge_agent.kiosk.inputs import (
    Back,
    BalanceTold,
    Chosen,
    ClaimScanned,
    ClaimTold,
    Confirmed,
    Input,
    LeaseTold,
    Left,
    MemberScanned,
    PinTyped,
    ScanFailed,
    Synced,
    Tick,
    TookPart,
)
from edge_agent.kiosk.paper import redemption_slip
from edge_agent.kiosk.proving import TRY_AGAIN, next_try, wants_proof
from edge_agent.phrases import Phrase, Tone, own_words, phrase
from edge_agent.taking_part import Took
from loyalty.events import Claim, Redeem
from loyalty.rules.earning import Reason, money
from loyalty.wire import BalanceAnswer, ClaimAnswer, RewardRow

IDLE_S = 60.0
IDLE_WARNING_S = 20.0

Step = Literal["welcome", "home", "confirm", "prove", "working", "done", "refused"]


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
    activity: Took | None = None
    touched_s: float = 0.0
    tone: Tone | None = None
    notice: Phrase | None = None
    notices: int = 0


Result = tuple[State, tuple[Effect, ...]]
_MAY_GO_BACK = ("confirm", "prove", "done", "refused")


def step(state: State, event: Input, now: Now, terms: Terms) -> Result:
    """Return the kiosk after `event` and what has to be done about it, in this order."""
    if not isinstance(event, Tick | Synced | BalanceTold | ClaimTold | LeaseTold):
        state = structs.replace(state, touched_s=now.boottime_s)
    match event:
        case MemberScanned(member=member):
            return _member(state, member, now)
        case ClaimScanned(claim_hash=claim_hash):
            return _claim_code(state, claim_hash)
        case ScanFailed() | TookPart():
            return _told(state, event)
        case Synced():
            return state, (AskBalance(state.member.holder),) if state.member else ()
        case BalanceTold(answer=answer):
            return _balance(state, answer), ()
        case ClaimTold(answer=answer):
            return _claim_known(state, answer, now, terms)
        case Chosen(reward=reward, place=place) if state.step == "home" and state.member:
            return structs.replace(state, step="confirm", chosen=reward, place=place), ()
        case Confirmed() | PinTyped():
            return _decided(state, event, terms)
        case LeaseTold():
            return _leased(state, event, now, terms)
        case Back() if state.claim or _has_done(state) or state.step in _MAY_GO_BACK:
            return _home(state), ()
        case Left():
            return State(notices=state.notices), ()
        case Tick():
            return _ticked(state, now)
    return state, ()


def leaves_s(state: State) -> float | None:
    """Return the boot's second at which the screen forgets the member; None if there is none."""
    waits = state.claim is not None or state.activity is not None or bool(state.claim_hash)
    at_rest = state.step == "welcome" and not waits
    return None if at_rest or state.step == "working" else state.touched_s + IDLE_S


def why_not(state: State, reward: RewardRow, *, online: bool) -> Phrase | None:
    """Return why the member cannot have this reward here and now, None if they can."""
    if state.available is not None and reward.points > state.available:
        values = {"available": str(state.available), "needed": str(reward.points)}
        return phrase(Reason("balance_too_low", values))
    if state.member is not None and state.member.new_card:
        return phrase(Reason("member_unknown"))
    return None if online else phrase(Reason("offline"))


def _has_done(state: State) -> bool:
    return state.activity is not None and state.member is not None


def _tell(state: State, tone: Tone, words: Phrase) -> State:
    return structs.replace(state, tone=tone, notice=words, notices=state.notices + 1)


def _home(state: State) -> State:
    return structs.replace(
        state,
        step="home",
        chosen=None,
        request_id="",
        voucher=None,
        refusal=None,
        claim=None,
        activity=None,
    )


def _member(state: State, member: Member, now: Now) -> Result:
    if state.step == "working":
        return state, ()  # a second card may not take over a redemption that is under way
    if state.step == "prove" and state.member and state.member.holder == member.holder:
        if not member.shown_pass:
            return _tell(state, "error", own_words("pass_wanted")), ()
        return _asked(structs.replace(state, member=member))
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


def _told(state: State, event: ScanFailed | TookPart) -> Result:
    """Show the member how their activity goes; news of another one are only told."""
    if isinstance(event, ScanFailed):
        return _tell(state, "error", event.phrase), ()
    took = event.took
    told = _tell(state, took.tone, took.phrase)
    shown = state.activity
    news = took.state == "credited" or not took.name_zh
    known = shown is not None and shown.name_zh == took.name_zh
    if took.state != "waits" and (state.member is None or (news and not known)):
        return told, ()
    sync = (SyncNow(),) if took.state == "noted" else ()
    return structs.replace(told, activity=took), sync


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
        told=answer.told,
    )
    return structs.replace(state, member=member, available=max(answer.balance - answer.held, 0))


def _claim_known(state: State, answer: ClaimAnswer | None, now: Now, terms: Terms) -> Result:
    """Write the claim down if it may still be good; central's verdict moves the points."""
    member, claim_hash = state.member, state.claim_hash
    if member is None or not claim_hash:
        return state, ()
    state = structs.replace(state, claim_hash="")
    if answer is not None and answer.state in _OVER:
        words = phrase(Reason(_OVER[answer.state]))
        state = structs.replace(state, claim=ClaimResult("refused", words))
        return _tell(state, "error", words), ()
    later = True if terms.book.pending_days else UNSET
    body = Claim(now.moment, claim_hash, member.holder, waits=later)
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


def _decided(state: State, event: Confirmed | PinTyped, terms: Terms) -> Result:
    member, chosen = state.member, state.chosen
    if member is None or chosen is None:
        return state, ()
    if isinstance(event, PinTyped):
        return _asked(state, event.pin) if state.step == "prove" else (state, ())
    if state.step != "confirm":
        return state, ()
    refusal = why_not(state, chosen, online=True)
    if refusal is not None:
        return _refused(state, refusal), ()
    state = structs.replace(state, request_id=event.request_id)
    if wants_proof(chosen, terms.book) and not member.shown_pass:
        return structs.replace(state, step="prove"), ()
    return _asked(state)


def _asked(state: State, pin: str = "") -> Result:
    """Ask for the points, with whatever proof there is; a pass is good for one redemption."""
    member, chosen = state.member, state.chosen
    if member is None or chosen is None:
        return state, ()
    shown_pass = "" if pin else member.shown_pass
    ask = AskLease(state.request_id, member.holder, chosen.reward_id, pin, shown_pass)
    used = structs.replace(member, shown_pass="")
    return structs.replace(state, step="working", member=used), (ask,)


def _leased(state: State, told: LeaseTold, now: Now, terms: Terms) -> Result:
    if state.step != "working" or told.request_id != state.request_id:
        return state, ()
    if told.answer is None:
        return _refused(state, phrase(Reason("offline"))), ()
    if told.answer.refusal is not None:
        return _lease_refused(state, told.answer.refusal, now), ()
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


def _lease_refused(state: State, refusal: Reason, now: Now) -> State:
    if refusal.code not in TRY_AGAIN:
        return _refused(state, phrase(refusal))
    again = structs.replace(
        state, step="prove", request_id=next_try(state.request_id), touched_s=now.boottime_s
    )
    return again if refusal.code == "proof_needed" else _tell(again, "error", phrase(refusal))


def _refused(state: State, refusal: Phrase) -> State:
    return _tell(structs.replace(state, step="refused", refusal=refusal), "error", refusal)


def _ticked(state: State, now: Now) -> Result:
    leaves = leaves_s(state)
    if leaves is not None and now.boottime_s >= leaves:
        return State(notices=state.notices), ()
    return state, ()
