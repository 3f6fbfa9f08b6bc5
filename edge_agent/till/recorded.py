"""The events of a sale and of a refund, from what the till made of their paper."""

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from edge_agent.effects import Member, Now, Record, Terms
from edge_agent.till.intake import Refunded, Sold
from loyalty.events import CouponChecked, Refund, Sale, TenderChecked, VoucherUse
from loyalty.receipt import without_lines


def sale_body(
    sold: Sold, now: Now, terms: Terms, member: Member | None, points: int, review_id: str = ""
) -> Sale:
    """Return the event of a sale: awarded to `member`, else open to whoever has its claim code.

    One that points or a coupon paid whole has nothing to claim: it is kept for its refund.
    """
    claimable = member is None and sold.eligible_fen != 0
    return Sale(
        at=now.moment,
        receipt=without_lines(sold.receipt),
        discriminator=sold.discriminator,
        eligible_fen=sold.eligible_fen,
        category=terms.shop.category,
        book=terms.version,
        holder=member.holder if member else None,
        tier_id=member.tier_id if member else "",
        points=points,
        claim_hash=sold.claim_hash if claimable else None,
        review_id=review_id,
        parts=sold.parts,
        waits=waits(terms),
    )


def waits(terms: Terms) -> bool | UnsetType:
    """Return what an award's event says of points that count later; nothing if they count now."""
    return True if terms.book.pending_days else UNSET


def refund_body(refunded: Refunded, now: Now, review_id: str = "") -> Refund:
    """Return the event of a refund or void."""
    return Refund(
        at=now.moment,
        receipt=without_lines(refunded.receipt),
        discriminator=refunded.discriminator,
        eligible_fen=refunded.eligible_fen,
        original=refunded.original.fingerprint if refunded.original else None,
        points=refunded.points,
        review_id=review_id,
        parts=refunded.parts,
        undone=True if refunded.undone else UNSET,
    )


def paid_papers(records: Iterable[Record]) -> frozenset[str]:
    """Return the receipts that points or a coupon pay for, or were kept for, by their events."""
    bodies = (body for record in records for body in record.bodies)
    checks = (TenderChecked, CouponChecked, VoucherUse)
    return frozenset(one.fingerprint or "" for one in bodies if isinstance(one, checks))
