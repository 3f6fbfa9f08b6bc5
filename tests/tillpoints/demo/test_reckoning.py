"""The judge of a storm must be able to find it guilty."""

from collections import Counter
from datetime import datetime
from random import Random

import pytest
from msgspec import structs

from tillpoints.demo.ledger import Books, SaleBooked
from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.printing import Pos
from tillpoints.demo.sheet import Sheet
from tillpoints.demo.storm.cashier import Cashier, Sold
from tillpoints.demo.storm.reckoning import (
    book_differences,
    owned,
    sale_differences,
    slip_differences,
)
from tillpoints.demo.sums import points_for
from tillpoints.demo.world import Person

GOLD = Person("262693993844", "杨景行", "gold", ())
OTHER = Person("723435042676", "李思远", "ordinary", ())
CLAIMER = Person("010458845628", "林诗雨", "gold", ())
PEOPLE = {person.number: person for person in (GOLD, OTHER, CLAIMER)}
NOON = datetime(2026, 11, 21, 12, 30)  # noqa: DTZ001 - a shop's own clock


class Till:
    """As much of a station as the reckoning looks at."""

    name = "till-1"


@pytest.fixture
def cashier() -> Cashier:
    pos = Pos(Bistro(), lambda raw: None, Random(1), lambda: NOON)
    cashier = Cashier(Till(), pos, [GOLD], Random(1))
    first, second = pos.sell(), pos.sell()
    cashier.scans = [GOLD]
    cashier.sales = {
        first.number: Sold(first, [0]),
        second.number: Sold(second, [0], back_fen=second.owed_fen),
    }
    return cashier


@pytest.fixture
def booked(cashier) -> list[SaleBooked]:
    """What central must hold: the first sale for who was scanned, the second claimed and void."""
    first, second = (sold.printed for sold in cashier.sales.values())
    points = points_for(second.owed_fen, "gold")
    return [
        SaleBooked(
            "helu", first.number, first.owed_fen, points_for(first.owed_fen, "gold"), 0, GOLD.number
        ),
        SaleBooked("helu", second.number, second.owed_fen, points, points, CLAIMER.number),
    ]


def differences(cashier, booked) -> list[str]:
    return list(sale_differences(cashier, booked, CLAIMER, PEOPLE))


def test_sales_that_earned_once_for_who_they_were_are_fine(cashier, booked):
    assert differences(cashier, booked) == []


def test_a_lost_sale_is_named(cashier, booked):
    [found] = differences(cashier, booked[1:])
    assert found == f"{booked[0].number}: 0 sales at central"


def test_a_doubled_sale_is_named(cashier, booked):
    [found] = differences(cashier, [*booked, booked[0]])
    assert found == f"{booked[0].number}: 2 sales at central"


def test_a_sale_nobody_made_is_named(cashier, booked):
    [found] = differences(cashier, [*booked, structs.replace(booked[0], number="HL9")])
    assert found == "HL9: at central, and never sold"


def test_a_sale_of_somebody_else_is_named(cashier, booked):
    found, *_ = differences(cashier, [structs.replace(booked[0], holder=OTHER.number), booked[1]])
    assert "belongs to" in found


def test_a_scan_that_counted_twice_is_named(cashier, booked):
    [found] = differences(cashier, [booked[0], structs.replace(booked[1], holder=GOLD.number)])
    assert found.startswith(f"{booked[1].number}: belongs to '{GOLD.number}'")


def test_a_sale_of_nobody_is_named(cashier, booked):
    found = differences(cashier, [structs.replace(booked[0], holder=""), booked[1]])
    assert f"{booked[0].number}: belongs to '', whom nobody knows" in found


@pytest.mark.parametrize("field", ["points", "owed_fen", "taken_back"])
def test_a_sum_that_is_one_off_is_named(cashier, booked, field):
    wrong = structs.replace(booked[0], **{field: getattr(booked[0], field) + 1})
    [found] = differences(cashier, [wrong, booked[1]])
    assert booked[0].number in found


def test_what_members_own_is_what_is_left_of_their_sales(cashier, booked):
    sums = owned([cashier], {"till-1": booked}, PEOPLE)
    assert sums == {GOLD.number: booked[0].points, CLAIMER.number: 0}


def books(**changed) -> Books:
    facts = {
        "transfers": 1,
        "sum_of_all": 0,
        "balances": {GOLD.number: 100, OTHER.number: 0},
        "cards": {},
        "stored": {GOLD.number: 100},
        "latest": (),
    }
    return Books(**{**facts, **changed})


def test_books_that_agree_are_fine():
    assert list(book_differences(books(), Counter({GOLD.number: 100}))) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"sum_of_all": 1},
        {"balances": {GOLD.number: 101, OTHER.number: 0}, "stored": {GOLD.number: 101}},
        {"balances": {GOLD.number: 100, OTHER.number: -1}, "stored": {GOLD.number: 100}},
        {"stored": {GOLD.number: 99}},
        {"cards": {"00ff": 5}},
    ],
    ids=["not zero", "too much", "too little", "stored otherwise", "on nobody's card"],
)
def test_books_that_do_not_agree_are_named(changed):
    assert list(book_differences(books(**changed), Counter({GOLD.number: 100})))


def test_each_sale_must_have_exactly_one_slip(cashier):
    first, second = cashier.sales
    award = Sheet(("积分凭条", first), (), ours=True)
    claim = Sheet(("积分认领凭条", second), (), ours=True)
    assert list(slip_differences(cashier, [award, claim])) == []
    assert list(slip_differences(cashier, [award])) == [f"{second}: 0 slips"]
    assert list(slip_differences(cashier, [award, award, claim])) == [f"{first}: 2 slips"]
