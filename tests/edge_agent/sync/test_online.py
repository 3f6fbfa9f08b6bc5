import random

import pytest

from edge_agent.journal.errors import LeaseClosed
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Offline
from edge_agent.sync.online import Online
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.transport import HttpTransport
from loyalty import wire
from loyalty.events import LeaseClose, Redeem, body_of
from loyalty.leases import ARMED_ELSEWHERE
from loyalty.rules.earning import Reason
from loyalty.wire import (
    BalanceAnswer,
    BalanceRequest,
    ClaimAnswer,
    ClaimRequest,
    LeaseAnswer,
    LeaseRequest,
    Problem,
    VoucherAnswer,
    VoucherRequest,
)
from tests.edge_agent.journal.conftest import WANG, at
from tests.edge_agent.sync.conftest import settle

ASK = LeaseRequest("r1", WANG, "tea")
GRANT = LeaseAnswer("lease-1", 300, "V1", "TPV1", "2026-12-08", ttl_s=900)
SPEND = Redeem(at(), WANG, "lease-1", 300, "tea", "V1")


@pytest.fixture
def granting(central):
    central.answers[wire.LEASE_PATH] = GRANT
    return central


def test_each_question_gets_centrals_answer(central, online):
    central.answers = {
        wire.VOUCHER_PATH: VoucherAnswer("tea"),
        wire.CLAIM_PATH: ClaimAnswer("open", "s1", 8_000),
        wire.BALANCE_PATH: BalanceAnswer(True, 500, 100, "gold", "王**"),
    }
    assert online.voucher(VoucherRequest("r", "V")).reward_id == "tea"
    assert online.claim(ClaimRequest("00" * 32)).eligible_fen == 8_000
    assert online.balance(BalanceRequest(WANG)).held == 100


def test_without_a_network_each_question_is_answered_offline(till):
    nowhere = HttpTransport("http://127.0.0.1:9")
    alone = Online(till, Caller(till, nowhere), session="s1")
    answers = [
        alone.lease(ASK),
        alone.voucher(VoucherRequest("r", "V")),
        alone.claim(ClaimRequest("00" * 32)),
        alone.balance(BalanceRequest(WANG)),
    ]
    nowhere.close()
    assert [type(answer) for answer in answers] == [Offline] * 4


def test_a_call_that_central_refuses_is_offline_with_its_reason(central, online):
    central.answer_http = [(401, wire.pack(Problem("revoked", "gone")))]
    answer = online.balance(BalanceRequest(WANG))
    assert isinstance(answer, Offline)
    assert "revoked" in answer.detail


def test_a_spent_lease_is_not_given_back(till, granting, online, syncer):
    assert online.lease(ASK) == GRANT
    till.append([SPEND])
    settle(syncer)
    assert [type(body_of(link.frame)) for link in till.links()] == [Redeem]


def test_a_lease_of_a_run_that_crashed_is_given_back_by_the_next(till, granting, online, caller):
    online.lease(ASK)  # and now the process dies
    next_run = Syncer(till, caller, session="s2", rng=random.Random(1))
    settle(next_run)
    closes = [body_of(link.frame) for link in till.links()]
    assert closes == [LeaseClose(at(), "lease-1", spent=0)]
    assert till.queue_depth() == 0
    with pytest.raises(LeaseClosed):
        till.append([SPEND])


def test_a_lease_that_an_earlier_run_may_still_spend_is_given_back_when_central_says_so(
    till, granting, online, transport
):
    """The earlier run may live on, on a machine whose disk was copied."""
    online.lease(ASK)
    till.close()
    with Journal.open(till.directory, clock=at) as again:
        next_run = Syncer(again, Caller(again, transport), session="s2", rng=random.Random(1))
        waiting = LeaseAnswer(refusal=Reason(ARMED_ELSEWHERE, {"minutes": "15"}))
        granting.answers[wire.LEASE_PATH] = waiting
        settle(next_run)
        assert (again.links(), next_run.status().problem) == ([], None)
        granting.answers[wire.LEASE_PATH] = GRANT
        settle(next_run)
        assert [body_of(link.frame) for link in again.links()] == [LeaseClose(at(), "lease-1", 0)]


def test_a_spend_names_the_run_that_asked_for_its_lease(till, granting, online):
    online.lease(ASK)
    till.append([SPEND])
    assert [body_of(link.frame).session for link in till.links()] == ["s1"]


def test_a_lease_in_use_by_this_run_is_left_alone(till, granting, online, syncer):
    online.lease(ASK)
    settle(syncer)
    assert till.links() == []
    assert till.append([SPEND]) == [1]


def test_a_lease_whose_answer_got_lost_is_found_again_and_given_back(
    till, granting, online, syncer
):
    granting.lose_replies = 1
    assert isinstance(online.lease(ASK), Offline)
    settle(syncer)
    assert [body_of(link.frame) for link in till.links()] == [LeaseClose(at(), "lease-1", 0)]
    assert len(granting.asked) == 2
    settle(syncer)
    assert len(till.links()) == 1


def test_a_lease_whose_answer_got_lost_may_be_asked_for_again_and_spent(
    till, granting, online, syncer
):
    granting.lose_replies = 1
    online.lease(ASK)
    assert online.lease(ASK) == GRANT
    settle(syncer)
    assert till.append([SPEND]) == [1]


def test_a_refused_lease_leaves_nothing_behind(till, central, online, caller):
    refusal = LeaseAnswer(refusal=Reason("balance_too_low", {"available": "1", "needed": "300"}))
    central.answers[wire.LEASE_PATH] = refusal
    assert online.lease(ASK) == refusal
    assert till.stranded_leases("other") == []


def test_while_central_refuses_this_chain_no_lease_is_asked_for(till, granting, online):
    till.refused("fork")
    assert online.lease(ASK) == LeaseAnswer(refusal=Reason("epoch_sealed"))
    assert granting.asked == []
    assert till.stranded_leases("other") == []


def test_a_lease_names_the_epoch_whose_chain_will_hold_its_spend(till, granting, online):
    online.lease(ASK)
    assert granting.asked[0]["epoch"] == 1
