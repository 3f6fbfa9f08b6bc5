"""Points that are lent before anybody knows what for, so that a member can redeem when cut off."""

import pytest
from msgspec import structs

from central import schema
from central.ledger.judging.rows import VoucherState
from loyalty import vouchers, wire
from loyalty.leases import READY_REWARD
from loyalty.wire import Verdict
from tests.central.programme import member
from tillpoints.simulation.programme.book import BOOK

APPLIED = (Verdict.APPLIED, "", 0)


@pytest.fixture
def mall(programme):
    """A member with 300 points; up to 120 are lent ahead, and at most half of what there is."""
    programme.add_member("a")
    programme.add_reward(points=100)
    programme.add_book(structs.replace(BOOK, offline_points=120), effective_ms=1)
    programme.till.push(programme.till.sale(member(), fen=30_000))
    return programme


def ahead(device, request_id="r1", **more):
    return device.lease(member(), READY_REWARD, request_id, session="s1", **more)


def spend(device, lease, points, pieces=1):
    body = device.redeem(member(), lease, points, "tea", "s1")
    return structs.replace(body, pieces=pieces)


def purse(mall):
    return mall.balance(member()), mall.held(member())


def test_at_most_what_the_rules_say_and_half_of_what_there_is_is_lent_ahead(mall):
    first, second = ahead(mall.till), ahead(mall.other)
    assert (first.points, second.points) == (120, 90)  # half of the 180 that are left
    assert purse(mall) == (300, 210)
    mall.check()


def test_a_programme_that_does_not_lend_ahead_says_so(programme):
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=30_000))
    assert ahead(programme.till).refusal.code == "offline_off"


def test_a_member_without_points_is_lent_nothing(mall):
    mall.add_member("b")
    assert mall.till.lease(member("b"), READY_REWARD).refusal.code == "offline_none_lent"


def test_a_spend_says_what_the_points_went_for_and_frees_the_rest(mall):
    lease = ahead(mall.till)
    assert mall.till.push(spend(mall.till, lease, 100, pieces=1)) == [APPLIED]
    assert purse(mall) == (200, 0)
    (row,) = mall.rows(schema.lease)
    assert (row.amount, row.spent, row.reward_id) == (100, 100, "tea")
    (voucher,) = mall.rows(schema.voucher)
    assert (voucher.reward_id, VoucherState(voucher.state)) == ("tea", VoucherState.REDEEMED)
    mall.check()


def test_more_than_was_lent_is_for_a_person_and_moves_nothing(mall):
    lease = ahead(mall.till)
    ((verdict, _, _),) = mall.till.push(spend(mall.till, lease, 121))
    assert verdict is Verdict.QUARANTINED
    assert purse(mall) == (300, 120)


def test_what_was_spent_ahead_is_taken_back_with_its_lots(mall):
    lease = ahead(mall.till)
    mall.till.push(spend(mall.till, lease, 100))
    back = wire.CancelRequest("c1", lease.voucher_code)
    assert mall.till.ask(wire.CANCEL_PATH, back, wire.CancelAnswer).points == 100
    assert purse(mall) == (300, 0)
    mall.check()


def test_a_voucher_is_good_for_nothing_before_its_device_has_told_what_it_is_for(mall):
    kiosk = mall.add_device("kiosk-1", "kiosk", "S1")
    lease = ahead(kiosk)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "redeem_on_its_way"
    kiosk.push(spend(kiosk, lease, 100, pieces=2))
    used = mall.other.use_online(lease.voucher_code, "u2")
    assert (used.reward_id, used.pieces) == ("tea", 2)


def test_a_till_s_voucher_counts_at_that_till_alone(mall):
    lease = ahead(mall.till)
    signed = vouchers.read_signed(
        lease.voucher_signed, mall.central_key.public_key().public_bytes_raw()
    )
    assert signed.home_device == mall.till.id.hex()
    mall.till.push(spend(mall.till, lease, 100))
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_elsewhere"


def test_what_a_device_was_lent_ahead_is_not_held_from_it_but_from_others(mall):
    ahead(mall.till)
    request = wire.BalanceRequest(member())
    assert mall.till.ask(wire.BALANCE_PATH, request, wire.BalanceAnswer).held == 0
    assert mall.other.ask(wire.BALANCE_PATH, request, wire.BalanceAnswer).held == 120


def give_back_for(device, lease, reward="big", request_id="r2"):
    request = wire.LeaseRequest(
        request_id, member(), reward, device.stream.epoch, "s1", gives_back=lease.lease_id
    )
    return device.ask(wire.LEASE_PATH, request, wire.LeaseAnswer)


def test_what_was_lent_ahead_counts_for_a_larger_redemption_once_it_is_closed(mall):
    mall.add_reward("big", 280)
    lease = ahead(mall.till)
    assert give_back_for(mall.other, lease).refusal.code == "balance_held"  # not its own lease
    larger = give_back_for(mall.till, lease)
    assert larger.points == 280
    assert purse(mall) == (300, 280)
    spent = mall.till.redeem(member(), larger, reward="big", session="s1")
    assert mall.till.push(mall.till.close_lease(lease, 0), spent) == [APPLIED, APPLIED]
    assert purse(mall) == (20, 0)
    mall.check()


@pytest.fixture
def owing(programme):
    """A member with 240 points, 120 of them lent ahead; then 200 of them went with refunds."""
    programme.add_member("a")
    programme.add_reward("big", 120)
    programme.add_reward("small", 40)
    programme.add_book(structs.replace(BOOK, offline_points=120), effective_ms=1)
    sold = [programme.other.sale(member(), 12_000) for _ in range(2)]
    programme.other.push(*sold)
    lease = ahead(programme.till)
    programme.other.push(*map(programme.other.refund, sold, (12_000, 8_000)))
    assert purse(programme) == (40, 120)
    return programme, lease


def test_what_is_given_back_pays_what_is_owed_before_it_is_lent_again(owing):
    mall, lease = owing
    refusal = give_back_for(mall.till, lease).refusal
    assert refusal.code == "balance_too_low"
    assert refusal.values == {"available": "40", "needed": "120"}
    assert purse(mall) == (40, 120)
    assert give_back_for(mall.till, lease, "small", "r3").points == 40
    assert purse(mall) == (40, 40)
    mall.check()


def test_what_a_spend_leaves_of_the_points_lent_pays_what_is_owed(owing):
    mall, lease = owing
    small = structs.replace(spend(mall.till, lease, 40), reward_id="small")
    assert mall.till.push(small) == [APPLIED]
    assert purse(mall) == (0, 0)
    assert mall.totals().posted["debt"] == 0
    mall.check()


def test_a_device_that_spends_what_it_gave_back_costs_the_house_and_never_the_member(mall):
    mall.add_reward("big", 280)
    lease = ahead(mall.till)
    larger = give_back_for(mall.till, lease)
    mall.till.push(mall.till.redeem(member(), larger, reward="big"))
    ((verdict, why, points),) = mall.till.push(spend(mall.till, lease, 100))
    assert (verdict, why, points) == (Verdict.APPLIED_ADJUSTED, "lease_released", 100)
    assert purse(mall) == (20, 0)
    mall.check()
