"""The service desk's page about receipts that look like one that has earned."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request

from central.config import Config
from central.forms import form_token, language
from central.ledger.closing import WHY_MAX, CloseCase, JudgeAgain
from central.ledger.duplicates import Duplicate, duplicates
from central.staff.pages import who
from central.stores import records as shops
from central.sync.service import Service
from loyalty.wire import Verdict

_SHOWN = 100


def add(routes: Blueprint, service: Service, config: Config, only: Any) -> None:
    """Add the page to the desk's routes; `only` lets staff in."""

    def shop(shop_id: str) -> str:
        names = service.read(lambda c: shops.name_of(c, service.shard_key, shop_id))
        return names[language() == "en"]

    def page() -> str:
        told = _settled(service) if request.method == "POST" else ""
        waiting = service.read(lambda c: duplicates(c, service.shard_key, _SHOWN))
        zone = config.tz()
        return render_template(
            "desk_duplicates.html",
            lang=language(),
            programme=config.programme,
            account=who(),
            token=form_token(),
            told=told,
            waiting=waiting,
            shown=_SHOWN,
            place=_place,
            shop=shop,
            why_max=WHY_MAX,
            moment=lambda ms: datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone),
        )

    routes.add_url_rule("/desk/duplicates", "duplicates", only(page), methods=["GET", "POST"])


def _place(one: Duplicate) -> str:
    device_id, epoch, seq = one.identity
    return f"{device_id.hex()}/{epoch}/{seq}"


def _settled(service: Service) -> str:
    """Do what the form says about a receipt; return which words tell of it."""
    why = request.form.get("why", "").strip()
    if not why or len(why) > WHY_MAX or "\0" in why:
        return "why"
    wanted = request.form.get("place", "")
    waiting = service.read(lambda c: duplicates(c, service.shard_key, _SHOWN))
    one = next((each for each in waiting if _place(each) == wanted), None)
    if one is None:
        return "gone"
    staff, accepted = who().login, request.form.get("does") == "accept"
    decide = JudgeAgain if accepted else CloseCase
    if not service.run(decide(one.identity, Verdict.PENDING_REF, staff, why)):
        return "gone"
    return "accepted" if accepted else "closed"
