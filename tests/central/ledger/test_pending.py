"""Points that wait until the time for refunds is over: pending, then released by the worker."""

from datetime import date

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.jobs.release import release
from central.ledger.judging.accounts import Code
from central.ledger.queries import balance_of, statement
from central.ledger.verify import rebuild
from loyalty.rules import rulebook
from loyalty.rules.rulebook import canonical, from_canonical
from loyalty.wire import MemberRow, Topic, Verdict
from tests.central.programme import BOOK, DAY_MS, card, member, print_of

APPLIED = (Verdict.APPLIED, "", 0)
SOLD_ON = date(2026, 5, 29)
BEGIN = date(2026, 6, 13)


@pytest.fixture
def mall(programme):
    book = from_canonical(canonical(structs.replace(BOOK, grammar=2, pending_days=15)))
    programme.add_book(book, effective_ms=1)
    programme.version = rulebook.version(book)
    programme.add_member("a", tags=["c1"])
    programme.add_member("b")
    programme.add_reward("tea", 100)
    return programme


def sold(mall, holder=None, fen=10_000, **fields):
    sale = mall.till.sale(holder or member(), fen, book=mall.version, **fields)
    mall.till.push(sale)
    return sale


def freed(mall, day=BEGIN):
    return release(mall.engine, mall.shard_key, day)


def codes(mall, holder):
    told = mall.read(statement, holder, 0, 1 << 62)
    return [(line.code, line.points) for line in told.lines]


def test_points_that_wait_are_told_apart_and_no_till_hears_of_them(mall):
    sold(mall)
    told = mall.read(balance_of, member())
    assert (told.balance, told.pending, told.counts_from) == (0, 100, BEGIN.isoformat())
    assert mall.till.feed(Topic.MEMBER, MemberRow)["a"].balance == 0
    assert mall.totals().posted["pending"] == 100
    mall.check()


def test_points_that_wait_cannot_be_lent_to_a_device(mall):
    sold(mall)
    assert mall.till.lease(member()).refusal.code == "balance_too_low"
    freed(mall)
    assert mall.till.lease(member(), request_id="r2").refusal is None
    mall.check()


def test_they_count_from_their_day_and_expire_by_the_day_they_were_earned_on(mall):
    sold(mall)
    assert freed(mall, date(2026, 6, 12)) == 0
    assert (freed(mall), freed(mall)) == (1, 0)
    told = mall.read(balance_of, member())
    assert (told.balance, told.pending, told.counts_from) == (100, 0, "")
    assert codes(mall, member()) == [(Code.RELEASED, 100)]
    assert [lot.expires_on for lot in mall.lots()] == [date(2027, 5, 29)]
    assert mall.till.feed(Topic.MEMBER, MemberRow)["a"].balance == 100
    mall.check()


def test_each_purchase_waits_for_its_own_day(mall):
    sold(mall)
    mall.now_ms += DAY_MS
    sold(mall, fen=5_000)
    assert freed(mall) == 1
    told = mall.read(balance_of, member())
    assert (told.balance, told.pending, told.counts_from) == (100, 50, "2026-06-14")
    mall.check()


def test_a_refund_before_that_day_takes_from_what_waits(mall):
    first, second = sold(mall), sold(mall)
    mall.till.push(mall.till.refund(first, fen=4_000, points=40))
    told = mall.read(balance_of, member())
    assert (told.balance, told.pending) == (0, 160)
    mall.till.push(mall.till.refund(second, points=100))
    freed(mall)
    assert mall.balance(member()) == 60
    mall.check()


def test_a_refund_behind_that_day_takes_from_the_wallet_and_not_from_what_waits(mall):
    first = sold(mall)
    freed(mall)
    sold(mall)
    mall.till.push(mall.till.refund(first, points=100))
    told = mall.read(balance_of, member())
    assert (told.balance, told.pending) == (0, 100)
    mall.check()


def test_what_is_owed_is_paid_when_points_begin_to_count(mall):
    first = sold(mall)
    freed(mall)
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    sold(mall, fen=15_000)
    mall.till.push(mall.till.refund(first, points=100))
    assert mall.balance(member()) == -100
    freed(mall, date(2026, 7, 1))
    assert codes(mall, member())[-1] == (Code.RELEASED, 150)
    assert mall.balance(member()) == 50
    mall.check()


def test_what_waits_on_a_card_goes_with_it_to_its_member(mall):
    sold(mall, card("c7"))
    mall.add_member("b", tags=["c7"])
    told = mall.read(balance_of, member("b"))
    assert (told.balance, told.pending) == (0, 100)
    freed(mall)
    assert mall.balance(member("b")) == 100
    mall.check()


def test_a_correction_moves_what_waits(mall):
    sale = sold(mall)
    mall.till.push(mall.till.correct(sale, member("b"), points=100))
    pending = [mall.read(balance_of, member(name)).pending for name in "ab"]
    assert pending == [0, 100]
    mall.check()


def test_a_claim_behind_the_day_counts_at_once(mall):
    mall.till.push(mall.till.sale(code="C1", book=mall.version))
    mall.now_ms += 16 * DAY_MS
    assert mall.other.push(mall.other.claim("C1", member())) == [(Verdict.APPLIED, "", 100)]
    told = mall.read(balance_of, member())
    assert (told.balance, told.pending) == (100, 0)
    mall.check()


def test_a_ledger_that_is_built_again_is_the_same(mall):
    refunded = sold(mall)
    sold(mall, card("c8"))
    mall.till.push(mall.till.refund(refunded, fen=1_000, points=10))
    freed(mall, date(2026, 6, 1))
    before = mall.rows(schema.pending_lot)
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert mall.rows(schema.pending_lot) == before
    mall.check()


def test_many_holders_are_released_in_events_of_a_few(mall):
    holders = [card(f"x{number}") for number in range(40)]
    mall.till.push(*(mall.till.sale(holder, book=mall.version) for holder in holders))
    assert freed(mall) == 40
    assert [mall.balance(holder) for holder in holders] == [100] * 40
    assert len([row for row in mall.rows(schema.inbox) if row.kind == 112]) == 2
    mall.check()


def test_a_receipt_is_known_by_its_lot_until_it_counts(mall):
    sale = sold(mall)
    (lot,) = mall.rows(schema.pending_lot)
    assert (lot.subject, lot.counts_from) == (print_of(sale), BEGIN.isoformat())
