"""What the journal keeps of the documents of a print job, for the list on the screen."""

from edge_agent.effects import PaperSeen
from edge_agent.till.intake import Finding, Nothing, Refunded, Sold
from edge_agent.till.unclear import Unclear


def seen(finding: Finding) -> PaperSeen:
    """Return what the journal keeps of a document for the list on the screen."""
    match finding:
        case Sold() | Refunded():
            return PaperSeen(
                outcome=finding.outcome,
                kind=finding.receipt.kind,
                why=finding.why,
                fingerprint=finding.fingerprint,
                number=finding.receipt.number or "",
                printed_at=finding.receipt.printed_at or "",
                amount_fen=finding.receipt.owed_fen,
                currency=finding.receipt.currency,
            )
        case Unclear():
            key = finding.paper.review_id if finding.paper else finding.job_hash
            return _paper(finding, "review", key)
        case Nothing():
            return _paper(finding, finding.kind)


def _paper(finding: Unclear | Nothing, kind: str, key: str = "") -> PaperSeen:
    return PaperSeen(
        outcome=finding.outcome,
        kind=kind,
        why=finding.why,
        fingerprint=key,
        number=finding.number or "",
        printed_at=finding.printed_at or "",
        amount_fen=finding.owed_fen,
        currency=finding.currency,
    )
