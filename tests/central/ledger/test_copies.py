"""What a till says of a receipt of which another till's sale stands, in whichever order."""

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.closing import accept_case, close_case
from central.ledger.judging.rows import Identity
from central.ledger.verify import rebuild
from central.ledger.waiting import cases, rejudge_ready
from loyalty.events import ReviewDecided, ReviewOpened
from loyalty.wire import Judged, Verdict
from tests.central.ledger.test_reviews import READ
from tests.central.programme import member, print_of

APPLIED = (Verdict.APPLIED, "", 0)
COPY = (Verdict.PENDING_REF, "duplicate_receipt", 0)
WAITS = (Verdict.PENDING_REF, "copy_unsettled", 0)
REVIEW = "ab" * 32


@pytest.fixture
def sister(programme):
    """A second till of the first one's shop."""
    return programme.add_device("sister", "till", "S1")


def settle(mall, device, seq=1, *, accepted):
    with writing(mall.engine) as connection:
        place = Identity(device.id, 1, seq)
        does = accept_case if accepted else close_case
        does(connection, mall.shard_key, place, "王芳", "看过两张小票", mall.now_ms)


def balances(mall, names="abc"):
    return tuple(mall.balance(member(name)) for name in names)


def verdicts(mall, device):
    found = [row for row in mall.rows(schema.inbox) if row.device_id == device.id]
    found.sort(key=lambda row: row.seq)
    return [(row.verdict, row.reason, row.adjusted) for row in found]


def replays_the_same(mall):
    tables = (schema.receipt_copy, schema.sale, schema.account, schema.waiting, schema.transfer)
    before = [mall.rows(table) for table in tables]
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert [mall.rows(table) for table in tables] == before


def test_a_correction_of_a_copy_waits_with_it_and_changes_nothing(programme, sister):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    copy = structs.replace(sale, holder=member("b"))
    assert sister.push(copy, sister.correct(sale, member("c"), 100)) == [COPY, WAITS]
    assert balances(programme) == (100, 0, 0)
    replays_the_same(programme)


@pytest.mark.parametrize("accepted_first", [True, False])
def test_a_correction_of_an_accepted_copy_moves_its_own_points(programme, sister, accepted_first):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    sister.push(structs.replace(sale, holder=member("b")))
    does = [
        lambda: settle(programme, sister, accepted=True),
        lambda: sister.push(sister.correct(sale, member("c"), 100)),
    ]
    for do in does if accepted_first else reversed(does):
        do()
    assert verdicts(programme, sister) == [APPLIED, APPLIED]
    assert balances(programme) == (100, 0, 100)
    till.push(till.correct(sale, None))
    assert balances(programme) == (0, 0, 100)
    replays_the_same(programme)


@pytest.mark.parametrize("accepted_first", [True, False])
def test_a_refund_of_an_accepted_copy_takes_its_own_points(programme, sister, accepted_first):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    sister.push(structs.replace(sale, holder=member("b")))
    does = [
        lambda: settle(programme, sister, accepted=True),
        lambda: sister.push(sister.refund(sale, 4_000, points=40)),
    ]
    for do in does if accepted_first else reversed(does):
        do()
    assert verdicts(programme, sister) == [APPLIED, APPLIED]
    assert balances(programme) == (100, 60, 0)
    till.push(till.refund(sale, 2_000))
    assert balances(programme) == (80, 60, 0)
    replays_the_same(programme)


@pytest.mark.parametrize("closed_first", [True, False])
def test_a_refund_of_a_mere_copy_takes_back_what_the_receipt_earned(
    programme, sister, closed_first
):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    sister.push(sale)
    does = [
        lambda: settle(programme, sister, accepted=False),
        lambda: sister.push(sister.refund(sale, 4_000)),
    ]
    for do in does if closed_first else reversed(does):
        do()
    assert verdicts(programme, sister)[1] == (Verdict.APPLIED, "", -40)
    assert balances(programme) == (60, 0, 0)
    replays_the_same(programme)


@pytest.mark.parametrize("closed_first", [True, False])
@pytest.mark.parametrize("to", ["b", None])
def test_a_correction_of_a_mere_copy_against_its_sale_is_for_a_person(
    programme, sister, closed_first, to
):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    sister.push(sale)
    to = to and member(to)
    does = [
        lambda: settle(programme, sister, accepted=False),
        lambda: sister.push(sister.correct(sale, to, 100 if to else 0)),
    ]
    for do in does if closed_first else reversed(does):
        do()
    assert verdicts(programme, sister)[1] == WAITS
    assert balances(programme) == (100, 0, 0)
    (case,) = programme.read(cases, programme.now_ms)
    assert (case.seq, case.reason) == (2, "copy_unsettled")
    settle(programme, sister, 2, accepted=False)
    assert programme.read(cases, programme.now_ms) == []
    replays_the_same(programme)


def test_a_correction_of_a_mere_copy_that_says_what_its_sale_says_is_done(programme, sister):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    sister.push(structs.replace(sale, holder=member("b")))
    settle(programme, sister, accepted=False)
    assert sister.push(sister.correct(sale, member("a"), 100)) == [APPLIED]
    assert balances(programme) == (100, 0, 0)
    replays_the_same(programme)


def test_what_each_till_says_of_its_own_sale_reaches_that_one(programme, sister):
    till = programme.till
    sale = till.sale(member("a"))
    sister.push(structs.replace(sale, holder=member("b")))  # is heard first
    till.push(sale, till.correct(sale, None))
    assert sister.push(sister.correct(sale, member("c"), 100)) == [APPLIED]
    assert balances(programme) == (0, 0, 100)
    settle(programme, till, accepted=True)
    assert verdicts(programme, till) == [APPLIED, APPLIED]
    assert balances(programme) == (0, 0, 100)
    replays_the_same(programme)


def test_a_copy_of_another_shops_receipt_is_corrected_once_it_is_accepted(programme):
    till, other = programme.till, programme.other
    sale = till.sale(member("a"))
    till.push(sale)
    other.push(structs.replace(sale, holder=member("b")), other.correct(sale, member("c"), 100))
    assert verdicts(programme, other)[1] == WAITS
    settle(programme, other, accepted=True)
    assert balances(programme) == (100, 0, 100)
    replays_the_same(programme)


def test_a_copy_that_a_lost_central_had_closed_stays_one(programme, sister):
    """A till tells what was refused for good; what it says of it stays with a person."""
    till = programme.till
    sale = till.sale(member("a"))
    with writing(programme.engine) as connection:
        programme.insert(connection, schema.restored, restored_ms=programme.now_ms)
    sister.write(sale, sister.correct(sale, member("b"), 100))
    refused = (Judged(1, Verdict.REFUSED_FINAL, "case_closed", 0),)
    sister.send(sister.request(refused=refused))
    till.push(sale)
    assert verdicts(programme, sister) == [(Verdict.REFUSED_FINAL, "case_closed", 0), WAITS]
    assert balances(programme) == (100, 0, 0)
    replays_the_same(programme)


def in_review(till, holder, name="N7"):
    opened = ReviewOpened(
        till.moment(), "00" * 32, "S1", ("no_check",), name, READ.printed_at, 10_000, "sale",
        "CNY", REVIEW, "cd" * 32,
    )  # fmt: skip
    decided = ReviewDecided(till.moment(), REVIEW, "accepted", "1007", READ, READ)
    return opened, decided, till.sale(holder, number=name, review_id=REVIEW)


def test_a_sale_that_gave_way_to_one_of_the_same_member_is_corrected_there(programme, sister):
    till = programme.till
    till.push(*in_review(till, member("a")))
    *_, sale = theirs = in_review(sister, member("a"))
    sister.push(*theirs)
    assert verdicts(programme, sister)[2] == (Verdict.REFUSED_FINAL, "review_superseded", 0)
    assert sister.push(sister.correct(sale, member("b"), 100)) == [APPLIED]
    assert balances(programme) == (0, 100, 0)
    replays_the_same(programme)


def test_a_sale_that_contradicts_the_one_before_it_does_not_move_that_one(programme, sister):
    till = programme.till
    till.push(*in_review(till, member("a")))
    *_, sale = theirs = in_review(sister, member("b"))
    sister.push(*theirs)
    assert verdicts(programme, sister)[2] == (Verdict.PENDING_REF, "review_superseded", 0)
    assert sister.push(sister.correct(sale, member("c"), 100)) == [WAITS]
    assert balances(programme) == (100, 0, 0)
    assert sister.push(sister.refund(sale)) == [(Verdict.APPLIED, "", -100)]  # the paper is one
    assert balances(programme) == (0, 0, 0)
    replays_the_same(programme)


def test_a_start_goes_on_with_what_an_accepted_copy_woke(programme, sister):
    till = programme.till
    sale = till.sale(member("a"))
    till.push(sale)
    sister.push(structs.replace(sale, holder=member("b")), sister.refund(sale))
    with writing(programme.engine) as connection:
        assert rejudge_ready(connection, programme.shard_key, programme.now_ms) == 0
    assert verdicts(programme, sister)[1] == WAITS
    (row,) = programme.rows(schema.receipt_copy)
    assert (row.fingerprint.hex(), row.seq, row.sale) == (print_of(sale), 1, b"")
