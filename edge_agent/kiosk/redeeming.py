"""Redeeming at a kiosk: a reward is chosen, confirmed, perhaps proven, leased, and cancelled. Pure.

What can be had is asked of the same rules as central's; what it costs, and whether the last piece
is still there, central decides when it grants.
"""

from collections.abc import Mapping

from msgspec import structs

from edge_agent.effects import (
    AskBalance,
    AskCancel,
    AskLease,
    AskReserve,
    Effect,
    Now,
    Record,
    SyncNow,
    Terms,
)
from edge_agent.kiosk.inputs import (
    CancelTold,
    CancelTouched,
    Chosen,
    Confirmed,
    LeaseTold,
    PiecesSet,
    PinTyped,
    ReserveTold,
)
from edge_agent.kiosk.paper import redemption_slip
from edge_agent.kiosk.state import Result, State, Voucher, home, tell
from edge_agent.phrases import Phrase, own_words, phrase
from edge_agent.proving import TRY_AGAIN, next_try, wants_proof
from loyalty import catalogue
from loyalty.catalogue import Asking, Part
from loyalty.events import Redeem
from loyalty.rules.earning import Reason
from loyalty.wire import LeaseAnswer, RewardRow


def why_not(
    state: State,
    reward: RewardRow,
    *,
    online: bool,
    day: str = "",
    left: int | None = None,
    pieces: int = 1,
) -> Phrase | None:
    """Return why the member cannot have this reward here and now, None if they can.

    `day` is the mall's, empty while it is not sure; `left` are in stock, None where that is not
    counted.
    """
    if state.member is not None and not state.member.new_card:
        had = state.had.get(reward.reward_id, 0)
        asking = Asking(pieces, day, state.member.tier_id, had, left)
        refusal = catalogue.why_not(reward.details, asking)
        if refusal is not None:
            return phrase(refusal)
    points = catalogue.price(reward.points, reward.details, day) * pieces
    if state.available is not None and points > state.available:
        values = {"available": str(state.available), "needed": str(points)}
        return phrase(Reason("balance_too_low", values))
    if state.member is not None and state.member.new_card:
        return phrase(Reason("member_unknown"))
    return None if online else phrase(Reason("offline"))


def left_of(reward: RewardRow, stock: Mapping[str, int]) -> int | None:
    """Return how many of a reward there are by what central told; None if nobody counts them."""
    parts = reward.details.parts or (Part(reward.reward_id, 1),)
    counted = [one for one in parts if one.reward_id in stock]
    return min((stock[one.reward_id] // one.pieces for one in counted), default=None)


def touched(
    state: State, event: Chosen | PiecesSet | Confirmed | PinTyped, now: Now, terms: Terms
) -> Result:
    """Do what the member asks for on the way to a redemption."""
    match event:
        case Chosen() if state.step == "home" and state.member:
            return _chosen(state, event, now)
        case PiecesSet(pieces=pieces) if state.step == "confirm" and state.chosen:
            most = state.chosen.details.pieces_max
            state = structs.replace(state, pieces=max(1, min(pieces, most)))
            return state, _keep(state)
        case Confirmed(request_id=request_id) if state.step == "confirm" and state.chosen:
            return _confirmed(state, state.chosen, request_id, now, terms)
        case PinTyped(pin=pin) if state.step == "prove":
            return asked(state, pin)
        case _:
            return state, ()


def told(
    state: State,
    event: CancelTouched | ReserveTold | LeaseTold | CancelTold,
    now: Now,
    terms: Terms,
) -> Result:
    """Go on with an answer of central, or ask it to take a redemption back."""
    match event:
        case ReserveTold(reward_id=reward_id, answer=answer):
            mine = state.chosen is not None and state.chosen.reward_id == reward_id
            if answer is None or answer.refusal is None or not mine or state.step != "confirm":
                return state, ()
            return _refused(state, phrase(answer.refusal)), ()
        case LeaseTold():
            return _leased(state, event, now, terms)
        case CancelTouched(request_id=request_id) if state.step == "done" and state.voucher:
            ask = AskCancel(request_id, state.voucher.code)
            return structs.replace(state, step="working"), (ask,)
        case CancelTold():
            return _cancelled(state, event, now)
        case _:
            return state, ()


def let_go(state: State) -> tuple[Effect, ...]:
    """Return what lets central give kept pieces to others: the member does not want them."""
    if not state.kept or state.chosen is None or state.step == "working":
        return ()
    return (AskReserve(state.chosen.reward_id, 0),)


def asked(state: State, pin: str = "") -> Result:
    """Ask for the points, with whatever proof there is; a pass is good for one redemption."""
    member, chosen = state.member, state.chosen
    if member is None or chosen is None:
        return state, ()
    shown_pass = "" if pin else member.shown_pass
    points = state.price * state.pieces
    ask = AskLease(
        state.request_id, member.holder, chosen.reward_id, pin, shown_pass, state.pieces, points
    )
    used = structs.replace(member, shown_pass="")
    return structs.replace(state, step="working", member=used), (ask,)


def _chosen(state: State, event: Chosen, now: Now) -> Result:
    reward = event.reward
    state = structs.replace(
        state,
        step="confirm",
        chosen=reward,
        place=event.place,
        pieces=1,
        price=catalogue.price(reward.points, reward.details, _day(now)),
        kept=event.left is not None,
        notice=None,
    )
    return state, _keep(state)


def _keep(state: State) -> tuple[Effect, ...]:
    if not state.kept or state.chosen is None:
        return ()
    return (AskReserve(state.chosen.reward_id, state.pieces),)


def _confirmed(state: State, chosen: RewardRow, request_id: str, now: Now, terms: Terms) -> Result:
    refusal = why_not(state, chosen, online=True, day=_day(now), pieces=state.pieces)
    if refusal is not None:
        return _refused(state, refusal), let_go(state)
    state = structs.replace(state, request_id=request_id)
    shows_pass = state.member is not None and bool(state.member.shown_pass)
    if wants_proof(state.price * state.pieces, terms.book) and not shows_pass:
        return structs.replace(state, step="prove"), ()
    return asked(state)


def _leased(state: State, told: LeaseTold, now: Now, terms: Terms) -> Result:
    if state.step != "working" or told.request_id != state.request_id:
        return state, ()
    if told.answer is None:
        return _refused(state, phrase(Reason("offline"))), ()
    if told.answer.refusal is not None:
        return _lease_refused(state, told.answer.refusal, now), ()
    member, chosen, lease = state.member, state.chosen, told.answer
    place = told.place or state.place
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
    slip = redemption_slip(member, chosen, state.pieces, place, lease, now, terms)
    voucher = _voucher(state, chosen, place, lease, slip.slip_id)
    left = None if state.available is None else state.available - lease.points
    state = structs.replace(state, step="done", voucher=voucher, available=left, kept=False)
    state = structs.replace(state, touched_s=now.boottime_s)
    return tell(state, "ok", own_words("redeemed")), (
        Record((body,), (slip,)),
        SyncNow(),
    )


def _voucher(
    state: State, chosen: RewardRow, place: Phrase, lease: LeaseAnswer, slip_id: str
) -> Voucher:
    return Voucher(
        code=lease.voucher_code,
        signed=lease.voucher_signed,
        reward=chosen,
        place=place,
        valid_until=lease.valid_until,
        slip_id=slip_id,
        points=lease.points,
        pieces=state.pieces,
    )


def _lease_refused(state: State, refusal: Reason, now: Now) -> State:
    if refusal.code not in TRY_AGAIN:
        return _refused(state, phrase(refusal))
    again = structs.replace(
        state, step="prove", request_id=next_try(state.request_id), touched_s=now.boottime_s
    )
    return again if refusal.code == "proof_needed" else tell(again, "error", phrase(refusal))


def _cancelled(state: State, event: CancelTold, now: Now) -> Result:
    voucher, member, answer = state.voucher, state.member, event.answer
    if state.step != "working" or voucher is None or voucher.code != event.voucher_code:
        return state, ()
    state = structs.replace(state, step="done", touched_s=now.boottime_s)
    if answer is None:
        return tell(state, "error", own_words("cancel_offline")), ()
    if answer.refusal is not None:
        return tell(state, "error", phrase(answer.refusal)), ()
    ask = (AskBalance(member.holder),) if member is not None else ()
    words = own_words("cancelled", answer.points)
    return tell(home(state), "attention", words), ask


def _refused(state: State, refusal: Phrase) -> State:
    return tell(structs.replace(state, step="refused", refusal=refusal), "error", refusal)


def _day(now: Now) -> str:
    return "" if now.today is None else now.today.isoformat()
