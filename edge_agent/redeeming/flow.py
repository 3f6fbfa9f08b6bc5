"""Redeeming: a reward is chosen, confirmed, perhaps proven, leased, and cancelled. Pure.

What can be had is asked of the same rules as central's; what it costs, and whether the last piece
is still there, central decides when it grants. Without central only what this run was lent for
this member can be spent, and the screen says how much that is.
"""

from msgspec import UNSET, UnsetType, structs

from edge_agent.effects import (
    AskBalance,
    AskCancel,
    AskLease,
    AskReserve,
    Effect,
    Member,
    Now,
    Record,
    SyncNow,
    Terms,
)
from edge_agent.phrases import Phrase, own_words, phrase
from edge_agent.proving import TRY_AGAIN, next_try, wants_proof
from edge_agent.redeeming.inputs import (
    Answer,
    CancelTold,
    CancelTouched,
    Chosen,
    Confirmed,
    LeaseTold,
    PiecesSet,
    PinTyped,
    PlateTyped,
    ReserveTold,
    Touch,
)
from edge_agent.redeeming.offered import why_not
from edge_agent.redeeming.paper import cancellation_slip, redemption_slip
from edge_agent.redeeming.reach import Reach, why_not_offline
from edge_agent.redeeming.state import Effects, Visit, VisitT, Voucher, home, tell
from loyalty import catalogue
from loyalty.events import Redeem, VoucherCancelled
from loyalty.plates import read_plate
from loyalty.redeeming import LeaseAnswer
from loyalty.rules.earning import Reason
from loyalty.wire import BalanceAnswer, RewardRow


def touched(state: VisitT, event: Touch, now: Now, terms: Terms) -> tuple[VisitT, Effects]:
    """Do what the member asks for on the way to a redemption."""
    match event:
        case Chosen() if state.step == "home" and state.member:
            return _chosen(state, event, now)
        case PiecesSet(pieces=pieces) if state.step == "confirm" and state.chosen:
            most = state.chosen.details.pieces_max
            state = structs.replace(state, pieces=max(1, min(pieces, most)))
            return state, _keep(state)
        case PlateTyped(plate=typed) if state.step == "confirm" and _parks(state):
            plate = read_plate(typed)
            if plate is None:
                return tell(state, "error", phrase(Reason("plate_wrong"))), ()
            return structs.replace(state, plate=plate, notice=None), ()
        case Confirmed() if state.step == "confirm" and state.chosen:
            return _confirmed(state, state.chosen, event, now, terms)
        case PinTyped(pin=pin) if state.step == "prove":
            return _asked(state, pin)
        case _:
            return state, ()


def told(state: VisitT, event: Answer, now: Now, terms: Terms) -> tuple[VisitT, Effects]:
    """Go on with an answer of central, or ask it to take a redemption back."""
    match event:
        case ReserveTold(reward_id=reward_id, answer=answer):
            mine = state.chosen is not None and state.chosen.reward_id == reward_id
            if answer is None or answer.refusal is None or not mine or state.step != "confirm":
                return state, ()
            return _refused(state, phrase(answer.refusal)), ()
        case LeaseTold():
            return _leased(state, event, now, terms)
        case CancelTouched() if state.step == "done" and state.voucher:
            ask = AskCancel(_back(state.voucher), state.voucher.code)
            return structs.replace(state, step="working"), (ask,)
        case CancelTold():
            return _cancelled(state, event, now, terms)
        case _:
            return state, ()


def proven(state: VisitT, member: Member) -> tuple[VisitT, Effects] | None:
    """Go on with the fresh pass of the member who must prove; None: the scan is another's."""
    if state.step != "prove" or state.member is None or state.member.holder != member.holder:
        return None
    if not member.shown_pass:
        return tell(state, "error", own_words("pass_wanted")), ()
    return _asked(structs.replace(state, member=member))


def balance_told(state: VisitT, answer: BalanceAnswer | None) -> VisitT:
    """Show what central says the member has; without its answer the screen stays as it is."""
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
    available = max(answer.balance - answer.held, 0)
    return structs.replace(state, member=member, available=available, had=answer.had)


def let_go(state: Visit) -> tuple[Effect, ...]:
    """Return what lets central give kept pieces to others: the member does not want them."""
    if not state.kept or state.chosen is None or state.step == "working":
        return ()
    return (AskReserve(state.chosen.reward_id, 0),)


def _chosen(state: VisitT, event: Chosen, now: Now) -> tuple[VisitT, Effects]:
    reward = event.reward
    state = structs.replace(
        state,
        step="confirm",
        chosen=reward,
        inside=event.inside,
        place=event.place,
        pieces=1,
        plate="",
        price=catalogue.price(reward.points, reward.details, _day(now)),
        kept=event.left is not None,
        notice=None,
    )
    return state, _keep(state)


def _parks(state: Visit) -> bool:
    return state.chosen is not None and state.chosen.kind == "parking"


def _keep(state: VisitT) -> tuple[Effect, ...]:
    if not state.kept or state.chosen is None:
        return ()
    return (AskReserve(state.chosen.reward_id, state.pieces),)


def _asked(state: VisitT, pin: str = "") -> tuple[VisitT, Effects]:
    """Ask for the points, with whatever proof there is; a pass is good for one redemption."""
    member, chosen = state.member, state.chosen
    if member is None or chosen is None:
        return state, ()
    ask = AskLease(
        state.request_id,
        member.holder,
        chosen.reward_id,
        pin,
        "" if pin else member.shown_pass,
        state.pieces,
        state.price * state.pieces,
        gives_back=state.gives_back,
    )
    used = structs.replace(member, shown_pass="")
    return structs.replace(state, step="working", member=used), (ask,)


def _confirmed(
    state: VisitT, chosen: RewardRow, event: Confirmed, now: Now, terms: Terms
) -> tuple[VisitT, Effects]:
    reach, day = event.reach, _day(now)
    refusal = why_not(
        state,
        chosen,
        reach,
        day=day,
        pieces=state.pieces,
        kept=state.kept,
        inside=state.inside,
    )
    if refusal is not None:
        return _refused(state, refusal), let_go(state)
    if not reach.online:
        return _spent_offline(state, reach, now, terms)
    back = _in_the_way(state, reach)
    state = structs.replace(state, request_id=event.request_id, gives_back=back)
    shows_pass = state.member is not None and bool(state.member.shown_pass)
    if wants_proof(state.price * state.pieces, terms.book) and not shows_pass:
        return structs.replace(state, step="prove"), ()
    return _asked(state)


def _in_the_way(state: Visit, reach: Reach) -> str:
    """Return the lease that must go back first, as its points are needed for this redemption."""
    if reach.ready is None or state.available is None:
        return ""
    others = state.available - reach.ready.points
    return reach.ready.lease_id if state.price * state.pieces > others else ""


def _leased(state: VisitT, told: LeaseTold, now: Now, terms: Terms) -> tuple[VisitT, Effects]:
    if state.step != "working" or told.request_id != state.request_id:
        return state, ()
    if told.answer is None:
        return _unanswered(state, told.reach, now, terms)
    if told.answer.refusal is not None:
        return _lease_refused(state, told.answer.refusal, now), ()
    return _spent(state, told.answer, told.place, now, terms)


def _unanswered(state: VisitT, reach: Reach, now: Now, terms: Terms) -> tuple[VisitT, Effects]:
    """Go on with what was lent for this case; what central may have lent meanwhile goes back."""
    chosen = state.chosen
    if chosen is None:
        return _refused(state, phrase(Reason("offline"))), ()
    cost = state.price * state.pieces
    refusal = why_not_offline(reach, chosen, cost, day=_day(now), counted=state.kept)
    if refusal is not None:
        return _refused(state, phrase(refusal)), ()
    return _spent_offline(state, reach, now, terms)


def _spent_offline(state: VisitT, reach: Reach, now: Now, terms: Terms) -> tuple[VisitT, Effects]:
    if reach.ready is None:
        return _refused(state, phrase(reach.why)), ()
    state = structs.replace(state, request_id=reach.request_id)
    lease = structs.replace(reach.ready, points=state.price * state.pieces)
    return _spent(state, lease, reach.place, now, terms, pieces=state.pieces)


def _spent(
    state: VisitT,
    lease: LeaseAnswer,
    told: Phrase | None,
    now: Now,
    terms: Terms,
    pieces: int | UnsetType = UNSET,
) -> tuple[VisitT, Effects]:
    """Write the redemption down with its slip; `told` is where alone it is handed over.

    `pieces` are said where central does not know yet what the points are for.
    """
    member, chosen = state.member, state.chosen
    place = told or state.place
    if member is None or chosen is None or place is None:
        return _refused(state, own_words("stopped_while_redeeming")), ()
    body = Redeem(
        at=now.moment,
        holder=member.holder,
        lease_id=lease.lease_id,
        points=lease.points,
        reward_id=chosen.reward_id,
        voucher_code=lease.voucher_code,
        pieces=pieces,
    )
    slip = redemption_slip(member, chosen, state, place, lease, now, terms)
    voucher = _voucher(state, chosen, place, lease, slip.slip_id)
    left = None if state.available is None else state.available - lease.points
    state = structs.replace(state, step="done", voucher=voucher, available=left, kept=False)
    state = structs.replace(state, touched_s=now.boottime_s)
    return tell(state, "ok", own_words("redeemed")), (
        Record((body,), (slip,)),
        SyncNow(),
    )


def _voucher(
    state: VisitT, chosen: RewardRow, place: Phrase, lease: LeaseAnswer, slip_id: str
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


def _lease_refused(state: VisitT, refusal: Reason, now: Now) -> VisitT:
    if refusal.code not in TRY_AGAIN:
        return _refused(state, phrase(refusal))
    again = structs.replace(
        state, step="prove", request_id=next_try(state.request_id), touched_s=now.boottime_s
    )
    return again if refusal.code == "proof_needed" else tell(again, "error", phrase(refusal))


def _cancelled(state: VisitT, event: CancelTold, now: Now, terms: Terms) -> tuple[VisitT, Effects]:
    voucher, member, answer = state.voucher, state.member, event.answer
    if state.step != "working" or voucher is None or voucher.code != event.voucher_code:
        return state, ()
    state = structs.replace(state, step="done", touched_s=now.boottime_s)
    if answer is None:
        return tell(state, "error", own_words("cancel_offline")), ()
    if answer.refusal is not None:
        return tell(state, "error", phrase(answer.refusal)), ()
    state = tell(home(state), "attention", own_words("cancelled", answer.points))
    body = VoucherCancelled(now.moment, voucher.code, _back(voucher), answer.points)
    if member is None:
        return state, (Record((body,)),)
    slip = cancellation_slip(member, voucher, answer.points, now, terms)
    return state, (Record((body,), (slip,)), AskBalance(member.holder), SyncNow())


def _back(voucher: Voucher) -> str:
    """Return the request to take a redemption back: the same if its answer was lost."""
    return f"back-{voucher.code}"


def _refused(state: VisitT, refusal: Phrase) -> VisitT:
    return tell(structs.replace(state, step="refused", refusal=refusal), "error", refusal)


def _day(now: Now) -> str:
    return "" if now.today is None else now.today.isoformat()
