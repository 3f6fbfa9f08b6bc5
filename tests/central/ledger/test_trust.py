"""What a device says that it has no say in, or that no mall ever sees."""

import pytest
from msgspec import structs

from central import schema
from central.ledger.judging.entry import POINTS_MAX
from loyalty.events import Holder
from loyalty.receipt import Kind
from loyalty.wire import Verdict
from tests.central.programme import member, print_of

APPLIED = (Verdict.APPLIED, "", 0)


@pytest.fixture
def mall(programme):
    programme.add_member("a")
    programme.add_member("b")
    return programme


def elsewhere(body, shop_id="S2"):
    """Return a sale or refund whose receipt names another shop."""
    return structs.replace(body, receipt=structs.replace(body.receipt, shop_id=shop_id))


def test_a_sale_that_names_another_shop_counts_for_the_device_s_own(mall):
    till = mall.till
    sale = elsewhere(till.sale(member()))
    assert till.push(sale) == [(Verdict.APPLIED_ADJUSTED, "other_shop", 0)]
    (row,) = mall.rows(schema.sale)
    assert (row.shop_id, row.fingerprint.hex()) == ("S1", print_of(sale))
    assert mall.balance(member()) == 100  # the printed promise stands
    mall.check()


def test_the_same_paper_earns_once_whichever_shop_s_till_shows_it(mall):
    sale = mall.other.sale(member(), number="N7")
    mall.other.push(sale)
    claimed = elsewhere(mall.till.sale(member("b"), number="N7"))
    assert mall.till.push(claimed) == [(Verdict.PENDING_REF, "duplicate_receipt", 0)]
    assert (mall.balance(member()), mall.balance(member("b"))) == (100, 0)
    mall.check()


def test_a_till_corrects_the_sales_of_its_own_shop_only(mall):
    other, beside = mall.other, mall.add_device("till-3", "till", "S1")
    sale = mall.till.sale(member())
    mall.till.push(sale)
    correction = other.correct(sale, member("b"), points=100)
    assert other.push(correction) == [(Verdict.REFUSED_FINAL, "other_shop_sale", 0)]
    assert (mall.balance(member()), mall.balance(member("b"))) == (100, 0)
    assert beside.push(beside.correct(sale, member("b"), points=100)) == [APPLIED]
    assert (mall.balance(member()), mall.balance(member("b"))) == (0, 100)
    mall.check()


def test_a_correction_that_came_before_its_sale_is_judged_by_the_same_rule(mall):
    other = mall.other
    sale = mall.till.sale(member())
    assert other.push(other.correct(sale, None))[0][0] is Verdict.PENDING_REF
    mall.till.push(sale)
    assert other.send(other.request(1)).judged[0].verdict == Verdict.REFUSED_FINAL
    assert mall.balance(member()) == 100
    mall.check()


def test_a_sale_that_named_another_shop_is_corrected_and_refunded_where_it_was_made(mall):
    till = mall.till
    sale = elsewhere(till.sale(member()))
    till.push(sale)
    assert mall.other.push(mall.other.correct(sale, None))[0][0] is Verdict.REFUSED_FINAL
    assert till.push(till.refund(sale, fen=4_000, points=40)) == [APPLIED]
    assert mall.balance(member()) == 60
    assert till.push(till.correct(sale, member("b"), points=60)) == [APPLIED]
    mall.check()


def test_a_refund_finds_sales_of_the_device_s_shop_by_number_and_of_no_other(mall):
    till, other = mall.till, mall.other
    sale = till.sale(member(), number="N7")
    till.push(sale)
    foreign = other.refund(sale, by_number=True)
    assert other.push(foreign)[0] == (Verdict.PENDING_REF, "original_unknown", 0)
    assert mall.balance(member()) == 100
    receipt = till.receipt("R1", -10_000, Kind.REFUND, original_number="N7")
    own = structs.replace(till.refund(sale, by_number=True), receipt=receipt)
    assert till.push(own)[0][0] is Verdict.APPLIED
    assert mall.balance(member()) == 0
    mall.check()


def test_a_refund_of_another_shop_s_sale_goes_to_a_person(mall):
    sale = mall.till.sale(member())
    mall.till.push(sale)
    assert mall.other.push(mall.other.refund(sale, points=100))[0][0] is Verdict.QUARANTINED
    assert mall.balance(member()) == 100
    mall.check()


def test_what_another_device_took_in_is_for_that_device_to_say(mall):
    mall.add_reward(points=50)
    till, other = mall.till, mall.other
    till.push(till.sale(member()))
    lease = till.lease(member())
    used = structs.replace(other.use(lease.voucher_code), by=till.id.hex())
    assert other.push(used)[0][0] is Verdict.QUARANTINED
    assert till.push(till.use(lease.voucher_code)) == [APPLIED]
    mall.check()


@pytest.mark.parametrize("promised", [POINTS_MAX, POINTS_MAX + 1])
def test_an_event_gives_no_more_points_than_a_receipt_can_bring(mall, promised):
    """Else a hostile till could fill the account that all points come from."""
    till = mall.till
    ((verdict, *_),) = till.push(till.sale(member(), points=promised))
    may = promised == POINTS_MAX
    assert verdict is (Verdict.APPLIED if may else Verdict.QUARANTINED)
    assert mall.balance(member()) == (promised if may else 0)
    mall.check()


def test_a_sale_of_any_size_gives_no_more_either(mall):
    till = mall.till
    vast = till.sale(member(), fen=10**12, points=0)
    assert till.push(vast)[0][0] is Verdict.QUARANTINED
    assert till.push(till.sale(member())) == [APPLIED]
    mall.check()


@pytest.mark.parametrize("key", ["", "c" * 65, "c1 ", 'c"', "卡", "c/1"])
@pytest.mark.parametrize("kind", ["card", "member"])
def test_points_go_to_nobody_under_a_key_that_no_card_and_no_member_has(mall, kind, key):
    """A long one would let the night's expiry fail, for everybody behind it."""
    till = mall.till
    ((verdict, *_),) = till.push(till.sale(Holder(kind, key)))
    assert verdict is Verdict.QUARANTINED
    assert till.push(till.sale(Holder(kind, "c" * 64))) == [APPLIED]
    assert mall.balance(Holder(kind, "c" * 64)) == 100
    mall.check()
