"""What follows when a person decides about a paper in review: pure, one transaction's worth.

An accepted or corrected paper becomes the sale or refund it says, under the identity that the same
receipt has when it can be read (promise P3); a rejected one earns nothing. Whoever decides is kept
with what was read and what was decided.
"""

from msgspec import UNSET, Struct, structs

from edge_agent.effects import Effect, HeldSlip, Member, Now, Record, SyncNow, Terms
from edge_agent.journal.papers.reviews import ReviewItem
from edge_agent.phrases import Phrase, Tone, own_words
from edge_agent.till.earned import award
from edge_agent.till.given import given_back
from edge_agent.till.intake import Known, Refunded, Sold, refunded
from edge_agent.till.paper import award_slip, claim_slip, refund_slip
from edge_agent.till.recorded import refund_body, sale_body
from loyalty.events import Believed, Body, ReviewDecided
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.reviewing import believed
from loyalty.rules.basket import basket_of, goods_back

_DISCRIMINATOR = 16  # hex digits of the review that accepted a second sale of the same facts


class Decided(Struct, frozen=True):
    """What is to be recorded, and what the person is told."""

    effects: tuple[Effect, ...]
    tone: Tone
    phrase: Phrase


def read_by_machine(item: ReviewItem) -> Believed:
    """Return what the reader believed of a paper."""
    opened = item.opened
    return Believed(
        kind=opened.kind,
        number=opened.number,
        printed_at=opened.printed_at,
        currency=opened.currency,
        owed_fen=opened.owed_fen,
        shop_id=opened.shop_id,
    )


def decide(  # noqa: PLR0913 what a decision depends on
    item: ReviewItem,
    receipt: Receipt,
    *,
    staff: str,
    another: bool,
    now: Now,
    terms: Terms,
    known: Known,
    member: Member | None,
    claim_code: str,
) -> Decided | Phrase:
    """Return what taking a paper for `receipt` means, or why it cannot be.

    `another` says that the same facts were recorded and that this is a second purchase all the
    same; `claim_code` is fresh. Another shop's receipt is for the service desk to decide.
    """
    review_id = item.opened.review_id
    mark = ""
    if known.receipt_time(fingerprint(receipt).hex())[0]:
        if not another:
            return own_words("review_same")
        mark = review_id[:_DISCRIMINATOR]
    identity = fingerprint(receipt, mark).hex()
    read, taken = read_by_machine(item), believed(receipt)
    decision = ReviewDecided(
        at=now.moment,
        review_id=review_id,
        decision="accepted" if taken == read else "corrected",
        staff=staff,
        read=read,
        decided=taken,
    )
    basket = basket_of(receipt, terms.shop.category, terms.book)
    earning = basket.earning_fen
    if receipt.kind in (Kind.REFUND, Kind.VOID) or earning < 0:
        found = refunded(receipt, earning, identity, known, terms.book)
        back = found if isinstance(found, Refunded) else None
        parts = goods_back(receipt, terms.book)
        back = back or Refunded(receipt, earning, identity, None, None, parts)
        return _take_back(decision, structs.replace(back, discriminator=mark), now, terms)
    if earning == 0 and item.opened.read_as is UNSET:
        return Decided((Record((decision,)), SyncNow()), "info", own_words("review_nothing"))
    sold = Sold(receipt, earning, identity, claim_code, discriminator=mark, parts=basket.parts)
    return _earn(item, decision, sold, member, now, terms)


def reject(item: ReviewItem, staff: str, why: str, now: Now) -> Decided:
    """Return what it means that a paper earns nothing, for the reason a person gives."""
    decision = ReviewDecided(
        at=now.moment,
        review_id=item.opened.review_id,
        decision="rejected",
        staff=staff,
        read=read_by_machine(item),
        why=why,
    )
    return Decided((Record((decision,)), SyncNow()), "ok", own_words("review_rejected"))


def _earn(
    item: ReviewItem,
    decision: ReviewDecided,
    sold: Sold,
    member: Member | None,
    now: Now,
    terms: Terms,
) -> Decided:
    review_id = decision.review_id
    if not sold.eligible_fen:
        body = sale_body(sold, now, terms, None, 0, review_id)
        return _written(decision, body, (), "info", own_words("review_nothing"))
    if member is not None:
        given = award(sold, member, now, terms)
        body = sale_body(sold, now, terms, member, given.points, review_id)
        slip = award_slip(sold.receipt, sold.fingerprint, member, given, now, terms)
        told = own_words("review_accepted", given.points)
        return _written(decision, body, (slip,), "ok", told)
    body = sale_body(sold, now, terms, None, 0, review_id)
    if item.opened.claim_hash is not None:  # its code is on the notice the customer holds
        body = structs.replace(body, claim_hash=item.opened.claim_hash)
        return _written(decision, body, (), "ok", own_words("review_open_claim"))
    base = award(sold, None, now, terms)
    slips = (claim_slip(sold, base, now, terms),)
    return _written(decision, body, slips, "ok", own_words("review_open_claim"))


def _take_back(decision: ReviewDecided, back: Refunded, now: Now, terms: Terms) -> Decided:
    body = refund_body(back, now, decision.review_id)
    told = back.points or given_back(back, now)
    slips = (refund_slip(back, now, terms),) if told else ()
    return _written(decision, body, slips, "ok", own_words("review_refunded"))


def _written(
    decision: ReviewDecided, body: Body, slips: tuple[HeldSlip, ...], tone: Tone, told: Phrase
) -> Decided:
    return Decided((Record((decision, body), slips), SyncNow()), tone, told)
