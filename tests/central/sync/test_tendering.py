"""Points as money: granted by the rule book, settled per shop, matched or shown to a person."""

from datetime import date

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.jobs.voucher_expiry import expire
from central.ledger.judging.accounts import AccountKind, Code
from central.ledger.settlement import dues, payments
from central.ledger.verify import rebuild
from central.ledger.waiting import cases
from loyalty import wire
from loyalty.events import Bill, Redeem, TenderChecked
from loyalty.rules.tender import TENDER_REWARD, Paying
from loyalty.wire import Verdict
from tests.central.programme import DAY_MS, START_MS, member
from tillpoints.simulation.centre import BOOK

PAYING = Paying(100, from_fen=20_000, share_percent_max=30)
BILL = Bill(30_000, 900)
LATER_MS = START_MS + 400 * DAY_MS


@pytest.fixture
def mall(programme):
    """A member with 1000 points in a mall where points pay."""
    book = structs.replace(BOOK, tender=PAYING, grammar=4, redeem_limit_points=2_000)
    programme.add_book(book, effective_ms=1)
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
    assert second.refusal.code == "balance_too_low"
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
