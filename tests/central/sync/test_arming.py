"""One run of a device may spend leases at a time; which one, central says (SYNC 2.5)."""

import pytest

from central import schema
from central.database import writing
from central.ledger.judging.accounts import OFFLINE_LOSS
from central.ledger.lease_commands import ReleaseLease
from central.ledger.verify import rebuild
from central.sync.reward_offers import LEASE_TTL_S
from loyalty import wire
from loyalty.leases import ANOTHER_RUN, ARMED_ELSEWHERE
from loyalty.rules.earning import Reason
from loyalty.wire import Verdict
from tests.central.programme import member
from tests.central.sync.test_rehoming import go_on

TTL_MS = LEASE_TTL_S * 1000


@pytest.fixture
def mall(programme):
    """A member with 500 points and a reward of 100."""
    programme.add_member("a")
    programme.add_reward("tea", points=100)
    programme.till.push(programme.till.sale(member(), fen=50_000))
    return programme


def ask(mall, request_id, session):
    return mall.till.lease(member(), request_id=request_id, session=session)


def test_a_second_run_gets_no_lease_while_the_first_could_spend_one(mall):
    first = ask(mall, "r1", "s1")
    mall.now_ms += 60_000
    assert ask(mall, "r2", "s2").refusal == Reason(ANOTHER_RUN, {"minutes": "14"})
    waiting = Reason(ARMED_ELSEWHERE, {"minutes": "14"})
    assert ask(mall, "r1", "s2").refusal == waiting  # nor the first one's, to give it back
    assert ask(mall, "r1", "s1") == first
    mall.check()


def test_a_late_copy_of_a_request_gets_the_answer_that_its_device_was_given(mall):
    """It was told no and forgot the request: a lease for it would hold points for nobody."""
    ask(mall, "r1", "s1")
    told = ask(mall, "r2", "s2")
    mall.now_ms += TTL_MS
    assert ask(mall, "r2", "s2") == told
    assert ask(mall, "r3", "s2").points == 100
    mall.check()


@pytest.mark.parametrize(("late_ms", "granted"), [(-1, False), (0, True)])
def test_the_arm_of_a_run_lapses_with_its_last_lease(mall, late_ms, granted):
    ask(mall, "r0", "s1")
    mall.now_ms += 60_000
    ask(mall, "r1", "s1")
    mall.now_ms += TTL_MS + late_ms
    assert (ask(mall, "r2", "s2").refusal is None) is granted
    mall.check()


@pytest.mark.parametrize("end", ["spent", "given back"])
def test_a_run_says_goodbye_by_settling_its_last_lease(mall, end):
    till = mall.till
    leases = [ask(mall, "r1", "s1"), ask(mall, "r2", "s1")]
    for number, lease in enumerate(leases):
        assert ask(mall, f"x{number}", "s2").refusal.code == ANOTHER_RUN
        if end == "spent":
            till.push(till.redeem(member(), lease, session="s1"))
        else:
            till.push(till.close_lease(lease, 0))
    assert ask(mall, "r3", "s2").points == 100
    assert [(row.session, row.leases) for row in mall.rows(schema.arm)] == [
        ("s2", ask(mall, "r3", "s2").lease_id)
    ]
    mall.check()


def test_a_person_who_gives_a_lease_up_disarms_its_run(mall):
    first = ask(mall, "r1", "s1")
    mall.service.run(ReleaseLease(first.lease_id, "destroyed"))
    assert ask(mall, "r2", "s2").points == 100
    mall.check()


def test_another_device_is_armed_by_itself(mall):
    ask(mall, "r1", "s1")
    assert mall.other.lease(member(), request_id="r1", session="s9").points == 100
    mall.check()


def test_a_spend_by_another_run_counts_and_is_told(mall):
    """It happened at the counter, so the member pays; that it happened is for store IT."""
    till = mall.till
    lease = ask(mall, "r1", "s1")
    verdict = till.push(till.redeem(member(), lease, session="s2"))
    assert verdict == [(Verdict.APPLIED_ADJUSTED, "armed_in_another_run", 0)]
    assert (mall.balance(member()), mall.held(member())) == (400, 0)
    mall.check()


def test_what_an_arm_came_to_is_folded_again_out_of_the_log(mall):
    till = mall.till
    spent = ask(mall, "r1", "s1")
    ask(mall, "r2", "s1")
    till.push(till.redeem(member(), spent, session="s1"))
    before = mall.rows(schema.arm)
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert mall.rows(schema.arm) == before
    assert len(before) == 1
    mall.check()


def test_an_agent_that_does_not_name_its_run_gets_leases_as_before(mall):
    assert ask(mall, "r1", "").points == 100
    assert ask(mall, "r2", "").points == 100
    assert mall.rows(schema.arm) == []
    status, _ = mall.till.call(
        wire.LEASE_PATH, wire.LeaseRequest("r3", member(), "tea", 1, "s" * 65)
    )
    assert status == 400
    mall.check()


def test_what_a_copy_spent_after_the_lease_was_given_back_is_the_houses_loss(mall):
    till = mall.till
    lease = ask(mall, "r1", "s1")
    frames, hashes = [*till.frames], [*till.hashes]
    till.write(till.redeem(member(), lease, session="s1"))  # one branch, not sent yet
    spent = (till.frames, till.hashes)
    till.frames, till.hashes = frames, hashes
    mall.now_ms += TTL_MS
    till.push(till.close_lease(lease, 0))  # the other branch gives it back
    till.frames, till.hashes, till.acked = *spent, 1
    assert till.send().status == "fork"
    go_on(till)
    judged = till.send().judged[-1]
    assert (judged.verdict, judged.reason) == (Verdict.APPLIED_ADJUSTED, "lease_closed")
    assert (mall.balance(member()), mall.held(member())) == (500, 0)
    posted = {row.account_id: row.posted for row in mall.rows(schema.account)}
    assert posted[OFFLINE_LOSS] == -100
    mall.check()
