"""Coupons: terms that stay, used once on one bill, settled per shop, good again when it is back."""

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.closing import close_case
from central.ledger.commands import UseVoucher
from central.ledger.judging.accounts import Code
from central.ledger.judging.rows import CENTRAL_DEVICE, Identity
from central.ledger.reward_commands import ReturnVoucher
from central.ledger.settlement import dues, payments
from central.ledger.verify import rebuild
from central.ledger.waiting import cases, rejudge_ready
from loyalty import vouchers
from loyalty.coupons import Coupon
from loyalty.events import (
    Believed,
    Bill,
    CouponChecked,
    ReviewDecided,
    ReviewOpened,
    VoucherUse,
)
from loyalty.rules.earning import Reason
from loyalty.wire import Topic, Verdict, VoucherRow
from tests.central.programme import DAY_MS, START_MS, member, print_of
from tests.central.rewards.redeem_cases import bring_in

LATER_MS = START_MS + 400 * DAY_MS
APPLIED = (Verdict.APPLIED, "", 0)
OWN = {"reward_id": "own", "name_zh": "一号店满 200 减 50", "points": "100", "kind": "coupon"}
OWN |= {"home_shop": "S1", "off": "50", "from": "200"}
ANY = {"reward_id": "any", "name_zh": "全商场九折", "points": "300", "kind": "coupon"}
ANY |= {"home_shop": "", "off": "10%", "off_most": "30", "from": "100"}
BILL = Bill(21_400, 5_000)


@pytest.fixture
def mall(programme):
    """A member with 1000 points where two coupons can be had."""
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=100_000))
    bring_in(programme, [OWN, ANY])
    return programme


def coupon(mall, reward="own", request_id="r1", spend=True):
    lease = mall.till.lease(member(), reward, request_id)
    assert lease.refusal is None, lease.refusal
    if spend:
        assert mall.till.push(mall.till.redeem(member(), lease, reward=reward)) == [APPLIED]
    return lease


def used(till, lease, sale, bill=BILL, request_id=""):
    """The use of a coupon with the receipt of its bill."""
    by = till.id.hex()
    return VoucherUse(till.moment(), lease.voucher_code, by, request_id, bill, print_of(sale))


def released(till, lease, request_id):
    return CouponChecked(till.moment(), lease.voucher_code, "released", Bill(0, 0), request_id)


def owed(mall):
    """Return what is owed: by shop, how many bills, points, fen."""
    found = mall.read(lambda c, key: dues(payments(c, key, 0, LATER_MS)))
    return {one.shop_id: structs.astuple(one)[1:4] for one in found}


def state(mall, lease):
    return next(row.state for row in mall.rows(schema.voucher) if row.code == lease.voucher_code)


def test_a_coupon_carries_the_terms_it_was_bought_under_whatever_the_mall_sells_later(mall):
    lease = coupon(mall)
    bring_in(mall, [{**OWN, "off": "5"}])
    central = mall.central_key.public_key().public_bytes_raw()
    terms = Coupon(5_000, 0, 0, 20_000)
    assert vouchers.read_signed(lease.voucher_signed, central).coupon == terms
    (row,) = mall.till.feed(Topic.VOUCHER, VoucherRow).values()
    assert row.coupon == terms
    percent = coupon(mall, "any", "r2")
    answer = mall.other.use_online(percent.voucher_code)
    assert (answer.coupon, answer.valid_until) == (Coupon(0, 10, 3_000, 10_000), "2026-06-12")
    mall.check()


def test_a_coupon_used_with_its_sale_is_owed_to_the_shop(mall):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    assert till.push(sale, used(till, lease, sale)) == [APPLIED] * 2
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    assert mall.totals().posted["settlement"] == 100
    assert mall.till.use_online(lease.voucher_code).refusal.code == "voucher_used"
    mall.check()


def test_an_online_coupon_is_kept_for_one_till_and_used_with_its_sale(mall):
    lease, till = coupon(mall, "any"), mall.other
    assert till.use_online(lease.voucher_code, "u1").refusal is None
    assert mall.till.use_online(lease.voucher_code, "u2").refusal.code == "voucher_used"
    assert owed(mall) == {}
    sale = till.sale(fen=9_000)
    use = used(till, lease, sale, Bill(10_000, 1_000), "u1")
    assert till.push(sale, use) == [APPLIED] * 2
    assert owed(mall) == {"S2": (1, 300, 1_000)}
    assert till.push(released(till, lease, "u1")) == [APPLIED]  # too late to be given back
    assert state(mall, lease) == 2
    mall.check()


def test_a_coupon_that_no_bill_took_is_good_again_and_its_request_is_dead(mall):
    lease, till = coupon(mall, "any"), mall.other
    assert till.use_online(lease.voucher_code, "u1").refusal is None
    assert till.push(released(till, lease, "u1")) == [APPLIED]
    assert till.use_online(lease.voucher_code, "u1").refusal.code == "coupon_released"
    assert mall.till.use_online(lease.voucher_code, "u3").refusal is None
    mall.check()


def test_a_request_that_comes_after_its_release_takes_nothing(mall):
    lease, till = coupon(mall, "any"), mall.other
    assert till.push(released(till, lease, "u1")) == [APPLIED]
    assert till.use_online(lease.voucher_code, "u1").refusal.code == "coupon_released"
    assert till.use_online(lease.voucher_code, "u2").refusal is None


def test_the_desk_takes_no_coupon(mall):
    lease = coupon(mall, "any")
    told = mall.service.run(UseVoucher(CENTRAL_DEVICE, "d1", lease.voucher_code, "2026-05-29"))
    assert told.code == "coupon_at_till"
    assert mall.other.use_online(lease.voucher_code).refusal is None


def test_another_till_releases_nothing(mall):
    lease = coupon(mall, "any")
    assert mall.other.use_online(lease.voucher_code, "u1").refusal is None
    assert mall.till.push(released(mall.till, lease, "u1")) == [APPLIED]
    assert mall.till.use_online(lease.voucher_code, "u2").refusal.code == "voucher_used"


@pytest.mark.parametrize("outcome", ["no_line", "other_amount", "too_late"])
def test_a_receipt_that_does_not_fit_waits_for_a_person(mall, outcome):
    lease, till = coupon(mall), mall.till
    body = CouponChecked(till.moment(), lease.voucher_code, outcome, BILL, "", "ab" * 32)
    assert till.push(body) == [(Verdict.PENDING_REF, f"coupon_{outcome}", 0)]
    assert [one.reason for one in mall.read(cases, mall.now_ms)] == [f"coupon_{outcome}"]
    assert owed(mall) == {}


@pytest.mark.parametrize("word", ["used", "put back"])
def test_what_a_person_settles_at_the_till_is_no_case_any_more(mall, word):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    paper = print_of(sale)
    raised = CouponChecked(till.moment(), lease.voucher_code, "no_line", BILL, "", paper)
    till.push(sale, raised)
    assert len(mall.read(cases, mall.now_ms)) == 1
    back = CouponChecked(till.moment(), lease.voucher_code, "released", BILL, "", paper, "没用")
    till.push(used(till, lease, sale) if word == "used" else back)
    assert mall.read(cases, mall.now_ms) == []
    assert till.judged()[4].verdict == Verdict.APPLIED
    assert owed(mall) == ({"S1": (1, 100, 5_000)} if word == "used" else {})
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
        assert rejudge_ready(connection, mall.shard_key, mall.now_ms) == 0
    mall.check()


def test_a_coupon_on_a_raised_bill_is_in_use_also_if_a_lost_database_alone_had_said_yes(mall):
    lease, other = coupon(mall, "any"), mall.other
    code, bill, paper = lease.voucher_code, Bill(20_000, 2_000), "ab" * 32
    other.push(CouponChecked(other.moment(), code, "no_line", bill, "u1", paper))
    assert mall.till.use_online(code, "u2").refusal.code == "voucher_used"
    back = ReturnVoucher(code, "staff", "2026-06-01", staff="li", why="算了", home_is_sure=True)
    assert mall.service.run(back).code == "voucher_used"
    over = ReturnVoucher(code, "expired", "2027-01-01", home_is_sure=True)
    assert mall.service.run(over).code == "voucher_used"
    other.push(CouponChecked(other.moment(), code, "released", bill, "u1", paper, "没用"))
    assert mall.till.use_online(code, "u3").refusal is None
    mall.check()


def test_a_case_that_a_person_closes_is_told_to_its_till_and_the_coupon_comes_back(mall):
    lease, till = coupon(mall, "any"), mall.till
    code, bill, paper = lease.voucher_code, Bill(20_000, 2_000), "ab" * 32
    assert till.use_online(code, "u1").refusal is None
    till.push(CouponChecked(till.moment(), code, "no_line", bill, "u1", paper))
    seq = len(till.frames)
    with writing(mall.engine) as connection:
        place = Identity(till.id, 1, seq)
        close_case(connection, mall.shard_key, place, "王芳", "顾客没用", mall.now_ms)
    told = till.judged()[seq]
    assert (told.verdict, told.reason) == (Verdict.REFUSED_FINAL, "case_closed")
    assert mall.other.use_online(code, "u2").refusal.code == "voucher_used"
    till.push(CouponChecked(till.moment(), code, "released", bill, "u1", paper))
    assert mall.other.use_online(code, "u3").refusal is None
    mall.check()


def test_a_word_about_another_bill_leaves_the_case_open(mall):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    raised = CouponChecked(till.moment(), lease.voucher_code, "no_line", BILL, "", "ab" * 32)
    till.push(raised, sale, used(till, lease, sale))
    assert len(mall.read(cases, mall.now_ms)) == 1
    mall.check()


def opened(till, sale, review_id="cd" * 32):
    return ReviewOpened(
        till.moment(), "ef" * 32, "S1", ("no_check",), "HL7", None, 21_400, "sale", "CNY",
        review_id, read_as=print_of(sale),
    )  # fmt: skip


@pytest.mark.parametrize("number", ["HL7", "HL77"])
def test_a_receipt_that_a_person_corrected_keeps_its_coupon_and_a_refund_gives_it_back(
    mall, number
):
    lease, till = coupon(mall), mall.till
    read = till.sale(fen=21_400, number="HL7")
    review = opened(till, read)
    taken = Believed("sale", number, None, "CNY", 21_400, "S1")
    decided = ReviewDecided(till.moment(), review.review_id, "corrected", "1001", taken, taken)
    sold = till.sale(fen=21_400, number=number)
    sold = structs.replace(sold, eligible_fen=16_400, review_id=review.review_id)
    assert till.push(review, used(till, lease, read), decided, sold) == [APPLIED] * 4
    part = till.refund(sold, fen=6_400)
    back = till.refund(sold, fen=15_000)
    assert till.push(part) == [APPLIED]
    assert state(mall, lease) == 2
    assert till.push(back) == [APPLIED]
    assert state(mall, lease) == 1
    assert owed(mall) == {"S1": (0, 0, 0)}
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()


@pytest.mark.parametrize("bill", [Bill(21_400, 9_000), Bill(19_999, 5_000)])
def test_a_till_that_takes_off_more_than_the_terms_say_is_shown_to_a_person(mall, bill):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    verdicts = till.push(sale, used(till, lease, sale, bill))
    assert verdicts[1][0] is Verdict.QUARANTINED
    assert owed(mall) == {}
    mall.check()


def test_a_coupon_used_before_its_redemption_is_heard_of_is_paid_to_the_shop_then(mall):
    lease, till = coupon(mall, spend=False), mall.till
    sale = till.sale(fen=16_400)
    till.push(sale, used(till, lease, sale))
    assert owed(mall) == {}
    till.push(till.redeem(member(), lease, reward="own"))
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    mall.check()


def test_a_whole_refund_makes_the_coupon_good_again_and_a_part_does_not(mall):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    till.push(sale, used(till, lease, sale))
    till.push(till.refund(sale, 4_000))
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    till.push(till.refund(sale, 12_400))
    assert owed(mall) == {"S1": (0, 0, 0)}
    assert state(mall, lease) == 1
    second = till.sale(fen=25_000)
    assert till.push(second, used(till, lease, second, Bill(30_000, 5_000))) == [APPLIED] * 2
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    mall.check()


def test_a_coupon_back_after_its_last_day_ends_and_gives_its_points_back(mall):
    lease, till = coupon(mall, "any"), mall.other
    till.use_online(lease.voucher_code, "u1")
    sale = till.sale(fen=9_000)
    till.push(sale, used(till, lease, sale, Bill(10_000, 1_000), "u1"))
    mall.now_ms += 20 * DAY_MS
    till.push(till.refund(sale))
    assert till.use_online(lease.voucher_code, "u2").refusal.code == "voucher_expired"
    assert state(mall, lease) == 1  # the nightly job gives its points back
    mall.check()


@pytest.mark.parametrize(
    ("cause", "request_id", "again"),
    [("expired", "", 0), ("member", "b1", 100), ("member", "b2", Reason("voucher_cancelled"))],
)
def test_points_of_a_coupon_that_was_taken_after_it_was_given_back_do_not_come_back_again(
    mall, cause, request_id, again
):
    """The house paid for its bill, so what comes back of that is the house's."""
    lease, till = coupon(mall), mall.till
    day = "2027-01-01" if cause == "expired" else "2026-06-01"

    def give_back(request_id):
        back = ReturnVoucher(lease.voucher_code, cause, day, till.id, request_id, home_is_sure=True)
        return mall.service.run(back)

    assert give_back(request_id and "b1") == 100
    sale = till.sale(fen=16_400)
    taken = (Verdict.APPLIED_ADJUSTED, "voucher_returned", 100)
    assert till.push(sale, used(till, lease, sale)) == [APPLIED, taken]
    assert till.push(till.refund(sale)) == [APPLIED]
    assert give_back(request_id) == again
    assert mall.balance(member()) == 1000
    sums = mall.totals().posted
    assert [sums[name] for name in ("redemption", "settlement", "offline_loss")] == [0, 0, 0]
    mall.check()


def test_the_same_coupon_told_on_two_bills_by_a_copy_of_its_till_is_the_houses(mall):
    lease, till = coupon(mall), mall.till
    first, second = till.sale(fen=16_400), till.sale(fen=16_400)
    till.push(first, used(till, lease, first))
    verdicts = till.push(second, used(till, lease, second))
    assert verdicts[1] == (Verdict.APPLIED_ADJUSTED, "voucher_used", 100)
    assert owed(mall) == {"S1": (2, 200, 10_000)}  # the shop took it off twice and is paid twice
    mall.check()


@pytest.mark.parametrize("spent_late", [False, True])
@pytest.mark.parametrize("first", [0, 1])
def test_a_coupon_on_two_bills_stays_on_the_one_that_is_left_and_comes_back_with_the_last(
    mall, first, spent_late
):
    """The house bears what it counts on twice, and no longer than it does."""
    lease, till = coupon(mall, spend=not spent_late), mall.till
    sales = [till.sale(fen=16_400), till.sale(fen=16_400)]
    for sale in sales:
        till.push(sale, used(till, lease, sale))
    if spent_late:
        till.push(till.redeem(member(), lease, reward="own"))
    assert owed(mall) == {"S1": (2, 200, 10_000)}
    assert mall.totals().posted["offline_loss"] == -100
    till.push(till.refund(sales.pop(first)))
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    assert (mall.totals().posted["offline_loss"], state(mall, lease)) == (0, 2)
    mall.check()
    till.push(till.refund(sales.pop()))
    assert owed(mall) == {"S1": (0, 0, 0)}
    assert (mall.totals().posted["offline_loss"], state(mall, lease)) == (0, 1)
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()


def test_what_bills_took_is_folded_again_out_of_the_log(mall):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    till.push(sale, used(till, lease, sale), till.refund(sale))
    names = ("account", "transfer", "voucher", "redemption", "paid_bill")
    before = {name: mall.rows(schema.metadata.tables[name]) for name in names}
    assert before["paid_bill"]
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert {name: mall.rows(schema.metadata.tables[name]) for name in names} == before
    codes = [row.code for row in before["transfer"]]
    assert codes.count(Code.COUPON_USED) == codes.count(Code.COUPON_BACK) == 1


def test_a_copied_till_that_uses_one_request_on_two_bills_is_for_a_person(mall):
    """Both copies asked before they parted, and central gave both the same answer."""
    till, lease = mall.till, coupon(mall, "any")
    taken = till.use_online(lease.voucher_code, "u1")
    assert taken.coupon is not None
    bills = [till.sale(None, fen=18_000) for _ in range(2)]
    uses = [used(till, lease, sale, Bill(20_000, 2_000), "u1") for sale in bills]
    *_, one, two = till.push(*bills, *uses)
    assert one == APPLIED
    assert two[:2] == (Verdict.PENDING_REF, "voucher_used")
    assert owed(mall) == {"S1": (1, 300, 2_000)}
    mall.check()


def test_a_second_use_counts_once_what_had_the_coupon_before_came_back_whole(mall):
    """Central had said yes to it, and lost that with the refund when it was restored."""
    till, other, lease = mall.till, mall.other, coupon(mall, "any")
    first, second = till.sale(fen=18_000), other.sale(fen=18_000)
    till.push(first, used(till, lease, first, Bill(20_000, 2_000), "u1"))
    told = other.push(second, used(other, lease, second, Bill(20_000, 2_000), "u2"))
    assert told[1][:2] == (Verdict.PENDING_REF, "voucher_used")
    with writing(mall.engine) as connection:
        assert rejudge_ready(connection, mall.shard_key, mall.now_ms) == 0
    assert len(mall.read(cases, mall.now_ms)) == 1
    till.push(till.refund(first))
    assert mall.read(cases, mall.now_ms) == []
    assert owed(mall) == {"S1": (0, 0, 0), "S2": (1, 300, 2_000)}
    assert till.use_online(lease.voucher_code, "u3").refusal.code == "voucher_used"
    mall.check()
    other.push(other.refund(second))
    assert owed(mall) == {"S1": (0, 0, 0), "S2": (0, 0, 0)}
    assert state(mall, lease) == 1
    mall.check()
