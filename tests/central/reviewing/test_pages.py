"""The desk's page about papers in review: who may see it, and what its forms do."""

import re
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from central import forms, schema
from central.config import Config
from central.database import writing
from central.desk import pages as members
from central.ledger.judging.rows import ReviewState
from central.reviewing import pages, queue
from central.staff import accounts
from central.staff import pages as staff
from loyalty.events import ReviewHeld
from loyalty.reviewing import ReviewRow
from loyalty.wire import Topic
from receipts.kept_paper import KeptPaper, pack
from receipts.reading import read_job
from receipts.reasons import reason
from tests.central.ledger.test_reviews import REVIEW, decided, opened, review_of
from tests.central.programme import DAY_MS, member
from tests.central.sync.test_papers import send

TEXT = "禾鹿小馆\n单号:N7\n时间:2026-05-28 12:00:00\n茶  1  100.00\n应收 100.00\n"
JOB = b"\x1b@" + TEXT.encode("gb18030") + b"\x1dV\x00"
AT = f"/desk/reviews/{REVIEW}"


@pytest.fixture(scope="module")
def kept_password():
    return accounts.hashed("correct horse")


@pytest.fixture
def desk(sqlite_programme, kept_password, monkeypatch):
    """The programme with the desk's pages and one account."""
    programme = sqlite_programme
    monkeypatch.setattr(accounts, "hashed", lambda _: kept_password)
    with writing(programme.engine) as connection:
        accounts.add(connection, programme.shard_key, "desk1", "小李", "correct horse", 0)
        for shop_id, name, category in (("S1", "禾鹿小馆", "food"), ("S2", "书店", "food")):
            row = {"shop_id": shop_id, "name_zh": name, "name_en": name, "category": category}
            programme.insert(connection, schema.shop, **row)
    app = Flask("central")
    app.secret_key = b"s" * 32
    staff.set_up(app)
    app.register_blueprint(staff.blueprint(programme.service, "澄湖天地"))
    zone = ZoneInfo("Asia/Shanghai")
    app.register_blueprint(pages.blueprint(programme.service, zone, "澄湖天地"))
    app.register_blueprint(members.blueprint(programme.service, Config("澄湖天地")))
    programme.add_member("a")
    return Desk(programme, app)


class Desk:
    """A browser at the service desk."""

    def __init__(self, programme, app):
        self.programme = programme
        self.client = app.test_client()

    def token(self, page):
        return re.search(r'name="token" value="([^"]+)"', page)[1]

    def sign_in(self, password=None, **fields):
        page = self.client.get("/desk/login").text
        form = {
            "token": self.token(page),
            "login": "desk1",
            "password": password or PHRASE,
            **fields,
        }
        return self.client.post("/desk/login", data=form)

    def decide(self, **form):
        page = self.client.get(AT).text
        given = {"token": self.token(page), "decision": "take", "shop": "S1", **form}
        return self.client.post(AT, data=given)

    def put_in_review(self, **facts):
        till = self.programme.till
        (reading,) = read_job(JOB)
        name, packed = pack(KeptPaper(0, "", (reason("no_check"),), reading, JOB))
        till.push(opened(till, paper_hash=name, **facts))
        send(till, name, packed)


PHRASE = "correct horse"
READ = {"amount": "100.00", "kind": "sale", "number": "N7", "time": "2026-05-28 12:00:00"}


@pytest.mark.parametrize("path", ["/desk/reviews", AT, f"{AT}/paper.svg"])
def test_nobody_sees_the_queue_without_signing_in(desk, path):
    desk.put_in_review()
    answer = desk.client.get(path)
    assert (answer.status_code, "/desk/login" in answer.location) == (303, True)


def test_a_wrong_password_opens_nothing_and_too_many_make_a_login_wait(desk):
    for _ in range(forms.TRIES):
        assert desk.sign_in("wrong").status_code == 403
    assert desk.sign_in().status_code == 429
    desk.programme.now_ms += forms.TRIES_S * 1000
    assert desk.sign_in().status_code == 303


def test_a_sign_in_leads_to_pages_of_ours_alone(desk):
    assert desk.sign_in(next="https://elsewhere.test/").location == "/desk/reviews"
    assert desk.sign_in(next="//elsewhere.test/desk/").location == "/desk/reviews"


def test_a_form_without_its_sessions_token_changes_nothing(desk):
    desk.put_in_review()
    desk.sign_in()
    answer = desk.client.post(AT, data={**READ, "decision": "take", "shop": "S1", "token": "x"})
    assert answer.status_code == 400
    assert review_of(desk.programme).state is ReviewState.OPEN


def test_the_page_shows_the_paper_the_reasons_and_the_lines(desk):
    desk.put_in_review()
    desk.sign_in()
    page = desk.client.get(AT).text
    assert "没有任何算术关系支持应付金额" in page
    assert "单号:N7" in page
    assert "No sum on the paper" in desk.client.get(f"{AT}?lang=en").text
    svg = desk.client.get(f"{AT}/paper.svg")
    assert (svg.mimetype, "禾鹿小馆" in svg.text) == ("image/svg+xml", True)


def test_the_desk_confirms_a_paper_for_the_member_who_was_scanned(desk):
    till = desk.programme.till
    desk.put_in_review()
    till.push(ReviewHeld(till.moment(), REVIEW, member()))
    desk.sign_in()
    assert desk.decide(**READ).status_code == 303
    assert desk.programme.balance(member()) == 100
    assert review_of(desk.programme).state is ReviewState.ACCEPTED
    row = till.feed(Topic.REVIEW, ReviewRow)[REVIEW]
    assert (row.decision, row.staff) == ("accepted", "desk1")
    assert "已确认" in desk.client.get("/desk/reviews").text
    desk.programme.check()


def test_the_desk_corrects_amount_and_shop(desk):
    desk.put_in_review(holder=member())
    desk.sign_in()
    desk.decide(**{**READ, "amount": "88.00"}, shop="S2")
    found = review_of(desk.programme)
    assert found.decided is not None
    assert (found.decided.owed_fen, found.decided.shop_id) == (8800, "S2")
    assert desk.programme.balance(member()) == 88
    desk.programme.check()


def test_the_desk_rejects_with_a_reason(desk):
    desk.put_in_review()
    desk.sign_in()
    assert "请说明不积分的原因" in desk.decide(decision="reject").text
    assert desk.decide(decision="reject", why="尚未付款").status_code == 303
    assert review_of(desk.programme).said == "尚未付款"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "12,5"}, "请输入金额"),
        ({"time": "gestern"}, "时间格式"),
        ({"kind": ""}, "请选择单据类型"),
        ({"shop": "S9"}, "没有这家门店"),
        ({"member": "000000000000"}, "没有这位会员"),
    ],
)
def test_what_is_typed_wrong_is_said_and_stays_in_the_form(desk, typed, said):
    desk.put_in_review()
    desk.sign_in()
    answer = desk.decide(**{**READ, **typed})
    assert (answer.status_code, said in answer.text) == (409, True)
    assert review_of(desk.programme).state is ReviewState.OPEN


def test_who_comes_second_is_told_who_was_first(desk):
    till = desk.programme.till
    desk.put_in_review()
    desk.sign_in()
    page = desk.client.get(AT).text
    till.push(decided(till))
    form = {"token": desk.token(page), "decision": "take", "shop": "S1", **READ}
    answer = desk.client.post(AT, data=form)
    assert (answer.status_code, "1007 已先处理" in answer.text) == (409, True)


def test_a_closed_account_is_out_at_its_next_click(desk):
    desk.sign_in()
    with writing(desk.programme.engine) as connection:
        connection.execute(schema.staff.update().values(active=0))
    assert desk.client.get("/desk/reviews").status_code == 303


def test_a_till_has_its_own_papers_first_until_they_wait_too_long(desk):
    programme, till = desk.programme, desk.programme.till
    till.push(opened(till))

    def seen():
        return len(programme.read(queue.waiting, programme.now_ms))

    assert seen() == 0
    programme.now_ms += queue.TILL_FIRST_MS + 1
    assert seen() == 1
    programme.now_ms += DAY_MS


def test_a_password_is_kept_as_a_slow_salted_hash():
    kept = accounts.hashed("correct horse")
    assert accounts.matches("correct horse", kept)
    assert not accounts.matches("wrong horse", kept)
    assert accounts.hashed("correct horse") != kept
