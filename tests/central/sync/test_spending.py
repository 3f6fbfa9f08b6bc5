import threading
from contextlib import ExitStack

import pytest

from central import schema
from central.access.turnstile import FROM_ONE_PLACE
from central.database import writing
from central.ledger.commands import SealEpoch
from central.ledger.verify import rebuild
from loyalty import vouchers, wire
from loyalty.codes import is_short_code
from loyalty.rules.earning import Reason
from tests.central.programme import DAY_MS, claim_hash, member
from tests.loyalty.phone import Phone


@pytest.fixture
def mall(programme):
    """A member with 300 points and a reward of 100."""
    programme.add_member("a")
    programme.add_reward("tea", points=100)
    programme.till.push(programme.till.sale(member(), fen=30_000))
    return programme


def test_a_lease_is_of_the_exact_points_and_its_voucher_is_signed(mall):
    lease = mall.till.lease(member())
    assert (lease.points, lease.valid_until, lease.refusal) == (100, "2026-06-12", None)
    assert is_short_code(lease.voucher_code)
    central = mall.central_key.public_key().public_bytes_raw()
    voucher = vouchers.read_signed(lease.voucher_signed, central)
    assert voucher == vouchers.Voucher(
        mall.shard_key, lease.voucher_code, "tea", None, "2026-06-12"
    )
    mall.check()


def test_the_same_request_gets_the_same_lease_whatever_happened_since(mall):
    till = mall.till
    first = till.lease(member())
    till.push(till.redeem(member(), first))
    mall.now_ms += 3 * DAY_MS
    assert till.lease(member()) == first
    assert len(mall.rows(schema.lease)) == 1
    assert mall.other.lease(member()) != first  # a request is one device's
    mall.check()


def test_a_refused_request_stays_refused_and_a_new_one_may_succeed(mall):
    mall.add_reward("pot", points=350)
    refusal = Reason("balance_too_low", {"available": "300", "needed": "350"})
    assert mall.till.lease(member(), "pot").refusal == refusal
    mall.till.push(mall.till.sale(member()))
    assert mall.till.lease(member(), "pot").refusal == refusal  # a late copy
    assert mall.till.lease(member(), "pot", "r2").points == 350
    assert mall.other.lease(member(), "tea").refusal.code == "balance_held"
    assert [row.request_id for row in mall.rows(schema.lease_refusal)] == ["r1", "r1"]
    mall.check()


def test_what_the_records_said_no_to_stays_refused_when_they_change(mall):
    till = mall.till
    assert till.lease(member(), "mug").refusal == Reason("reward_unknown")
    mall.add_reward("mug", points=50)
    assert till.lease(member(), "mug").refusal == Reason("reward_unknown")
    assert till.lease(member(), "mug", "r2").points == 50
    mall.check()


def test_a_granted_request_gets_its_lease_when_the_reward_is_gone(mall):
    first = mall.till.lease(member())
    with writing(mall.engine) as connection:
        t = schema.reward
        connection.execute(t.update().where(t.c.shard_key == mall.shard_key).values(offered=0))
    assert mall.till.lease(member()) == first
    assert mall.till.lease(member(), request_id="r2").refusal == Reason("reward_unknown")


def test_a_rebuild_remembers_what_was_refused(mall):
    refusal = mall.till.lease(member("nobody")).refusal
    mall.add_member("nobody")
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert mall.till.lease(member("nobody")).refusal == refusal
    mall.check()


@pytest.mark.parametrize("epoch", [0, 2])
def test_a_lease_is_given_only_in_the_epoch_that_central_holds_open(mall, epoch):
    assert mall.till.lease(member(), epoch=epoch).refusal == Reason("epoch_sealed")
    assert mall.till.lease(member(), epoch=1).points == 100
    mall.check()


def test_after_its_chain_parted_a_device_gets_leases_in_its_new_epoch_only(mall):
    till = mall.till
    before = till.lease(member())
    request = wire.RehomeRequest("again", "s1", 1, 0, till.hashes[0])
    assert till.ask(wire.REHOME_PATH, request, wire.RehomeAnswer).epoch == 2
    assert before.refusal is None
    assert till.lease(member()).refusal == Reason("lease_in_doubt")
    assert till.lease(member(), epoch=2).refusal == Reason("lease_in_doubt")
    assert till.lease(member(), request_id="r2").refusal == Reason("epoch_sealed")
    assert till.lease(member(), request_id="r2", epoch=2).points == 100
    mall.check()


@pytest.mark.parametrize("epoch", [-1, 1 << 62])
def test_an_epoch_that_no_column_holds_is_malformed(sqlite_programme, epoch):
    request = wire.LeaseRequest("r1", member(), "tea", epoch)
    assert sqlite_programme.till.call(wire.LEASE_PATH, request)[0] == 400


def test_what_is_held_cannot_be_leased_again(mall):
    till = mall.till
    for number in range(3):
        assert till.lease(member(), request_id=f"r{number}").points == 100
    assert till.lease(member(), request_id="r4").refusal.values["available"] == "0"
    mall.check()


@pytest.mark.parametrize(
    ("points", "code"), [(4_999, None), (5_000, None), (5_001, "proof_needed")]
)
def test_above_the_limit_the_member_must_prove_to_be_there(sqlite_programme, points, code):
    programme = sqlite_programme
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=600_000))
    programme.add_reward(points=points)
    refusal = programme.till.lease(member()).refusal
    assert (refusal and refusal.code) == code


def test_a_member_that_central_does_not_know_cannot_redeem(mall):
    mall.till.push(mall.till.sale(member("b"), fen=50_000))
    assert mall.till.lease(member("b")).refusal == Reason("member_unknown")


def test_a_reward_that_is_not_offered_is_unknown(mall):
    mall.add_reward("old", offered=0)
    for reward in ("none", "old"):
        assert mall.till.lease(member(), reward).refusal == Reason("reward_unknown")


def test_a_reward_of_one_shop_is_bound_to_its_first_enrolled_till(mall):
    mall.now_ms += 1
    mall.add_device("till-0", "till", "S1")
    mall.add_device("kiosk-0", "kiosk", "S1")
    mall.add_reward("mug", points=50, home_shop="S1")
    lease = mall.other.lease(member(), "mug")
    central = mall.central_key.public_key().public_bytes_raw()
    voucher = vouchers.read_signed(lease.voucher_signed, central)
    assert voucher.home_device == mall.till.id.hex()


def test_a_reward_whose_shop_has_no_till_yet_cannot_be_leased(mall):
    mall.add_reward("mug", points=50, home_shop="S9")
    request = wire.LeaseRequest("r1", member(), "mug", 1)
    answer = mall.till.ask(wire.LEASE_PATH, request, wire.LeaseAnswer)
    assert answer == wire.LeaseAnswer(refusal=Reason("no_home_till"))


@pytest.mark.parametrize("text", ["", "a\x00", "x" * 65, "券"])
def test_names_that_could_not_be_keys_are_malformed(sqlite_programme, text):
    till = sqlite_programme.till
    requests = [
        (wire.LEASE_PATH, wire.LeaseRequest(text, member(), "tea")),
        (wire.LEASE_PATH, wire.LeaseRequest("r", member(text), "tea")),
        (wire.LEASE_PATH, wire.LeaseRequest("r", member(), text)),
        (wire.VOUCHER_PATH, wire.VoucherRequest(text, "V")),
        (wire.BALANCE_PATH, wire.BalanceRequest(member(text))),
    ]
    assert [till.call(*request)[0] for request in requests] == [400] * 5


def test_an_unbound_voucher_is_used_up_once_by_whoever_asks_first(mall):
    till, other = mall.till, mall.other
    lease = till.lease(member())
    till.push(till.redeem(member(), lease))
    tea = wire.VoucherAnswer("tea", valid_until=lease.valid_until)
    assert other.use_online(lease.voucher_code) == tea
    assert other.use_online(lease.voucher_code) == tea  # the same request
    assert other.use_online(lease.voucher_code, "u2").refusal == Reason("voucher_used")
    assert till.use_online(lease.voucher_code).refusal == Reason("voucher_used")
    mall.check()


def test_a_bound_voucher_counts_at_its_home_till_only(mall):
    mall.add_reward("mug", points=50, home_shop="S1")
    lease = mall.other.lease(member(), "mug")
    assert mall.other.use_online(lease.voucher_code).refusal == Reason("voucher_elsewhere")
    mug = wire.VoucherAnswer("mug", valid_until=lease.valid_until)
    assert mall.till.use_online(lease.voucher_code) == mug
    mall.check()


@pytest.mark.parametrize(("days", "code"), [(14, None), (15, "voucher_expired")])
def test_a_voucher_counts_until_the_end_of_its_last_day(sqlite_programme, days, code):
    programme = sqlite_programme
    programme.add_member("a")
    programme.add_reward(points=100)
    programme.till.push(programme.till.sale(member()))
    lease = programme.till.lease(member())
    programme.now_ms += days * DAY_MS
    refusal = programme.till.use_online(lease.voucher_code).refusal
    assert (refusal and refusal.code) == code


def test_a_code_that_is_no_voucher_is_unknown(mall):
    for text in ("", "V\x00", "V000000000000000", "VZZZZZZZZZZZZZZZ"):
        assert mall.till.use_online(text).refusal == Reason("voucher_unknown")


def test_a_claim_code_says_what_it_stands_for(mall):
    till = mall.till

    def state(code):
        return till.ask(wire.CLAIM_PATH, wire.ClaimRequest(claim_hash(code)), wire.ClaimAnswer)

    assert state("C1") == wire.ClaimAnswer("unknown")
    sale = till.sale(code="C1")
    till.push(sale, till.sale(code="C2"), till.refund(sale, fen=2_500))
    assert state("C1") == wire.ClaimAnswer("open", "S1", 7_500, 2_500)
    till.push(till.claim("C1", member()))
    assert state("C1") == wire.ClaimAnswer("claimed", "S1")
    whole = till.sale(code="C3")
    till.push(whole, till.refund(whole))
    assert state("C3") == wire.ClaimAnswer("refunded", "S1", refunded_fen=10_000)
    mall.now_ms += 31 * DAY_MS
    assert state("C2") == wire.ClaimAnswer("expired", "S1")
    assert till.call(wire.CLAIM_PATH, wire.ClaimRequest("zz"))[0] == 400


def test_a_device_whose_epoch_is_sealed_gets_no_lease(mall):
    till = mall.till
    mall.service.run(SealEpoch(till.id, 1))
    request = wire.LeaseRequest("r1", member(), "tea", 1)
    answer = till.ask(wire.LEASE_PATH, request, wire.LeaseAnswer)
    assert answer == wire.LeaseAnswer(refusal=Reason("epoch_sealed"))


def test_a_pass_proves_a_large_redemption_and_no_second_one(programme):
    somebody = "0a" * 8
    programme.add_member(somebody)
    programme.add_reward("tea", points=5_001)
    till = programme.till
    till.push(till.sale(member(somebody), fen=2_000_000))
    phone = Phone().signed_for(programme.central_key, somebody, programme.shard_key)
    shown = phone.shows(programme.now_ms)
    assert till.lease(member(somebody), shown_pass=shown).points == 5_001
    assert till.lease(member(somebody), shown_pass=shown).points == 5_001
    refusal = till.lease(member(somebody), request_id="r2", shown_pass=shown).refusal
    assert refusal == Reason("pass_used", {"limit": "5000"})


def test_a_pass_that_got_nothing_counts_for_the_next_wish_and_for_one_only(programme):
    somebody = "0a" * 8
    programme.add_member(somebody)
    programme.add_reward("tea", points=5_001)
    programme.add_reward("kettle", points=90_000)
    till = programme.till
    till.push(till.sale(member(somebody), fen=2_000_000))
    phone = Phone().signed_for(programme.central_key, somebody, programme.shard_key)
    shown = phone.shows(programme.now_ms)
    refusal = till.lease(member(somebody), "kettle", shown_pass=shown).refusal
    assert refusal.code == "balance_too_low"
    assert till.lease(member(somebody), "tea", "r2", shown_pass=shown).points == 5_001
    refusal = till.lease(member(somebody), "tea", "r3", shown_pass=shown).refusal
    assert refusal == Reason("pass_used", {"limit": "5000"})


def test_a_pass_that_a_lease_was_granted_for_is_used_up_whatever_is_told_later(programme):
    somebody = "0a" * 8
    programme.add_member(somebody)
    programme.add_reward("tea", points=5_001)
    till = programme.till
    till.push(till.sale(member(somebody), fen=2_000_000))
    phone = Phone().signed_for(programme.central_key, somebody, programme.shard_key)
    shown = phone.shows(programme.now_ms)
    assert till.lease(member(somebody), shown_pass=shown).points == 5_001
    programme.service.run(SealEpoch(till.id, 1))
    assert till.lease(member(somebody), shown_pass=shown).refusal.code == "lease_in_doubt"
    refusal = programme.other.lease(member(somebody), request_id="r2", shown_pass=shown).refusal
    assert refusal == Reason("pass_used", {"limit": "5000"})


def test_a_device_that_asks_for_too_many_pins_at_once_is_told_to_come_back(programme):
    somebody = "0a" * 8
    programme.add_member(somebody)
    programme.add_reward("tea", points=5_001)
    till = programme.till
    till.push(till.sale(member(somebody), fen=2_000_000))
    asked = wire.LeaseRequest("r1", member(somebody), "tea", 1, pin="582910")
    with ExitStack() as crowd:
        turnstile = programme.service.turnstile
        turnstile._at_work = threading.Semaphore(FROM_ONE_PLACE)
        for _ in range(FROM_ONE_PLACE):
            crowd.enter_context(turnstile.passing(till.id.hex()))
        assert till.call(wire.LEASE_PATH, asked)[0] == 503
    answer = till.ask(wire.LEASE_PATH, asked, wire.LeaseAnswer)
    assert answer.refusal.code == "pin_none"  # nothing was decided about it before
