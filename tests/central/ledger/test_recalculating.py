"""Receipts of the past under another book: what refunds, caps and remainders then come to."""

import random
from datetime import date

import pytest
from msgspec import structs

from central.database import reading
from central.ledger.judging.accounts import Code
from central.ledger.past import begun, receipts
from central.ledger.queries import statement
from central.ledger.rule_commands import Recalculate
from loyalty.products import Part, Products
from loyalty.rules import rulebook
from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import Rate
from loyalty.rules.trying import changes
from loyalty.wire import Verdict
from tests.central.ledger.test_rules import book_with
from tests.central.programme import DAY_MS, member

TEA = {"products": (Products("tea", "茶", "Tea", ("茶",)),)}
OF_TEA = (Part(("tea",), 1_000),)
THIRDS = {"rates": (Rate("*", 1, 300, "甲", "A"),), "remainder": "carry"}


@pytest.fixture
def mall(sqlite_programme):
    sqlite_programme.add_member("a")
    sqlite_programme.add_member("b")
    return sqlite_programme


def in_force(mall, *campaigns, **facts):
    book = book_with(*campaigns, **facts)
    mall.add_book(book, effective_ms=1)
    return book, rulebook.version(book)


def dry_run(mall, book, from_ms=0):
    with reading(mall.engine) as connection:
        past = receipts(connection, mall.shard_key, from_ms, mall.now_ms + 1)
        return list(changes(book, past, begun(connection, mall.shard_key, from_ms)))


def recalculate(mall, book):
    for one in dry_run(mall, book):
        past = one.past
        facts = (past.basket.parts, past.between_ms, one.moved)
        version = rulebook.version(book)
        command = Recalculate(past.fingerprint, version, one.points, "li", "写错", *facts)
        mall.service.run(command)
    assert dry_run(mall, book) == []


def lines(mall, holder=None):
    told = mall.read(statement, holder or member(), 0, mall.now_ms + 1)
    return [(line.code, line.points) for line in told.lines]


def test_a_bonus_that_a_refund_undid_does_not_come_back_with_a_corrected_book(mall):
    _, version = in_force(mall, {"times": "2", "minimum_fen": 10_000})
    sale = mall.till.sale(member(), points=200, book=version)
    mall.till.push(sale, mall.till.refund(sale, fen=100, points=101))
    better, _ = in_force(mall, {"times": "3", "minimum_fen": 10_000})
    recalculate(mall, better)
    assert mall.balance(member()) == 99
    mall.check()


def test_a_refund_behind_a_campaign_that_came_later_knows_when_the_sale_was(mall):
    sale = mall.till.sale(member())
    mall.till.push(sale)
    day = {"times": "2", "from_day": "2026-05-29", "until_day": "2026-05-29"}
    recalculate(mall, in_force(mall, day)[0])
    mall.till.push(mall.till.refund(sale, fen=5_000))
    assert mall.balance(member()) == 100
    mall.check()


def test_points_that_a_corrected_book_adds_use_up_its_caps_and_have_its_last_day(mall):
    mall.till.push(mall.till.sale(member()))
    book, version = in_force(mall, {"times": "2", "cap_member": 100, "expiry_months": 1})
    recalculate(mall, book)
    assert sorted((lot.expires_on, lot.left) for lot in mall.lots()) == [
        (date(2026, 6, 29), 100),
        (date(2027, 5, 29), 100),
    ]
    mall.till.push(mall.till.sale(member(), book=version))
    assert mall.balance(member()) == 300
    mall.check()


def test_a_first_purchase_of_before_is_no_first_one_in_a_trial_of_later_days(mall):
    first = {"points": 30, "products": ["tea"], "first_purchase": True}
    _, version = in_force(mall, first, **TEA)
    mall.till.push(mall.till.sale(member(), book=version, parts=OF_TEA))
    mall.now_ms += 40 * DAY_MS
    later_ms = mall.now_ms
    for name in "ab":
        mall.till.push(mall.till.sale(member(name), book=version, parts=OF_TEA))
    better, _ = in_force(mall, {**first, "points": 40}, **TEA)
    found = dry_run(mall, better, later_ms)
    assert [(one.past.member, one.past.given, one.points) for one in found] == [("b", 130, 140)]


def test_a_trial_of_later_days_goes_on_with_the_remainder_of_those_before(mall):
    book, version = in_force(mall, **THIRDS)
    sold = {"fen": 10_000, "points": 33, "book": version}
    mall.till.push(*(mall.till.sale(member(), **sold) for _ in range(2)))
    mall.now_ms += DAY_MS
    mall.till.push(mall.till.sale(member(), **sold))
    assert lines(mall)[-1] == (Code.TRUE_UP, 1)
    assert dry_run(mall, book, mall.now_ms) == []
    more, _ = in_force(mall, **{**THIRDS, "rates": (Rate("*", 2, 300, "甲", "A"),)})
    assert [one.points for one in dry_run(mall, more)] == [66, 67, 67]
    recalculate(mall, more)
    assert mall.balance(member()) == 200
    mall.check()


def test_a_remainder_that_completed_a_point_and_was_refunded_is_not_had_twice(mall):
    rates = {**THIRDS, "rates": (Rate("*", 1, 200, "甲", "A"),)}
    _, version = in_force(mall, **rates)
    half = [mall.till.sale(member(), fen=100, points=0, book=version) for _ in range(4)]
    mall.till.push(half[0], half[1], mall.till.refund(half[0], points=0), half[2], half[3])
    assert mall.balance(member()) == 1  # three halves are left of four
    mall.check()


def test_a_sale_that_came_back_whole_uses_nothing_up_when_it_is_corrected(mall):
    _, version = in_force(mall, {"times": "2", "budget": 120})
    sale = mall.till.sale(member(), book=version)
    mall.till.push(sale, mall.till.refund(sale, points=200), mall.till.correct(sale, member("b")))
    other = mall.till.sale(member("b"), book=version)
    assert mall.till.push(other) == [(Verdict.APPLIED_ADJUSTED, "true_up", 100)]
    mall.check()


def test_a_recalculation_of_before_counters_were_told_leaves_refunds_in_proportion(mall):
    sale = mall.till.sale(member())
    mall.till.push(sale, mall.till.refund(sale, fen=5_000))
    book, version = in_force(mall, {"times": "2", "minimum_fen": 10_000})
    (one,) = dry_run(mall, book)
    command = Recalculate(one.past.fingerprint, version, one.points, "li", "写错")
    mall.service.run(structs.replace(command, moved=None))
    assert mall.balance(member()) == 100
    mall.check()


def test_a_refund_under_the_old_terms_of_a_punch_card_takes_what_its_own_stamp_had_brought(mall):
    card = Activity(id="p", kind="punch_card", name_zh="集点", name_en="Card", points=50, stamps=4)
    _, old = in_force(mall, activities=(card,))
    _, new = in_force(mall, activities=(structs.replace(card, stamps=2),))
    first = mall.till.sale(member(), book=old)
    mall.till.push(first, *(mall.till.sale(member(), book=each) for each in (old, new, new)))
    assert mall.balance(member()) == 500
    mall.till.push(mall.till.refund(first, points=100))
    assert mall.balance(member()) == 350  # three stamps are left: one card is full by the new terms
    mall.check()


def test_a_trial_of_the_book_in_force_finds_nothing_whatever_refunds_freed_in_between(programme):
    """The second receipt had no room, the one behind the refund did."""
    mall = programme
    mall.add_member("a")
    book, version = in_force(mall, {"times": "2", "cap_day": 50})
    first = mall.till.sale(member(), book=version)
    mall.till.push(first, mall.till.sale(member(), book=version))
    mall.till.push(mall.till.refund(first, fen=5_000))
    mall.till.push(mall.till.sale(member(), fen=5_000, points=50, book=version))
    assert mall.balance(member()) == 75 + 100 + 75
    assert dry_run(mall, book) == []
    more, _ = in_force(mall, {"times": "2", "cap_day": 60})
    assert [one.points for one in dry_run(mall, more)] == [160, 80]
    recalculate(mall, more)
    assert mall.balance(member()) == 80 + 100 + 80
    mall.check()


def test_a_trial_knows_a_refund_that_waited_for_its_sale_and_several_of_one(mall):
    book, version = in_force(mall, {"times": "2", "cap_day": 50})
    first = mall.till.sale(member(), book=version)
    early = mall.add_device("till-3", "till", "S1")
    ((verdict, *_),) = early.push(early.refund(first, fen=2_000, number="R1"))
    assert verdict is Verdict.PENDING_REF
    mall.till.push(first, mall.till.refund(first, fen=3_000))
    assert mall.balance(member()) == 75
    mall.till.push(mall.till.sale(member(), fen=5_000, points=50, book=version))
    assert mall.balance(member()) == 75 + 75
    assert dry_run(mall, book) == []
    mall.check()


@pytest.mark.parametrize("chance", range(3))
def test_whatever_was_bought_and_refunded_a_trial_of_the_book_in_force_finds_nothing(mall, chance):
    """Refunds of no points free too what was carried and first purchases."""
    rng = random.Random(chance)
    book, version = in_force(
        mall,
        {"times": "2", "cap_day": 60},
        {"id": "d", "points": 20, "cap_member": 50, "minimum_fen": 4_000},
        {"id": "e", "points": 3, "every_fen": 1_000, "budget": 200},
        remainder="carry",
    )
    sold = []
    for _ in range(40):
        if not sold or rng.random() < 0.5:
            fen = rng.choice((50, 3_000, 5_000, 9_999))
            sold.append(mall.till.sale(member(rng.choice("ab")), fen, points=0, book=version))
            mall.till.write(sold[-1])
        else:
            sale = rng.choice(sold)
            fen = rng.choice((sale.eligible_fen, sale.eligible_fen // 3 + 1))
            mall.till.write(mall.till.refund(sale, fen))
    mall.till.send()
    assert dry_run(mall, book) == []
    mall.check()
