"""The service desk's pages about rewards: redeem for a member, vouchers, and the stock.

Every form carries the number of its own request, so that pressing twice redeems, hands over or
gives back once.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, render_template, request
from msgspec import Struct
from sqlalchemy import Row, select

from central import schema
from central.config import Config
from central.database import writing
from central.desk import redeeming, voucher_slip
from central.desk.printer import Outcome, print_bytes
from central.desk.redeeming import Asked, Looked, Redeemed
from central.forms import form_token, language
from central.ledger import directory, stocks
from central.members.lookup import Person, person_of
from central.rewards import offered, records
from central.staff.pages import View, who
from central.stores import records as shops
from central.sync.reward_offers import details_of
from central.sync.service import Service
from loyalty import coupons
from loyalty.codes import group, mask_number
from loyalty.leases import READY_REWARD
from loyalty.plates import read_plate, shown
from loyalty.rules.earning import Reason
from loyalty.rules.tender import TENDER_REWARD
from loyalty.wording import say
from paper.encode import encode_slip
from paper.layout import Slip
from paper.marker import Lang

_ANYWHERE = ("本商场任一门店或服务台", "Any shop of this mall, or the service desk")
#: What stands in a lease for a reward where it is none.
_NO_REWARD = {
    TENDER_REWARD: ("积分抵现", "Points as money"),
    READY_REWARD: ("离线预留的积分", "Points lent for going offline"),
}
_PIECES_MAX = 100
_STOCK_MAX = 1_000_000
_POINTS_MAX = 10_000_000


class Told(Struct, frozen=True):
    """What a page says happened; `good` or not."""

    good: bool
    words: str


class Pages:
    """The pages' questions and answers, over central's service."""

    def __init__(self, service: Service, config: Config) -> None:
        self._service = service
        self._config = config

    def redeem(self, member: str) -> str:
        """Show what a member can have, and redeem what the form asks for."""
        service = self._service
        person = service.read(lambda c: person_of(c, service.shard_key, member))
        if person is None:
            abort(404)
        made: Redeemed | Reason | None = None
        outcome = None
        if request.method == "POST":
            plate = read_plate(request.form.get("plate", ""))
            if plate is None:
                made = Reason("plate_wrong")
            else:
                made = redeeming.redeem(service, self._asked(person))
            if isinstance(made, Redeemed):
                outcome = self._printed(person, made, shown(plate or ""))
        key, now_ms = service.shard_key, service.now_ms()
        rewards = service.read(lambda c: offered.for_member(c, key, person.member, now_ms))
        return self._page(
            "desk_rewards.html",
            person=person,
            number=mask_number(person.number),
            rewards=rewards,
            why={one.reward_id: _said(one.refusal) for one in rewards if one.refusal},
            told=_told(made) if isinstance(made, Reason) else None,
            made=made if isinstance(made, Redeemed) else None,
            code=group(made.code) if isinstance(made, Redeemed) else "",
            plate=request.form.get("plate", "") if isinstance(made, Reason) else "",
            where=self._where(made.place) if isinstance(made, Redeemed) else "",
            outcome=outcome,
            places=self._places(),
        )

    def vouchers(self) -> str:
        """Look a voucher up, hand its reward over, or take it back."""
        service, form = self._service, request.form
        told: Told | None = None
        looked: Looked | None = None
        outcome: Outcome | None = None
        if request.method == "POST":
            code = redeeming.read_code(service, form.get("voucher", ""))
            if isinstance(code, Reason):
                told = _told(code)
            else:
                told, outcome = self._done(code, form.get("do", ""))
                looked = redeeming.look(service, code)
                if looked is None:
                    told = _told(Reason("voucher_unknown"))
        return self._page(
            "desk_vouchers.html",
            told=told,
            outcome=outcome,
            looked=looked,
            is_goods=looked is not None and looked.reward_id not in _NO_REWARD,
            reward=self._reward_name(looked.reward_id) if looked else "",
            where=self._where(looked.place) if looked else "",
        )

    def stock(self) -> str:
        """Show the catalogue, set what is left of a reward, or take it on or off."""
        service, told = self._service, None
        if request.method == "POST":
            told = self._changed()
        key = service.shard_key
        rows = service.read(lambda c: records.every(c, key))
        ids = [row.reward_id for row in rows]
        left = service.read(lambda c: stocks.left(c, key, ids))
        return self._page("desk_stock.html", rows=rows, left=left, told=told, shop=self._shop_name)

    def _asked(self, person: Person) -> Asked:
        form = request.form
        reward_id = _short(form.get("reward_id", ""))
        pieces = _number(form.get("pieces", "1"), 1, _PIECES_MAX)
        shown = _number(form.get(f"agreed-{reward_id}", "0"), 0, _POINTS_MAX)
        return Asked(
            request_id=_short(form.get("request_id", "")),
            member=person.member,
            reward_id=reward_id,
            pieces=pieces,
            agreed=shown * pieces,
            proof=form.get("proof", "").strip(),
            place=self._known_place(form.get("place", "")),
        )

    def _places(self) -> list[tuple[str, str]]:
        """Return the places that have pieces of something to hand out, with their names."""
        t, key = schema.reward_stock, self._service.shard_key
        query = select(t.c.place).where(t.c.shard_key == key, t.c.place != "").distinct()
        rows = self._service.read(lambda c: c.execute(query.order_by(t.c.place)).scalars().all())
        return [(place, self._shop_name(place)) for place in rows]

    def _known_place(self, place: str) -> str:
        """Return a place out of a form if pieces lie there, else nowhere in particular."""
        return place if place in dict(self._places()) else ""

    def _done(self, code: str, do: str) -> tuple[Told | None, Outcome | None]:
        """Do what a form asks for; return what it came to, and how its slip was printed."""
        service = self._service
        if do not in ("hand_over", "take_back"):
            return None, None  # the form that only looks needs no number
        request_id = _short(request.form.get("request_id", ""))
        if do == "hand_over":
            place = self._known_place(request.form.get("place", ""))
            used = redeeming.hand_over(service, code, request_id, place)
            if isinstance(used, Reason):
                return _told(used), None
            zh, en = "已核销，请交付：{}", "Used up, hand over: {}"
            voucher, what = used
            name = self._reward_name(voucher.reward_id)
            times = f" ×{what.pieces}" if what.pieces > 1 else ""
            return Told(good=True, words=_in(zh, en).format(name + times)), None
        looked = redeeming.look(service, code)
        if looked is None:
            return None, None
        why = request.form.get("why", "")
        points = redeeming.take_back(service, looked, who().login, why, request_id)
        if isinstance(points, Reason):
            return _told(points), None
        zh, en = "已取消，退回 {:,} 分", "Cancelled, {:,} points given back"
        told = Told(good=True, words=_in(zh, en).format(points))
        return told, self._print_cancelled(looked, points)

    def _changed(self) -> Told:
        form, service = request.form, self._service
        key, reward_id = service.shard_key, _short(form.get("reward_id", ""))
        with writing(service.engine) as connection:
            if not any(one.reward_id == reward_id for one in records.every(connection, key)):
                abort(404)
            if "left" in form:
                pieces, place = _number(form["left"], 0, _STOCK_MAX), form.get("place", "")
                if place not in stocks.left(connection, key, [reward_id]).get(reward_id, {}):
                    abort(404)
                change = records.set_left(connection, key, reward_id, place, pieces)
            else:
                on = form.get("offered") == "yes"
                now_ms = service.now_ms()
                change = records.set_offered(connection, key, reward_id, now_ms, offered=on)
            directory.announce(connection, key, [change])
        return Told(good=True, words=_in("已保存", "Saved"))

    def _printed(self, person: Person, made: Redeemed, plate: str) -> Outcome:
        pieces = f" ×{made.pieces}" if made.pieces > 1 else ""
        row = self._reward(made.reward_id)
        paper = voucher_slip.VoucherPaper(
            programme=self._config.programme,
            member=mask_number(person.number),
            reward=self._reward_name(made.reward_id) + pieces,
            points=made.points,
            code=made.code,
            signed=made.signed,
            valid_until=made.valid_until,
            where=self._where(made.place),
            terms=say(coupons.said(made.coupon), _lang()) if made.coupon else "",
            made_at=self._local_time(),
            hours=_hours(row, made.pieces) if row is not None and row.kind == "parking" else "",
            plate=plate,
        )
        return self._print(voucher_slip.compose(paper, _lang()))

    def _print_cancelled(self, looked: Looked, points: int) -> Outcome:
        pieces = f" ×{looked.pieces}" if looked.pieces > 1 else ""
        paper = voucher_slip.CancelledPaper(
            programme=self._config.programme,
            reward=self._reward_name(looked.reward_id) + pieces,
            points=points,
            code=f"****{looked.code[-4:]}",
            made_at=self._local_time(),
        )
        return self._print(voucher_slip.compose_cancelled(paper, _lang()))

    def _print(self, slip: Slip) -> Outcome:
        printer = self._config.desk_printer
        return print_bytes(encode_slip(slip, printer.profile()).data, printer)

    def _local_time(self) -> str:
        moment = datetime.fromtimestamp(self._service.now_ms() / 1000, UTC)
        return moment.astimezone(self._config.tz()).strftime("%Y-%m-%d %H:%M")

    def _reward(self, reward_id: str) -> Row[Any] | None:
        key = self._service.shard_key
        rows = self._service.read(lambda c: records.every(c, key))
        return next((one for one in rows if one.reward_id == reward_id), None)

    def _reward_name(self, reward_id: str) -> str:
        if reward_id in _NO_REWARD:
            return _in(*_NO_REWARD[reward_id])
        found = self._reward(reward_id)
        return _in(found.name_zh, found.name_en) if found else reward_id

    def _where(self, place: str) -> str:
        return self._shop_name(place) if place else _in(*_ANYWHERE)

    def _shop_name(self, shop_id: str) -> str:
        key = self._service.shard_key
        return _in(*self._service.read(lambda c: shops.name_of(c, key, shop_id)))

    def _page(self, template: str, **facts: Any) -> str:
        return render_template(
            template,
            lang=language(),
            programme=self._config.programme,
            account=who(),
            token=form_token(),
            request_id=secrets.token_hex(16),
            **facts,
        )


def add(routes: Blueprint, service: Service, config: Config, only: Any) -> None:
    """Add the desk's pages about rewards to its routes; `only` lets staff in and nobody else."""
    pages = Pages(service, config)
    for path, name, view in (
        ("/desk/members/<member>/rewards", "redeem", pages.redeem),
        ("/desk/vouchers", "vouchers", pages.vouchers),
        ("/desk/rewards", "stock", pages.stock),
    ):
        routes.add_url_rule(path, name, only(_named(name, view)), methods=["GET", "POST"])


def _named(name: str, view: View) -> View:
    def page(**words: str) -> Any:
        return view(**words)

    page.__name__ = name
    return page  # type: ignore[return-value]


def _hours(row: Row[Any], pieces: int) -> str:
    """Return how long somebody may park: pieces of the reward's own unit, else by its name."""
    details = details_of(row.details)
    unit = _in(details.unit_zh, details.unit_en)
    return f"{pieces} {unit}" if unit else f"{_in(row.name_zh, row.name_en)} ×{pieces}"


def _lang() -> Lang:
    return "en" if language() == "en" else "zh"


def _said(reason: Reason) -> str:
    return say(reason, "en" if language() == "en" else "zh")


def _told(reason: Reason) -> Told:
    return Told(good=False, words=_said(reason))


def _in(zh: str, en: str) -> str:
    return zh if language() == "zh" else en


def _short(text: str) -> str:
    """Return an id out of a form. Refuses what none of our forms sends."""
    if not 1 <= len(text) <= 64 or not text.isascii() or not text.isprintable():
        abort(400)
    return text


def _number(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most):
        abort(400)
    return int(text)
