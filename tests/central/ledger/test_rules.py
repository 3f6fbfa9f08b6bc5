"""Rules that only central can decide: time, goods, member, caps that receipts share."""

from datetime import date

import msgspec
import pytest
from msgspec import structs

from central import schema
from central.jobs.tier_review import ReviewTiers
from central.ledger.judging.accounts import Code
from central.ledger.judging.ageing import HOLDERS_MAX
from central.ledger.judging.rows import Sale
from central.ledger.queries import statement
from central.ledger.rule_commands import GrantTier, Recalculate, SetFacts
from loyalty.products import Part, Products
from loyalty.rules import rulebook
from loyalty.rules.campaigns import Campaign
from loyalty.rules.earning import Reason
from loyalty.rules.rulebook import Rate, Tier, canonical, from_canonical
from loyalty.wire import MemberRow, Topic, Verdict
from tests.central.programme import BOOK, DAY_MS, card, member, print_of

APPLIED = (Verdict.APPLIED, "", 0)
ADJUSTED = Verdict.APPLIED_ADJUSTED


def book_with(*campaigns, **facts):
    """Return the programme's book with campaigns, given as dictionaries, and other facts."""
    names = {"id": "c", "name_zh": "节", "name_en": "Feast"}
    made = tuple(msgspec.convert({**names, **one}, type=Campaign) for one in campaigns)
    book = structs.replace(BOOK, grammar=2, campaigns=made, **facts)
    return from_canonical(canonical(book))


@pytest.fixture
def mall(programme):
    programme.add_member("a", tags=["c1"])
    programme.add_member("b")
    return programme


def put(mall, *campaigns, **facts):
    """Put a book in force and return its version, for a till's sales."""
    book = book_with(*campaigns, **facts)
    mall.add_book(book, effective_ms=1)
    return rulebook.version(book)


def codes(mall, holder):
    told = mall.read(statement, holder, 0, mall.now_ms + 1)
    return [(line.code, line.points) for line in told.lines]


def test_a_double_day_that_a_till_promised_is_what_central_finds(mall):
    version = put(mall, {"times": "2", "from_day": "2026-05-29", "until_day": "2026-05-29"})
    assert mall.till.push(mall.till.sale(member(), points=200, book=version)) == [APPLIED]
    assert codes(mall, member()) == [(Code.AWARD, 200)]
    mall.check()


def test_a_till_that_did_not_know_the_time_is_trued_up(mall):
    version = put(mall, {"times": "2", "from_day": "2026-05-29", "until_day": "2026-05-29"})
    assert mall.till.push(mall.till.sale(member(), book=version)) == [(ADJUSTED, "true_up", 100)]
    mall.check()


def test_a_claim_days_later_counts_as_the_day_of_the_sale(mall):
    version = put(mall, {"times": "2", "until_day": "2026-05-29"})
    mall.till.push(mall.till.sale(code="C1", book=version))
    mall.now_ms += 3 * DAY_MS
    assert mall.other.push(mall.other.claim("C1", member())) == [(Verdict.APPLIED, "", 200)]
    mall.now_ms += DAY_MS
    later = mall.till.sale(member(), book=version)
    assert mall.till.push(later) == [APPLIED]
    assert mall.balance(member()) == 300
    mall.check()


def test_goods_travel_as_amounts_and_earn_by_their_own_rule(mall):
    goods = {"products": (Products("tea", "茶", "Tea", ("茶",)),)}
    version = put(mall, {"times": "3", "products": ["tea"]}, **goods)
    sale = mall.till.sale(member(), book=version, parts=(Part(("tea",), 4_000),))
    assert mall.till.push(sale) == [(ADJUSTED, "true_up", 80)]  # 40 x 3 + 60, promised 100
    mall.check()


def test_what_members_tell_decides_at_central_alone(mall):
    version = put(
        mall,
        {"id": "club", "times": "2", "labels": ["drivers"]},
        {"id": "born", "points": 30, "birthday_month": True},
    )
    assert mall.till.push(mall.till.sale(member(), book=version)) == [APPLIED]
    mall.service.run(SetFacts("a", ("drivers",), 5))
    assert mall.till.push(mall.till.sale(member(), book=version)) == [(ADJUSTED, "true_up", 130)]
    assert mall.till.push(mall.till.sale(card("c1"), book=version)) == [(ADJUSTED, "true_up", 130)]
    assert mall.till.push(mall.till.sale(member("b"), book=version)) == [APPLIED]
    mall.check()


def test_a_first_purchase_counts_once_whichever_till_it_was_at(mall):
    goods = {"products": (Products("tea", "茶", "Tea", ("茶",)),)}
    version = put(mall, {"points": 30, "products": ["tea"], "first_purchase": True}, **goods)
    tea = (Part(("tea",), 1_000),)
    for till, verdict in ((mall.till, (ADJUSTED, "true_up", 30)), (mall.other, APPLIED)):
        assert till.push(till.sale(member(), book=version, parts=tea)) == [verdict]
    other = mall.other.sale(member("b"), book=version, parts=tea)
    assert mall.other.push(other) == [(ADJUSTED, "true_up", 30)]
    mall.check()


def test_a_cap_of_a_day_that_two_tills_share_is_central_s_and_the_promise_stands(mall):
    version = put(mall, {"times": "2", "cap_day": 150})
    assert mall.till.push(mall.till.sale(member(), points=200, book=version)) == [APPLIED]
    assert mall.other.push(mall.other.sale(member(), points=200, book=version)) == [APPLIED]
    assert codes(mall, member()) == [(Code.AWARD, 200), (Code.AWARD, 150), (Code.OVERRUN, 50)]
    mall.now_ms += DAY_MS
    mall.till.push(mall.till.sale(member(), points=200, book=version))
    assert codes(mall, member())[3:] == [(Code.AWARD, 200)]
    mall.check()


def test_a_budget_is_everybody_s_and_an_award_that_went_back_frees_it(mall):
    version = put(mall, {"times": "2", "budget": 120})
    first = mall.till.sale(member(), book=version)
    assert mall.till.push(first) == [(ADJUSTED, "true_up", 100)]
    assert mall.till.push(mall.till.sale(member("b"), book=version)) == [(ADJUSTED, "true_up", 20)]
    assert mall.till.push(mall.till.sale(member("b"), book=version)) == [APPLIED]
    mall.till.push(mall.till.refund(first, points=200))
    third = mall.till.sale(member("b"), book=version)
    assert mall.till.push(third) == [(ADJUSTED, "true_up", 100)]
    mall.check()


def test_the_points_of_a_day_have_a_limit_of_their_own(mall):
    version = put(mall, cap_day=150)
    assert mall.till.push(mall.till.sale(member(), book=version)) == [APPLIED]
    assert mall.till.push(mall.till.sale(member(), book=version)) == [APPLIED]
    assert codes(mall, member()) == [(Code.AWARD, 100), (Code.AWARD, 50), (Code.OVERRUN, 50)]
    mall.check()


def test_a_refund_takes_back_a_bonus_that_it_undoes(mall):
    version = put(mall, {"times": "2", "minimum_fen": 10_000})
    sale = mall.till.sale(member(), points=200, book=version)
    mall.till.push(sale)
    judged = mall.till.push(mall.till.refund(sale, fen=100, points=2))
    assert judged == [(ADJUSTED, "recomputed", -99)]
    assert mall.balance(member()) == 99
    mall.till.push(mall.till.refund(sale, fen=9_900, points=99))
    assert mall.balance(member()) == 0
    mall.check()


def test_a_correction_to_another_member_is_that_member_s_own_award(mall):
    version = put(mall, {"times": "2", "labels": ["drivers"]})
    mall.service.run(SetFacts("b", ("drivers",)))
    sale = mall.till.sale(member(), book=version)
    mall.till.push(sale)
    judged = mall.till.push(mall.till.correct(sale, member("b"), points=100))
    assert judged == [(ADJUSTED, "true_up", 100)]
    assert (mall.balance(member()), mall.balance(member("b"))) == (0, 200)
    mall.check()


def test_points_of_a_campaign_can_count_shorter_than_others(mall):
    version = put(mall, {"times": "2", "expiry_months": 1})
    mall.till.push(mall.till.sale(member(), points=200, book=version))
    lots = [(lot.expires_on, lot.left) for lot in mall.lots()]
    assert sorted(lots) == [(date(2026, 6, 29), 100), (date(2027, 5, 29), 100)]
    mall.check()


def test_a_granted_tier_needs_a_reason_and_reaches_the_tills(mall):
    nothing = mall.service.run(GrantTier("a", "gold", date(2026, 12, 31), "li", " "))
    assert nothing == Reason("grant_without_reason")
    granted = mall.service.run(GrantTier("a", "gold", date(2026, 12, 31), "li", "开业嘉宾"))
    assert granted.tier_id == "gold"
    assert mall.till.feed(Topic.MEMBER, MemberRow)["a"].tier_id == "gold"
    assert mall.service.run(GrantTier("nobody", "gold", date(2026, 12, 31), "li", "x")) == Reason(
        "member_unknown"
    )
    mall.check()


def test_a_granted_tier_is_a_floor_for_a_member_who_was_above_it_meanwhile(mall):
    top = Tier("diamond", "钻石", "Diamond", 20_001, "2")
    book = structs.replace(BOOK, tiers=(*BOOK.tiers, top))
    mall.service.run(GrantTier("a", "gold", date(2026, 12, 31), "li", "开业嘉宾"))
    reviews = (("2026-06-01", 25_000), ("2026-12-31", 10), ("2027-01-01", 10))
    reached = []
    for day, points in reviews:
        review = ReviewTiers(date.fromisoformat(day), (("a", points),), book)
        assert [mall.service.run(review) for _ in range(2)] == [1, 0]
        reached.append(mall.till.feed(Topic.MEMBER, MemberRow)["a"].tier_id)
    assert reached == ["diamond", "gold", BOOK.tiers[0].id]
    mall.check()


def test_corrected_rules_are_booked_as_what_they_are_both_ways_and_once(mall):
    sale = mall.till.sale(member())
    mall.till.push(sale)
    better = structs.replace(BOOK, rates=(Rate("*", 2, 100, "甲", "A"),))
    version = rulebook.version(from_canonical(canonical(better)))
    mall.add_book(better, effective_ms=5)
    more = Recalculate(print_of(sale), version, 200, "li", "费率写错")
    assert isinstance(mall.service.run(more), Sale)
    mall.service.run(more)
    assert codes(mall, member()) == [(Code.AWARD, 100), (Code.RECALCULATED, 100)]
    mall.service.run(structs.replace(more, points=150))
    assert codes(mall, member())[2:] == [(Code.RECALCULATED_BACK, -50)]
    mall.till.push(mall.till.refund(sale, points=150))
    assert mall.balance(member()) == 0
    mall.check()


def test_an_expiry_of_many_wallets_is_one_event(mall):
    from central.jobs.expiry import Expire

    holders = [card(f"x{n}") for n in range(HOLDERS_MAX)]
    mall.till.push(*(mall.till.sale(holder) for holder in holders))
    before = len([row for row in mall.rows(schema.inbox) if row.kind == 109])
    mall.service.run(Expire("2027-05-30", tuple(holders)))
    assert [mall.balance(holder) for holder in holders] == [0] * HOLDERS_MAX
    assert len([row for row in mall.rows(schema.inbox) if row.kind == 109]) == before + 1
    assert mall.totals().posted["breakage"] == 100 * HOLDERS_MAX
    mall.check()


def test_what_a_device_has_been_lent_expires_when_it_comes_back(mall):
    from central.jobs.expiry import Expire

    mall.add_reward("tea", 100)
    mall.till.push(mall.till.sale(member(), fen=15_000))
    lease = mall.till.lease(member())
    mall.service.run(Expire("2027-05-30", (member(),)))
    assert (mall.balance(member()), mall.held(member())) == (100, 100)
    mall.till.push(mall.till.close_lease(lease, 0))
    mall.service.run(Expire("2027-05-31", (member(),)))
    assert mall.balance(member()) == 0
    mall.check()


@pytest.mark.parametrize("night_first", [True, False])
@pytest.mark.parametrize("spent", [100, 0])
def test_a_lease_pins_what_ends_first_until_it_comes_back(mall, night_first, spent):
    from central.jobs.expiry import Expire

    mall.add_reward("tea", 100)
    mall.till.push(mall.till.sale(member()))
    mall.now_ms += DAY_MS
    mall.till.push(mall.till.sale(member(), fen=5_000))
    lease = mall.other.lease(member())
    mall.other.write(*([mall.other.redeem(member(), lease)] if spent else []))
    mall.other.write(mall.other.close_lease(lease, spent))

    def night(day):
        mall.service.run(Expire(day, (member(),)))

    told = [lambda: night("2027-05-30"), mall.other.send]
    for one in told if night_first else reversed(told):
        one()
    night("2027-05-30")
    assert mall.balance(member()) == 50
    assert mall.totals().posted.get("breakage", 0) == 100 - spent
    mall.check()


def test_what_rounding_leaves_over_is_carried_if_the_book_says_so(mall):
    rates = (Rate("*", 1, 300, "甲", "A"),)
    version = put(mall, rates=rates, remainder="carry")
    sold = [mall.till.sale(member(), fen=10_000, points=33, book=version) for _ in range(3)]
    judged = [mall.till.push(sale)[0] for sale in sold]
    assert [points for _, _, points in judged] == [0, 0, 1]  # three times 33 1/3
    assert mall.balance(member()) == 100
    mall.till.push(mall.till.refund(sold[2], points=34))
    assert mall.balance(member()) == 66
    again = mall.till.sale(member(), fen=10_000, points=33, book=version)
    assert mall.till.push(again) == [(ADJUSTED, "true_up", 1)]
    mall.check()


def test_what_rounding_leaves_over_is_dropped_else(mall):
    version = put(mall, rates=(Rate("*", 1, 300, "甲", "A"),), cap_receipt=1_000)
    for _ in range(4):
        mall.till.push(mall.till.sale(member(), fen=10_000, points=33, book=version))
    assert mall.balance(member()) == 132
    mall.check()


def test_a_refund_takes_what_the_goods_that_came_back_had_earned(mall):
    dear = Rate("*", 1, 1_000, "酒", "Wine", products=("wine",))
    facts = {"products": (Products("wine", "酒", "Wine", ("酒",)),), "rates": (*BOOK.rates, dear)}
    version = put(mall, **facts)
    wine = (Part(("wine",), 10_000),)
    sold = [
        mall.till.sale(holder, fen=20_000, points=110, book=version, parts=wine)
        for holder in (member(), member("b"))
    ]
    mall.till.push(*sold)
    told = structs.replace(mall.till.refund(sold[0], fen=10_000, points=10), parts=wine)
    assert mall.till.push(told, mall.till.refund(sold[1], fen=10_000, points=55)) == [APPLIED] * 2
    assert (mall.balance(member()), mall.balance(member("b"))) == (100, 55)
    mall.till.push(mall.till.correct(sold[0], member("b"), points=100))
    assert (mall.balance(member()), mall.balance(member("b"))) == (0, 155)
    mall.till.push(mall.till.refund(sold[0], fen=10_000))
    assert mall.balance(member("b")) == 55
    mall.check()
