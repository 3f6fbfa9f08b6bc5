"""The slips of a till from its facts: an award, a claim, a refund, a question for a person."""

from datetime import timedelta

from edge_agent.effects import HeldSlip, Member, Now, Terms
from edge_agent.phrases import own_words
from edge_agent.slips.compose import AwardSlip, ClaimSlip, RefundSlip, ReviewSlip
from edge_agent.slips.compose import Receipt as Shown
from edge_agent.slips.origin import UNKNOWN_MEMBER, called, origin
from edge_agent.till.given import given_back
from edge_agent.till.intake import Refunded, Sold
from edge_agent.till.unclear import Unclear
from loyalty.codes import CLAIM_PREFIX
from loyalty.receipt import Receipt
from loyalty.rules.earning import Award, Reason
from loyalty.rules.expiry import counts_from, last_day
from loyalty.rules.reasons import of_refund
from loyalty.rules.rulebook import RuleBook
from loyalty.wording import say

CLAIM_PLACE = {"zh": "自助积分机或服务台", "en": "a kiosk or the service desk"}


def shown(receipt: Receipt, now: Now) -> Shown:
    """Return the receipt as a slip speaks of it; with no time on it, when it was heard, if sure."""
    return Shown(
        number=receipt.number or "",
        time=(receipt.printed_at or now.local or "").replace("T", " "),
        amount_fen=receipt.owed_fen,
        currency=receipt.currency,
    )


def award_slip(
    receipt: Receipt, identity: str, member: Member, given: Award, now: Now, terms: Terms
) -> HeldSlip:
    """Return the slip that tells a member what this sale earned, and why."""
    months = _months(given, member.tier_id, terms.book)
    until = now.today and min(
        last_day(now.today, terms.book, member.tier_id, own) for own in _own_months(given)
    )
    later = begins(given.points, now, terms.book)
    owned = member.balance
    content = AwardSlip(
        origin=origin(now, terms, identity),
        receipt=shown(receipt, now),
        member=called(member, terms),
        points=given.points,
        explanation=tuple(say(reason, terms.language) for reason in given.reasons),
        balance=owned if owned is None or later else owned + given.points,
        expires_on=until.isoformat() if until else "",
        months=months,
        member_known=not member.new_card,
        later=say(later, terms.language) if later else "",
    )
    return HeldSlip(f"{identity[:24]}-award-{now.moment.wall_ms}", identity, content)


def begins(points: int, now: Now, book: RuleBook) -> Reason | None:
    """Return from when points count that are earned now; None if they count at once."""
    if not book.pending_days or not points:
        return None
    if now.today is None:
        return Reason("pending_days", {"points": str(points), "days": str(book.pending_days)})
    day = counts_from(now.today, book).isoformat()
    return Reason("pending", {"points": str(points), "day": day})


def _own_months(given: Award) -> set[int]:
    """Return how long the points of an award count by themselves; 0 is as long as others."""
    own = {share.expiry_months for share in given.shares if share.points}
    rest = given.points - sum(share.points for share in given.shares if share.expiry_months)
    return own | {0} if rest or not own else own


def _months(given: Award, tier_id: str, book: RuleBook) -> int:
    """Return after how many months the first of an award's points are over."""
    usual = book.tier(tier_id).expiry_months or book.expiry_months
    return min(own or usual for own in _own_months(given))


def claim_slip(sold: Sold, given: Award, now: Now, terms: Terms) -> HeldSlip:
    """Return the slip that lets whoever holds it claim the points of a sale."""
    days = terms.book.claim_days
    content = ClaimSlip(
        origin=origin(now, terms, sold.fingerprint),
        receipt=shown(sold.receipt, now),
        points=given.points,
        code=sold.claim_code,
        qr=CLAIM_PREFIX + sold.claim_code,
        until=(now.today + timedelta(days=days)).isoformat() if now.today else "",
        days=days,
        where=CLAIM_PLACE[terms.language],
    )
    return HeldSlip(f"{sold.fingerprint[:24]}-claim", sold.fingerprint, content)


def refund_slip(refunded: Refunded, now: Now, terms: Terms) -> HeldSlip:
    """Return the slip that tells a member what a refund took back."""
    taken = of_refund(-refunded.eligible_fen, undone=refunded.undone)
    reasons = (*((taken,) if refunded.points else ()), *given_back(refunded, now))
    owner = refunded.original.owner if refunded.original else None
    # Points that are pending are no part of the balance, and the till cannot tell which are left.
    owned = owner.balance if owner and not terms.book.pending_days else None
    back = refunded.given.to(owner.holder) if refunded.given and owner else 0
    content = RefundSlip(
        origin=origin(now, terms, refunded.fingerprint),
        receipt=shown(refunded.receipt, now),
        member=called(owner, terms) if owner else UNKNOWN_MEMBER[terms.language],
        points=refunded.points,
        explanation=tuple(say(reason, terms.language) for reason in reasons),
        balance=owned if owned is None else owned + back - (refunded.points or 0),
    )
    return HeldSlip(f"{refunded.fingerprint[:24]}-refund", refunded.fingerprint, content)


def review_slip(unclear: Unclear, member: Member | None, now: Now, terms: Terms) -> HeldSlip:
    """Return the notice that a person will look at a receipt; with a code if nobody holds it."""
    receipt = Shown(
        number=unclear.number or "",
        time=(unclear.printed_at or now.local or "").replace("T", " "),
        amount_fen=unclear.owed_fen,
        currency=unclear.currency,
    )
    why = unclear.why[0] if unclear.why else own_words("needs_person")
    key = unclear.paper.review_id if unclear.paper else unclear.job_hash
    code = "" if member else unclear.claim_code
    content = ReviewSlip(
        origin=origin(now, terms, key),
        receipt=receipt,
        reason=why.zh if terms.language == "zh" else why.en,
        member=called(member, terms) if member else "",
        code=code,
        qr=CLAIM_PREFIX + code if code else "",
        where=CLAIM_PLACE[terms.language] if code else "",
    )
    whose = "member" if member else "open"
    return HeldSlip(f"{key[:24]}-review-{whose}-{now.moment.wall_ms}", key, content)
