"""`tillpoints central activity` against a mall on disk: codes to print, records, contests."""

import re

import pytest

from central.database import reading
from central.ledger.queries import balance_of
from central.ledger.verify import verify
from central.members.lookup import find_member
from loyalty.activity_codes import read_signed
from loyalty.codes import make_member_number
from loyalty.events import ActivityDone, Holder
from loyalty.rules.rulebook import from_toml, version
from loyalty.wire import Verdict
from tests.central.mall import DEMO, Mall

NUMBERS = [make_member_number(f"5500000000{place}") for place in range(4)]
ACTIVITIES = """
[[activities]]
id = "in"
kind = "check_in"
name_zh = "打卡"
name_en = "Check-in"
points = 50
every_day = true

[[activities]]
id = "wheel"
kind = "game"
name_zh = "转盘"
name_en = "Wheel"
points = 100
points_max = 500
budget = 1000

[[activities]]
id = "friend"
kind = "referral"
name_zh = "荐友"
name_en = "Bring a friend"
points = 100
referrer_points = 200

[[activities]]
id = "run"
kind = "contest"
name_zh = "赛跑"
name_en = "Race"
ranks = [300, 200]

[[activities]]
id = "hello"
kind = "sign_up"
name_zh = "入会礼"
name_en = "Welcome"
points = 88
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    mall = Mall(tmp_path_factory.mktemp("mall")).set_up()
    (rules,) = DEMO.glob("rules.*")
    text = rules.read_text(encoding="utf-8") + ACTIVITIES
    path = mall.folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    mall.run("central", "import", "rules", str(path))
    mall.book = version(from_toml(text))
    lines = ["number,name,phone,aliases,tier,joined_on"]
    lines += [f"{number},王{place},1390000000{place},,," for place, number in enumerate(NUMBERS)]
    mall.bring_in("members", "\n".join(lines) + "\n")
    return mall


@pytest.fixture
def mall(opened, tmp_path):
    copy = opened.copied(tmp_path / "mall")
    copy.book = opened.book
    yield copy
    with copy.parts() as parts, reading(parts.engine) as connection:
        assert verify(connection, parts.config.shard_key) == []


def person(mall, number):
    with mall.parts() as parts, reading(parts.engine) as connection:
        key = parts.config.shard_key
        return find_member(connection, key, parts.keys.tenant_key, number)


def owns(mall, number):
    holder = Holder("member", person(mall, number).member)
    with mall.parts() as parts, reading(parts.engine) as connection:
        return balance_of(connection, parts.config.shard_key, holder).balance


def make(mall, activity, *options):
    words = ("central", "activity", "codes", activity, "--until", "2099-12-31", "--staff", "li")
    return mall.json(*words, *options)


def record(mall, activity, number, *options, code=0):
    words = ("central", "activity", "record", activity, number, "--staff", "li")
    return mall.run(*words, *options, code=code)


def test_codes_are_printed_on_a_page_and_the_same_again(mall):
    made = make(mall, "wheel", "--count", "3", "--result", "300")
    assert len(set(made["codes"])) == 3
    with mall.parts() as parts:
        public = parts.keys.central_key.public_key().public_bytes_raw()
        read = [read_signed(text, public, parts.config.shard_key) for text in made["codes"]]
    assert [(one.number, one.result, one.batch) for one in read] == [
        (number, 300, made["batch"]) for number in (1, 2, 3)
    ]
    page = mall.folder / "codes.html"
    mall.run("central", "activity", "print", made["batch"], "--out", str(page))
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") == 3
    assert "转盘 / Wheel" in text
    assert not re.search(r"(src|href)=|url\(|<script", text)
    assert mall.json("central", "activity", "print", made["batch"])["codes"] == made["codes"]
    assert "没有这批活动码" in mall.run("central", "activity", "print", "nix", code=1)


def test_a_printed_code_that_a_till_scanned_is_credited_and_listed(mall):
    made = make(mall, "wheel", "--count", "2", "--result", "250")
    holder = Holder("member", person(mall, NUMBERS[0]).member)
    device = ("--name", "till-9", "--role", "till", "--shop", "zhiye")
    enrolment = mall.json("fleet", "enrol", *device)["code"]
    with mall.server() as server:
        till = server.device(enrolment)
        done = ActivityDone(till.moment(), holder, "wheel", made["batch"], 1, mall.book)
        assert till.push(done) == [(Verdict.APPLIED, "", 250)]
    assert owns(mall, NUMBERS[0]) == 338
    lines = {one["activity"]["id"]: one for one in mall.json("central", "activity", "list")}
    assert [(one["batch"], one["used"]) for one in lines["wheel"]["batches"]] == [
        (made["batch"], 1)
    ]


def test_records_count_once_and_refuse_in_words(mall):
    assert "300 分" in record(mall, "wheel", NUMBERS[0], "--result", "300")
    assert owns(mall, NUMBERS[0]) == 388
    assert "您已参加过转盘 / You have" in record(mall, "wheel", NUMBERS[0], code=1)
    record(mall, "wheel", NUMBERS[1], "--result", "500")
    said = record(mall, "wheel", NUMBERS[2], "--result", "400", code=1)
    assert "转盘的积分已发完" in said
    assert "未找到会员 1" in record(mall, "wheel", "1", code=1)
    lines = {one["activity"]["id"]: one for one in mall.json("central", "activity", "list")}
    assert (lines["wheel"]["members"], lines["wheel"]["points"]) == (2, 800)
    assert (lines["hello"]["members"], lines["hello"]["points"]) == (4, 352)
    assert "转盘 / Wheel: 2 人" in mall.run("central", "activity", "list")


def test_a_referral_names_who_refers(mall):
    assert "推荐码须写明推荐人" in mall.run(
        "central", "activity", "codes", "friend", "--until", "2099-01-01", "--staff", "li", code=1
    )
    made = make(mall, "friend", "--brought-by", NUMBERS[0])
    assert made["brought_by"] == person(mall, NUMBERS[0]).member
    record(mall, "friend", NUMBERS[1], "--brought-by", NUMBERS[0])
    assert (owns(mall, NUMBERS[0]), owns(mall, NUMBERS[1])) == (288, 188)


def test_a_contest_is_ranked_and_closed_and_its_winners_are_paid(mall):
    for number, score in zip(NUMBERS, (70, 90, 80, 90), strict=True):
        record(mall, "run", number, "--result", str(score))
    places = mall.json("central", "activity", "ranking", "run")
    assert [one["result"] for one in places] == [90, 90, 80, 70]
    shown = mall.run("central", "activity", "ranking", "run", "--limit", "1")
    assert "王**" in shown
    assert NUMBERS[1] not in shown
    close = ("central", "activity", "close", "run", "--staff", "li")
    assert "2 位获奖" in mall.run(*close)
    assert [owns(mall, number) for number in NUMBERS] == [88, 388, 88, 288]
    assert "赛跑不在活动期内" in mall.run(*close, code=1)
    assert "不是比赛" in mall.run("central", "activity", "ranking", "in", code=1)


def test_a_batch_is_closed_alone(mall):
    made = make(mall, "in")
    mall.run("central", "activity", "close", "--batch", made["batch"], "--staff", "li")
    assert "已停用" in mall.run("central", "activity", "list")
    mall.run("central", "activity", "close", "--staff", "li", code=2)


def test_who_joins_today_gets_the_welcome_and_who_joined_elsewhere_does_not(mall):
    head = "number,name,phone,aliases,tier,joined_on\n"
    old, new = make_member_number("66000000001"), make_member_number("66000000002")
    mall.bring_in("members", f"{head}{old},李,13800000001,,,2019-01-01\n{new},赵,13800000002,,,\n")
    assert (owns(mall, old), owns(mall, new)) == (0, 88)
    mall.bring_in("members", f"{head}{new},赵四,13800000002,,,\n")
    assert owns(mall, new) == 88
