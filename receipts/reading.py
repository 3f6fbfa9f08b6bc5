"""The door of this room: a print job or a text in, readings with their decisions out.

A reading never awards on words alone: an amount must be supported by arithmetic on the paper, or a
person is asked. Everything here is a pure function of the job and the options.
"""

import re

from msgspec import Struct, structs

from loyalty.receipt import EARNING_KINDS, Item, Kind, Receipt, Tender
from loyalty.rules.earning import eligible_fen
from receipts.decision import decide
from receipts.facts.reader import Facts, Source, facts_of
from receipts.pictures.as_text import Paper, paper_of, paper_of_page, paper_of_photo
from receipts.pictures.files import load as load_image
from receipts.pictures.ocr import Ocr
from receipts.pictures.page import Page
from receipts.pictures_doubt import TRUST, doubts_about
from receipts.reasons import Reason, reason
from receipts.stream.decoder import Decoder
from receipts.stream.dialects import ALTERNATIVES
from receipts.stream.elements import Cut, Doubt, Element, FormFeed, Line, Run
from receipts.stream.segmenter import Document, split
from receipts.sums.proofs import Proof, proofs_of
from receipts.templates import Template, hinted

#: A job beyond this is no receipt; what follows is not read.
JOB_MAX = 16 << 20

CUT_MARK = re.compile(r"^\[\[CUT\]\]\s*$", re.MULTILINE)


class Reading(Struct, frozen=True):
    """What one paper says, what is to be done with it, and why.

    `copy` marks the second copy of a receipt in the same job. `text_digest` is shared by the
    print, its reprint and its copies. `lines` are the decoded lines for display; `sources` tell
    which of them a fact was read from, `proofs` the sums that support the amount. `off_fen` is
    each amount that a line takes off.
    """

    kind: Kind
    merchant: str | None
    branch: str | None
    number: str | None
    printed_at: str | None
    currency: str | None
    owed_fen: int | None
    eligible_fen: int | None
    items: tuple[Item, ...]
    tenders: tuple[Tender, ...]
    deposit_used_fen: int
    original_number: str | None
    reprint: bool
    copy: bool
    text_digest: str
    confidence: float
    decision: str
    why: tuple[Reason, ...]
    lines: tuple[str, ...]
    sources: tuple[Source, ...] = ()
    proofs: tuple[Proof, ...] = ()
    off_fen: tuple[int, ...] = ()

    def receipt(self, shop_id: str) -> Receipt:
        """Return the receipt of a shop's till. Raises ValueError when no amount owed was read."""
        if self.owed_fen is None or self.currency is None:
            raise ValueError("no amount owed was read from this paper")
        return Receipt(
            shop_id=shop_id,
            kind=self.kind,
            number=self.number,
            printed_at=self.printed_at,
            currency=self.currency,
            owed_fen=self.owed_fen,
            items=self.items,
            tenders=self.tenders,
            deposit_used_fen=self.deposit_used_fen,
            original_number=self.original_number,
            reprint=self.reprint,
            text_digest=self.text_digest,
        )


def read_job(
    raw: bytes,
    *,
    currency: str = "CNY",
    date_order: str = "ymd",
    dialect: str | None = None,
    template: Template | None = None,
    ocr: Ocr | None = None,
) -> list[Reading]:
    """Return the readings of a print job, one per paper.

    `currency` is taken where the paper names none, `date_order` (ymd, dmy, mdy) settles dates like
    08/11/25. `template` knows the shop's papers; `ocr` reads pictures that the template does not.
    Never raises for any bytes; raises ValueError for a dialect that does not exist.
    """
    papers = papers_of(raw, dialect=dialect, template=template, ocr=ocr)
    return read_papers(papers, currency=currency, date_order=date_order, template=template)


def papers_of(
    raw: bytes,
    *,
    dialect: str | None = None,
    template: Template | None = None,
    ocr: Ocr | None = None,
) -> list[Paper]:
    """Return the papers of a print job as lines of text, pictures read as far as can be."""
    known = template.glyphs if template else None
    return [paper_of(document, known, ocr) for document in documents_of(raw, dialect)]


def documents_of(raw: bytes, dialect: str | None = None) -> list[Document]:
    """Return the papers of a print job as they were printed, each with its elements in order."""
    return split(_decode(raw[:JOB_MAX], dialect))


def is_unfinished(raw: bytes, *, dialect: str | None = None) -> bool:
    """Return whether the last paper of a job seems to go on in the next job.

    Some tills send logo, body and cut over separate connections. Unfinished is a paper that was
    not cut and holds no amount owed; whether the next job came soon enough is the caller's to say.
    """
    elements = _decode(raw[:JOB_MAX], dialect)
    documents = split(elements)
    if not documents:
        return False
    last = documents[-1]
    cut = any(isinstance(each, Cut | FormFeed) for each in last.elements)
    return not cut and facts_of(last, "CNY", "ymd").settled is None


def paper_of_picture(
    raw: bytes, *, template: Template | None = None, ocr: Ocr | None = None
) -> Paper:
    """Return the paper on an image file: a photograph, a scan or a saved page.

    Raises ValueError when it is no image that can be read.
    """
    picture = load_image(raw)
    if isinstance(picture, Page):
        return paper_of_page(picture, template.glyphs if template else None, ocr)
    return paper_of_photo(picture, ocr)


def read_text(
    text: str,
    *,
    currency: str = "CNY",
    date_order: str = "ymd",
    template: Template | None = None,
) -> list[Reading]:
    """Return the readings of decoded text, papers parted by form feeds or `[[CUT]]` lines."""
    papers = CUT_MARK.sub("\f", text[:JOB_MAX]).split("\f")
    documents = [_document(paper) for paper in papers if paper.strip()]
    return read_papers(
        [Paper(document) for document in documents],
        currency=currency,
        date_order=date_order,
        template=template,
    )


def _document(paper: str) -> Document:
    lines = paper.splitlines()
    return Document(tuple(Line((Run(line, 0),) if line.strip() else (), line) for line in lines))


def _decode(raw: bytes, dialect: str | None) -> list[Element]:
    """Decode with the dialect asked for, else with the one that leaves the fewest doubts."""
    elements = _decoded(raw, dialect)
    if dialect is not None or not _doubts(elements):
        return elements
    return min([elements, *(_decoded(raw, name) for name in ALTERNATIVES)], key=_doubts)


def _decoded(raw: bytes, dialect: str | None) -> list[Element]:
    decoder = Decoder(dialect)
    return decoder.feed(raw) + decoder.close()


def _doubts(elements: list[Element]) -> int:
    return sum(1 for each in elements if isinstance(each, Doubt) and each.code != "label")


def read_papers(
    papers: list[Paper],
    *,
    currency: str = "CNY",
    date_order: str = "ymd",
    template: Template | None = None,
) -> list[Reading]:
    """Return the readings of papers that came together: a second copy among them is ignored."""
    readings: list[Reading] = []
    seen: set[str] = set()
    for paper in papers:
        document = paper.document
        facts = facts_of(document, currency, date_order)
        if template is not None:
            facts = hinted(facts, document, template, date_order)
        reading = _reading(document, facts, currency)
        reading = _doubted(reading, paper, doubts_about(paper, facts, template))
        earns = reading.kind in EARNING_KINDS and reading.owed_fen is not None
        if earns and reading.text_digest in seen:
            reading = structs.replace(
                reading, copy=True, decision="ignore", why=(reason("second_copy"),)
            )
        seen.add(reading.text_digest)
        readings.append(reading)
    return readings


def _doubted(reading: Reading, paper: Paper, doubts: tuple[Reason, ...]) -> Reading:
    """Return the reading after what its picture and its shop's template have to say."""
    unread = paper.read_by != "text" and reading.kind is Kind.OTHER
    if doubts and (reading.decision == "award" or unread):
        why = doubts if paper.read_by == "nobody" else (*doubts, *reading.why)
        reading = structs.replace(reading, decision="review", why=why)
    trust = round(reading.confidence * TRUST[paper.read_by], 3)
    return structs.replace(reading, confidence=trust)


def _reading(document: Document, facts: Facts, currency: str) -> Reading:
    settled = facts.settled
    lines = document.lines
    reading = Reading(
        kind=facts.kind,
        merchant=facts.merchant,
        branch=facts.branch,
        number=facts.number,
        printed_at=facts.printed_at,
        currency=facts.currency,
        owed_fen=settled.owed_fen if settled else None,
        eligible_fen=None if facts.kind in EARNING_KINDS else 0,
        items=facts.items,
        tenders=settled.tenders if settled else (),
        deposit_used_fen=settled.deposit_used_fen if settled else 0,
        original_number=facts.original_number,
        reprint=facts.classified.reprint,
        copy=False,
        text_digest=facts.text_digest,
        confidence=0.0,
        decision="review",
        why=(),
        lines=tuple(line.text for line in lines),
        sources=facts.sources,
        proofs=proofs_of(settled, facts.items) if settled else (),
        off_fen=facts.off_fen,
    )
    if settled is not None:
        reading = structs.replace(reading, eligible_fen=eligible_fen(reading.receipt("")))
    decision = decide(
        facts,
        document,
        reprint=reading.reprint,
        eligible_fen=reading.eligible_fen,
        currency=currency,
    )
    return structs.replace(
        reading,
        confidence=decision.confidence,
        decision=decision.decision,
        why=decision.why,
    )
