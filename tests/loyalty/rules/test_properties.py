"""What must hold for every rule book, member and receipt, tried on thousands of them."""

import random
from collections import Counter
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from loyalty.products import Part
from loyalty.receipt import Item
from loyalty.rules.basket import basket_of
from loyalty.rules.counting import counters, left, left_then, stack_of, uses
from loyalty.rules.earning import award, points
from loyalty.rules.refunds import Sold, kept, left_of, settled, still_used
from tests.loyalty.rules import adding_up
from tests.loyalty.rules.random_rules import compare, digest, inputs

NUMBERS = st.integers(0, 10**9)
FEW = settings(max_examples=2_000, derandomize=True, deadline=None, database=None)
#: So many awards are compared between processes here; `make rules-million` compares a million.
COMPARED = 10_000


@FEW
@given(NUMBERS, st.integers(0, 2**32))
def test_splitting_and_shuffling_the_lines_of_a_receipt_changes_nothing(
    number: int, chance: int
) -> None:
    book, receipt, category, *_ = inputs(number)
    rng = random.Random(chance)
    lines = []
    for item in receipt.items:
        part = rng.randrange(item.amount_fen + 1)
        amounts = [fen for fen in (part, item.amount_fen - part) if fen]
        lines += [Item(item.name, "1", fen) for fen in amounts]
    rng.shuffle(lines)
    again = structs.replace(receipt, items=tuple(lines))
    assert basket_of(again, category, book) == basket_of(receipt, category, book)


@FEW
@given(NUMBERS, st.integers(1, 100_000))
def test_more_spend_never_earns_less(number: int, more: int) -> None:
    book, receipt, category, who, when, left = inputs(number)
    basket = basket_of(receipt, category, book)
    parts = list(basket.parts)
    if parts and more % 2:  # more of the goods that the rules name, else of all others
        parts[more % len(parts)] = structs.replace(
            parts[more % len(parts)], fen=parts[more % len(parts)].fen + more
        )
    larger = structs.replace(basket, earning_fen=basket.earning_fen + more, parts=tuple(parts))
    first, second = (award(one, who, when, book, left).points for one in (basket, larger))
    assert first <= second


@FEW
@given(NUMBERS, st.lists(st.integers(0, 100_000), max_size=5))
def test_refunds_leave_less_and_less_and_nothing_in_the_end(number: int, steps: list[int]) -> None:
    book, receipt, category, who, when, left = inputs(number)
    basket = basket_of(receipt, category, book)
    earned = before = award(basket, who, when, book, left).points
    gone = 0
    for fen in steps:
        gone += fen
        after = kept(basket, earned, gone, who, when, book)
        assert 0 <= after <= before
        before = after
    assert kept(basket, earned, basket.earning_fen, who, when, book) == 0


@FEW
@given(NUMBERS, st.lists(st.integers(0, 100_000), min_size=1, max_size=5), st.integers(0, 99))
def test_refunds_of_known_goods_leave_less_and_less_too(
    number: int, steps: list[int], which: int
) -> None:
    book, receipt, category, who, when, left = inputs(number)
    basket = basket_of(receipt, category, book)
    earned = before = award(basket, who, when, book, left).points
    goods = [part.products for part in basket.parts] or [()]
    gone, back = 0, ()
    for place, fen in enumerate(steps):
        gone += fen
        if (which + place) % 3:  # else nobody knows what came back this time
            back = (*back, Part(goods[(which + place) % len(goods)], fen))
        after = kept(basket, earned, gone, who, when, book, back)
        assert 0 <= after <= before
        before = after
    assert kept(basket, earned, basket.earning_fen, who, when, book, back) == 0


@FEW
@given(NUMBERS, st.integers(0, 2**32))
def test_a_refund_frees_no_more_of_a_cap_than_what_is_kept_can_do_without(
    number: int, chance: int
) -> None:
    book, receipt, category, who, when, _ = inputs(number)
    basket = basket_of(receipt, category, book)
    known, rng = counters(book, "m", date(2026, 11, 1)), random.Random(chance)
    room = {one.asked: rng.randrange(one.most + 1) for one in known}
    given_ = award(basket, who, when, book, room)
    moved = uses(given_, known, "m")
    fen = rng.randrange(basket.earning_fen + 1)
    after = left_of(basket, given_.points, fen, who, when, book)
    used = still_used(moved, given_, after, who, when, book)
    assert all(0 <= used.get(name, 0) <= points for name, points in moved.items())
    if not after.points:
        assert not used
    elif after.rest is not None:
        again = award(after.basket, who, when, book, left_then(book, used))
        bonus = {share.stack: share.points for share in after.rest.shares}
        assert after.points <= again.points or all(
            used.get(name, 0) == min(points, bonus.get(stack, 0))
            for name, points in moved.items()
            if (stack := stack_of(name))
        )


@settings(FEW, max_examples=500)
@given(NUMBERS, st.integers(0, 2**32))
def test_buying_and_refunding_in_any_order_stays_within_every_cap(number: int, chance: int) -> None:
    book, rng = inputs(number)[0], random.Random(chance)
    tight = (structs.replace(one, budget=25, cap_day=0, products=()) for one in book.campaigns)
    book = structs.replace(book, campaigns=tuple(tight), cap_day=0)
    known = counters(book, "m", date(2026, 11, 1))
    stood, bought = Counter[str](), list[tuple[Sold, int, int, int]]()
    for _ in range(12):
        if not bought or rng.random() < 0.5:
            _, receipt, category, who, when, _ = inputs(rng.randrange(10**9))
            basket = basket_of(receipt, category, book)
            given_ = award(basket, who, when, book, left(known, stood.__getitem__))
            moved = uses(given_, known, "m")
            stood.update(moved)
            sold = Sold(basket, who, when, book, moved, moved)
            bought.append((sold, given_.points, given_.points, 0))
        else:
            sold, earned, stays, gone = bought.pop(rng.randrange(len(bought)))
            gone += rng.randrange(sold.basket.earning_fen + 1)
            after = left_of(sold.basket, earned, gone, sold.who, sold.when, book)
            after = after._replace(points=min(after.points, stays))
            after, now = settled(sold, after, stood.__getitem__)
            assert 0 <= after.points <= stays
            stood.subtract(sold.uses)
            stood.update(now)
            bought.append((sold._replace(uses=now), earned, after.points, gone))
        assert all(0 <= stood[one.name] <= one.most for one in known)


@FEW
@given(NUMBERS)
def test_an_award_is_no_more_than_its_caps_and_its_shares_no_more_than_it(number: int) -> None:
    book, receipt, category, who, when, left = inputs(number)
    given_ = award(basket_of(receipt, category, book), who, when, book, left)
    assert given_.points >= 0
    assert sum(share.points for share in given_.shares) <= given_.points
    if book.cap_receipt:
        assert given_.points <= book.cap_receipt
    for share in given_.shares if left is not None else ():
        one = next(each for each in book.campaigns if each.stack() == share.stack)
        for what, cap in (("day", one.cap_day), ("budget", one.budget)):
            assert not cap or share.points <= left.get(f"{what}:{share.stack}", cap)


@FEW
@given(NUMBERS)
def test_a_till_that_knows_less_never_promises_more_before_shared_caps(number: int) -> None:
    book, receipt, category, who, when, _ = inputs(number)
    basket = basket_of(receipt, category, book)
    less = structs.replace(who, labels=None, birth_month=None, had=None)
    till, central = (points(basket, one, when, book) for one in (less, who))
    assert till <= central
    assert points(basket, less, None, book) <= till


@FEW
@given(NUMBERS)
def test_the_lines_of_an_explanation_add_up_to_the_points(number: int) -> None:
    book, receipt, category, who, when, left = inputs(number)
    given_ = award(basket_of(receipt, category, book), who, when, book, left)
    assert adding_up.total(given_.reasons, book.rounding) == given_.points


@FEW
@given(NUMBERS, st.integers(0, 2**32))
def test_groups_without_caps_multiply_alike_whatever_the_order_of_the_book(
    number: int, chance: int
) -> None:
    book, receipt, category, who, when, _ = inputs(number)
    free = {"cap_receipt": 0, "cap_day": 0, "cap_member": 0, "budget": 0}
    campaigns = [structs.replace(one, **free) for one in book.campaigns]
    totals = set()
    for _ in range(2):
        again = structs.replace(book, campaigns=tuple(campaigns))
        totals.add(award(basket_of(receipt, category, book), who, when, again).points)
        random.Random(chance).shuffle(campaigns)
    assert len(totals) == 1


def test_other_processes_with_other_hash_seeds_zones_and_locales_give_the_same() -> None:
    assert compare(COMPARED) == digest(0, COMPARED)
