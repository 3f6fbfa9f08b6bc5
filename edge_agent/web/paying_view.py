"""What the till panel shows of points as money."""

from edge_agent.effects import Terms
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
