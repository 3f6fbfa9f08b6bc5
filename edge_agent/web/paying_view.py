"""What the till panel shows of points as money, and of a coupon that is kept for a bill."""

from edge_agent.effects import Terms
from edge_agent.till.coupons import Shown as Coupon
from edge_agent.till.shell import Till
from edge_agent.till.tendering import Shown
from edge_agent.web.views import Json, member, words
from loyalty.rules.reasons import money


def paying_view(shown: Shown | None, terms: Terms) -> Json:
    """Return the payment that goes on; `step` is empty while there is none, None: never here."""
    if shown is None:
        return {"paying": None if terms.book.tender is None else {"step": ""}}
    bill = shown.bill
    paying = {
        "step": shown.step,
        "member": None if shown.member is None else member(shown.member, terms),
        "due": money(bill.due_fen) if bill.due_fen else "",
        "amount": money(bill.paid_fen) if bill.paid_fen else "",
        "currency": terms.book.currency,
        "points": shown.points,
        "why": None if shown.why is None else words(shown.why),
    }
    return {"paying": paying}


def coupon_view(shown: Coupon | None, terms: Terms) -> Json:
    """Return the coupon that is kept, None while there is none. Its code stays here."""
    if shown is None:
        return {"coupon": None}
    kept, name = shown.kept, shown.reward
    bill = kept.bill
    coupon = {
        "step": shown.step,
        "zh": name.name_zh if name else kept.reward_id,
        "en": name.name_en if name else kept.reward_id,
        "terms": words(shown.terms),
        "until": kept.valid_until,
        "due": money(bill.due_fen) if bill.due_fen else "",
        "amount": money(bill.paid_fen) if bill.paid_fen else "",
        "currency": terms.book.currency,
        "why": None if shown.why is None else words(shown.why),
    }
    return {"coupon": coupon}


def bills_view(till: Till, terms: Terms) -> Json:
    """Return what is shown of the bill that is being made up."""
    return paying_view(till.tendering.shown, terms) | coupon_view(till.coupons.shown, terms)
