"""The service desk's page about activities: what came of each, and noting what a member did.

For what is done away from tills and kiosks: a survey at the desk, a vote, a score of a contest.
Codes to print are made by the command, which writes them to a file.
"""

from typing import Any

from flask import Blueprint, render_template, request
from msgspec import Struct

from central.activities import records
from central.config import Config
from central.forms import form_token, language
from central.ledger.activity_commands import RecordActivity
from central.ledger.books import book_in_force
from central.members.lookup import SeveralMembers, find_member
from central.staff.pages import who
from central.sync.service import Service
from loyalty.rules.activities import BY_BUYING
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook, version
from loyalty.wording import say

_PLACES = 10
_RESULT_MAX = 1_000_000_000


class Told(Struct, frozen=True):
    """What the page says happened; `good` or not."""

    zh: str
    en: str
    good: bool


_NOBODY = Told("未找到该会员", "This member is not known", good=False)
_SEVERAL = Told(
    "多位会员使用此手机号，请扫会员卡或输入会员号",
    "Several members have this phone: scan the card or type the number",
    good=False,
)


def add(routes: Blueprint, service: Service, config: Config, only: Any) -> None:
    """Add the page to the desk's routes; `only` lets staff in."""

    def activities() -> str:
        key, now_ms = service.shard_key, service.now_ms()
        book = service.read(lambda c: book_in_force(c, key, now_ms))
        told = None
        if request.method == "POST" and book is not None:
            told = _record(service, book)
        lines = service.read(lambda c: records.listed(c, key, book)) if book is not None else []
        contests = [one.activity.id for one in lines if one.activity.kind == "contest"]
        return render_template(
            "desk_activities.html",
            lang=language(),
            programme=config.programme,
            account=who(),
            token=form_token(),
            told=told,
            lines=lines,
            to_record=[one for one in lines if one.activity.kind not in BY_BUYING],
            rankings=service.read(
                lambda c: {one: records.ranking(c, key, one, _PLACES) for one in contests}
            ),
        )

    routes.add_url_rule("/desk/activities", "activities", only(activities), methods=["GET", "POST"])


def _record(service: Service, book: RuleBook) -> Told:
    """Note what the form says a member did."""
    try:
        member = _member(service, request.form.get("member", ""))
        referrer = _member(service, request.form.get("brought_by", ""))
    except SeveralMembers:
        return _SEVERAL
    result = request.form.get("result", "") or "0"
    wanted = request.form.get("brought_by", "").strip()
    if member is None or (wanted and referrer is None):
        return _NOBODY
    if not result.isascii() or not result.isdigit() or int(result) > _RESULT_MAX:
        return Told("成绩须为整数", "A result is a whole number", good=False)
    answer = service.run(
        RecordActivity(
            activity_id=request.form.get("activity", ""),
            member=member,
            book=version(book),
            staff=who().login,
            result=int(result),
            brought_by=referrer or "",
        )
    )
    if isinstance(answer, Reason):
        return Told(say(answer, "zh"), say(answer, "en"), good=False)
    return Told("已登记", "Noted", good=True)


def _member(service: Service, text: str) -> str | None:
    """Return the pseudonym of whoever is named; None for nobody. Raises SeveralMembers."""
    key, tenant_key = service.shard_key, service.tenant_key
    person = service.read(lambda c: find_member(c, key, tenant_key, text)) if text.strip() else None
    return person.member if person is not None else None
