"""What the cashier of a till hears of claims and sales that central did not take, each once."""

from edge_agent.journal.journal import Journal
from edge_agent.phrases import Phrase, why_refused


def next_refusal(journal: Journal) -> Phrase | None:
    """Return the words for one that nobody here was told of, and note that somebody was."""
    for refused in journal.refused_claims()[:1]:
        sale = journal.sale_by_claim_hash(refused.claim_hash)
        number = (sale.sale.receipt.number if sale else None) or "—"
        journal.refusal_told(refused.claim_hash)
        return why_refused("claim_refused_of", refused.reason, number=number)
    for held in journal.sales_not_taken()[:1]:
        sale = journal.sale_by_fingerprint(held.fingerprint)
        number = (sale.sale.receipt.number if sale else None) or "—"
        journal.refusal_told(held.fingerprint)
        return why_refused("sale_not_taken", held.reason, number=number)
    return None
