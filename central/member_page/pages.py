"""The member's page: signing in with a PIN, what they have, and the code on their phone.

Only a number and a PIN open it; nothing on it can be changed but the PIN. Its script draws the
passes (`codes`) and sends nothing else.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from msgspec import Struct

from central.access.pins import why_no_pin
from central.access.turnstile import Crowded
from central.desk.account import read_account
from central.desk.making import tier_names, told_of
from central.desk.words import both
from central.forms import check_form, form_token, language
from central.ledger.books import book_in_force
from central.member_page import codes
from central.member_page.codes import BadPass, KeyWanted, PassesWanted, qr_svg
from central.members.lookup import Person, SeveralMembers, find_member, person_of
from central.rewards.offered import for_member
from central.sync.service import Service
from loyalty.codes import MEMBER_PREFIX, mask_number
from loyalty.rules.reasons import of_benefits

HISTORY_DAYS = 365
HISTORY_LINES = 50
_SCRIPTS = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


Wanted = TypeVar("Wanted", KeyWanted, PassesWanted)


class Page(Struct, frozen=True):
    """What the pages need of central."""

    service: Service
    zone: ZoneInfo
    programme: str


def blueprint(service: Service, zone: ZoneInfo, programme: str) -> Blueprint:
    """Return the routes of the member's page."""
    routes = Blueprint("member", __name__, url_prefix="/m")
    page = Page(service, zone, programme)

    @routes.after_request
    def allow_scripts(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _SCRIPTS
        return response

    @routes.get("/")
    def home() -> Any:
        person = _who(page)
        return _home(page, person) if person else redirect(url_for("member.sign_in"), 303)

    @routes.errorhandler(Crowded)
    def crowded(_: Crowded) -> tuple[str, int]:
        person = _who(page) if request.path.endswith("/pin") else None
        if person is not None:
            return _home(page, person, problem="crowded"), 503
        name = "member_open.html" if request.path.endswith("/open") else "member_sign_in.html"
        return _door(page, name, "crowded"), 503

    _serve_door(routes, page)
    _serve_first_pin(routes, page)
    _serve_script(routes, page)
    _serve_pin(routes, page)
    return routes


def _serve_door(routes: Blueprint, page: Page) -> None:
    """Add the way in with a PIN, and out."""
    service = page.service

    @routes.get("/login")
    def sign_in() -> str:
        return _door(page, "member_sign_in.html", "")

    @routes.post("/login")
    def enter() -> Any:
        check_form()
        person = _find(page, request.form.get("number", ""))
        pin = request.form.get("pin", "")
        with service.turnstile.passing(request.remote_addr or ""):
            outcome = service.pins.check(person.member if person else None, pin)
        if outcome != "right" or person is None:
            # Numbers can be guessed: who has no PIN yet is told no more than who is nobody.
            # Nor who has to wait: a number that makes one wait is a member's.
            return _door(page, "member_sign_in.html", "wrong"), 403
        return _enter(page, person)

    @routes.post("/logout")
    def leave() -> Any:
        check_form()
        session.clear()
        return redirect(url_for("member.sign_in"), 303)


def _serve_first_pin(routes: Blueprint, page: Page) -> None:
    """Add the way in without a PIN: with the code that the desk gives."""

    @routes.get("/open")
    def first_time() -> str:
        return _door(page, "member_open.html", "")

    @routes.post("/open")
    def choose_pin() -> Any:
        check_form()
        person = _find(page, request.form.get("number", ""))
        problem = _pin_problem(page, person)
        if problem or person is None:
            return _door(page, "member_open.html", problem), 403
        return _enter(page, person)


def _serve_pin(routes: Blueprint, page: Page) -> None:
    """Add the change of a PIN by who knows it."""

    @routes.get("/pin")
    def after_pin() -> Any:
        language()  # the other one was touched on the page that told how it went
        return redirect(url_for("member.home"), 303)

    @routes.post("/pin")
    def change_pin() -> Any:
        check_form()
        person = _who(page)
        if person is None:
            abort(401)
        problem = _not_changed(page, person)
        if problem:
            return _home(page, person, problem=problem), 403
        session["pin"] = page.service.pins.mark(person.member)
        return _home(page, person, changed=True)


def _serve_script(routes: Blueprint, page: Page) -> None:
    """Add what the page's script asks for."""
    service = page.service

    @routes.post("/credential")
    def credential() -> Response:
        person, wanted = _asked(page, KeyWanted)
        given = codes.give_credential(
            wanted, person.member, service.shard_key, service.central_key, service.now_ms()
        )
        return _answer(given)

    @routes.post("/passes")
    def passes() -> Response:
        person, wanted = _asked(page, PassesWanted)
        return _answer(codes.draw(wanted, person.member, service.shard_key, service.central_key))

    @routes.errorhandler(BadPass)
    def bad_pass(error: BadPass) -> tuple[str, int]:
        return str(error), 400


def _who(page: Page) -> Person | None:
    """Return whose page it is; nobody's once they were removed or chose another PIN."""
    member, service = session.get("member"), page.service
    if not isinstance(member, str) or session.get("pin") != service.pins.mark(member):
        return None
    return service.read(lambda c: person_of(c, service.shard_key, member))


def _find(page: Page, text: str) -> Person | None:
    service = page.service
    try:
        return service.read(lambda c: find_member(c, service.shard_key, service.tenant_key, text))
    except SeveralMembers:
        return None


def _pin_problem(page: Page, person: Person | None) -> str:
    """Set the PIN that a form chooses; return why it could not be, empty if it was."""
    form = request.form
    pin = form.get("pin", "")
    if (why := _why_not_chosen()) is not None:
        return why
    member = person.member if person else None
    with page.service.turnstile.passing(request.remote_addr or ""):
        outcome = page.service.pins.open_with_code(member, form.get("code", ""), pin)
    return "" if outcome == "right" else "wrong"


def _not_changed(page: Page, person: Person) -> str:
    """Give a member another PIN; return why it could not be, empty if it was."""
    form = request.form
    if (why := _why_not_chosen()) is not None:
        return why
    with page.service.turnstile.passing(request.remote_addr or ""):
        outcome = page.service.pins.change(person.member, form.get("old", ""), form.get("pin", ""))
    return {"right": "", "waits": "waits"}.get(outcome, "pin")


def _why_not_chosen() -> str | None:
    """Return what is wrong with the PIN that a form chooses."""
    pin = request.form.get("pin", "")
    return "differ" if pin != request.form.get("again", "") else why_no_pin(pin)


def _enter(page: Page, person: Person) -> Any:
    lang = language()
    session.clear()  # a session that somebody else began is not gone on with
    session.permanent = True
    session["member"], session["lang"] = person.member, lang
    session["pin"] = page.service.pins.mark(person.member)
    return redirect(url_for("member.home"), 303)


def _asked(page: Page, kind: type[Wanted]) -> tuple[Person, Wanted]:
    """Return who asks and what for, of a call by the page's script."""
    check_form()
    person = _who(page)
    if person is None:
        abort(401)
    try:
        return person, msgspec.json.decode(request.get_data(), type=kind)
    except msgspec.DecodeError:
        abort(400)


def _answer(what: object) -> Response:
    return Response(msgspec.json.encode(what), content_type="application/json")


def _door(page: Page, template: str, problem: str) -> str:
    return render_template(
        template,
        lang=language(),
        programme=page.programme,
        token=form_token(),
        problem=problem,
        number=request.form.get("number", ""),
    )


def _home(page: Page, person: Person, *, problem: str = "", changed: bool = False) -> str:
    service, lang = page.service, language()
    key, now_ms = service.shard_key, service.now_ms()
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(page.zone).date()
    first_day = today - timedelta(days=HISTORY_DAYS)
    account = service.read(
        lambda c: read_account(c, key, person.member, first_day, today, page.zone)
    )
    book = service.read(lambda c: book_in_force(c, key, now_ms))
    tier_zh, tier_en = tier_names(book, person.tier_id)
    available = account.closing - account.held
    rewards = service.read(lambda c: for_member(c, key, person.member, now_ms))
    told = service.read(lambda c: told_of(c, key, person.member, book, today))
    benefits = of_benefits(book.tier(person.tier_id), book) if book is not None else ()
    return render_template(
        "member.html",
        lang=lang,
        programme=page.programme,
        token=form_token(),
        problem=problem,
        changed=changed,
        name=person.name,
        number=mask_number(person.number),
        card=qr_svg(MEMBER_PREFIX + person.number),
        tier=tier_zh if lang == "zh" else tier_en,
        balance=account.closing,
        available=available,
        expiring=account.expiring,
        told=[both(one)[lang != "zh"] for one in told],
        benefits=[both(one)[lang != "zh"] for one in benefits],
        lines=list(reversed(account.lines))[:HISTORY_LINES],
        rewards=rewards,
        why={one.reward_id: both(one.refusal)[lang != "zh"] for one in rewards if one.refusal},
    )
