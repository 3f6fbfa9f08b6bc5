"""The service desk's page about papers in review: the queue, one paper, the decision.

A decision is a command of the ledger; what it answers is shown on the page that follows. No script
runs on these pages.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from msgspec import Struct

from central.forms import form_token, language
from central.ledger.judging.rows import Review, ReviewState
from central.ledger.review_commands import DecideReview
from central.members.lookup import SeveralMembers, find_member
from central.reviewing import queue, words
from central.staff.pages import staff_only, who
from central.sync.service import Service
from loyalty.receipt import EARNING_KINDS, Receipt
from loyalty.rules.earning import Reason, money
from receipts.decided import Typed, as_read, as_typed
from receipts.kept_paper import KeptPaper, believed_lines, drawing
from receipts.redaction import masked

WHY_MAX = 200
_NOTHING = KeptPaper(0, "", (), None, b"")
_STATES = {
    ReviewState.ACCEPTED: "accepted",
    ReviewState.CORRECTED: "corrected",
    ReviewState.REJECTED: "rejected",
}


class Page(Struct, frozen=True):
    """What the pages need of central."""

    service: Service
    zone: ZoneInfo
    programme: str


def blueprint(service: Service, zone: ZoneInfo, programme: str) -> Blueprint:
    """Return the routes of the desk's queue; all of them are for staff only."""
    routes = Blueprint("reviews", __name__)
    page = Page(service, zone, programme)
    only = staff_only(service)

    @routes.get("/desk/reviews")
    @only
    def overview() -> str:
        return _render(page, None, "")

    @routes.get("/desk/reviews/<review_id>")
    @only
    def one(review_id: str) -> str:
        return _render(page, _found(page, review_id), "")

    @routes.get("/desk/reviews/<review_id>/paper.svg")
    @only
    def paper(review_id: str) -> Response:
        review = _found(page, review_id)
        kept = service.read(lambda c: queue.paper_of(c, service.shard_key, review))
        svg = drawing(kept) if kept is not None else None
        if svg is None:
            abort(404)
        return Response(svg, content_type="image/svg+xml")

    @routes.post("/desk/reviews/<review_id>")
    @only
    def decide(review_id: str) -> Any:
        review = _found(page, review_id)
        outcome = _decided(page, review)
        if isinstance(outcome, Reason):
            return _render(page, _found(page, review_id), words.reason(outcome, language())), 409
        session["told"] = _STATES[outcome.state]
        return redirect(url_for("reviews.overview"), 303)

    return routes


def _found(page: Page, review_id: str) -> Review:
    review = page.service.read(lambda c: queue.find(c, page.service.shard_key, review_id))
    if review is None:
        abort(404)
    return review


def _decided(page: Page, review: Review) -> Review | Reason:
    """Carry out the form's decision; return the review after it, or why there is none."""
    form = request.form
    command = DecideReview(review.review_id, who().login)
    if form.get("decision") == "reject":
        why = masked(form.get("why", "").strip())[:WHY_MAX]
        if not why:
            return Reason("review_reason")
        command = DecideReview(review.review_id, who().login, why=why)
    else:
        taken = _taken(page, review)
        if isinstance(taken, Reason):
            return taken
        command = taken
    answer = page.service.run(command)
    if not isinstance(answer, Review | Reason):
        raise TypeError(f"a decision was answered by {type(answer).__name__}")
    return answer


def _taken(page: Page, review: Review) -> DecideReview | Reason:
    form, service = request.form, page.service
    rules = service.read(lambda c: queue.rules(c, service.shard_key, service.now_ms()))
    if rules is None:
        return Reason("no_rule_book")
    shops = {row.shop_id: row for row in service.read(lambda c: queue.shops(c, service.shard_key))}
    shop = shops.get(form.get("shop", review.shop_id))
    if shop is None:
        return Reason("review_shop")
    receipt = _receipt(page, review, shop.shop_id, rules.currency)
    if isinstance(receipt, str):
        return Reason(receipt)
    member = _member(page)
    if isinstance(member, Reason):
        return member
    return DecideReview(
        review_id=review.review_id,
        staff=who().login,
        receipt=receipt,
        another=form.get("another") == "yes",
        member=member,
        book=rules.version,
        category=shop.category,
    )


def _receipt(page: Page, review: Review, shop_id: str, currency: str) -> Receipt | str:
    """Return what the form says the paper is: what was read, unless something was changed."""
    kept = page.service.read(lambda c: queue.paper_of(c, page.service.shard_key, review))
    form, before = request.form, _fields(review)
    typed = Typed(
        amount=form.get("amount", ""),
        number=form.get("number", ""),
        printed_at=form.get("time", ""),
        kind=form.get("kind", ""),
    )
    same = all(form.get(name, "").strip() == value for name, value in before.items())
    if same and kept is not None and shop_id == review.shop_id:
        read = as_read(kept, review.review_id, shop_id, currency)
        if not isinstance(read, str):
            return read
    return as_typed(kept or _NOTHING, typed, review.review_id, shop_id, currency)


def _member(page: Page) -> str | Reason | None:
    text = request.form.get("member", "").strip()
    if not text:
        return None
    service = page.service
    try:
        person = service.read(lambda c: find_member(c, service.shard_key, service.tenant_key, text))
    except SeveralMembers:
        person = None
    return Reason("review_member") if person is None else person.member


def _fields(review: Review) -> dict[str, str]:
    """Return the form's facts as they were read."""
    return {
        "amount": "" if review.owed_fen is None else money(review.owed_fen),
        "kind": review.kind if review.kind in set(EARNING_KINDS) else "",
        "number": review.number or "",
        "time": (review.printed_at or "").replace("T", " "),
    }


def _render(page: Page, chosen: Review | None, problem: str) -> str:
    service, lang = page.service, language()
    key, now_ms = service.shard_key, service.now_ms()
    waiting = service.read(lambda c: queue.waiting(c, key, now_ms))
    if chosen is None and waiting:
        chosen = waiting[0]
    kept = service.read(lambda c: queue.paper_of(c, key, chosen)) if chosen else None
    told = session.pop("told", "")
    shops = service.read(lambda c: queue.shops(c, key))
    decided = service.read(lambda c: queue.decided(c, key))
    names = {row.shop_id: row.name_zh if lang == "zh" else row.name_en for row in shops}
    return render_template(
        "reviews.html",
        lang=lang,
        programme=page.programme,
        account=who(),
        token=form_token(),
        told=words.word(told, lang) if told else "",
        problem=problem,
        waiting=[_row(one, page, lang, names) for one in waiting],
        decided=[_row(one, page, lang, names) for one in decided],
        shops=shops,
        kinds=[(kind, words.word(kind, lang)) for kind in ("sale", "exchange", "refund", "void")],
        chosen=_whole(chosen, kept, page, lang, names) if chosen else None,
        form=request.form if problem else (_fields(chosen) if chosen else {}),
    )


def _row(review: Review, page: Page, lang: str, names: dict[str, str]) -> dict[str, Any]:
    decided = review.decided
    owed_fen = decided.owed_fen if decided else review.owed_fen
    return {
        "review_id": review.review_id,
        "amount": "" if owed_fen is None else money(owed_fen),
        "currency": decided.currency if decided else review.currency,
        "shop": review.shop_id,
        "place": names.get(review.shop_id, review.shop_id),
        "at": _local(review.opened_ms, page.zone),
        "state": words.word(_STATES[review.state], lang) if review.state in _STATES else "",
        "staff": review.staff,
        "superseded": ", ".join(review.superseded),
    }


def _whole(
    review: Review, kept: KeptPaper | None, page: Page, lang: str, names: dict[str, str]
) -> dict[str, Any]:
    reading = kept.reading if kept else None
    values = {
        "merchant": reading.merchant if reading else None,
        "number": review.number,
        "time": (review.printed_at or "").replace("T", " "),
        "total": None if review.owed_fen is None else money(review.owed_fen),
    }
    lines = believed_lines(kept) if kept else {}
    return {
        **_row(review, page, lang, names),
        "open": review.state is ReviewState.OPEN,
        "why": [(one.zh if lang == "zh" else one.en) for one in kept.why] if kept else [],
        "drawn": bool(kept and kept.job),
        "fields": [
            (words.word(name, lang), value, lines.get(name, ""))
            for name, value in values.items()
            if value
        ],
        "holder": review.holder is not None,
        "claim": review.claim_hash is not None,
        "said": review.said,
    }


def _local(moment_ms: int, zone: ZoneInfo) -> str:
    at = datetime.fromtimestamp(moment_ms / 1000, tz=UTC).astimezone(zone)
    return at.strftime("%m-%d %H:%M")
