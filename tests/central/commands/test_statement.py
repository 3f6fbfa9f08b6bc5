from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from central import schema
from central.database import reading, writing
from loyalty.codes import card_tag
from loyalty.events import Holder, LeaseClose, Redeem
from loyalty.wire import LEASE_PATH, LeaseAnswer, LeaseRequest
from tests.central.desk.test_printer import VirtualPrinter
from tests.central.mall import DEMO

NUMBER = "586562381399"  # 王婉清, no cards of her own
TODAY = datetime.now(tz=ZoneInfo("Asia/Shanghai")).date()
WEEK = (
    "--from",
    (TODAY - timedelta(days=3)).isoformat(),
    "--to",
    (TODAY + timedelta(days=3)).isoformat(),
)


def go_shopping(mall):
    """One member buys twice, brings something back, and redeems."""
    mall.run("central", "import", "members", str(DEMO / "members.csv"))
    with mall.parts() as parts, reading(parts.engine) as connection:
        book = connection.execute(select(schema.rule_book.c.version)).scalar_one()
        people = select(schema.member.c.member).where(schema.member.c.number == NUMBER)
        member = Holder("member", connection.execute(people).scalar_one())
        card = Holder("card", card_tag(parts.keys.tenant_key, NUMBER))
    helu = mall.json("fleet", "enrol", "--name", "till-1", "--role", "till", "--shop", "helu")
    desk = mall.json("fleet", "enrol", "--name", "kiosk-1", "--role", "kiosk", "--shop", "desk")
    with mall.server() as server:
        till = server.device(helu["code"])
        lunch = till.sale(member, fen=21_400, points=214, book=book)
        till.push(lunch)
        till.push(till.sale(card, fen=60_000, points=600, book=book))
        till.push(till.refund(lunch, fen=10_700, points=107))
        kiosk = server.device(desk["code"])
        lease = kiosk.ask(LEASE_PATH, LeaseRequest("r1", member, "thermos", 1), LeaseAnswer)
        assert lease.refusal is None
        kiosk.push(
            Redeem(kiosk.moment(), member, lease.lease_id, 500, "thermos", lease.voucher_code),
            LeaseClose(kiosk.moment(), lease.lease_id, 500),
        )
    return mall


@pytest.fixture(scope="module")
def shopped_once(sqlite_mall, tmp_path_factory):
    return go_shopping(sqlite_mall.copied(tmp_path_factory.mktemp("shopped")))


@pytest.fixture
def shopped(shopped_once, tmp_path):
    """A mall on SQLite with a member who went shopping."""
    return shopped_once.copied(tmp_path)


def test_a_statement_adds_up_and_gives_every_reason(any_mall):
    said = go_shopping(any_mall).json("central", "statement", NUMBER, *WEEK)
    assert [(line["what_zh"], line["points"], line["balance"]) for line in said["lines"]] == [
        ("禾鹿小馆 消费", 214, 214),
        ("禾鹿小馆 消费", 600, 814),
        ("禾鹿小馆 退货", -107, 707),
        ("保温杯 500ml 兑换", -500, 207),
    ]
    assert (said["opening"], said["closing"], said["held"]) == (0, 207, 0)
    assert [line["what_en"] for line in said["lines"]][3] == "Thermos flask 500 ml: redeemed"
    assert [lot["points"] for lot in said["expiring"]] == [207]
    assert (said["masked_name"], said["number"]) == ("王**", "****1399")


def test_a_period_begins_with_what_was_there_and_ends_before_what_came_later(shopped):
    after = ("--from", str(TODAY + timedelta(days=3)), "--to", str(TODAY + timedelta(days=4)))
    said = shopped.json("central", "statement", NUMBER, *after)
    assert (said["opening"], said["lines"], said["closing"]) == (207, [], 207)
    before = ("--from", str(TODAY - timedelta(days=4)), "--to", str(TODAY - timedelta(days=3)))
    said = shopped.json("central", "statement", NUMBER, *before)
    assert (said["opening"], said["lines"], said["closing"]) == (0, [], 0)


@pytest.mark.parametrize("who", [NUMBER, f"TPM{NUMBER}", "12475219908", "124 7521 9908"])
def test_a_member_is_found_by_number_code_or_phone(shopped, who):
    assert shopped.json("central", "statement", who, *WEEK)["closing"] == 207


def test_a_member_is_found_by_a_card_too(shopped):
    said = shopped.json("central", "statement", "NFC-043BA6A664E1E4", *WEEK)
    assert (said["masked_name"], said["lines"]) == ("李**", [])


@pytest.mark.parametrize("who", ["000000000000", "TPM1", "nobody", "134567890123456789"])
def test_nobody_is_found_is_a_failure_that_says_so(mall, who):
    assert "未找到该会员" in mall.run("central", "statement", who, *WEEK, code=1)


def test_a_phone_that_two_members_share_asks_for_the_number(mall):
    lines = ("number,name,phone", f"{NUMBER},王,1234567", "723435042676,李,1234567", "")
    mall.bring_in("members", "\n".join(lines))
    assert "请用会员号" in mall.run("central", "statement", "1234567", *WEEK, code=1)


def test_days_that_run_backwards_are_a_usage_error(mall):
    backwards = ("--from", "2026-02-01", "--to", "2026-01-01")
    mall.run("central", "statement", NUMBER, *backwards, code=2)


@pytest.mark.parametrize(
    ("lang", "heading"), [("zh", "积  分  对  账  单"), ("en", "Closing balance")]
)
@pytest.mark.parametrize("columns", [32, 48])
def test_the_screen_shows_the_paper_as_it_would_be(shopped, lang, heading, columns):
    shopped.configure(printer=f"columns = {columns}")
    paper = shopped.run("central", "statement", NUMBER, *WEEK, "--lang", lang)
    assert heading in paper
    assert "207" in paper
    for line in paper.splitlines()[:-1]:  # the last one draws the cut
        assert sum(1 if char.isascii() else 2 for char in line) <= columns


def test_the_printer_prints_what_the_screen_shows(shopped):
    with VirtualPrinter(b"\x00") as printer:
        shopped.configure(printer=f'address = "{printer.address}"\ncolumns = 32')
        said = shopped.run("central", "statement", NUMBER, *WEEK, "--print")
    assert said == "已打印\n"
    printed = printer.received.decode("gb18030", errors="replace")
    for words in ("积分对账单", "禾鹿小馆", "保温杯", "+600", "207", "****1399"):
        assert words in printed
    assert "王婉清" not in printed


def test_a_printer_that_does_not_answer_is_exit_4_and_unknown(shopped):
    with VirtualPrinter(b"") as printer:
        shopped.configure(printer=f'address = "{printer.address}"\ntimeout_s = 0.2')
        said = shopped.run("central", "statement", NUMBER, *WEEK, "--print", code=4)
    assert "打印结果未知" in said
    assert "请查看纸张" in said


def test_without_a_printer_nothing_is_said_to_be_printed(shopped):
    said = shopped.run("central", "statement", NUMBER, *WEEK, "--print", "--lang", "en", code=4)
    assert "not printed" in said
    assert "no desk printer is set" in said


def test_accounts_that_do_not_match_their_transfers_stop_the_statement(shopped):
    with shopped.parts() as parts, writing(parts.engine) as connection:
        wallets = schema.account.c.kind == 1
        connection.execute(update(schema.account).where(wallets).values(posted=10_000))
    said = shopped.run("central", "statement", NUMBER, *WEEK, code=1)
    assert "the transfers come to 207 points, the accounts hold 10000" in said
