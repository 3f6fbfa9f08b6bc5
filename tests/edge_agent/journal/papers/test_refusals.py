import pytest

from edge_agent.journal.papers.refusals import HeldSale, RefusedClaim
from loyalty import wire
from loyalty.wire import FeedRow, Judged, PullAnswer, PushAnswer, RehomeAnswer, Topic, Verdict
from tests.edge_agent.journal.conftest import WANG, at, claim, hash_of, key, open_till, sale

REFUSED = RefusedClaim(hash_of("C1"), WANG, "claim_taken")
OK, NO = Judged(1, Verdict.APPLIED, ""), Judged(2, Verdict.REFUSED_FINAL, "claim_taken")


def judged(till, *verdicts):
    answer = PushAnswer("ok", len(verdicts), len(verdicts) + 1, verdicts, 5, 0, b"i")
    till.acknowledge(answer, at(), 0)


def test_a_claim_that_central_refused_is_told_once_and_stays_told(tmp_path):
    with open_till(tmp_path) as till:
        till.append([sale(1, claim_code="C1"), claim("C1")])
        assert till.refused_claims() == []
        judged(till, OK, NO)
        assert till.refused_claims() == [REFUSED]
        till.refusal_told(hash_of("C1"))
        till.refusal_told(hash_of("C1"))
        assert till.refused_claims() == []
    with open_till(tmp_path) as till:
        assert till.refused_claims() == []


def test_a_refusal_that_comes_later_through_the_feed_is_told_too(till):
    till.append([sale(1), claim("C1")])
    judged(till, Judged(1, Verdict.APPLIED, ""), Judged(2, Verdict.PENDING_REF, "claim_unknown"))
    assert till.refused_claims() == []
    late = wire.pack(Judged(2, Verdict.REFUSED_FINAL, "claim_taken"))
    till.take_page(PullAnswer(b"i", 6, (FeedRow(6, Topic.VERDICT, "1/2", late),), more=False))
    assert till.refused_claims() == [REFUSED]


def test_sales_that_central_refused_are_no_claims(till):
    till.append([sale(1), sale(2)])
    judged(till, *(Judged(seq, Verdict.REFUSED_FINAL, "x") for seq in (1, 2)))
    assert till.refused_claims() == []


def test_a_refused_claim_that_is_written_again_is_told_once(till):
    till.append([sale(1, claim_code="C1"), claim("C1")])
    judged(till, OK, NO)
    till.rehome(RehomeAnswer(2, bytes(32), (wire.HeldEpoch(1, 2),)))
    assert till.refused_claims() == [REFUSED]
    till.refusal_told(hash_of("C1"))
    till.rehome(RehomeAnswer(3, bytes(32), (wire.HeldEpoch(1, 2), wire.HeldEpoch(2, 2))))
    assert till.refused_claims() == []


def test_a_central_that_lost_events_is_told_what_it_had_refused_for_good(till):
    till.append([sale(1, claim_code="C1"), claim("C1"), sale(2)])
    judged(till, OK, NO, Judged(3, Verdict.APPLIED, ""))
    assert till.batch(1, 10, 10_000).refused == (NO,)
    till.send_from(1)
    assert till.batch(1, 10, 10_000).refused == (NO,)
    assert till.batch(1, 1, 10_000).refused == ()
    assert till.refused_claims() == [REFUSED]
    assert till.sale_by_fingerprint(key(sale(2))).verdict is None


def test_a_central_that_lost_an_epoch_is_told_what_it_had_refused_for_good_in_it(till):
    """And each later one, until it has taken that in."""
    till.append([sale(1, claim_code="C1"), claim("C1"), sale(2)])
    judged(till, OK, NO, Judged(3, Verdict.APPLIED, ""))
    for epoch in (4, 5):
        till.rehome(RehomeAnswer(epoch, bytes(32), ()))
        assert till.batch(1, 10, 10_000).refused == (NO,)
        assert till.sale_by_fingerprint(key(sale(2))).verdict is None
    assert till.refused_claims() == [REFUSED]


# ---- sales


ELSEWHERE = Judged(1, Verdict.PENDING_REF, "duplicate_receipt")


def later(till, position, code, reason=""):
    row = FeedRow(position, Topic.VERDICT, "1/1", wire.pack(Judged(1, code, reason)))
    till.take_page(PullAnswer(b"i", position, (row,), more=False))


def stands(till, number=1):
    record = till.sale_by_fingerprint(key(sale(number)))
    return record.state, record.holder, record.points, record.reason


def test_a_receipt_that_earned_at_another_till_promises_nothing_until_a_person_decides(till):
    till.append([sale(1, WANG, 84)])
    assert till.standing(WANG).pending == 84
    judged(till, ELSEWHERE)
    assert stands(till) == ("in_question", WANG, 84, "duplicate_receipt")
    assert till.standing(WANG).pending == 0
    assert till.sales_not_taken() == [HeldSale(key(sale(1)), "duplicate_receipt")]
    till.refusal_told(key(sale(1)))
    assert till.sales_not_taken() == []
    later(till, 6, Verdict.APPLIED)
    assert stands(till) == ("awarded", WANG, 84, "")
    assert till.standing(WANG).pending == 0  # the directory's balance contains it


def test_a_receipt_that_a_person_decides_against_is_nobody_s(till):
    till.append([sale(1, WANG, 84)])
    judged(till, ELSEWHERE)
    till.refusal_told(key(sale(1)))
    later(till, 6, Verdict.REFUSED_FINAL, "duplicate_receipt")
    assert stands(till) == ("refused", None, 0, "duplicate_receipt")
    assert till.sales_not_taken() == []  # they were told that it is not counted


def test_an_open_sale_of_a_receipt_that_earned_elsewhere_is_not_offered_to_claim(till):
    till.append([sale(1, claim_code="C1")])
    judged(till, ELSEWHERE)
    assert stands(till)[0] == "in_question"
    later(till, 6, Verdict.APPLIED)
    assert stands(till)[0] == "open"


def test_a_sale_that_central_could_not_handle_is_in_question_and_its_promise_stays(till):
    till.append([sale(1, WANG, 84)])
    judged(till, Judged(1, Verdict.QUARANTINED, ""))
    assert stands(till) == ("in_question", WANG, 84, "")
    assert till.standing(WANG).pending == 84


@pytest.mark.parametrize("why", ["claim_expired", "claim_refunded", "claim_taken"])
def test_a_sale_whose_claim_was_refused_is_nobody_s(till, why):
    till.append([sale(1, claim_code="C1"), claim("C1")])
    assert stands(till)[0] == "claimed"
    judged(till, OK, Judged(2, Verdict.REFUSED_FINAL, why))
    assert stands(till) == ("refused", None, 0, why)
    assert till.sales_not_taken() == []  # the claim is told instead


def test_verdicts_that_change_nothing_for_a_person_are_not_told(till):
    till.append([sale(1, WANG, 84), sale(2, WANG, 84), sale(3, WANG, 84)])
    judged(
        till,
        OK,
        Judged(2, Verdict.APPLIED_ADJUSTED, "true_up", 5),
        Judged(3, Verdict.PENDING_UPGRADE, "rule_book_unknown"),
    )
    assert till.sales_not_taken() == []
    assert {stands(till, number)[0] for number in (1, 2, 3)} == {"awarded"}
