"""Whose a paper in review is: the window in which a scan counts for it, and the slip meanwhile.

Pure. The rule is that of a sale; the slip carries a claim code as long as nobody was scanned, so
that the points can be claimed once somebody has decided what the paper says.
"""

from msgspec import UNSET

from edge_agent.effects import DropSlip, Effect, HeldSlip, Member, Now, Record, SyncNow, Terms
from edge_agent.journal.papers.reviews import ReviewItem, ReviewPaper
from edge_agent.till.inputs import OpenReview
from edge_agent.till.paper import review_slip
from edge_agent.till.unclear import Unclear
from loyalty.codes import claim_hash
from loyalty.events import Body, ReviewHeld, ReviewOpened


def opened(
    found: Unclear, member: Member | None, now: Now, terms: Terms
) -> tuple[ReviewOpened, HeldSlip | None]:
    """Return the event that puts a paper into the queue, and the slip that stands for it.

    Without an amount there is no slip: any print could be in review, and most are no sale.
    """
    slip = review_slip(found, member, now, terms) if found.owed_fen else None
    body = ReviewOpened(
        at=now.moment,
        job_hash=found.job_hash,
        shop_id=terms.shop.shop_id,
        why=tuple(phrase.code for phrase in found.why),
        number=found.number,
        printed_at=found.printed_at,
        owed_fen=found.owed_fen,
        kind=found.kind,
        currency=found.currency,
        review_id=found.paper.review_id if found.paper else "",
        paper_hash=found.paper.paper_hash if found.paper else "",
        holder=member.holder if member else None,
        claim_hash=claim_hash(found.claim_code) if slip is not None and member is None else None,
        read_as=found.read_as or UNSET,
    )
    return body, slip


def scanned_for(window: OpenReview, member: Member, now: Now, terms: Terms) -> tuple[Effect, ...]:
    """A scan after the paper: it will earn for this member, whose slip needs no claim code."""
    found = window.unclear
    if found.paper is None:
        return ()
    bodies: tuple[Body, ...] = (ReviewHeld(now.moment, found.paper.review_id, member.holder),)
    if window.held_slip is None:
        return Record(bodies), SyncNow()
    slip = review_slip(found, member, now, terms)
    return DropSlip(window.held_slip), Record(bodies, (slip,)), SyncNow()


def reopened(item: ReviewItem, now: Now, after_s: float) -> OpenReview:
    """Return the window in which the next scan says whose a paper is whose slip was scanned."""
    opened_ = item.opened
    paper = ReviewPaper(opened_.review_id, opened_.paper_hash, b"")
    found = Unclear(
        opened_.job_hash, (), opened_.number, opened_.printed_at, opened_.owed_fen,
        opened_.currency, opened_.kind, paper=paper,
    )  # fmt: skip
    return OpenReview(found, now.boottime_s, now.boottime_s + after_s, None)
