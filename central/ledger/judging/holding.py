"""Whose a paper in review is: who was scanned for it, at whichever till, and heard whenever.

Two tills may scan somebody each for one paper, and a till that was cut off tells after the decision
whom it had scanned before. Nobody who was scanned is forgotten: they get what is still nobody's,
have it already, or a person looks (P2, P3).
"""

from msgspec import structs

from central.ledger.judging import reviews, sales
from central.ledger.judging.entry import Entry
from central.ledger.judging.owners import holder_at
from central.ledger.judging.rows import CENTRAL_DEVICE, Judgement, Review, ReviewState, SaleState
from central.ledger.judging.wallets import same_wallet
from loyalty.events import Holder, ReviewHeld, ReviewOpened
from loyalty.wire import Verdict

_APPLIED = Judgement(Verdict.APPLIED)


def opened(entry: Entry, body: ReviewOpened) -> Judgement:
    """Put a paper into the queue; of one that stands there already, hear whose it is."""
    review = entry.state.reviews.get(body.review_id) if body.review_id else None
    if review is None:
        return reviews.opened(entry, body)
    judgement = _APPLIED if body.holder is None else _hold(entry, review, body.holder)
    return judgement if judgement.verdict is Verdict.PENDING_REF else _APPLIED


def held(entry: Entry, body: ReviewHeld) -> Judgement:
    """Let a paper be somebody's."""
    review = entry.state.reviews.get(body.review_id)
    return reviews.unknown(body.review_id) if review is None else _hold(entry, review, body.holder)


def _hold(entry: Entry, review: Review, holder: Holder) -> Judgement:
    device_id = entry.event.identity.device_id
    if review.state is ReviewState.OPEN:
        same = review.holder is None or same_wallet(entry, review.holder, holder)
        if not same and (review.held_by or review.origin.device_id) != device_id:
            return reviews.not_made(review.review_id)  # then its sale says whose it is
        holder = holder_at(entry.state, holder, entry.event.earliest_ms)
        known = structs.replace(review, holder=holder, held_by=device_id)
        entry.state.reviews.put(review.review_id, known)
        return _APPLIED
    if review.state is ReviewState.REJECTED:
        return Judgement(Verdict.REFUSED_FINAL, reviews.SUPERSEDED)
    if not review.fingerprint:
        earns = review.decided_by is None or review.decided_by.device_id != CENTRAL_DEVICE
        return reviews.not_made(review.review_id) if earns else _APPLIED
    made = entry.state.sales.get(review.fingerprint)
    if made is None or made.eligible_fen <= 0:  # a refund, or nothing to have
        return _APPLIED
    if made.state is SaleState.OPEN:
        return sales.hand_over(entry, made, holder)
    if same_wallet(entry, made.holder, holder):
        return _APPLIED
    return Judgement(Verdict.PENDING_REF, reviews.SUPERSEDED)
