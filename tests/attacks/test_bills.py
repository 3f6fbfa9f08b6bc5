"""Ways to get a bill paid twice, or money for points: payments and coupons, then refunds."""

import pytest
from msgspec import structs

from central.ledger.settlement import dues, payments
from edge_agent import commands
from loyalty import vouchers
from loyalty.codes import card_tag
from loyalty.coupons import Coupon
from loyalty.rules.tender import Paying
from tests.central.conftest import (  # noqa: F401
    sqlite_engine,
    sqlite_programme,
    sqlite_template,
)
from tests.central.programme import DAY_MS, START_MS, member
from tests.central.rewards.real_counter import RealCounter
from tests.central.rewards.redeem_cases import bring_in
from tests.edge_agent.counter import WANG
from tillpoints.simulation.programme.book import BOOK

A = "0a" * 8
BOOK_PAYS = structs.replace(
    BOOK,
    tender=Paying(100, from_fen=20_000, share_percent_max=30),
    grammar=4,
    redeem_limit_points=10_000,
)
OWN = {"reward_id": "own", "name_zh": "满 200 减 50", "points": "100", "kind": "coupon"}
OWN |= {"home_shop": "S1", "off": "50", "from": "200"}
ANY = {**OWN, "reward_id": "any", "home_shop": ""}
OFF = "优惠券   -50.00\n"


@pytest.fixture
def mall(sqlite_programme, tmp_path):  # noqa: F811
    """A member with 10,000 points in a mall where points pay, two coupons, two real tills."""
    mall = sqlite_programme
    mall.add_book(BOOK_PAYS, effective_ms=1)
    mall.add_member(A, tags=(card_tag(bytes([8]) * 32, WANG),))
    bring_in(mall, [OWN, ANY])
    mall.kiosk = mall.add_device("kiosk-1", "kiosk", "S2")
    mall.kiosk.push(mall.kiosk.sale(member(A), fen=1_000_000, number="K1"))
    folders = [tmp_path / name for name in ("home", "other")]
    mall.home, mall.away = (
        RealCounter(mall, device, folder, BOOK_PAYS)
        for device, folder in zip((mall.till, mall.other), folders, strict=True)
    )
    yield mall
    for till in (mall.home, mall.away):
        till.close()
    mall.check()


def coupon(mall, reward="own", request_id="r1"):
    lease = mall.kiosk.lease(member(A), reward, request_id=request_id)
    mall.kiosk.push(mall.kiosk.redeem(member(A), lease, reward=reward))
    for till in (mall.home, mall.away):
        till.meet_central()
    return lease.voucher_signed


def owed(mall):
    last_ms = START_MS + 400 * DAY_MS
    found = mall.read(lambda c, key: dues(payments(c, key, 0, last_ms)))
    return {one.shop_id: one.owed_fen for one in found}


def test_a_coupon_then_a_refund_gives_the_coupon_back_once_and_the_shop_nothing(mall):
    text = coupon(mall)
    assert mall.home.coupon(text, "214.00") == "coupon_key_in"
    assert mall.home.sells("214.00", "164.00", OFF) == "coupon_matched"
    assert owed(mall) == {"S1": 5_000}
    assert mall.home.coupon(text) == "voucher_used"
    assert mall.home.refunds("164.00") == "coupon_back"
    assert owed(mall) == {"S1": 0}
    assert mall.home.refunds("164.00") != "coupon_back"  # the same bill comes back once
    assert mall.home.coupon(text, "214.00") == "coupon_key_in"
    assert mall.home.sells("214.00", "164.00", OFF) == "coupon_matched"
    assert mall.home.coupon(text) == "voucher_used"
    assert owed(mall) == {"S1": 5_000}


def test_a_coupon_then_a_refund_of_all_but_a_little_keeps_the_coupon_used(mall):
    text = coupon(mall)
    mall.home.coupon(text, "214.00")
    mall.home.sells("214.00", "164.00", OFF)
    assert mall.home.refunds("163.99") == "coupon_stays"
    assert mall.home.coupon(text) == "voucher_used"
    assert owed(mall) == {"S1": 5_000}


def test_one_coupon_at_two_tills_at_once_is_kept_by_one(mall):
    text = coupon(mall, "any")
    assert mall.home.coupon(text, "214.00") == "coupon_key_in"
    assert mall.away.coupon(text, "214.00") == "voucher_used"
    assert mall.home.do(commands.CouponBack("不用了")) == "coupon_put_back"
    mall.home.meet_central()
    assert mall.away.coupon(text, "214.00") == "coupon_key_in"
    assert mall.away.sells("214.00", "164.00", OFF) == "coupon_matched"
    assert mall.home.coupon(text) == "voucher_used"
    assert owed(mall) == {"S2": 5_000}


def test_a_cut_off_till_takes_its_own_coupon_and_no_other(mall):
    own, other = coupon(mall), coupon(mall, "any", "r2")
    mall.home.cut_off = mall.away.cut_off = True
    assert mall.away.coupon(own) == "voucher_elsewhere"
    assert mall.away.coupon(other) == "voucher_offline"
    assert mall.home.coupon(own, "214.00") == "coupon_key_in"
    assert mall.home.sells("214.00", "164.00", OFF) == "coupon_matched"
    mall.home.cut_off = False
    mall.home.meet_central()
    assert owed(mall) == {"S1": 5_000}


def test_an_edited_coupon_is_nobodys(mall):
    text = coupon(mall)
    central = mall.central_key.public_key().public_bytes_raw()
    voucher = vouchers.read_signed(text, central)
    edited = structs.replace(voucher, coupon=Coupon(20_000, 0, 0, 1))
    assert mall.home.coupon(vouchers.signed_text(edited, mall.till.key)) == "voucher_forged"


def test_a_discount_of_more_than_the_coupon_is_raised_and_settles_nothing(mall):
    mall.home.coupon(coupon(mall), "214.00")
    bigger = "优惠券   -90.00\n"
    assert mall.home.sells("214.00", "124.00", bigger) == "coupon_other_amount"
    assert owed(mall) == {}


def pay(mall, till, amount="214.00"):
    till.do(commands.Scan(WANG))
    till.do(commands.Pay())
    till.do(commands.PayBill(amount))
    return till.do(commands.PayConfirm())


PAID = ("积分抵扣    64.00", "微信支付    150.00")


def test_points_paid_then_refunded_come_back_as_points_and_never_twice(mall):
    before = mall.balance(member(A))
    mall.home.meet_central()
    pay(mall, mall.home)
    mall.home.sells("214.00", "214.00", paid=PAID)
    assert owed(mall) == {"S1": 6_400}
    assert mall.home.refunds("214.00") == "paid_points_back"
    assert (mall.balance(member(A)), owed(mall)) == (before, {"S1": 0})
    mall.home.refunds("214.00")
    assert (mall.balance(member(A)), owed(mall)) == (before, {"S1": 0})


def test_points_that_paid_a_bill_are_not_turned_into_money_bit_by_bit(mall):
    before = mall.balance(member(A))
    mall.home.meet_central()
    pay(mall, mall.home)
    mall.home.sells("214.00", "214.00", paid=PAID)
    for amount in ("71.33", "71.33", "71.34"):
        assert mall.home.refunds(amount) == "paid_points_back"
    assert (mall.balance(member(A)), owed(mall)) == (before, {"S1": 0})
