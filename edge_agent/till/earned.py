"""What a sale of this till earns, for whom, when: the rules asked with what a till can know.

A till knows a member's tier and, once central was met, the time. What depends on anything else it
does not promise; central works every award out again and adds what is due (SYNC 2.8).
"""

from datetime import datetime, timedelta

from msgspec import structs

from edge_agent.effects import Member, Now, Terms
from edge_agent.till.intake import KnownSale, Sold
from loyalty.facts import Moment
from loyalty.rules import earning
from loyalty.rules.basket import Basket, without
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import Award
from loyalty.rules.reasons import Reason, money
from loyalty.rules.spans import Span, at


def award(sold: Sold | KnownSale, member: Member | None, now: Now, terms: Terms) -> Award:
    """Return what a sale gives a member, or anybody in the first tier, with its explanation."""
    who = Who(member.tier_id if member else "")
    if isinstance(sold, KnownSale):
        left = without(sold.basket, sold.refunded_fen, sold.back)
        return earning.award(left, who, sold.sold_at, terms.book)
    basket = Basket(sold.eligible_fen, terms.shop.shop_id, terms.shop.category, sold.parts)
    given = earning.award(basket, who, when(now), terms.book)
    if not sold.coupon_fen:
        return given
    used = Reason("coupon_used", {"amount": money(sold.coupon_fen)})
    return structs.replace(given, reasons=(*given.reasons, used))


def award_again(sale: KnownSale, terms: Terms) -> Award:
    """Return what a recorded sale gave its holder, before anything of it was refunded."""
    return earning.award(sale.basket, Who(sale.tier_id), sale.sold_at, terms.book)


def unclaimed(sold: Sold, now: Now, terms: Terms) -> KnownSale:
    """Return a sale that nobody holds yet as the till will know it."""
    return KnownSale(
        fingerprint=sold.fingerprint,
        receipt=sold.receipt,
        eligible_fen=sold.eligible_fen,
        category=terms.shop.category,
        claim_hash=sold.claim_hash,
        parts=sold.parts,
        sold_at=when(now),
    )


def when(now: Now, at_moment: Moment | None = None) -> Span | None:
    """Return the mall's time now, or at a moment of this boot; None if nobody is sure of it."""
    if now.local is None:
        return None
    local = datetime.fromisoformat(now.local)
    if at_moment is None:
        return at(local)
    if at_moment.boot_id != now.moment.boot_id:
        return None
    return at(local - timedelta(milliseconds=now.moment.boottime_ms - at_moment.boottime_ms))
