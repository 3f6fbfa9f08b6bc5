"""The desk's page about reminders: those of a day, and as a file for the mall's messages."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request
from msgspec import structs

from central.config import Config
from central.forms import form_token, language
from central.members import reminded
from central.members.reminded import Reminder
from central.staff.pages import who
from central.sync.service import Service
from loyalty.codes import mask_number

_SHOWN = 200


def add(routes: Blueprint, service: Service, config: Config, only: Any) -> None:
    """Add the page and its file to the desk's routes; `only` lets staff in."""

    def reminders() -> str:
        return _page(service, config)

    def file() -> Response:
        return _file(service, config)

    routes.add_url_rule("/desk/reminders", "reminders", only(reminders))
    routes.add_url_rule("/desk/reminders.csv", "file", only(file))


def _page(service: Service, config: Config) -> str:
    key, day = service.shard_key, _day(service, config)
    return render_template(
        "desk_reminders.html",
        lang=language(),
        programme=config.programme,
        account=who(),
        token=form_token(),
        day=day,
        found=service.read(lambda c: reminded.reminders(c, key, day, _SHOWN)),
        masked=mask_number,
        every=service.read(lambda c: reminded.count(c, key, day)),
    )


def _file(service: Service, config: Config) -> Response:
    day = _day(service, config)
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(Reminder.__struct_fields__)
    found = service.read(lambda c: reminded.reminders(c, service.shard_key, day))
    table.writerows(structs.astuple(one) for one in found)
    name = f"attachment; filename=reminders-{day.isoformat()}.csv"
    # With the mark, spreadsheets read Chinese.
    data = text.getvalue().encode("utf-8-sig")
    return Response(data, content_type="text/csv", headers={"Content-Disposition": name})


def _day(service: Service, config: Config) -> date:
    text = request.args.get("day", "")
    if not text:
        return datetime.fromtimestamp(service.now_ms() / 1000, UTC).astimezone(config.tz()).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        abort(400)
