"""What paid for a bill comes back with it, in whatever order its till and others tell of it."""

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.verify import rebuild
from central.ledger.waiting import cases
from loyalty.events import Believed, Bill, CouponChecked, ReviewDecided
from loyalty.wire import Verdict
from tests.central.programme import member, print_of
from tests.central.rewards.redeem_cases import bring_in
from tests.central.sync import test_tendering as paying
from tests.central.sync.test_census import hear, restore
from tests.central.sync.test_coupons import ANY, APPLIED, OWN, coupon, opened, owed, state, used
from tests.central.sync.test_lost_leases import lost

NOTHING = {"S1": (0, 0, 0)}


@pytest.fixture
def mall(programme):
    """A member with 1000 points where points pay and two coupons can be had."""
    programme.add_book(paying.mall_book(), effective_ms=1)
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=100_000))
    bring_in(programme, [OWN, ANY])
    return programme


@pytest.fixture
def sister(mall):
    return mall.add_device("till-3", "till", "S1")


def folded_again(mall):
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("fens", [(16_400,), (6_400, 10_000)])
def test_a_coupon_comes_back_with_refunds_that_a_sister_till_told_before_its_sale(
    mall, sister, fens, together
):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    for fen in fens:
        told = sister.push(sister.refund(sale, fen, by_number=True))
        assert told[0][0] is Verdict.PENDING_REF
    use = used(till, lease, sale)
    told = till.push(sale, use) if together else [*till.push(sale), *till.push(use)]
    assert told == [APPLIED] * 2
    assert owed(mall) == NOTHING
    assert state(mall, lease) == 1
    second = till.sale(fen=16_400)
    assert till.push(second, used(till, lease, second)) == [APPLIED] * 2
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    folded_again(mall)


def test_a_coupon_stays_used_by_a_refund_of_a_part_before_its_sale_and_comes_back_with_the_rest(
    mall, sister
):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    sister.push(sister.refund(sale, 6_400, by_number=True))
    till.push(sale, used(till, lease, sale))
    assert owed(mall) == {"S1": (1, 100, 5_000)}
    till.push(till.refund(sale, 10_000))
    assert owed(mall) == NOTHING
    assert state(mall, lease) == 1
    folded_again(mall)


def test_the_refunds_of_a_bill_that_nothing_has_paid_yet_are_one_small_row(mall):
    till = mall.till
    sale = till.sale(fen=100_000)
    till.push(sale, *(till.refund(sale, 100) for _ in range(40)))
    (row,) = mall.rows(schema.paid_bill)
    assert row.content == '{"refunds":[[4000,100000,0]]}'


def paid(mall, sale):
    """Points pay a part of a sale's bill: the spend is told, its match is returned."""
    till = mall.till
    lease = paying.asked(till)
    assert till.push(paying.spend(till, lease)) == [APPLIED]
    return structs.replace(paying.checked(till, lease), fingerprint=print_of(sale))


@pytest.mark.parametrize("fens", [(30_000,), (10_000, 20_000)])
def test_points_come_back_with_refunds_that_a_sister_till_told_before_the_sale(mall, sister, fens):
    before, till = mall.lots(), mall.till
    sale = till.sale(fen=30_000)
    match = paid(mall, sale)
    for fen in fens:
        sister.push(sister.refund(sale, fen, by_number=True))
    assert till.push(sale, match) == [APPLIED] * 2
    assert mall.lots() == before
    assert mall.totals().posted["settlement"] == 0
    folded_again(mall)


def test_points_come_back_in_part_with_the_part_that_a_sister_till_told_before_the_sale(
    mall, sister
):
    till = mall.till
    sale = till.sale(fen=30_000)
    match = paid(mall, sale)
    sister.push(sister.refund(sale, 10_000, by_number=True))
    till.push(sale, match)
    assert (mall.balance(member()), mall.totals().posted["settlement"]) == (400, 600)
    till.push(till.refund(sale, 20_000))
    assert (mall.balance(member()), mall.totals().posted["settlement"]) == (1_000, 0)
    folded_again(mall)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_refund_at_a_sister_till_takes_back_what_earned_whichever_of_the_two_tills_tells_first(
    mall, sister, before
):
    """The paper of the refund alone says the whole amount, of which points paid a part."""
    till = mall.till
    lease = paying.asked(till)
    till.push(paying.spend(till, lease))
    sale = till.sale(member(), fen=29_100)
    sale = structs.replace(sale, receipt=structs.replace(sale.receipt, owed_fen=30_000))
    match = structs.replace(paying.checked(till, lease), fingerprint=print_of(sale))
    refund = sister.refund(sale, 10_000, by_number=True)
    told = [(till, match), (till, sale)]  # as a till writes them; a push may end between the two
    for device, body in (*told[:before], (sister, refund), *told[before:]):
        device.push(body)
    assert mall.balance(member()) == 100 + 291 + 300 - 97  # 97.00 of the 100.00 earned
    folded_again(mall)


def test_a_coupon_of_a_raised_bill_that_came_back_is_good_again_when_its_cashier_says_it_was_used(
    mall,
):
    lease, till = coupon(mall), mall.till
    sale = till.sale(fen=16_400)
    bill = Bill(21_400, 5_000)
    raised = CouponChecked(till.moment(), lease.voucher_code, "no_line", bill, "", print_of(sale))
    till.push(sale, raised)
    assert till.push(till.refund(sale)) == [APPLIED]
    assert till.push(used(till, lease, sale)) == [APPLIED]
    assert owed(mall) == NOTHING
    assert state(mall, lease) == 1
    assert mall.read(cases, mall.now_ms) == []
    folded_again(mall)


def test_a_corrected_receipt_gives_its_coupon_back_by_a_refund_of_before_its_use(mall, sister):
    """The desk decides the paper while the use is still on its way."""
    lease, till = coupon(mall), mall.till
    read = till.sale(fen=16_400, number="HL7")
    review = opened(till, read)
    taken = Believed("sale", "HL77", None, "CNY", 16_400, "S1")
    decided = ReviewDecided(till.moment(), review.review_id, "corrected", "1001", taken, taken)
    sold = till.sale(fen=16_400, number="HL77")
    sold = structs.replace(sold, review_id=review.review_id)
    sister.push(sister.refund(sold, by_number=True))
    assert till.push(review, decided, sold) == [APPLIED] * 3
    assert till.push(used(till, lease, read)) == [APPLIED]
    assert owed(mall) == NOTHING
    assert state(mall, lease) == 1
    folded_again(mall)


@pytest.mark.parametrize("back_first", [True, False])
def test_a_second_use_is_no_case_any_more_once_its_own_bill_came_back_whole(mall, back_first):
    """The money is right without a person: nothing of that bill counts."""
    till, other, lease = mall.till, mall.other, coupon(mall, "any")
    first, second = till.sale(fen=18_000), other.sale(fen=18_000)
    till.push(first, used(till, lease, first, Bill(20_000, 2_000), "u1"))
    use = used(other, lease, second, Bill(20_000, 2_000), "u2")
    part, rest = other.refund(second, 8_000), other.refund(second, 10_000)
    other.push(*(second, part, rest, use) if back_first else (second, use, part))
    if not back_first:
        assert [one.reason for one in mall.read(cases, mall.now_ms)] == ["voucher_used"]
        other.push(rest)
    assert mall.read(cases, mall.now_ms) == []
    assert owed(mall) == {"S1": (1, 300, 2_000)}
    assert state(mall, lease) == 2
    till.push(till.refund(first))
    assert owed(mall) == NOTHING
    assert state(mall, lease) == 1
    folded_again(mall)


@pytest.mark.parametrize("known", [True, False])
def test_a_payment_taken_back_behind_the_backup_is_the_members_again_by_its_tills_word(mall, known):
    till = mall.till
    if known:
        lease = paying.asked(till)
        till.push(paying.spend(till, lease))
        restore(mall)
    else:
        restore(mall)
        lease = lost(mall, 900)
        till.write(paying.spend(till, lease))
    raised = paying.checked(till, lease, "no_receipt")
    till.write(raised, paying.checked(till, lease, "taken_back"))
    hear(mall, mall.till, mall.other)
    hear(mall, mall.other)
    assert mall.balance(member()) == 1_000
    assert mall.totals().posted["settlement"] == 0
    assert mall.read(cases, mall.now_ms) == []
    assert paying.cancel(till, lease).refusal.code == "voucher_cancelled"
    folded_again(mall)
