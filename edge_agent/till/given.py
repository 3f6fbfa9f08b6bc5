"""What a refund gives back that was no money: the points that paid, the coupon. Pure words."""

from edge_agent.effects import Now
from edge_agent.phrases import Phrase, Tone, own_words, phrase
from edge_agent.till.intake import Refunded
from loyalty.rules.reasons import Reason, money


def given_back(refunded: Refunded, now: Now) -> tuple[Reason, ...]:
    """Return what a refund gives back beside money; nothing where the bill was all money."""
    given = refunded.given
    if given is None or refunded.original is None:
        return ()
    reasons = []
    if given.points:
        values = {"points": str(given.points), "amount": money(given.paid_fen)}
        reasons.append(Reason("paid_points_back", values))
    if given.coupons:
        reasons.append(_coupon(refunded.original.coupon_until, now, whole=given.whole))
    return tuple(reasons)


def refund_told(refunded: Refunded, given: tuple[Reason, ...]) -> tuple[Tone, Phrase]:
    """Return what the cashier is told of a refund; what is not to be paid out in money first."""
    if given:
        words = [phrase(reason) for reason in given]
        zh, en = "；".join(one.zh for one in words), "; ".join(one.en for one in words)
        return "attention", Phrase(words[0].code, zh, en)
    if refunded.original is None:
        return "info", own_words("refund_unsettled")
    if not refunded.points:
        return "info", own_words("refund_nothing")
    return "info", own_words("taken_back", refunded.points)


def _coupon(until: str, now: Now, *, whole: bool) -> Reason:
    if not whole:
        return Reason("coupon_stays")
    if not until:
        return Reason("coupon_back_open")
    late = now.today is not None and now.today.isoformat() > until
    return Reason("coupon_back_late" if late else "coupon_back", {"until": until})
