"""What papers in review do to the ledger: opened and decided once.

The first decision in the order of turns is the decision, whoever made it, a till or the desk. A
later one gives way and is told so. What it promised at a counter is not taken back in silence: the
points go to the sale that the first decision made where that can be, else a person looks (P2, P3).
"""

from msgspec import UNSET, structs

from central.ledger.judging import bills, references
from central.ledger.judging.entry import Entry, Impossible, Notice
from central.ledger.judging.owners import holder_at
from central.ledger.judging.rows import CENTRAL_DEVICE, Judgement, Review, ReviewState
from central.ledger.judging.wallets import same_wallet
from loyalty.events import Holder, ReviewDecided, ReviewOpened, Sale
from loyalty.reviewing import Decision, ReviewRow
from loyalty.wire import Verdict

_APPLIED = Judgement(Verdict.APPLIED)
SUPERSEDED = "review_superseded"
#: The reason of a sale of one member for whose paper another till had scanned another one.
SCANNED_ELSEWHERE = "scanned_elsewhere"
_STATES: dict[Decision, ReviewState] = {
    "accepted": ReviewState.ACCEPTED,
    "corrected": ReviewState.CORRECTED,
    "rejected": ReviewState.REJECTED,
}
_DECISIONS: dict[ReviewState, Decision] = {state: name for name, state in _STATES.items()}


def opened(entry: Entry, body: ReviewOpened) -> Judgement:
    """Put a paper into the queue that does not stand there."""
    if not body.review_id:
        return _APPLIED
    review = Review(
        review_id=body.review_id,
        origin=entry.event.identity,
        shop_id=body.shop_id,
        paper_hash=body.paper_hash,
        why=body.why,
        kind=body.kind,
        number=body.number,
        printed_at=body.printed_at,
        currency=body.currency,
        owed_fen=body.owed_fen,
        holder=body.holder and holder_at(entry.state, body.holder, entry.event.earliest_ms),
        claim_hash=body.claim_hash,
        opened_ms=entry.event.latest_ms,
        read_as=body.read_as,
    )
    entry.state.reviews.put(body.review_id, review)
    entry.wakes.append(references.to_review(body.review_id))
    return _APPLIED


def decided(entry: Entry, body: ReviewDecided) -> Judgement:
    """Take the first decision on a paper; tell whoever decided later that they were not first."""
    review = entry.state.reviews.get(body.review_id)
    if review is None:
        return unknown(body.review_id)
    device_id = entry.event.identity.device_id
    if review.state is not ReviewState.OPEN:
        late = structs.replace(review, superseded=(*review.superseded, body.staff))
        entry.state.reviews.put(body.review_id, late)
        _tell(entry, device_id, review)
        return Judgement(Verdict.APPLIED_ADJUSTED, SUPERSEDED)
    review = structs.replace(
        review,
        state=_STATES[body.decision],
        decided_by=entry.event.identity,
        decided_ms=entry.event.latest_ms,
        staff=body.staff,
        decided=body.decided,
        said=body.why,
    )
    entry.state.reviews.put(body.review_id, review)
    entry.wakes.append(references.to_decision(body.review_id))
    if review.state is ReviewState.REJECTED:  # nothing is made of it
        entry.wakes.append(references.to_made(body.review_id))
    if review.origin.device_id != device_id:
        _tell(entry, review.origin.device_id, review)
    return _APPLIED


def first_decision(entry: Entry, review_id: str) -> Review | Judgement | None:
    """Return the review whose decision came before the one that this event belongs to.

    None when the event may go on: it belongs to no review, or to the first decision. A judgement
    when the decision it belongs to, or what the one before it made, is not here yet.
    """
    if not review_id:
        return None
    review = entry.state.reviews.get(review_id)
    if review is None:
        return unknown(review_id)
    if review.decided_by is None:
        reference = references.to_decision(review_id)
        return Judgement(Verdict.PENDING_REF, "review_unknown", reference=reference)
    if review.decided_by.device_id == entry.event.identity.device_id:
        return None
    is_coming = review.state is not ReviewState.REJECTED and not review.fingerprint
    return not_made(review_id) if is_coming else review


def scanned_for(entry: Entry, sale: Sale) -> Holder | None:
    """Return whose a paper that earns is; another till may have scanned them."""
    review = entry.state.reviews.get(sale.review_id) if sale.review_id else None
    return review.holder if review is not None and sale.eligible_fen > 0 else None


def scanned_elsewhere(entry: Entry, sale: Sale) -> bool:
    """Tell whether a till sells to one member, and another till had scanned another one.

    It happened at the counter and counts; heard the other way round, the scan is for a person.
    """
    review = entry.state.reviews.get(sale.review_id) if sale.review_id else None
    if review is None or review.holder is None or sale.holder is None:
        return False
    by = (review.held_by or review.origin.device_id, CENTRAL_DEVICE)  # the desk saw who it was
    own = entry.event.identity.device_id in by
    return not own and not same_wallet(entry, review.holder, sale.holder)


def made(entry: Entry, review_id: str, fingerprint: bytes) -> None:
    """Note the sale or refund that a decision made, and tell the till whose paper it was."""
    review = entry.state.reviews.get(review_id) if review_id else None
    if review is None:
        return
    review = structs.replace(review, fingerprint=fingerprint)
    entry.state.reviews.put(review_id, review)
    entry.wakes.append(references.to_made(review_id))
    if review.read_as is not UNSET:
        bills.keep_under(entry, fingerprint, review.read_as)
    if review.origin.device_id != entry.event.identity.device_id:
        _tell(entry, review.origin.device_id, review)


def _tell(entry: Entry, device_id: bytes, review: Review) -> None:
    if review.state is ReviewState.OPEN:
        raise Impossible(f"review {review.review_id} is not decided")
    row = ReviewRow(
        review_id=review.review_id,
        decision=_DECISIONS[review.state],
        staff=review.staff,
        decided=review.decided,
        fingerprint=review.fingerprint.hex(),
    )
    entry.notices.append(Notice(device_id, review.review_id, row))


def not_made(review_id: str) -> Judgement:
    """Let an event wait for the sale or refund that the decision about a paper makes."""
    reference = references.to_made(review_id)
    return Judgement(Verdict.PENDING_REF, SUPERSEDED, reference=reference)


def unknown(review_id: str) -> Judgement:
    """Let an event wait for its paper."""
    reference = references.to_review(review_id)
    return Judgement(Verdict.PENDING_REF, "review_unknown", reference=reference)
