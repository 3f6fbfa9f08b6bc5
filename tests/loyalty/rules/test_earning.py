"""Earning: which part of a receipt earns, how much, why, and what a refund takes back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.receipt import EARNING_KINDS, Item, Kind, Receipt, Tender
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.earning import Award, eligible_fen, money, plain, rounded
from loyalty.rules.earning import award as award_of
from loyalty.rules.refunds import take_back
from loyalty.rules.rulebook import RuleBook
from loyalty.wording import say
from tests.loyalty.rules.conftest import a_rule_book


def receipt(owed_fen: int, **facts: object) -> Receipt:
    base = {
        "shop_id": "s",
        "kind": Kind.SALE,
        "number": "1",
        "printed_at": "2026-11-08T13:16:42",
        "currency": "CNY",
    }
    return Receipt(owed_fen=owed_fen, **{**base, **facts})  # type: ignore[arg-type]


def award(earning_fen: int, category: str, tier_id: str, book: RuleBook) -> Award:
    return award_of(Basket(earning_fen, "s", category), Who(tier_id), None, book)


def test_a_plain_sale_earns_on_all_of_it() -> None:
    assert eligible_fen(receipt(21400)) == 21400


def test_what_was_paid_with_points_vouchers_or_a_platform_does_not_earn() -> None:
    tenders = (
        Tender("mall_points", 3000),
        Tender("mall_voucher", 5000),
        Tender("platform_voucher", 10000),
        Tender("wechat_pay", 20800),
    )
    assert eligible_fen(receipt(38800, tenders=tenders)) == 20800


def test_stored_value_that_is_sold_does_not_earn_but_the_rest_of_the_receipt_does() -> None:
    items = (Item("购物卡充值", "1", 20000, topup=True), Item("矿泉水", "2", 400))
    assert eligible_fen(receipt(20450, items=items)) == 450


def test_a_deposit_earns_with_the_final_bill() -> None:
    assert eligible_fen(receipt(298000, deposit_used_fen=100000)) == 398000


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.VOID])
def test_a_refund_takes_back_what_was_owed(kind: Kind) -> None:
    assert eligible_fen(receipt(-25197, kind=kind)) == -25197


def test_a_refund_of_a_part_paid_with_points_takes_back_only_the_money() -> None:
    back = receipt(-38800, kind=Kind.REFUND, tenders=(Tender("mall_points", -3000),))
    assert eligible_fen(back) == -35800


@pytest.mark.parametrize("kind", sorted(set(Kind) - EARNING_KINDS))
def test_no_other_kind_earns(kind: Kind) -> None:
    assert eligible_fen(receipt(21400, kind=kind)) == 0


def test_a_reprint_earns_nothing() -> None:
    assert eligible_fen(receipt(21400, reprint=True)) == 0


def test_an_award_is_rate_times_tier_rounded_once_and_explains_itself(book: RuleBook) -> None:
    given_ = award(21450, "dining", "gold", book)
    assert given_.points == 321  # 214.50 x 1.5 = 321.75
    assert [say(reason, "zh") for reason in given_.reasons] == [
        "计分金额 214.50",
        "餐饮 每1.00元积1分",
        "金卡 ×1.5",
    ]
    assert say(given_.reasons[-1], "en") == "Gold ×1.5"


def test_a_shop_without_its_own_rate_gets_the_rate_of_every_other_shop(book: RuleBook) -> None:
    assert award(10000, "no such category", "", book).points == 10


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_spend_never_earns_less(one: int, more: int) -> None:
    book = a_rule_book()
    assert (
        award(one + more, "dining", "gold", book).points
        >= award(one, "dining", "gold", book).points
    )


@given(
    st.integers(0, 10**6),
    st.integers(1, 10**7),
    st.lists(st.integers(1, 10**6), max_size=8),
)
def test_refunds_take_back_no_more_than_was_earned_and_all_of_it_in_the_end(
    earned: int, eligible: int, steps: list[int]
) -> None:
    before = taken = 0
    for fen in [*steps, eligible]:
        taken += take_back(earned, eligible, before, fen)
        before += fen
        assert 0 <= taken <= earned
    assert taken == earned


@pytest.mark.parametrize(
    ("value", "floor", "half_up", "ceil"),
    [("1/2", 0, 1, 1), ("3/2", 1, 2, 2), ("149/100", 1, 1, 2), ("7", 7, 7, 7), ("1/200", 0, 0, 1)],
)
def test_rounding_is_the_one_that_the_rule_book_states(
    value: str, floor: int, half_up: int, ceil: int
) -> None:
    fraction = Fraction(value)
    assert rounded(fraction.numerator, fraction.denominator, "floor") == floor
    assert rounded(fraction.numerator, fraction.denominator, "half_up") == half_up
    assert rounded(fraction.numerator, fraction.denominator, "ceil") == ceil


def test_money_and_multipliers_are_written_as_people_write_them() -> None:
    assert [money(fen) for fen in (0, 5, 12345, -25197)] == ["0.00", "0.05", "123.45", "-251.97"]
    written = [plain(Fraction(text)) for text in ("2", "3/2", "5/4", "4/3")]
    assert written == ["2", "1.5", "1.25", "4/3"]
