"""The desk's page about a member: finding them, their statement on paper, their opening code."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from flask import Flask
from msgspec import structs

from central import passwords, schema
from central.config import Config, DeskPrinter
from central.database import writing
from central.desk import pages
from central.ledger.judging.member_rows import TierChange
from central.reviewing import pages as reviews
from central.staff import accounts
from central.staff import pages as staff
from edge_agent.devices.virtual.printer import VirtualPrinter
from loyalty.facts import BootClock, ClockSample
from loyalty.seals import WITNESS_PATH, Contradiction, Noted, Seal, seal
from tests.central.member_page.conftest import NUMBER, PIN, SOMEBODY, mall  # noqa: F401
from tests.central.programme import DAY_MS, member

PHRASE = "correct horse"
TODAY = datetime(2026, 5, 28, tzinfo=UTC).date()


@pytest.fixture(scope="module")
def kept_password():
    return passwords.hashed(PHRASE)


@pytest.fixture
def printer():
    printer = VirtualPrinter()
    printer.start()
    yield printer
    printer.stop()


@pytest.fixture
def desk(mall, printer, kept_password, monkeypatch):  # noqa: F811
    """A browser at the service desk, signed in."""
    monkeypatch.setattr(accounts, "hashed", lambda _: kept_password)
    with writing(mall.engine) as connection:
        accounts.add(connection, mall.shard_key, "desk1", "小李", PHRASE, 0)
    app = Flask("central")
    app.secret_key = b"s" * 32
    app.testing = True
    staff.set_up(app)
    config = Config("澄湖天地", desk_printer=DeskPrinter(f"127.0.0.1:{printer.port}"))
    app.register_blueprint(staff.blueprint(mall.service, config.programme))
    app.register_blueprint(reviews.blueprint(mall.service, config.tz(), config.programme))
    app.register_blueprint(pages.blueprint(mall.service, config))
    client = app.test_client()
    token = token_of(client.get("/desk/login").text)
    client.post("/desk/login", data={"token": token, "login": "desk1", "password": PHRASE})
    return client


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page)[1]


def send(desk, path, **fields):
    token = token_of(desk.get(f"/desk/members?q={NUMBER}").text)
    return desk.post(f"/desk/members/{SOMEBODY}/{path}", data={"token": token, **fields})


@pytest.mark.parametrize("path", ["/desk/members", f"/desk/members?q={NUMBER}"])
def test_nobody_sees_members_without_signing_in(desk, path):
    desk.post("/desk/logout", data={"token": token_of(desk.get("/desk/members").text)})
    answer = desk.get(path)
    assert (answer.status_code, "/desk/login" in answer.location) == (303, True)


@pytest.mark.parametrize("asked", [NUMBER, f"TPM{NUMBER}", "138-0000-1234"])
def test_a_member_is_found_by_number_card_and_phone(desk, asked):
    page = desk.get("/desk/members", query_string={"q": asked}).text
    assert "王小明" in page
    assert "1,234" in page
    assert NUMBER not in page.replace(f'value="{asked}"', "")
    assert "13800001234" not in page


def test_a_change_of_tier_stands_in_the_list_without_points(desk, mall):  # noqa: F811
    change = TierChange(mall.now_ms, "base", "set")
    with writing(mall.engine) as connection:
        content = msgspec.json.encode(change).decode()
        mall.insert(connection, schema.tier_change, member=SOMEBODY, seq=1, content=content)
    answer = desk.get(f"/desk/members?q={NUMBER}")
    assert (answer.status_code, "等级变动" in answer.text) == (200, True)


@pytest.mark.parametrize("did", ["code", "statement"])
def test_the_other_language_is_there_after_a_form_too_and_does_nothing_again(
    desk,
    printer,
    did,
):
    send(desk, did, **{"from": "2026-05-01", "to": "2026-05-28"})
    printed = printer.paper
    page = desk.get(f"/desk/members/{SOMEBODY}/{did}?lang=en")
    assert (page.status_code, "Member number" in page.text) == (200, True)
    assert 'class="code"' not in page.text
    assert printer.paper == printed


def test_who_is_not_known_is_said(desk):
    assert "未找到该会员" in desk.get("/desk/members?q=999999999999").text


def test_the_opening_code_is_shown_once_and_opens_the_members_page(desk, mall):  # noqa: F811
    page = send(desk, "code").text
    code = re.search(r'<p class="code" role="status">([^<]+)</p>', page)[1]
    assert code not in desk.get(f"/desk/members?q={NUMBER}").text
    assert mall.service.pins.open_with_code(SOMEBODY, code, PIN) == "right"


def test_a_statement_comes_out_of_the_desks_printer(desk, printer):
    page = send(desk, "statement", **{"from": "2026-05-01", "to": "2026-05-31"}).text
    assert "对账单已打印" in page
    paper = printer.paper.decode("gb18030", "replace")
    assert "王**" in paper
    assert "+1,234" in paper


def test_paper_that_is_out_is_said(desk, printer):
    printer.paper_out = True
    page = send(desk, "statement", **{"from": "2026-05-01", "to": "2026-05-31"}).text
    assert "对账单已打印" not in page
    assert 'class="problem"' in page


@pytest.mark.parametrize(
    ("first", "last"), [("2026-06-01", "2026-05-01"), ("", "2026-05-01"), ("x", "y")]
)
def test_days_that_make_no_period_are_refused(desk, printer, first, last):
    page = send(desk, "statement", **{"from": first, "to": last}).text
    assert "请选择起止日期" in page
    assert not printer.paper


def test_a_member_that_does_not_exist_is_not_found(desk):
    token = token_of(desk.get("/desk/members").text)
    assert desk.post("/desk/members/none/code", data={"token": token}).status_code == 404


def test_a_sale_whose_day_is_not_sure_says_so_on_page_and_paper(desk, mall, printer):  # noqa: F811
    till = mall.till
    sale = till.sale(member(SOMEBODY))
    till.write(structs.replace(sale, at=structs.replace(sale.at, boot_id="offline")))
    boots = (
        BootClock("before", 0, ClockSample(mall.now_ms - 2 * DAY_MS, 500, 100)),
        BootClock("offline", 0, None),
        BootClock("boot", 0, None),
    )
    till.send(till.request(boots=boots))
    path = f"/desk/members?q={NUMBER}"
    assert "between 2026-05-27 and 2026-05-29" in desk.get(f"{path}&lang=en").text
    assert "时间待核：2026-05-27 至 2026-05-29 之间" in desk.get(f"{path}&lang=zh").text
    send(desk, "statement", **{"from": "2026-05-01", "to": "2026-05-31"})
    assert "时间待核" in printer.paper.decode("gb18030", "replace")


def test_every_page_of_the_desk_rings_when_a_till_contradicts_the_ledger(desk, mall):  # noqa: F811
    assert "警报" not in desk.get("/desk/members").text
    held = seal(mall.shard_key, 10, [], None)
    told = Contradiction(held, Seal(20, b"x" * 32, 10, b"y" * 32))
    mall.till.ask(WITNESS_PATH, told, Noted)
    assert "有终端保存的封印与账本不符" in desk.get("/desk/members").text
    assert "a till contradicts the ledger" in desk.get("/desk/reviews?lang=en").text


def test_reminders_of_a_day_are_shown_and_fetched_by_staff_alone(desk, mall):  # noqa: F811
    content = '{"code":"tier_near","values":{"points":"90","zh":"金卡","en":"Gold"}}'
    with writing(mall.engine) as connection:
        day = {"day": "2026-05-29", "member": SOMEBODY, "subject": "tier/gold", "content": content}
        mall.insert(connection, schema.reminder, **day)
    page = desk.get("/desk/reminders?day=2026-05-29").text
    assert "再积 90 分升为金卡" in page
    assert NUMBER not in page
    file = desk.get("/desk/reminders.csv?day=2026-05-29")
    assert file.text.removeprefix("\ufeff").splitlines()[1].startswith(f"2026-05-29,{NUMBER},")
    assert desk.get("/desk/reminders?day=x").status_code == 400
    stranger = desk.application.test_client()
    assert stranger.get("/desk/reminders.csv?day=2026-05-29").status_code in (302, 303)
