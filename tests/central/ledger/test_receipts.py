from datetime import date, timedelta

import pytest
from msgspec import structs

from central import schema
from central.ledger.judging.references import day_of_key
from central.ledger.writing import receipts
from loyalty.wire import Verdict
from tests.central.programme import member, print_of

FIRST = date(2025, 1, 1)


def printed(till, day, **fields):
    sale = till.sale(member(), **fields)
    return structs.replace(sale, receipt=structs.replace(sale.receipt, printed_at=day))


def days(count):
    return [f"{FIRST + timedelta(days=3 * n)}T10:00:00" for n in range(count)]


def test_a_sale_is_found_by_its_fingerprint_alone_however_long_ago_it_was_printed(programme):
    """More days than one question asks for, and a receipt that says none."""
    till = programme.till
    sales = [printed(till, day, fen=100 * n) for n, day in enumerate([None, *days(150)], 1)]
    assert {one[0] for one in till.push(*sales)} == {Verdict.APPLIED}
    before = programme.balance(member())
    for sale in (sales[0], sales[1], sales[-1]):
        assert till.push(till.correct(sale, None)) == [(Verdict.APPLIED, "", 0)]
        before -= sale.points
        assert programme.balance(member()) == before
    programme.check()


def test_every_fingerprint_asked_for_is_found_and_no_other(programme):
    till = programme.till
    sales = [printed(till, day) for day in days(80)]
    till.push(*sales)
    prints = [print_of(sale) for sale in sales]
    keys = [bytes.fromhex(one) for one in prints] + [bytes(32)]
    found = programme.read(lambda one, shard: receipts.events(one, shard, keys))
    assert {key: at.seq for key, at in found.items()} == {
        key: n for n, key in enumerate(keys[:-1], 1)
    }


def test_a_refund_that_names_its_sale_by_fingerprint_and_by_no_number_is_found(programme):
    till = programme.till
    sale, later = printed(till, days(1)[0]), printed(till, days(90)[-1])
    till.push(sale, later)
    refund = till.refund(sale)
    bare = structs.replace(refund.receipt, original_number=None)
    assert till.push(structs.replace(refund, receipt=bare)) == [(Verdict.APPLIED, "", -100)]
    programme.check()


def test_what_is_printed_where_a_day_should_be_makes_no_day(programme):
    """A search goes day by day: no till can make it longer than a century."""
    till = programme.till
    said = ("9999-12-31T10:00:00", "2026-W22-4T10:00", "2026-02-30T1", "20260528", "day", None)
    till.push(*[printed(till, one, fen=1_000 * n) for n, one in enumerate(said, 1)])
    assert {row.printed_on for row in programme.rows(schema.receipt_key)} == {""}
    assert {one.verdict for one in programme.rows(schema.inbox)} == {Verdict.APPLIED}
    programme.check()


@pytest.mark.parametrize("day", ["2000-01-01", "2026-05-28", "2099-12-31"])
def test_a_day_of_this_century_is_one(day):
    assert day_of_key(day) == day
