"""Why points moved and a tier is what it is: the same sentences wherever a member reads them."""

from datetime import date

import pytest

from central.desk.account import read_account
from central.desk.statement import Statement, compose
from central.jobs.expiry import Expire
from central.jobs.release import release
from central.jobs.tier_review import tier_set
from central.ledger.commands import Decision
from central.ledger.explaining import told
from central.ledger.rule_commands import GrantTier, Recalculate
from loyalty.rules import earning
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.reasons import of_benefits
from loyalty.rules.rulebook import Benefit, Tier, version
from loyalty.rules.tiers import Standing
from loyalty.wording import say
from paper.layout import as_text, lay_out
from tests.central.ledger.test_rules import book_with
from tests.central.programme import BOOK, DAY_MS, member, print_of

TODAY = date(2026, 5, 29)
FEAST = {"times": "2", "minimum_fen": 5_000, "name_zh": "周年庆", "name_en": "Anniversary"}


@pytest.fixture
def mall(programme):
    programme.add_member("a", tier="gold")
    return programme


def put(mall, *campaigns, **facts):
    book = book_with(*campaigns, **facts)
    mall.add_book(book, effective_ms=1)
    return book


def lines(mall):
    days = (date(2026, 1, 1), date(2099, 1, 1))
    account = mall.read(read_account, "a", *days, mall.zone)
    return [(line.what_zh, line.why) for line in account.lines]


@pytest.fixture(autouse=True)
def zone(mall):
    from zoneinfo import ZoneInfo

    mall.zone = ZoneInfo("Asia/Shanghai")


def test_an_award_is_explained_as_on_its_slip(mall):
    book = put(mall, FEAST)
    given = earning.award(Basket(10_000, "S1", "food"), Who("gold"), None, book)
    slip = [say(one, "zh") for one in given.reasons]
    mall.till.push(mall.till.sale(member(), points=given.points, book=version(book)))
    ((_, why),) = lines(mall)
    assert [zh for zh, _ in why] == slip[-2:]
    assert why[-1] == ("满额双倍 ×2 (周年庆)", "Minimum-spend double ×2 (Anniversary)")


def test_a_cap_that_was_reached_is_said(mall):
    book = put(mall, {**FEAST, "cap_day": 60})
    mall.till.push(mall.till.sale(member(), points=210, book=version(book)))
    ((_, why),) = lines(mall)
    assert why[-1][0] == "今天还可加 60 分 (周年庆)"


def test_a_release_an_expiry_and_what_is_owed_say_why(mall):
    book = put(mall, pending_days=15)
    sale = mall.till.sale(member(), points=150, book=version(book))
    mall.till.push(sale)
    release(mall.engine, mall.shard_key, date(2026, 6, 13))
    mall.service.run(Expire("2027-05-30", (member(),)))
    mall.till.push(mall.till.refund(sale, points=150))
    assert [why for _, why in lines(mall)] == [
        (("150 分过了退货期，可以使用", "150 points can be spent from now on"),),
        (("150 分有效期至 2027-05-29，已到期", "150 points counted until 2027-05-29"),),
        (
            ("退款 100.00 按比例扣回", "Refund 100.00: taken back in proportion"),
            ("欠 150 分，将由以后的积分抵扣", "150 points owed, paid by later points"),
        ),
    ]


def heard(mall, book=BOOK, today=TODAY):
    return [say(one, "zh") for one in mall.read(told, member(), book, today)]


def reviewed(mall, after, cause, points):
    class Review:
        def wants(self):
            return [("members", "a"), ("profiles", "a")]

        def decide(self, state, at):
            return Decision((tier_set(at, "a", after, cause, points),), lambda _: None)

    mall.service.run(Review())


def test_a_recalculation_says_why_and_the_award_keeps_its_own_reasons(mall):
    first = put(mall, FEAST)
    sale = mall.till.sale(member(), points=200, book=version(first))
    mall.till.push(sale)
    before = lines(mall)
    again = put(mall, {**FEAST, "times": "3"})
    points = earning.award(Basket(10_000, "S1", "food"), Who("gold"), None, again).points
    more = Recalculate(print_of(sale), version(again), points, "li", "三倍写成双倍", moved={})
    mall.service.run(more)
    said = ("规则更正，重新计算：三倍写成双倍", "Worked out again by corrected rules: 三倍写成双倍")
    assert lines(mall) == [*before, ("S1 规则更正补分", (said,))]


def test_a_tier_says_why_it_changed_and_for_a_month(mall):
    reviewed(mall, Standing("gold"), "up", 5_001)
    assert heard(mall) == ["积分达到 5001，升为金卡"]
    assert heard(mall, today=date(2026, 6, 30)) == []
    reviewed(mall, Standing("base"), "down", 10)
    assert heard(mall) == ["保留期已过，降为普卡"]


def test_a_tier_that_is_kept_for_a_while_says_until_when(mall):
    book = put(mall, tier_grace_days=30)
    reviewed(mall, Standing("gold", below_since=TODAY), "grace", 900)
    assert heard(mall, book) == ["积分 900 不足金卡，保留至 2026-06-28"]


def test_a_granted_tier_says_until_when_and_by_whose_reason(mall):
    mall.service.run(GrantTier("a", "gold", date(2026, 12, 31), "li", "开业嘉宾"))
    assert heard(mall) == ["特授金卡至 2026-12-31：开业嘉宾"]
    mall.check()


def test_what_waits_and_what_ends_soon_is_said(mall):
    book = put(mall, pending_days=15)
    mall.till.push(mall.till.sale(member(), points=150, book=version(book)))
    assert heard(mall, book) == ["150 分自 2026-06-13 起可以使用"]
    release(mall.engine, mall.shard_key, date(2026, 6, 13))
    assert heard(mall, book, date(2027, 5, 1)) == ["150 分将于 2027-05-29 到期"]


def test_what_a_tier_brings_is_said_in_words():
    benefits = (Benefit("parking_hours", 2), Benefit("gift_wrap"))
    tier = Tier("gold", "金卡", "Gold", 5_001, "3/2", 24, benefits)
    assert [say(one, "zh") for one in of_benefits(tier, BOOK)] == [
        "积分 ×1.5",
        "积分有效 24 个月",
        "免费停车 2 小时",
        "免费礼品包装",
    ]
    assert [say(one, "en") for one in of_benefits(tier, BOOK)][2] == "2 hours of free parking"


def test_each_change_of_a_tier_is_a_line_of_the_statement_with_its_reason(mall):
    put(mall, tier_grace_days=30)
    reviewed(mall, Standing("base"), "down", 10)
    mall.now_ms += 1
    mall.till.push(mall.till.sale(member(), points=150))
    reviewed(mall, Standing("gold"), "up", 5_001)
    mall.now_ms += DAY_MS
    reviewed(mall, Standing("gold", below_since=date(2026, 5, 30)), "grace", 900)
    reviewed(mall, Standing("gold"), "kept", 5_100)  # of this no member hears
    mall.service.run(GrantTier("a", "gold", date(2026, 12, 31), "li", "开业嘉宾"))
    mall.add_member("a", tier="base")
    mall.add_member("a", tier="base", tags=["c1"])
    told = [(what, why[0][0]) for what, why in lines(mall) if why]
    assert told == [
        ("等级变动", "保留期已过，降为普卡"),
        ("等级变动", "积分达到 5001，升为金卡"),
        ("等级变动", "积分 900 不足金卡，保留至 2026-06-29"),
        ("等级变动", "特授金卡至 2026-12-31：开业嘉宾"),
        ("等级变动", "商场登记为普卡"),
    ]
    between = [what for what, _ in lines(mall)]
    assert between[0] == between[-1] == "等级变动"
    assert between[1] == "S1 消费"
    assert heard(mall) == ["商场登记为普卡"]
    mall.check()


def test_a_change_of_tier_stands_on_the_paper_and_in_the_period_of_its_day(mall):
    reviewed(mall, Standing("gold"), "up", 5_001)
    before = mall.read(read_account, "a", date(2026, 1, 1), date(2026, 5, 28), mall.zone)
    account = mall.read(read_account, "a", TODAY, TODAY, mall.zone)
    assert (before.lines, [line.points for line in account.lines]) == ((), [None])
    facts = (0, account.lines, 0, 0, (), "2026-05-29 12:00")
    paper = Statement("澄湖天地", "****", "王*", "金卡", "Gold", TODAY, TODAY, *facts)
    text = as_text(lay_out(compose(paper, "en"), 48), 48)
    assert "5001 points reached: now Gold" in " ".join(text.split())
