"""The service desk's page about one member: what they have, their statement, their PIN.

For staff only. A name is shown in full, because the desk compares it with a paper; a number and a
phone are not. The opening code is shown once, to be read to the member.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request
from msgspec import Struct

from central.access.pins import OPENING_MINUTES
from central.config import Config
from central.desk import activity_pages, duplicate_pages, reminder_pages, reward_pages
from central.desk.making import make_statement
from central.desk.open_payments import OpenPayment, open_payments
from central.desk.printer import Outcome, print_bytes
from central.desk.statement import Statement, compose
from central.forms import form_token, language
from central.ledger.books import book_in_force
from central.members.lookup import Person, SeveralMembers, find_member, person_of
from central.staff.pages import staff_only, who
from central.sync.service import Service
from loyalty.codes import group, mask_number
from paper.encode import encode_slip
from paper.marker import Lang

DAYS_SHOWN = 90


class Desk(Struct, frozen=True):
    """What the pages need of central."""

    service: Service
    config: Config


def blueprint(service: Service, config: Config) -> Blueprint:
    """Return the routes of the desk's members."""
    routes = Blueprint("desk", __name__)
    desk = Desk(service, config)
    only = staff_only(service)

    @routes.get("/desk/members")
    @only
    def members() -> Any:
        text = request.args.get("q", "").strip()
        if not text:
            return _render(desk, None)
        try:
            person = service.read(
                lambda c: find_member(c, service.shard_key, service.tenant_key, text)
            )
        except SeveralMembers:
            return _render(desk, None, problem="several")
        return _render(desk, person, problem="" if person else "unknown")

    @routes.get("/desk/members/<member>/code")
    @routes.get("/desk/members/<member>/statement")
    @only
    def after(member: str) -> Any:
        """Show who the page was of, in the other language: nothing is done a second time."""
        return _render(desk, _found(desk, member))

    @routes.post("/desk/members/<member>/code")
    @only
    def opening_code(member: str) -> Any:
        person = _found(desk, member)
        code = service.pins.give_opening_code(person.member)
        return _render(desk, person, code=group(code))

    @routes.post("/desk/members/<member>/statement")
    @only
    def statement(member: str) -> Any:
        person = _found(desk, member)
        days = _days()
        if days is None:
            return _render(desk, person, problem="days")
        return _render(desk, person, days=days, outcome=_printed(desk, person, days))

    reward_pages.add(routes, service, config, only)
    reminder_pages.add(routes, service, config, only)
    activity_pages.add(routes, service, config, only)
    duplicate_pages.add(routes, service, config, only)
    return routes


def _found(desk: Desk, member: str) -> Person:
    service = desk.service
    person = service.read(lambda c: person_of(c, service.shard_key, member))
    if person is None:
        abort(404)
    return person


def _days() -> tuple[date, date] | None:
    """Return the days that a form names, None where they are none or end before they begin."""
    try:
        first, last = (date.fromisoformat(request.form.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return None
    return (first, last) if first <= last else None


def _lang() -> Lang:
    return "en" if language() == "en" else "zh"


def _printed(desk: Desk, person: Person, days: tuple[date, date]) -> Outcome:
    printer = desk.config.desk_printer
    slip = compose(_statement(desk, person, days), _lang())
    return print_bytes(encode_slip(slip, printer.profile()).data, printer)


def _statement(desk: Desk, person: Person, days: tuple[date, date]) -> Statement:
    service, made = desk.service, _now(desk)
    key, now_ms = service.shard_key, service.now_ms()
    book = service.read(lambda c: book_in_force(c, key, now_ms))
    programme = desk.config.programme
    return service.read(lambda c: make_statement(c, key, person, days, book, programme, made))


def _payments(desk: Desk, person: Person) -> list[OpenPayment]:
    service = desk.service
    return service.read(lambda c: open_payments(c, service.shard_key, person.member))


def _now(desk: Desk) -> datetime:
    moment = datetime.fromtimestamp(desk.service.now_ms() / 1000, UTC)
    return moment.astimezone(desk.config.tz())


def _render(
    desk: Desk,
    person: Person | None,
    *,
    problem: str = "",
    code: str = "",
    days: tuple[date, date] | None = None,
    outcome: Outcome | None = None,
) -> str:
    today = _now(desk).date()
    days = days or (today - timedelta(days=DAYS_SHOWN), today)
    return render_template(
        "desk_members.html",
        lang=language(),
        programme=desk.config.programme,
        account=who(),
        token=form_token(),
        problem=problem,
        person=person,
        number=mask_number(person.number) if person else "",
        phone=mask_number(person.phone) if person and person.phone else "",
        statement=_statement(desk, person, days) if person else None,
        payments=_payments(desk, person) if person else [],
        moment=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).astimezone(desk.config.tz()),
        first=days[0],
        last=days[1],
        code=code,
        code_minutes=OPENING_MINUTES,
        outcome=outcome,
    )
