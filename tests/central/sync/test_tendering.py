"""Points as money: granted by the rule book, settled per shop, matched or shown to a person."""

from datetime import date

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.jobs.voucher_expiry import expire
from central.ledger.judging.accounts import AccountKind, Code
from central.ledger.judging.rows import ReviewState
from central.ledger.review_commands import DecideReview
from central.ledger.settlement import dues, payments
from central.ledger.verify import rebuild
from central.ledger.waiting import cases
from loyalty import wire
from loyalty.events import Bill, Redeem, ReviewOpened, TenderChecked, VoucherUse
from loyalty.receipt import Tender
from loyalty.rules import rulebook
from loyalty.rules.tender import TENDER_REWARD, Paying
from loyalty.wire import Verdict
from tests.central.programme import DAY_MS, START_MS, member, print_of
from tillpoints.simulation.programme.book import BOOK

PAYING = Paying(100, from_fen=20_000, share_percent_max=30)
BILL = Bill(30_000, 900)
LATER_MS = START_MS + 400 * DAY_MS


def mall_book():
    return structs.replace(BOOK, tender=PAYING, grammar=4, redeem_limit_points=2_000)


@pytest.fixture
def mall(programme):
    """A member with 1000 points in a mall where points pay."""
    programme.add_book(mall_book(), effective_ms=1)
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=100_000))
    return programme


def asked(device, points=900, due_fen=30_000, request_id="p1", bill=True, pieces=1):
    request = wire.LeaseRequest(
        request_id,
        member(),
        TENDER_REWARD,
        device.stream.epoch,
        pieces=pieces,
        points=points,
        bill=Bill(due_fen, 0) if bill else None,
    )
    return device.ask(wire.LEASE_PATH, request, wire.LeaseAnswer)


def spend(device, lease):
    return Redeem(
        device.moment(),
        member(),
        lease.lease_id,
        lease.points,
        TENDER_REWARD,
        lease.voucher_code,
        bill=BILL,
    )


def checked(device, lease, outcome="matched"):
    return TenderChecked(device.moment(), lease.voucher_code, outcome, BILL, "ab" * 32)


def matched(device, lease, sale):
    return structs.replace(checked(device, lease), fingerprint=print_of(sale))


def cancel(device, lease, why="keyed in wrongly"):
    request = wire.CancelRequest("c1", lease.voucher_code, why)
    return device.ask(wire.CANCEL_PATH, request, wire.CancelAnswer)


def owed(mall):
    return mall.read(lambda c, key: dues(payments(c, key, 0, LATER_MS)))


def reasons(mall):
    return [one.reason for one in mall.read(cases, mall.now_ms)]


def test_points_that_paid_and_matched_are_owed_to_the_shop(mall):
    till = mall.till
    lease = asked(till)
    assert (lease.refusal, lease.points, lease.place) == (None, 900, "S1")
    assert till.push(spend(till, lease), checked(till, lease)) == [(Verdict.APPLIED, "", 0)] * 2
    assert mall.balance(member()) == 100
    (due,) = owed(mall)
    assert structs.astuple(due) == ("S1", 1, 900, 900, 0, 0)
    (booked,) = [row for row in mall.rows(schema.transfer) if row.code == Code.PAID]
    assert booked.credit_id[0] == AccountKind.SETTLEMENT
    assert mall.totals().posted["settlement"] == 900
    assert sum(mall.totals().posted.values()) == 0
    assert reasons(mall) == []
    mall.check()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"points": 9_100}, "paying_most"),
        ({"points": 950}, "paying_most"),
        ({"due_fen": 19_999}, "paying_from"),
        ({"points": 0}, "paying_too_few"),
        ({"bill": False}, "paying_at_till"),
        ({"pieces": 2}, "paying_at_till"),
        ({"points": 1_100, "due_fen": 50_000}, "balance_too_low"),
        ({"points": 2_100, "due_fen": 90_000}, "proof_needed"),
    ],
)
def test_what_the_book_the_balance_or_the_proof_does_not_allow_is_refused(mall, changes, code):
    assert asked(mall.till, **changes).refusal.code == code
    assert owed(mall) == []
    mall.check()


def test_no_kiosk_pays_a_bill_and_no_mall_without_the_section(programme):
    programme.add_member("a")
    assert asked(programme.till).refusal.code == "paying_off"
    kiosk = programme.add_device("kiosk-1", "kiosk", "S1")
    assert asked(kiosk).refusal.code == "paying_at_till"


def test_points_are_never_paid_twice_by_two_tills(mall):
    first, second = asked(mall.till), asked(mall.other)
    assert first.refusal is None
    assert second.refusal.code == "balance_held"
    mall.check()


@pytest.mark.parametrize("outcome", ["no_line", "other_amount", "other_bill", "no_receipt"])
def test_a_mismatch_waits_for_a_person_until_the_points_are_taken_back(mall, outcome):
    till = mall.till
    lease = asked(till)
    told = till.push(spend(till, lease), checked(till, lease, outcome))
    assert told[1] == (Verdict.PENDING_REF, f"tender_{outcome}", 0)
    assert reasons(mall) == [f"tender_{outcome}"]
    assert (owed(mall)[0].open, owed(mall)[0].open_fen) == (1, 900)
    assert cancel(till, lease).points == 900
    assert till.push(checked(till, lease, "taken_back")) == [(Verdict.APPLIED, "", 0)]
    assert reasons(mall) == []  # a person has settled it
    assert mall.balance(member()) == 1_000
    assert structs.astuple(owed(mall)[0]) == ("S1", 0, 0, 0, 0, 0)
    mall.check()


def test_a_matched_payment_is_not_taken_back(mall):
    lease = asked(mall.till)
    mall.till.push(spend(mall.till, lease), checked(mall.till, lease))
    assert cancel(mall.till, lease).refusal.code == "voucher_used"
    assert owed(mall)[0].points == 900


def test_another_till_neither_matches_a_payment_nor_takes_it_back(mall):
    lease = asked(mall.till)
    mall.till.push(spend(mall.till, lease))
    assert mall.other.push(checked(mall.other, lease))[0][0] is Verdict.QUARANTINED
    assert cancel(mall.other, lease).refusal.code == "cancel_elsewhere"
    assert mall.balance(member()) == 100


def test_what_nobody_could_match_is_never_given_back_by_the_night(mall):
    lease = asked(mall.till)
    mall.till.push(spend(mall.till, lease))
    mall.now_ms += 300 * DAY_MS
    assert expire(mall.engine, mall.shard_key, date(2027, 12, 1), mall.now_ms) == (0, 0)
    assert mall.balance(member()) == 100


def test_a_rebuild_gives_the_same_settlement(mall):
    till = mall.till
    lease = asked(till)
    till.push(spend(till, lease), checked(till, lease, "no_receipt"))
    cancel(till, lease)
    before = owed(mall)
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert owed(mall) == before
    mall.check()


def paid_bill(mall, holder=None):
    """A bill of 300 yuan of which points paid 9, and the event that matched it."""
    till = mall.till
    lease, sale = asked(till), till.sale(holder, fen=29_100, number="B1")
    sale = structs.replace(sale, receipt=structs.replace(sale.receipt, owed_fen=30_000))
    till.push(spend(till, lease), sale, matched(till, lease, sale))
    return lease, sale


def back(till, sale, owed_fen, eligible_fen, tenders=()):
    refund = till.refund(sale, eligible_fen)
    receipt = structs.replace(refund.receipt, owed_fen=-owed_fen, tenders=tenders)
    return structs.replace(refund, receipt=receipt)


def points_back(mall):
    return [row.amount for row in mall.rows(schema.transfer) if row.code == Code.PAID_BACK]


def test_a_refund_gives_what_points_paid_back_and_the_shop_is_owed_nothing(mall):
    before = mall.lots()
    _, sale = paid_bill(mall)
    mall.now_ms += 20 * DAY_MS
    mall.till.push(back(mall.till, sale, 30_000, 29_100))
    assert mall.lots() == before  # with the days they end
    assert points_back(mall) == [900]
    assert structs.astuple(owed(mall)[0]) == ("S1", 1, 0, 0, 0, 0)
    mall.check()


@pytest.mark.parametrize("late", [False, True])
def test_points_taken_back_before_their_match_is_told_do_not_come_back_with_the_bill_again(
    mall, late
):
    """Nor with its refund of before the match, which is kept while a coupon of it is not known."""
    till = mall.till
    lease = asked(till)
    assert till.push(spend(till, lease)) == [(Verdict.APPLIED, "", 0)]
    assert cancel(till, lease).points == 900
    assert mall.balance(member()) == 1000
    sale = till.sale(fen=30_000)
    match = matched(till, lease, sale)
    off = Bill(31_000, 1_000)
    till.push(VoucherUse(till.moment(), "lost", till.id.hex(), "", off, print_of(sale)), sale)
    told = till.push(*(till.refund(sale), match)[:: 1 if late else -1])
    assert (Verdict.APPLIED_ADJUSTED, "voucher_returned", 900) in told
    assert mall.balance(member()) == 1000
    sums = mall.totals().posted
    assert (sums["settlement"], sums["offline_loss"]) == (0, 0)
    mall.check()


def sums(mall):
    posted = mall.totals().posted
    return mall.balance(member()), posted["settlement"], posted.get("offline_loss", 0)


@pytest.fixture
def two_bills(mall):
    """Two bills, B1 and B2, that a till paid with the same points, as one does that was set back.

    The member paid for the first, the house for the second.
    """
    lease, first = paid_bill(mall)
    second = structs.replace(first, receipt=structs.replace(first.receipt, number="B2"))
    told = mall.till.push(second, matched(mall.till, lease, second))
    assert told == [(Verdict.APPLIED, "", 0), (Verdict.APPLIED_ADJUSTED, "voucher_used", 900)]
    assert sums(mall) == (100, 1_800, -900)
    return first, second


@pytest.mark.parametrize(
    ("came_back", "there"),
    [
        ("1", (1_000, 900, -900)),
        ("2", (100, 900, 0)),
        ("12", (1_000, 0, 0)),
        ("21", (1_000, 0, 0)),
    ],
)
def test_of_two_bills_that_the_same_points_paid_the_first_gives_them_back_to_their_member(
    mall, two_bills, came_back, there
):
    """The house has what it had paid for the other; neither hangs on which is refunded first."""
    for number in came_back:
        sale = two_bills[int(number) - 1]
        assert mall.till.push(back(mall.till, sale, 30_000, 29_100)) == [(Verdict.APPLIED, "", 0)]
    assert sums(mall) == there
    mall.check()


def test_a_match_that_is_told_again_of_its_own_bill_moves_nothing(mall):
    lease, sale = paid_bill(mall)
    mall.now_ms += DAY_MS
    assert mall.till.push(matched(mall.till, lease, sale)) == [(Verdict.APPLIED, "", 0)]
    assert sums(mall) == (100, 900, 0)
    mall.check()


def test_two_payments_on_one_bill_are_each_used_up_on_it(mall):
    till, part = mall.till, Bill(30_000, 400)
    sale = till.sale(fen=29_200, number="B1")
    sale = structs.replace(sale, receipt=structs.replace(sale.receipt, owed_fen=30_000))
    till.push(sale)
    for request_id in ("p1", "p2"):
        lease = asked(till, points=400, request_id=request_id)
        match = structs.replace(matched(till, lease, sale), bill=part)
        told = till.push(structs.replace(spend(till, lease), bill=part), match)
        assert told == [(Verdict.APPLIED, "", 0)] * 2
    assert sums(mall) == (200, 800, 0)
    till.push(back(till, sale, 30_000, 29_200))
    assert sums(mall) == (1_000, 0, 0)
    mall.check()


def test_a_part_that_comes_back_gives_points_in_proportion_and_the_rest_with_the_last(mall):
    _, sale = paid_bill(mall)
    for owed_fen, eligible_fen in ((9_999, 9_699), (10_001, 9_701), (10_000, 9_700)):
        mall.till.push(back(mall.till, sale, owed_fen, eligible_fen))
    assert points_back(mall) == [299, 301, 300]
    assert mall.balance(member()) == 1_000


def test_a_refund_takes_back_what_the_bill_earned_and_gives_back_what_paid_it(mall):
    _, sale = paid_bill(mall, member())
    assert mall.balance(member()) == 100 + 291
    mall.till.push(back(mall.till, sale, 30_000, 29_100))
    assert mall.balance(member()) == 1_000
    mall.check()


def test_a_refund_that_names_its_points_gives_these_back(mall):
    _, sale = paid_bill(mall)
    tenders = (Tender("mall_points", -300), Tender("cash", -9_700))
    mall.till.push(back(mall.till, sale, 10_000, 9_700, tenders))
    assert points_back(mall) == [300]
    every = (Tender("mall_points", -9_999),)
    mall.till.push(back(mall.till, sale, 20_000, 19_400, every))
    assert points_back(mall) == [300, 600]  # never more than were paid
    mall.check()


def test_a_refund_at_another_till_of_the_shop_takes_back_in_proportion_too(mall):
    _, sale = paid_bill(mall, member())
    third = mall.add_device("till-3", "till", "S1")
    refund = third.refund(sale, 10_000, by_number=True)
    third.push(structs.replace(refund, receipt=structs.replace(refund.receipt, owed_fen=-10_000)))
    assert points_back(mall) == [300]
    assert mall.balance(member()) == 100 + 300 + 291 - 97  # of 97.00 of 291.00, not of 100.00
    mall.check()


@pytest.mark.parametrize("by_number", [False, True])
def test_a_bill_of_which_nothing_earns_gives_back_what_paid_it(mall, by_number):
    """Points paid all of it; another till of the shop knows its number alone."""
    till, other = mall.till, mall.add_device("till-3", "till", "S1")
    lease, sale = asked(till), till.sale(fen=30_000, number="B1")
    sale = structs.replace(sale, eligible_fen=0)
    told = till.push(spend(till, lease), sale, matched(till, lease, sale))
    assert told == [(Verdict.APPLIED, "", 0)] * 3
    refund = (other if by_number else till).refund(sale, 30_000, by_number=by_number)
    refund = structs.replace(refund, eligible_fen=-30_000 if by_number else 0)
    (other if by_number else till).push(refund)
    assert points_back(mall) == [900]
    assert mall.balance(member()) == 1_000
    mall.check()


def test_what_the_desk_corrects_keeps_the_points_that_paid_and_is_kept_for_its_refund(mall):
    till = mall.till
    lease, read = asked(till), till.sale(fen=30_000, number="B1")
    opened = ReviewOpened(
        till.moment(), "00" * 32, "S1", ("no_check",), "B1", None, 30_000, "sale", "CNY",
        "ab" * 32, read_as=print_of(read),
    )  # fmt: skip
    till.push(spend(till, lease), opened, matched(till, lease, read))
    whole = (Tender("mall_points", 30_000),)
    paper = structs.replace(till.receipt("B11", 30_000), tenders=whole)
    book = rulebook.version(mall_book())
    word = DecideReview("ab" * 32, "desk", paper, book=book, category="food")
    assert mall.service.run(word).state is ReviewState.CORRECTED
    mall.check()
    sold = structs.replace(read, receipt=paper)
    assert till.push(matched(till, lease, sold)) == [(Verdict.APPLIED, "", 0)]  # as it reads it now
    till.push(till.refund(sold, 30_000, by_number=True))
    assert points_back(mall) == [900]
    assert mall.balance(member()) == 1_000
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()
