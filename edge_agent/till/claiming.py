"""What a claim slip that is scanned at its own till means. Decides nothing else."""

from edge_agent.effects import Now
from edge_agent.journal.papers.records import SaleRecord
from edge_agent.journal.reader import Reader
from edge_agent.phrases import own_words, phrase, told_why
from edge_agent.recording import claim_until
from edge_agent.till.inputs import ClaimScanned, ReviewScanned, ScanFailed
from edge_agent.till.remembered import known_sale
from loyalty.codes import claim_hash
from loyalty.rules.earning import Reason


def claim_scanned(
    journal: Reader, code: str, now: Now
) -> ClaimScanned | ReviewScanned | ScanFailed:
    """Return whose slip a claim code is of, or why it claims nothing here."""
    sale = journal.sale_by_claim_hash(claim_hash(code))
    if sale is None:
        in_review = journal.review_by_claim(claim_hash(code))
        if in_review is not None and in_review.is_open:
            return ReviewScanned(in_review)
        return ScanFailed(own_words("claim_not_here"))
    if sale.state != "open":
        kept = sale.state in {"in_question", "refused"}
        return ScanFailed(told_why(sale.reason) if kept else phrase(Reason("claim_taken")))
    if sale.refunded_fen >= sale.sale.eligible_fen:
        return ScanFailed(phrase(Reason("claim_refunded")))
    if _is_over(journal, sale, now):
        return ScanFailed(phrase(Reason("claim_expired")))
    return ClaimScanned(known_sale(sale, now))


def _is_over(journal: Reader, sale: SaleRecord, now: Now) -> bool:
    """Tell whether the day printed on the claim slip has surely passed; else central decides.

    A claim only earns and central judges each one, so a till that is not sure of the day asks.
    """
    printed = [record.slip for record in journal.slips_about(sale.fingerprint)]
    until = next((claim_until(slip) for slip in printed if slip.kind == "claim"), "")
    return bool(until) and now.today is not None and now.today.isoformat() > until
