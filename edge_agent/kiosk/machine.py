"""The state machine of one kiosk: a member, their balance, a reward, a voucher. Pure.

Points are spent only under a lease of the reward's exact size, which central grants while the
member waits; without central the kiosk says what it cannot do and why. What a member sees is gone
when they leave, or 60 s after their last touch.
"""

from msgspec import UNSET, structs

from edge_agent.effects import (
    AskBalance,
    AskClaim,
    Member,
    Now,
    Record,
    SyncNow,
    Terms,
)
from edge_agent.kiosk.inputs import (
    Back,
    BalanceTold,
    ClaimScanned,
    ClaimTold,
    Input,
    Left,
    MemberScanned,
    ScanFailed,
    Synced,
    Tick,
    TookPart,
)
from edge_agent.kiosk.state import ClaimResult, Result, State, home, leaves_s
from edge_agent.phrases import own_words, phrase
from edge_agent.redeeming import flow
from edge_agent.redeeming.inputs import (
    CancelTold,
    CancelTouched,
    Chosen,
    Confirmed,
    LeaseTold,
    PiecesSet,
    PinTyped,
    PlateTyped,
    ReserveTold,
)
from edge_agent.redeeming.state import tell
from loyalty.events import Claim
from loyalty.rules.earning import Reason, money
from loyalty.wire import ClaimAnswer

_MAY_GO_BACK = ("confirm", "prove", "done", "refused")
#: What happens without anybody at the screen.
_NOBODY_S = Tick | Synced | BalanceTold | ClaimTold | LeaseTold | ReserveTold | CancelTold


def step(state: State, event: Input, now: Now, terms: Terms) -> Result:
    """Return the kiosk after `event` and what has to be done about it, in this order."""
    if not isinstance(event, _NOBODY_S):
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
            return flow.balance_told(state, answer), ()
        case ClaimTold(answer=answer):
            return _claim_known(state, answer, now, terms)
        case Chosen() | PiecesSet() | PlateTyped() | Confirmed() | PinTyped():
            return flow.touched(state, event, now, terms)
        case CancelTouched() | ReserveTold() | LeaseTold() | CancelTold():
            return flow.told(state, event, now, terms)
        case Back() if state.claim or _has_done(state) or state.step in _MAY_GO_BACK:
            return home(state), flow.let_go(state)
        case Left() if state.step != "working":  # as for a second card
            return State(notices=state.notices), flow.let_go(state)
        case Tick():
            return _ticked(state, now)
    return state, ()


def _has_done(state: State) -> bool:
    return state.activity is not None and state.member is not None


def _member(state: State, member: Member, now: Now) -> Result:
    if state.step == "working":
        return state, ()  # a second card may not take over a redemption that is under way
    proof = flow.proven(state, member)
    if proof is not None:
        return proof
    fresh = State(
        step="home",
        member=member,
        available=member.balance,
        touched_s=now.boottime_s,
        notices=state.notices,
        claim_hash=state.claim_hash,
    )
    fresh = tell(fresh, "ok", own_words("member_ready_kiosk"))
    if state.claim_hash:
        ask = AskBalance(member.holder)
        return fresh, (*flow.let_go(state), ask, AskClaim(state.claim_hash))
    return fresh, (*flow.let_go(state), AskBalance(member.holder))


def _told(state: State, event: ScanFailed | TookPart) -> Result:
    """Show the member how their activity goes; news of another one are only told."""
    if isinstance(event, ScanFailed):
        return tell(state, "error", event.phrase), ()
    took = event.took
    told = tell(state, took.tone, took.phrase)
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
        return tell(state, "info", own_words("claim_needs_member")), ()
    return state, (AskClaim(claim_hash),)


def _claim_known(state: State, answer: ClaimAnswer | None, now: Now, terms: Terms) -> Result:
    """Write the claim down if it may still be good; central's verdict moves the points."""
    member, claim_hash = state.member, state.claim_hash
    if member is None or not claim_hash:
        return state, ()
    state = structs.replace(state, claim_hash="")
    if answer is not None and answer.state in _OVER:
        words = phrase(Reason(_OVER[answer.state]))
        state = structs.replace(state, claim=ClaimResult("refused", words))
        return tell(state, "error", words), ()
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
    state = tell(structs.replace(state, claim=result), "ok", words)
    return state, (Record((body,)), SyncNow())


#: Why a claim code earns nothing any more, by central's answer.
_OVER = {"claimed": "claim_taken", "refunded": "claim_refunded", "expired": "claim_expired"}


def _ticked(state: State, now: Now) -> Result:
    leaves = leaves_s(state)
    if leaves is not None and now.boottime_s >= leaves:
        return State(notices=state.notices), flow.let_go(state)
    return state, ()
