"""The till's review queue as its page shows it: items as plain JSON, and each paper drawn."""

import msgspec
from flask import Blueprint, Response, abort

from edge_agent.journal.papers.reviews import ReviewItem
from edge_agent.journal.reader import Reader
from edge_agent.people import holder_member
from edge_agent.web.views import Json
from loyalty.receipt import EARNING_KINDS
from loyalty.rules.earning import money
from receipts.kept_paper import KeptPaper, believed_lines, drawing, unpack

#: A queue longer than this is worked off from its oldest end.
SHOWN = 50


def blueprint(journal: Reader) -> Blueprint:
    """Return the routes behind the review page; both only read."""
    routes = Blueprint("reviews", __name__)

    @routes.get("/api/reviews")
    def queue() -> Json:
        return review_queue(journal)

    @routes.get("/api/review-paper/<review_id>")
    def drawn(review_id: str) -> Response:
        paper = journal.review_paper(review_id)
        svg = drawing(unpack(paper.packed)) if paper is not None else None
        if svg is None:
            abort(404)
        return Response(svg, content_type="image/svg+xml")

    return routes


def review_queue(journal: Reader) -> Json:
    """Return what waits and what was decided last."""
    return {
        "waiting": [_waiting(item, journal) for item in journal.reviews_waiting(SHOWN)],
        "closed": [_closed(item) for item in journal.reviews_closed()],
    }


def _waiting(item: ReviewItem, journal: Reader) -> Json:
    opened = item.opened
    paper = journal.review_paper(opened.review_id)
    told = unpack(paper.packed) if paper is not None else KeptPaper(0, "", (), None, b"")
    reading = told.reading
    readable = reading is not None and reading.owed_fen is not None
    return {
        "review_id": opened.review_id,
        "at_ms": opened.at.wall_ms,
        "why": [msgspec.to_builtins(reason) for reason in told.why],
        "fields": _fields(told),
        "kind": opened.kind if opened.kind in set(EARNING_KINDS) else "",
        "number": opened.number or "",
        "printed_at": (opened.printed_at or "").replace("T", " "),
        "amount": None if opened.owed_fen is None else money(opened.owed_fen),
        "currency": opened.currency,
        "acceptable": readable and reading is not None and reading.kind in EARNING_KINDS,
        "drawn": bool(told.job),
        "holder": _holder(item, journal),
        "claim_slip": opened.claim_hash is not None,
    }


def _fields(told: KeptPaper) -> list[Json]:
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
    lines = believed_lines(told)
    return [
        {"field": field, "value": value, "line": lines.get(field, "")}
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
