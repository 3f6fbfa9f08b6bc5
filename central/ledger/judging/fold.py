"""The judgement of one event: (state, event) -> new state, verdict, transfers, notices.

Pure: no clock, no database, no chance. The same events in the same order give the same ledger, so
every projection can be thrown away and folded again. Whatever a body or a handler does, the next
event goes on (SYNC 2.3, P9): an exception throws away what this one event did and is its verdict.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, structs

from central.ledger.judging import (
    activities,
    ageing,
    bills,
    copies,
    coupons,
    holding,
    people,
    recalculating,
    redemptions,
    returning,
    reviews,
    sales,
    stock,
    tenders,
)
from central.ledger.judging.entry import Entry, Impossible, Notice
from central.ledger.judging.rows import (
    CENTRAL_DEVICE,
    Event,
    Head,
    Identity,
    Judgement,
    Pending,
    Transfer,
    Unreadable,
)
from central.ledger.judging.state import State, Unloaded
from loyalty.events import (
    CENTRAL_KINDS_FROM,
    ActivityClosed,
    ActivityDone,
    ActivityIssued,
    ActivityRecorded,
    CaseAccepted,
    CaseClosed,
    Claim,
    Correction,
    CouponChecked,
    EpochSealed,
    LeaseClose,
    LeaseGrant,
    LeaseRefused,
    LeaseRelease,
    LeaseRemade,
    LedgerSealed,
    MemberFacts,
    MemberSet,
    Origin,
    PointsExpired,
    PointsReleased,
    Recalculated,
    Redeem,
    Refund,
    RefusalKept,
    Rejudge,
    ReviewDecided,
    ReviewHeld,
    ReviewOpened,
    Sale,
    StockReserved,
    TenderChecked,
    TierSet,
    VoucherCancelled,
    VoucherReturned,
    VoucherUse,
)
from loyalty.wire import Judged, Verdict

#: Verdicts that can still change, by an event that says so.
OPEN_VERDICTS = (Verdict.PENDING_REF, Verdict.PENDING_UPGRADE, Verdict.QUARANTINED)
#: The reason of an event written again that stands in the inbox already; it does nothing.
KNOWN_BEFORE = "known_before"
#: The reason of an event that a person gave up.
CASE_CLOSED = "case_closed"
#: Judgements that depend on the software, not on the events; a replay takes them as recorded.
RECORDED_VERDICTS = (Verdict.PENDING_UPGRADE, Verdict.QUARANTINED)


class Folded(Struct, frozen=True, gc=False):
    """What one event did, besides changing the state.

    `wakes`: what it brought that events may wait for; those are judged again soon.
    """

    judgement: Judgement
    transfers: tuple[Transfer, ...] = ()
    notices: tuple[Notice, ...] = ()
    wakes: tuple[bytes, ...] = ()


def fold(state: State, event: Event, recorded: Judgement | None = None) -> Folded:
    """Judge one event and change the state accordingly.

    `recorded` is the verdict to give without judging: on the event itself, or on the one a
    re-judgement is about. Raises Unloaded when a row was not looked up; the state is then as
    it was before.
    """
    try:
        if isinstance(event.body, Rejudge) and event.identity.device_id == CENTRAL_DEVICE:
            return _rejudge(state, event, event.body, recorded)
        if isinstance(event.body, CaseClosed) and event.identity.device_id == CENTRAL_DEVICE:
            return _close_case(state, event.body)
        if isinstance(event.body, CaseAccepted) and event.identity.device_id == CENTRAL_DEVICE:
            return _accept_case(state, event, event.body, recorded)
        return _judge(state, event, event.identity, recorded)
    except Unloaded:
        state.drop()
        raise


def _judge(
    state: State,
    event: Event,
    booked_by: Identity,
    recorded: Judgement | None,
    accepted: Sale | Refund | None = None,
) -> Folded:
    """Judge `event`, letting `booked_by` book what it does; `accepted`: as this receipt."""
    counts = event if accepted is None else structs.replace(event, body=accepted)
    entry = Entry(state, counts, booked_by)
    if event.origin is not None and known_as(state, event) not in (None, event.identity):
        recorded = Judgement(Verdict.APPLIED, KNOWN_BEFORE)
    elif recorded is None and (refused := state.refused.get(event.identity)) is not None:
        recorded = Judgement(Verdict.REFUSED_FINAL, refused)
    judgement, wakes = (recorded, ()) if recorded else _attempt(entry)
    applied = judgement.verdict in (Verdict.APPLIED, Verdict.APPLIED_ADJUSTED)
    if not applied:
        state.drop()
        wakes = ()
    if not applied or entry.is_again:
        wakes = (*wakes, *copies.judged(state, event, judgement, accepted))
    if entry.is_again:
        _settle(state, event.identity)
    if judgement.verdict in OPEN_VERDICTS:
        _wait(state, event, judgement)
    if event.origin is not None:
        _keep_origin(state, event, event.origin)
    state.keep()
    if not applied:
        return Folded(judgement, wakes=wakes)
    state.transfers += len(entry.transfers)
    return Folded(judgement, tuple(entry.transfers), tuple(entry.notices), wakes)


def _attempt(entry: Entry) -> tuple[Judgement, tuple[bytes, ...]]:
    """Let the handler of the event's kind work; return also what it brought to those who wait."""
    body = entry.event.body
    if isinstance(body, Unreadable):
        return Judgement(body.verdict, error=body.error), ()
    try:
        _check_chain(entry.event)
        if entry.event.origin is not None:
            _check_origin(entry.state, entry.event, entry.event.origin)
        judgement = _HANDLERS[type(body)](entry, body)
        return judgement, () if entry.state.waiting.empty else tuple(entry.wakes)
    except Unloaded:
        raise
    except Exception as error:  # noqa: BLE001  # the poison rule: the next event goes on
        return Judgement(Verdict.QUARANTINED, error=f"{type(error).__name__}: {error}"), ()


def known_as(state: State, event: Event) -> Identity | None:
    """Return the event that says the same as this one, which is written again; None if none does.

    It stands where this one stood first, or where another branch of the chain wrote it again.
    """
    if event.origin is None:
        return None
    device_id, origin = event.identity.device_id, event.origin
    first = Identity(device_id, origin.epoch, origin.seq)
    if state.seen.get(first) == origin.hash:
        return first
    return state.rehomed.get((device_id, origin.epoch, origin.hash))


def _keep_origin(state: State, event: Event, origin: Origin) -> None:
    """Note an event that is written again, whatever its verdict: only one of its kind counts."""
    if known_as(state, event) is None:
        key = (event.identity.device_id, origin.epoch, origin.hash)
        state.rehomed.put(key, event.identity)


def _check_chain(event: Event) -> None:
    kind = event.frame.kind if event.origin is None else event.origin.kind
    if kind >= CENTRAL_KINDS_FROM and event.identity.device_id != CENTRAL_DEVICE:
        raise Impossible(f"kind {kind} is written by central alone")


def _check_origin(state: State, event: Event, origin: Origin) -> None:
    """Let no device say of an event of its open epoch that it stood in an older one (SYNC 2.6).

    A branch of a chain that forked may say other than we hold, and a ledger out of a backup may
    lack whole epochs.
    """
    device_id, epoch, _ = event.identity
    before = state.heads.get((device_id, origin.epoch))
    if origin.epoch >= epoch or (before is not None and not before.sealed):
        raise Impossible(f"epoch {origin.epoch} was not over before epoch {epoch}")


def _rejudge(state: State, event: Event, body: Rejudge, recorded: Judgement | None) -> Folded:
    """Judge a waiting event again, as if it had come now; its bytes stay where they are."""
    origin = Identity(bytes.fromhex(body.device), body.epoch, body.seq)
    pending = state.pending.get(origin)
    if pending is None:
        return Folded(Judgement(Verdict.QUARANTINED, error=f"{origin} does not wait"))
    inner = _judge(state, pending.event, event.identity, recorded)
    return _judged_again(state, origin, inner)


def _accept_case(
    state: State, event: Event, body: CaseAccepted, recorded: Judgement | None
) -> Folded:
    """Judge a receipt that was taken for another one as the one of its own that it is."""
    origin = Identity(bytes.fromhex(body.device), body.epoch, body.seq)
    pending = state.pending.get(origin)
    said = pending.event.body if pending is not None else None
    if pending is None or not isinstance(said, Sale | Refund):
        return Folded(Judgement(Verdict.QUARANTINED, error=f"{origin} is no receipt that waits"))
    accepted = structs.replace(said, discriminator=f"case {body.device} {body.epoch}/{body.seq}")
    inner = _judge(state, pending.event, event.identity, recorded, accepted)
    return _judged_again(state, origin, inner)


def _judged_again(state: State, origin: Identity, inner: Folded) -> Folded:
    """Put the new verdict on an event into the ledger, and let its device hear of it."""
    state.verdicts.put(origin, inner.judgement)
    state.keep()
    notices = inner.notices
    if origin.device_id != CENTRAL_DEVICE:
        notices = (*notices, _verdict_notice(origin, inner.judgement))
    return structs.replace(inner, judgement=Judgement(Verdict.APPLIED), notices=notices)


def _close_case(state: State, body: CaseClosed) -> Folded:
    """End the wait of an event by a person's word: it does nothing, and nothing wakes it."""
    origin = Identity(bytes.fromhex(body.device), body.epoch, body.seq)
    closed = Judgement(Verdict(body.was), CASE_CLOSED, body.adjusted or 0)
    wakes: tuple[bytes, ...] = ()
    if body.was in OPEN_VERDICTS:
        pending = state.pending.get(origin)
        if pending is None:
            return Folded(Judgement(Verdict.QUARANTINED, error=f"{origin} does not wait"))
        closed = Judgement(Verdict.REFUSED_FINAL, CASE_CLOSED)
        if body.was == Verdict.PENDING_REF:  # others may come of software that could not read it
            wakes = copies.judged(state, pending.event, closed)
        _settle(state, origin)
    state.verdicts.put(origin, closed)
    state.keep()
    notices = () if origin.device_id == CENTRAL_DEVICE else (_verdict_notice(origin, closed),)
    return Folded(Judgement(Verdict.APPLIED), notices=notices, wakes=wakes)


def _verdict_notice(origin: Identity, judgement: Judgement) -> Notice:
    row = Judged(origin.seq, judgement.verdict, judgement.reason, judgement.adjusted)
    return Notice(origin.device_id, f"{origin.epoch}/{origin.seq}", row)


def _wait(state: State, event: Event, judgement: Judgement) -> None:
    """Put an event among those that are judged again later."""
    reference = judgement.reference
    if reference is not None:
        state.waiting.add(reference, event.identity)
    if reference is not None and judgement.bill is not None:
        bills.wake_with(state, judgement.bill, reference)
    state.pending.put(event.identity, Pending(event, judgement.verdict, reference))


def _settle(state: State, identity: Identity) -> None:
    """Take an event from among those that wait."""
    pending = state.pending.get(identity)
    if pending is not None and pending.reference is not None:
        state.waiting.remove(pending.reference, identity)
    state.pending.put(identity, None)


def _epoch_sealed(entry: Entry, body: EpochSealed) -> Judgement:
    """End an epoch at its head; its device goes on under the next one."""
    sealed = Head(body.head_seq, bytes.fromhex(body.head_hash), sealed=True)
    entry.state.heads.put((bytes.fromhex(body.device), body.epoch), sealed)
    return Judgement(Verdict.APPLIED)


def _keep_refusal(entry: Entry, body: RefusalKept) -> Judgement:
    """Let the event that comes next stay refused."""
    subject = Identity(bytes.fromhex(body.device), body.epoch, body.seq)
    entry.state.refused.put(subject, body.reason)
    return Judgement(Verdict.APPLIED)


_HANDLERS: dict[type, Callable[[Entry, Any], Judgement]] = {
    Sale: sales.sale,
    Claim: sales.claim,
    Correction: sales.correction,
    Refund: sales.refund,
    Redeem: redemptions.redeem,
    LeaseClose: redemptions.close,
    VoucherUse: coupons.handed_in,
    TenderChecked: tenders.checked,
    CouponChecked: coupons.checked,
    VoucherCancelled: returning.told_back,
    ReviewOpened: holding.opened,
    ReviewHeld: holding.held,
    ReviewDecided: reviews.decided,
    LeaseGrant: redemptions.grant,
    LeaseRelease: redemptions.release,
    LeaseRefused: redemptions.refuse,
    LeaseRemade: redemptions.remake,
    MemberSet: people.set_member,
    EpochSealed: _epoch_sealed,
    RefusalKept: _keep_refusal,
    LedgerSealed: lambda *_: Judgement(Verdict.APPLIED),
    MemberFacts: people.set_facts,
    TierSet: people.set_tier,
    PointsExpired: ageing.expire,
    PointsReleased: ageing.release,
    Recalculated: recalculating.recalculate,
    ActivityDone: activities.done,
    ActivityRecorded: activities.recorded,
    ActivityIssued: activities.issued,
    ActivityClosed: activities.closed,
    StockReserved: stock.reserve,
    VoucherReturned: returning.give_back,
}
