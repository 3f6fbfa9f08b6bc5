from edge_agent.journal.refusals import RefusedClaim
from loyalty import wire
from loyalty.wire import FeedRow, Judged, PullAnswer, PushAnswer, RehomeAnswer, Topic, Verdict
from tests.edge_agent.journal.conftest import WANG, at, claim, hash_of, open_till, sale

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


def test_other_events_that_central_refused_are_no_claims(till):
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
