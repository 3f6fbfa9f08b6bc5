"""A paper that a person must look at, and what is kept of it for that person.

Pure. What is kept holds nothing that belongs to the customer: card numbers, payment codes, phones
and names are masked in the job and in its lines before either leaves here (P10).
"""

import hashlib

from msgspec import Struct, structs

from edge_agent.journal.papers.reviews import ReviewPaper
from edge_agent.phrases import Phrase, own_words
from loyalty.receipt import EARNING_KINDS, Kind
from loyalty.reviewing import review_id
from receipts.kept_paper import KeptPaper, pack
from receipts.reading import Reading
from receipts.reasons import Reason
from receipts.redaction import masked, masked_job


class Unclear(Struct, frozen=True):
    """A document that a person must look at. Without a `paper` it only stands in the list.

    `read_as` is the fingerprint under which points or a coupon were matched with it.
    """

    job_hash: str
    why: tuple[Phrase, ...]
    number: str | None
    printed_at: str | None
    owed_fen: int | None
    currency: str
    kind: str = ""
    claim_code: str = ""
    paper: ReviewPaper | None = None
    outcome: str = "review"
    read_as: str = ""

    @property
    def takes_scan(self) -> bool:
        """Tell whether it may be a sale, so that a member who was scanned is meant for it."""
        return self.kind in {"", Kind.OTHER, *EARNING_KINDS}


def unclear(
    reading: Reading | None,
    why: tuple[Phrase, ...],
    *,
    raw: bytes,
    place: int,
    shop_id: str,
    dialect: str,
    claim_code: str,
) -> Unclear:
    """Return a paper as a question for a person, with all that will be needed to decide it."""
    job_hash = hashlib.sha256(raw).hexdigest()
    why = why or (own_words("needs_person"),)
    keep = (reading.number or "", reading.original_number or "") if reading else ()
    told = None if reading is None else _redacted(reading, keep)
    kept = KeptPaper(
        place=place,
        dialect=dialect,
        why=tuple(Reason(phrase.code, phrase.zh, phrase.en) for phrase in why),
        reading=told,
        job=masked_job(raw, keep),
    )
    paper = ReviewPaper(review_id(shop_id, job_hash, place), *pack(kept))
    return Unclear(
        job_hash=job_hash,
        why=why,
        number=reading.number if reading else None,
        printed_at=reading.printed_at if reading else None,
        owed_fen=reading.owed_fen if reading else None,
        currency=(reading.currency or "") if reading else "",
        kind=reading.kind.value if reading else "",
        claim_code=claim_code,
        paper=paper,
    )


def _redacted(reading: Reading, keep: tuple[str, ...]) -> Reading:
    return structs.replace(
        reading,
        items=tuple(structs.replace(item, name=masked(item.name, keep)) for item in reading.items),
        lines=tuple(masked(line, keep) for line in reading.lines),
    )
