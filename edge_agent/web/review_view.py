"""The till's review queue as its page shows it: items as plain JSON, and each paper drawn."""

import zlib

from flask import Blueprint, Response, abort

from edge_agent.journal.reader import Reader
from edge_agent.journal.reviews import ReviewItem, ReviewPaper
from edge_agent.people import holder_member
from edge_agent.till.unclear import Kept, kept
from edge_agent.web.views import Json, words
from loyalty.earning import money
from loyalty.receipt import EARNING_KINDS
from paper.width import columns as columns_of
from receipts.drawing import draw_elements
from receipts.reading import documents_of

#: A queue longer than this is worked off from its oldest end.
SHOWN = 50
_PAPER_COLUMNS = (32, 42, 48)


def blueprint(journal: Reader) -> Blueprint:
    """Return the routes behind the review page; both only read."""
    routes = Blueprint("reviews", __name__)

    @routes.get("/api/reviews")
    def queue() -> Json:
        return review_queue(journal)

    @routes.get("/api/review-paper/<review_id>")
    def drawn(review_id: str) -> Response:
        paper = journal.review_paper(review_id)
        svg = drawing(paper) if paper is not None else None
        if svg is None:
            abort(404)
        return Response(svg, content_type="image/svg+xml")

    return routes


def review_queue(journal: Reader) -> Json:
    """Return what waits, what was decided last, and the shops a paper can be of."""
    return {
        "waiting": [_waiting(item, journal) for item in journal.reviews_waiting(SHOWN)],
        "closed": [_closed(item) for item in journal.reviews_closed()],
        "shops": [
            {"shop_id": shop.shop_id, "zh": shop.name_zh, "en": shop.name_en}
            for shop in journal.shops()
        ],
    }


def drawing(paper: ReviewPaper) -> str | None:
    """Return the paper as an SVG, None when nothing of it can be drawn or was kept."""
    if not paper.job:
        return None
    told = kept(paper)
    documents = documents_of(zlib.decompress(paper.job), told.dialect or None)
    if told.place >= len(documents):
        return None
    pieces = draw_elements(documents[told.place].elements, _columns(told))
    return pieces[0] if pieces else None


def _columns(told: Kept) -> int:
    """Return the narrowest usual paper on which every line of the reading fits."""
    lines = told.reading.lines if told.reading else ()
    widest = max(map(columns_of, lines), default=48)
    return next((columns for columns in _PAPER_COLUMNS if widest <= columns), 48)


def _waiting(item: ReviewItem, journal: Reader) -> Json:
    opened = item.opened
    paper = journal.review_paper(opened.review_id)
    told = kept(paper) if paper is not None else Kept(0, "", (), None)
    reading = told.reading
    readable = reading is not None and reading.owed_fen is not None
    return {
        "review_id": opened.review_id,
        "at_ms": opened.at.wall_ms,
        "why": [words(phrase) for phrase in told.why],
        "fields": _fields(told),
        "kind": opened.kind if opened.kind in set(EARNING_KINDS) else "",
        "number": opened.number or "",
        "printed_at": (opened.printed_at or "").replace("T", " "),
        "amount": None if opened.owed_fen is None else money(opened.owed_fen),
        "currency": opened.currency,
        "shop_id": opened.shop_id,
        "acceptable": readable and reading is not None and reading.kind in EARNING_KINDS,
        "drawn": paper is not None and bool(paper.job),
        "holder": _holder(item, journal),
        "claim_slip": opened.claim_hash is not None,
    }


def _fields(told: Kept) -> list[Json]:
    """Return what the reader believed, each with the line it came from."""
    reading = told.reading
    if reading is None:
        return []
    values = {
        "merchant": reading.merchant,
        "number": reading.number,
        "time": (reading.printed_at or "").replace("T", " "),
        "total": None if reading.owed_fen is None else money(reading.owed_fen),
    }
    lines = {source.field: source.line for source in reading.sources}
    return [
        {
            "field": field,
            "value": value,
            "line": reading.lines[lines[field]].strip() if field in lines else "",
        }
        for field, value in values.items()
        if value
    ]


def _holder(item: ReviewItem, journal: Reader) -> Json | None:
    if item.holder is None:
        return None
    person = holder_member(journal, item.holder)
    return {"masked_name": person.masked_name, "new_card": person.new_card}


def _closed(item: ReviewItem) -> Json:
    """Return a decided item; where central decided otherwise in its turn, central's word counts."""
    opened, own, ruled = item.opened, item.decided, item.ruled
    decided = ruled.decided if ruled else own.decided if own else None
    owed_fen = decided.owed_fen if decided else opened.owed_fen
    return {
        "review_id": opened.review_id,
        "number": (decided.number if decided else opened.number) or "",
        "amount": None if owed_fen is None else money(owed_fen),
        "currency": decided.currency if decided else opened.currency,
        "decision": ruled.decision if ruled else own.decision if own else "",
        "staff": ruled.staff if ruled else own.staff if own else "",
        "at_central": ruled is not None,
        "superseded": own is not None and ruled is not None,
    }
