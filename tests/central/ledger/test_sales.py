from datetime import date

import pytest
from msgspec import structs

from central import schema
from central.ledger.judging.accounts import Code
from central.ledger.queries import statement
from central.ledger.waiting import cases
from loyalty.receipt import Kind
from loyalty.rules import rulebook
from loyalty.wire import ClaimedRow, Judged, MemberRow, Topic, Verdict
from tests.central.programme import BOOK, DAY_MS, card, member

APPLIED = (Verdict.APPLIED, "", 0)
ADJUSTED = Verdict.APPLIED_ADJUSTED
PENDING = Verdict.PENDING_REF
REFUSED = Verdict.REFUSED_FINAL


def codes(programme, holder):
    told = programme.read(statement, holder, 0, programme.now_ms + 1)
    return [(line.code, line.points) for line in told.lines]


# --- sales


def test_a_sale_with_a_holder_gives_points_from_the_issuer(programme):
    programme.add_member("a")
    assert programme.till.push(programme.till.sale(member())) == [APPLIED]
    assert programme.balance(member()) == 100
    assert programme.totals().posted == {"wallet": 100, "issuer": -100}
    programme.check()


def test_a_card_that_nobody_knows_earns_to_the_card(programme):
    programme.till.push(programme.till.sale(card("c1")))
    assert programme.balance(card("c1")) == 100
    programme.check()


def test_a_higher_tier_at_central_is_trued_up_in_a_leg_of_its_own(programme):
    programme.add_member("a", "gold")
    assert programme.till.push(programme.till.sale(member())) == [(ADJUSTED, "true_up", 50)]
    assert codes(programme, member()) == [(Code.AWARD, 100), (Code.TRUE_UP, 50)]
    programme.check()


def test_a_printed_promise_that_is_higher_stands(programme):
    programme.add_member("a")
    assert programme.till.push(programme.till.sale(member(), points=130)) == [APPLIED]
    assert codes(programme, member()) == [(Code.AWARD, 100), (Code.PROMISE, 30)]
    programme.check()


def test_the_same_receipt_from_two_tills_earns_once_and_waits_for_a_person(programme):
    programme.add_member("a")
    sale = programme.till.sale(member(), number="77")
    assert programme.till.push(sale) == [APPLIED]
    assert programme.other.push(sale) == [(PENDING, "duplicate_receipt", 0)]
    assert programme.balance(member()) == 100
    programme.check()


def test_a_discriminator_lets_a_second_sale_with_the_same_facts_earn(programme):
    sale = programme.till.sale(member(), number="77")
    second = structs.replace(sale, discriminator="2")
    assert programme.till.push(sale, second) == [APPLIED, APPLIED]
    assert programme.balance(member()) == 200
    programme.check()


def test_points_expire_by_the_rule_book_from_the_day_of_the_sale(programme):
    programme.till.push(programme.till.sale(member()))
    (lot,) = programme.lots()
    assert (lot.expires_on, lot.left) == (date(2027, 5, 29), 100)


# --- claims


def test_a_sale_without_a_holder_waits_for_its_claim(programme):
    till, kiosk = programme.till, programme.other
    assert till.push(till.sale(code="C1")) == [APPLIED]
    assert programme.totals().posted == {}
    assert kiosk.push(kiosk.claim("C1", member(), points=100)) == [APPLIED]
    assert programme.balance(member()) == 100
    programme.check()


def test_a_claim_that_promised_nothing_learns_its_points(programme):
    till, kiosk = programme.till, programme.other
    till.push(till.sale(code="C1"))
    assert kiosk.push(kiosk.claim("C1", member())) == [(Verdict.APPLIED, "", 100)]
    programme.check()


def test_a_claim_before_its_sale_is_judged_when_the_sale_arrives(programme):
    till, kiosk = programme.till, programme.other
    assert kiosk.push(kiosk.claim("C1", member(), 100)) == [(PENDING, "claim_unknown", 0)]
    assert till.push(till.sale(code="C1")) == [APPLIED]
    assert programme.balance(member()) == 100
    assert kiosk.judged() == {1: Judged(1, Verdict.APPLIED, "", 0)}
    assert till.judged() == {}
    programme.check()


def test_the_first_of_two_waiting_claims_gets_the_sale(programme):
    till, kiosk = programme.till, programme.other
    kiosk.push(kiosk.claim("C1", member("a")))
    kiosk.push(kiosk.claim("C1", member("b")))
    till.push(till.sale(code="C1"))
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (100, 0)
    verdicts = kiosk.judged()
    assert verdicts[2] == Judged(2, REFUSED, "claim_taken", 0)
    programme.check()


def test_a_second_sale_with_the_code_of_another_goes_to_a_person(programme):
    till, other = programme.till, programme.other
    sale = till.sale(None, fen=100_000, code="SLIP")
    till.push(sale)
    assert other.push(other.sale(None, fen=500_000, code="SLIP"))[0][0] is Verdict.QUARANTINED
    till.push(till.refund(sale, 10_000))
    assert till.push(till.claim("SLIP", card("c1"))) == [(Verdict.APPLIED, "", 900)]
    (case,) = programme.read(cases, programme.now_ms)
    assert "claim slip is another sale's" in case.error
    programme.check()


def test_a_claim_is_refused_once_the_sale_was_claimed(programme):
    till, kiosk = programme.till, programme.other
    till.push(till.sale(code="C1"))
    kiosk.push(kiosk.claim("C1", member("a")))
    assert till.push(till.claim("C1", member("b"))) == [(REFUSED, "claim_taken", 0)]
    assert programme.balance(member("b")) == 0
    programme.check()


def test_a_claim_is_refused_the_day_after_its_last(programme):
    till, kiosk = programme.till, programme.other
    till.push(till.sale(code="C1"), till.sale(code="C2"))
    programme.now_ms += 30 * DAY_MS
    assert kiosk.push(kiosk.claim("C1", member(), 100)) == [APPLIED]
    programme.now_ms += DAY_MS
    assert kiosk.push(kiosk.claim("C2", member())) == [(REFUSED, "claim_expired", 0)]
    programme.check()


def test_a_claim_made_in_time_counts_however_late_it_arrives(programme):
    till, kiosk = programme.till, programme.other
    till.push(till.sale(code="C1"))
    kiosk.write(kiosk.claim("C1", member()))
    programme.now_ms += 40 * DAY_MS
    assert kiosk.send().judged[0].verdict == Verdict.APPLIED
    programme.check()


def test_the_till_of_a_claim_slip_hears_who_claimed_it_elsewhere(programme):
    till, kiosk = programme.till, programme.other
    sale = till.sale(code="C1")
    till.push(sale)
    kiosk.push(kiosk.claim("C1", member()))
    (row,) = till.feed(Topic.CLAIMED, ClaimedRow).values()
    assert (row.holder, row.points) == (member(), 100)
    assert kiosk.feed(Topic.CLAIMED, ClaimedRow) == {}


# --- refunds


def test_a_refund_takes_back_in_proportion(programme):
    till = programme.till
    sale = till.sale(member(), fen=9_999)
    till.push(sale)
    assert till.push(till.refund(sale, fen=3_333, points=33)) == [APPLIED]
    assert programme.balance(member()) == 66
    programme.check()


def test_refunding_everything_in_any_steps_leaves_nothing(programme):
    till = programme.till
    programme.add_member("a", "gold")
    sale = till.sale(member(), fen=9_999)
    till.push(sale)
    for fen in (1, 3_332, 5_000, 1_666):
        till.push(till.refund(sale, fen=fen))
    assert programme.balance(member()) == 0
    assert till.push(till.refund(sale, fen=500, points=0)) == [APPLIED]
    assert programme.balance(member()) == 0
    assert programme.rows(schema.sale)[0].refunded_fen == 9_999
    programme.check()


def test_a_refund_that_told_the_member_something_else_is_recomputed(programme):
    till = programme.till
    programme.add_member("a", "gold")
    sale = till.sale(member())
    till.push(sale)
    assert till.push(till.refund(sale, points=100)) == [(ADJUSTED, "recomputed", -50)]
    assert programme.balance(member()) == 0
    programme.check()


def test_a_refund_finds_its_sale_by_shop_and_number(programme):
    till = programme.till
    sale = till.sale(member(), number=" no 7 ")
    till.push(sale)
    assert till.push(till.refund(sale, by_number=True))[0][0] is Verdict.APPLIED
    assert programme.balance(member()) == 0
    programme.check()


def test_a_refund_by_number_comes_out_of_the_sale_that_can_cover_it(programme):
    till = programme.till
    small = till.sale(member("a"), number="7", fen=1_000)
    large = till.sale(member("b"), number="7", fen=20_000)
    till.push(small, large)
    till.push(till.refund(large, by_number=True))
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (10, 0)
    programme.check()


def test_a_void_finds_the_sale_that_has_its_number(programme):
    till = programme.till
    sale = till.sale(member(), number="7")
    void = till.refund(sale, by_number=True)
    receipt = structs.replace(void.receipt, kind=Kind.VOID, number="7", original_number=None)
    till.push(sale, structs.replace(void, receipt=receipt))
    assert programme.balance(member()) == 0
    programme.check()


def test_a_refund_that_arrives_first_waits_for_its_sale(programme):
    till, other = programme.till, programme.add_device("till-3")
    for by_number in (False, True):
        sale = till.sale(member())
        refund = till.refund(sale, by_number=by_number)
        assert other.push(refund) == [(PENDING, "original_unknown", 0)]
        assert till.push(sale) == [APPLIED]
        assert programme.balance(member()) == 0
    programme.check()


def test_a_refund_without_any_reference_waits_for_a_person(programme):
    till = programme.till
    refund = till.refund(till.sale(member()), by_number=True)
    refund = structs.replace(refund, receipt=structs.replace(refund.receipt, original_number=None))
    assert till.push(refund) == [(PENDING, "original_unknown", 0)]
    programme.check()


def test_a_refund_printed_twice_takes_back_once(programme):
    till = programme.till
    sale = till.sale(member())
    refund = till.refund(sale, fen=2_500)
    till.push(sale, refund)
    assert till.push(refund) == [(PENDING, "duplicate_receipt", 0)]
    assert programme.balance(member()) == 75
    programme.check()


def test_a_refund_of_points_that_are_spent_leaves_a_debt_that_later_points_pay_first(programme):
    till = programme.till
    programme.add_member("a")
    programme.add_reward(points=100)
    sale = till.sale(member())
    till.push(sale)
    lease = till.lease(member())
    till.push(till.redeem(member(), lease), till.close_lease(lease, 100))
    till.push(till.refund(sale))
    assert programme.balance(member()) == -100
    assert till.feed(Topic.MEMBER, MemberRow)["a"].balance == -100
    till.push(till.sale(member(), fen=6_000))
    assert programme.balance(member()) == -40
    till.push(till.sale(member(), fen=6_000))
    assert programme.balance(member()) == 20
    assert codes(programme, member())[1:4] == [
        (Code.REDEEM, -100),
        (Code.TAKE_BACK_OWED, -100),
        (Code.AWARD, 60),
    ]
    assert programme.totals().posted == {
        "wallet": 20,
        "debt": 0,
        "issuer": -120,
        "redemption": 100,
    }
    programme.check()


def test_a_refund_never_touches_points_that_are_held(programme):
    till = programme.till
    programme.add_member("a")
    programme.add_reward(points=80)
    sale = till.sale(member())
    till.push(sale)
    lease = till.lease(member())
    till.push(till.refund(sale))
    assert (programme.balance(member()), programme.held(member())) == (0, 80)
    till.push(till.redeem(member(), lease))
    assert (programme.balance(member()), programme.held(member())) == (-80, 0)
    programme.check()


@pytest.mark.parametrize("promised", [100, 120, 90, None])
def test_a_claim_and_a_refund_come_to_the_same_in_either_order(programme, promised):
    """A till that had not heard of the refund promises the points of what was brought back too."""
    till, other = programme.till, programme.other
    programme.add_member("a")
    programme.add_member("b")
    first, second = till.sale(code="C1"), till.sale(code="C2")
    till.push(first, second)
    other.push(other.claim("C1", member("a"), promised))
    till.push(till.refund(first, fen=4_000), till.refund(second, fen=4_000))
    other.push(other.claim("C2", member("b"), promised))
    kept = (promised or 100) * 6 // 10 if promised != 90 else 60
    assert programme.balance(member("a")) == programme.balance(member("b")) == kept
    programme.check()


def test_an_open_sale_that_was_refunded_whole_cannot_be_claimed(programme):
    till, kiosk = programme.till, programme.other
    sale = till.sale(code="C1")
    till.push(sale, till.refund(sale))
    assert kiosk.push(kiosk.claim("C1", member())) == [(REFUSED, "claim_refunded", 0)]
    programme.check()


def test_a_claim_after_a_partial_refund_gives_what_is_left_and_no_refund_takes_more(programme):
    till, kiosk = programme.till, programme.other
    sale = till.sale(code="C1")
    till.push(sale, till.refund(sale, fen=2_500))
    assert kiosk.push(kiosk.claim("C1", member(), 80)) == [(ADJUSTED, "recomputed", -5)]
    assert programme.balance(member()) == 75
    till.push(till.refund(sale, fen=7_500))
    assert programme.balance(member()) == 0
    programme.check()


def test_a_refund_of_a_sale_that_earned_nothing_says_so(programme):
    till = programme.till
    sale = till.sale(member(), fen=50)
    assert till.push(sale, till.refund(sale, points=0))[1] == (Verdict.APPLIED, "not_earned", 0)
    programme.check()


# --- corrections


def test_a_correction_moves_an_award_to_another_holder(programme):
    till = programme.till
    sale = till.sale(member("a"))
    assert till.push(sale, till.correct(sale, member("b"), 100)) == [APPLIED, APPLIED]
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (0, 100)
    programme.check()


def test_a_correction_without_a_holder_takes_the_award_back_and_another_gives_it(programme):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale, till.correct(sale, None))
    assert programme.balance(member("a")) == 0
    till.push(till.correct(sale, member("b"), 100))
    assert programme.balance(member("b")) == 100
    programme.check()


def test_a_corrected_award_that_was_spent_leaves_a_debt(programme):
    till = programme.till
    programme.add_member("a")
    programme.add_reward(points=60)
    sale = till.sale(member("a"))
    till.push(sale)
    till.push(till.redeem(member("a"), till.lease(member("a"))))
    till.push(till.correct(sale, member("b"), 100))
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (-60, 100)
    programme.check()


def test_a_refund_after_a_correction_takes_from_the_new_holder(programme):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale, till.refund(sale, fen=4_000), till.correct(sale, member("b"), 60))
    assert programme.balance(member("b")) == 60
    till.push(till.refund(sale, fen=6_000))
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (0, 0)
    programme.check()


def test_a_correction_before_its_sale_waits_for_it(programme):
    till, other = programme.till, programme.add_device("till-3")
    sale = till.sale(member("a"))
    assert other.push(other.correct(sale, member("b"))) == [(PENDING, "original_unknown", 0)]
    till.push(sale)
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (0, 100)
    programme.check()


# --- rule books


def test_a_sale_under_an_unknown_rule_book_waits_until_the_book_is_here(programme):
    new = structs.replace(BOOK, name="next")
    till, other = programme.till, programme.add_device("till-3")
    sale = till.sale(member(), book=rulebook.version(new))
    waits = (Verdict.PENDING_UPGRADE, "rule_book_unknown", 0)
    assert till.push(sale) == [waits]
    assert other.push(other.refund(sale, fen=5_000)) == [(PENDING, "original_unknown", 0)]
    programme.check()
    programme.add_book(new)
    programme.service.start()
    assert programme.balance(member()) == 50
    assert till.judged()[1].verdict == Verdict.APPLIED
    assert other.judged()[1].verdict == Verdict.APPLIED
    programme.check()


def test_the_first_sale_under_a_new_rule_book_brings_in_those_that_waited_for_it(programme):
    new = structs.replace(BOOK, name="next")
    till = programme.till
    till.push(till.sale(member(), book=rulebook.version(new)))
    programme.add_book(new)
    till.push(till.sale(member(), book=rulebook.version(new)))
    assert programme.balance(member()) == 200
    programme.check()
