"""Papers in review at central: decided once, by the till or by the desk, and never earned twice."""

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.closing import close_case
from central.ledger.judging.rows import Identity, ReviewState
from central.ledger.review_commands import DecideReview
from central.ledger.waiting import cases
from central.ledger.writing import projections
from loyalty.events import Believed, ReviewDecided, ReviewHeld, ReviewOpened
from loyalty.receipt import Receipt, fingerprint
from loyalty.reviewing import ReviewRow
from loyalty.rules.earning import Reason
from loyalty.wire import ClaimedRow, Topic, Verdict
from tests.central.programme import DAY_MS, VERSION, card, claim_hash, member

REVIEW = "ab" * 32
APPLIED = (Verdict.APPLIED, "", 0)
GAVE_WAY = (Verdict.APPLIED_ADJUSTED, "review_superseded", 0)
SUPERSEDED = (Verdict.REFUSED_FINAL, "review_superseded", 0)
OTHERS = (Verdict.PENDING_REF, "review_superseded", 0)


def opened(till, holder=None, code=None, **facts):
    base = ReviewOpened(
        till.moment(), "00" * 32, "S1", ("no_check",), "N7", "2026-05-28T12:00:00", 10_000,
        "sale", "CNY", REVIEW, "cd" * 32, holder, claim_hash(code) if code else None,
    )  # fmt: skip
    return structs.replace(base, **facts)


READ = Believed("sale", "N7", "2026-05-28T12:00:00", "CNY", 10_000, "S1")


def decided(till, decision="accepted", staff="1007"):
    return ReviewDecided(till.moment(), REVIEW, decision, staff, READ, READ)


def paper(till, fen=10_000) -> Receipt:
    return till.receipt("N7", fen)


def sale(till, holder=None, fen=10_000, **fields):
    return till.sale(holder, fen, number="N7", review_id=REVIEW, **fields)


def at_desk(receipt, **more):
    return DecideReview(REVIEW, "desk", receipt, book=VERSION, category="food", **more)


def review_of(programme):
    (row,) = programme.rows(schema.review)
    return projections.review_of(row.content)


def verdicts(programme, device):
    """Return what central says of a device's events now."""
    found = [row for row in programme.rows(schema.inbox) if row.device_id == device.id]
    return [
        (row.verdict, row.reason, row.adjusted) for row in sorted(found, key=lambda row: row.seq)
    ]


def test_a_decision_of_the_till_and_its_sale_are_applied_in_one_push(programme):
    programme.add_member("a")
    till = programme.till
    assert till.push(opened(till, member()), decided(till), sale(till, member())) == [APPLIED] * 3
    found = review_of(programme)
    assert (found.state, found.staff) == (ReviewState.ACCEPTED, "1007")
    assert found.fingerprint == fingerprint(paper(till))
    assert programme.balance(member()) == 100
    programme.check()


def test_the_desk_decides_for_the_member_who_was_scanned_and_the_till_is_told(programme):
    programme.add_member("a", "gold")
    till = programme.till
    till.push(opened(till), ReviewHeld(till.moment(), REVIEW, member()))
    answer = programme.service.run(at_desk(paper(till)))
    assert answer.state is ReviewState.ACCEPTED
    assert programme.balance(member()) == 150
    row = till.feed(Topic.REVIEW, ReviewRow)[REVIEW]
    assert (row.decision, row.staff) == ("accepted", "desk")
    assert row.fingerprint == fingerprint(paper(till)).hex()
    assert programme.other.feed(Topic.REVIEW, ReviewRow) == {}
    programme.check()


@pytest.mark.parametrize("by", ["opening", "holding"])
def test_the_desk_decides_for_whoever_had_the_card_when_it_was_scanned(programme, by):
    till = programme.till
    programme.add_member("a", tags=["c1"])
    shown = ReviewHeld(till.moment(), REVIEW, card())
    till.write(*((opened(till, card()),) if by == "opening" else (opened(till), shown)))
    programme.now_ms += DAY_MS
    programme.add_member("b", tags=["c1"])
    till.send()
    programme.service.run(at_desk(paper(till)))
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (100, 0)
    programme.check()


def test_without_a_member_the_code_of_the_notice_claims_what_the_desk_accepted(programme):
    programme.add_member("a")
    till, kiosk = programme.till, programme.other
    till.push(opened(till, code="CODE"))
    assert kiosk.push(kiosk.claim("CODE", member())) == [(Verdict.PENDING_REF, "claim_unknown", 0)]
    programme.service.run(at_desk(paper(till)))
    assert programme.balance(member()) == 100
    programme.check()


def test_the_desk_gives_a_paper_to_a_member_it_names(programme):
    programme.add_member("a")
    till = programme.till
    till.push(opened(till, code="CODE"))
    programme.service.run(at_desk(paper(till, 8800), member="a"))
    assert programme.balance(member()) == 88
    assert review_of(programme).state is ReviewState.CORRECTED
    programme.check()


def test_the_desk_is_told_that_the_till_was_first(programme):
    till = programme.till
    till.push(opened(till), decided(till))
    assert programme.service.run(at_desk(None, why="x")) == Reason(
        "review_decided", {"who": "1007"}
    )
    programme.check()


def test_a_till_that_decided_after_the_desk_gives_way_and_earns_nothing_twice(programme):
    programme.add_member("a")
    till = programme.till
    till.push(opened(till, member()))
    programme.service.run(at_desk(paper(till)))
    assert till.push(decided(till), sale(till, member())) == [GAVE_WAY, SUPERSEDED]
    assert programme.balance(member()) == 100
    assert review_of(programme).superseded == ("1007",)
    assert till.feed(Topic.REVIEW, ReviewRow)[REVIEW].staff == "desk"
    programme.check()


def test_a_promise_of_the_till_goes_to_the_sale_that_the_desk_left_open(programme):
    programme.add_member("a")
    till = programme.till
    till.push(opened(till, code="CODE"))
    programme.service.run(at_desk(paper(till)))
    _, judged = till.push(decided(till), sale(till, member(), points=120))
    assert judged == APPLIED
    assert programme.balance(member()) == 120
    programme.check()


def test_a_promise_about_a_paper_that_the_desk_rejected_waits_for_a_person(programme):
    programme.add_member("a")
    till = programme.till
    till.push(opened(till, member()))
    programme.service.run(at_desk(None, why="not paid"))
    _, judged = till.push(decided(till), sale(till, member()))
    assert judged == (Verdict.PENDING_REF, "review_superseded", 0)
    assert programme.balance(member()) == 0
    programme.check()


def test_the_same_receipt_is_not_accepted_twice_unless_it_is_another_purchase(programme):
    till = programme.till
    till.push(till.sale(member(), number="N7"), opened(till, member()))
    assert programme.service.run(at_desk(paper(till))) == Reason("review_same", {})
    programme.service.run(at_desk(paper(till), another=True))
    assert programme.balance(member()) == 200
    programme.check()


def test_a_refund_that_the_desk_accepts_takes_back(programme):
    programme.add_member("a")
    till = programme.till
    sold = till.sale(member(), number="N1")
    till.push(sold, opened(till, kind="refund"))
    back = till.refund(sold, 5_000, by_number=True, number="R1").receipt
    programme.service.run(at_desk(back))
    assert programme.balance(member()) == 50
    programme.check()


def test_what_belongs_to_a_review_that_is_not_here_waits(programme):
    till = programme.till
    assert till.push(sale(till)) == [(Verdict.PENDING_REF, "review_unknown", 0)]
    till.push(opened(till), decided(till))
    programme.check()
    assert len(programme.rows(schema.sale)) == 1


def test_who_was_scanned_before_the_decision_and_is_heard_after_it_has_the_points(programme):
    programme.add_member("a")
    till = programme.till
    till.push(opened(till))
    scanned = ReviewHeld(till.moment(), REVIEW, member())
    programme.service.run(at_desk(paper(till)))
    assert till.push(scanned) == [(Verdict.APPLIED, "", 100)]
    assert till.push(scanned) == [APPLIED]
    assert programme.balance(member()) == 100
    programme.check()


def test_who_was_scanned_for_a_paper_that_became_somebody_elses_is_a_case(programme):
    till, other = programme.till, programme.other
    till.push(opened(till))
    programme.service.run(at_desk(paper(till), member="b"))
    assert till.push(ReviewHeld(till.moment(), REVIEW, member())) == [OTHERS]
    assert other.push(opened(other, member())) == [OTHERS]
    assert (programme.balance(member()), programme.balance(member("b"))) == (0, 100)
    programme.check()


def test_nobody_has_a_paper_that_is_rejected_or_earns_nothing(programme):
    till, other = programme.till, programme.other
    till.push(opened(till))
    programme.service.run(at_desk(None, why="not paid"))
    assert till.push(ReviewHeld(till.moment(), REVIEW, member())) == [SUPERSEDED]
    assert other.push(opened(other, member())) == [APPLIED]
    free = "12" * 32
    till.push(opened(till, review_id=free))
    programme.service.run(structs.replace(at_desk(paper(till, 0)), review_id=free))
    assert till.push(ReviewHeld(till.moment(), free, member())) == [APPLIED]
    assert programme.balance(member()) == 0
    programme.check()


@pytest.mark.parametrize("scanned_first", [True, False])
def test_who_was_scanned_at_one_of_two_tills_has_the_points(programme, scanned_first):
    programme.add_member("a")
    pushes = [(programme.till, None), (programme.other, member())]
    for till, holder in pushes[:: -1 if scanned_first else 1]:
        assert till.push(opened(till, holder)) == [APPLIED]
    programme.service.run(at_desk(paper(programme.till)))
    assert programme.balance(member()) == 100
    programme.check()


@pytest.mark.parametrize("opened_first", [True, False])
def test_a_sale_to_one_member_where_the_sister_had_scanned_another_is_a_case(
    programme, opened_first
):
    """Heard the other way round, the scan is one: a has the points, and a person is asked."""
    till, other = programme.till, programme.other
    for device, holder in ((till, None), (other, member("b")))[:: 1 if opened_first else -1]:
        device.push(opened(device, holder))
    told = till.push(decided(till), sale(till, member("a")))
    assert told[1] == (Verdict.APPLIED_ADJUSTED, "scanned_elsewhere", 0)
    assert (programme.balance(member("a")), programme.balance(member("b"))) == (100, 0)
    (case,) = programme.read(cases, programme.now_ms)
    assert case.reason == "scanned_elsewhere"
    with writing(programme.engine) as connection:
        place = Identity(bytes.fromhex(case.device_id), case.epoch, case.seq)
        close_case(connection, programme.shard_key, place, "li", "a's", programme.now_ms)
    assert programme.read(cases, programme.now_ms) == []
    programme.check()


def test_a_sale_to_whom_the_sister_had_scanned_too_is_no_case(programme):
    till, other = programme.till, programme.other
    other.push(opened(other, member("a")))
    till.push(opened(till), decided(till), sale(till, member("a")))
    assert verdicts(programme, till)[2] == APPLIED
    assert programme.read(cases, programme.now_ms) == []
    programme.check()


def test_who_was_scanned_at_the_sister_has_what_the_till_decides(programme):
    programme.add_member("a")
    till, other = programme.till, programme.other
    till.push(opened(till))
    other.push(opened(other, member()))
    assert till.push(decided(till), sale(till, code="CODE"))[1] == (Verdict.APPLIED, "", 100)
    assert programme.balance(member()) == 100
    programme.check()


def test_of_two_who_were_scanned_for_one_paper_none_is_forgotten(programme):
    till, other = programme.till, programme.other
    till.push(opened(till, member()))
    assert other.push(opened(other, member("b"))) == [OTHERS]
    assert till.push(ReviewHeld(till.moment(), REVIEW, member("c"))) == [APPLIED]  # scanned anew
    programme.service.run(at_desk(paper(till)))
    assert programme.balance(member("c")) == 100
    assert verdicts(programme, other) == [OTHERS]
    programme.check()


@pytest.mark.parametrize("decision", ["b's", "rejected"])
def test_a_second_one_who_was_scanned_hears_what_was_decided(programme, decision):
    till, other = programme.till, programme.other
    till.push(opened(till, member()))
    other.push(opened(other), ReviewHeld(other.moment(), REVIEW, member("b")))
    rejected = decision == "rejected"
    programme.service.run(at_desk(None if rejected else paper(till), member="b", why="so"))
    assert verdicts(programme, other) == [APPLIED, SUPERSEDED if rejected else APPLIED]
    assert programme.balance(member("b")) == (0 if rejected else 100)
    programme.check()


def test_a_second_decision_waits_for_what_the_first_one_makes(programme):
    programme.add_member("a")
    till, other = programme.till, programme.other
    till.write(opened(till), decided(till), sale(till, code="CODE"))
    till.send(till.request(last_seq=2))
    late = other.push(opened(other), decided(other, staff="2"), sale(other, member()))
    assert late[2] == OTHERS
    till.send()
    assert verdicts(programme, other)[2] == APPLIED
    assert programme.balance(member()) == 100
    (told,) = till.feed(Topic.CLAIMED, ClaimedRow).values()
    assert (told.holder, told.points) == (member(), 100)  # its slip is nobody's to claim
    programme.check()


def test_a_second_refund_waits_for_the_first_ones_original(programme):
    till, other = programme.till, programme.other
    sold = till.sale(member(), number="N1")
    back = structs.replace(till.refund(sold, 5_000, number="N7"), review_id=REVIEW)
    till.write(opened(till, kind="refund"), decided(till), back, sold)
    till.send(till.request(last_seq=3))
    other.push(opened(other, kind="refund"), decided(other, staff="2"), back)
    assert verdicts(programme, other)[2] == OTHERS
    till.send()
    assert verdicts(programme, other)[2] == SUPERSEDED
    assert programme.balance(member()) == 50
    programme.check()


def test_a_paper_opened_by_two_tills_is_one_review(programme):
    till, other = programme.till, programme.other
    assert till.push(opened(till)) == [APPLIED]
    assert other.push(opened(other)) == [APPLIED]
    assert review_of(programme).origin.device_id == till.id
    programme.check()
