"""Redemptions that central took back and then forgot: their devices were told, and tell it."""

import pytest
from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.judging.accounts import wallet_id
from central.ledger.judging.rows import VoucherState
from central.ledger.verify import rebuild
from central.sync.reward_offers import LEASE_TTL_S
from loyalty import wire
from loyalty.events import Bill, CouponChecked, VoucherCancelled
from loyalty.wire import Verdict
from tests.central.programme import DAY_MS, member
from tests.central.rewards.redeem_cases import bring_in
from tests.central.sync.test_census import hear, restore
from tests.central.sync.test_coupons import ANY, OWN, used
from tests.central.sync.test_lost_leases import lost

APPLIED = (Verdict.APPLIED, "", 0)
AT_OUR_COST = (Verdict.APPLIED_ADJUSTED, "voucher_returned", 100)
TEA = {"reward_id": "tea", "name_zh": "茶", "points": "100", "kind": "goods", "stock": "3"}
HOME = {"reward_id": "home", "name_zh": "杯", "points": "100", "kind": "goods", "home_shop": "S2"}
CUP = {**HOME, "reward_id": "cup", "home_shop": "S1"}
MUG = {"reward_id": "mug", "name_zh": "盘", "points": "100", "kind": "goods", "limit": "1"}
NOT_OURS = {"redemption": 0, "settlement": 0, "offline_loss": 0}


@pytest.fixture
def mall(programme):
    """A member with 100 points that end in May and 50 that end later; rewards cost 100."""
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=10_000))
    programme.now_ms += 40 * DAY_MS
    later = structs.replace(programme.till.receipt(fen=5_000), printed_at="2026-07-01T12:00:00")
    programme.till.push(structs.replace(programme.till.sale(member(), fen=5_000), receipt=later))
    bring_in(programme, [TEA, HOME, CUP, MUG, OWN, {**ANY, "points": "100"}])
    return programme


def redeem(mall, reward="tea", request_id="r1"):
    lease = mall.till.lease(member(), reward, request_id)
    assert lease.refusal is None, lease.refusal
    mall.till.push(mall.till.redeem(member(), lease, reward=reward))
    return lease


def told(till, lease):
    """Return what a till writes that was told of a cancellation."""
    code = lease.voucher_code
    return VoucherCancelled(till.moment(), code, f"back-{code}", lease.points)


def cancel(till, lease):
    request = wire.CancelRequest(f"back-{lease.voucher_code}", lease.voucher_code)
    return till.ask(wire.CANCEL_PATH, request, wire.CancelAnswer)


def purse(mall):
    (row,) = (row for row in mall.rows(schema.account) if row.account_id == wallet_id(member()))
    return row.posted, row.held, row.lots


def counters(mall):
    return {row.name: row.used for row in mall.rows(schema.rule_use)}


def state(mall, lease):
    (row,) = (row for row in mall.rows(schema.voucher) if row.code == lease.voucher_code)
    return VoucherState(row.state)


def ours(mall):
    posted = mall.totals().posted
    return {name: posted.get(name, 0) for name in NOT_OURS}


def verdicts(mall, till, *seqs):
    rows = {(r.device_id, r.seq): (r.verdict, r.reason) for r in mall.rows(schema.inbox)}
    return [rows[till.id, seq] for seq in seqs]


def sound(mall):
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    mall.check()


def test_what_central_knows_moves_nothing_when_its_device_tells_it(mall):
    before, lease = purse(mall), redeem(mall)
    assert cancel(mall.till, lease).points == 100
    assert mall.till.push(told(mall.till, lease)) == [APPLIED]
    assert (purse(mall), ours(mall)) == (before, NOT_OURS)
    sound(mall)


def test_a_forgotten_cancellation_gives_points_pieces_and_limits_back_and_voids_the_slip(mall):
    before, counted = purse(mall), counters(mall)
    lease = redeem(mall)
    restore(mall)
    mall.till.write(told(mall.till, lease))
    hear(mall, mall.till, mall.other)
    assert (purse(mall), counters(mall), ours(mall)) == (before, counted, NOT_OURS)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_cancelled"
    sound(mall)


def test_a_member_whose_limited_reward_was_taken_back_may_have_it_again(mall):
    lease = redeem(mall, "mug")
    restore(mall)
    mall.till.write(told(mall.till, lease))
    hear(mall, mall.till, mall.other)
    mall.now_ms += DAY_MS
    redeem(mall, "mug", "r2")
    sound(mall)


def test_whoever_asks_again_after_the_restore_gets_the_same_answer(mall):
    lease = redeem(mall)
    restore(mall)
    mall.till.write(told(mall.till, lease))
    hear(mall, mall.till, mall.other)
    assert state(mall, lease) is VoucherState.CANCELLED
    assert cancel(mall.till, lease).points == 100
    assert mall.balance(member()) == 150
    sound(mall)


def test_a_second_redemption_with_the_points_that_came_back_costs_the_house_nothing(mall):
    first, again = redeem(mall), lost(mall)
    restore(mall)
    mall.till.write(told(mall.till, first), mall.till.redeem(member(), again))
    hear(mall, mall.till, mall.other)
    assert (mall.balance(member()), ours(mall)["offline_loss"]) == (50, 0)
    assert state(mall, first) is VoucherState.CANCELLED
    assert state(mall, again) is VoucherState.REDEEMED
    sound(mall)


@pytest.mark.parametrize("passed_s", [0, LEASE_TTL_S + 60])
@pytest.mark.parametrize("spend_first", [False, True])
@pytest.mark.parametrize("in_the_backup", [False, True])
def test_another_till_that_spent_them_may_tell_it_first(mall, in_the_backup, spend_first, passed_s):
    """Also when no lease of the lost database can be alive any more."""
    first, again = redeem(mall) if in_the_backup else lost(mall), lost(mall)
    restore(mall)
    spent = [] if in_the_backup else [mall.till.redeem(member(), first)]
    mall.till.write(*spent, told(mall.till, first))
    mall.other.write(mall.other.redeem(member(), again))
    mall.now_ms += passed_s * 1_000
    hear(mall, *((mall.other, mall.till) if spend_first else (mall.till, mall.other)))
    mall.now_ms += (LEASE_TTL_S + 60) * 1_000
    hear(mall, mall.other)
    assert (mall.balance(member()), ours(mall)["offline_loss"]) == (50, 0)
    assert (state(mall, first), state(mall, again)) == (
        VoucherState.CANCELLED,
        VoucherState.REDEEMED,
    )
    sound(mall)


def test_both_redemptions_may_lie_behind_the_backup(mall):
    first, again = lost(mall), lost(mall)
    restore(mall)
    spends = [mall.till.redeem(member(), lease) for lease in (first, again)]
    mall.till.write(spends[0], told(mall.till, first), spends[1])
    hear(mall, mall.till)
    assert [one for _, one in verdicts(mall, mall.till, 3, 4)] == [
        "lease_unknown",
        "voucher_unknown",
    ]
    hear(mall, mall.other)
    mall.now_ms += 60_000  # until those are looked at again whose points were not there
    hear(mall, mall.other)
    assert verdicts(mall, mall.till, 3, 4, 5) == [(Verdict.APPLIED, "")] * 3
    assert (mall.balance(member()), ours(mall)["offline_loss"]) == (50, 0)
    assert state(mall, first) is VoucherState.CANCELLED
    sound(mall)


@pytest.mark.parametrize("taken_first", [False, True])
def test_what_a_home_till_took_all_the_same_is_the_houses_loss_in_either_order(mall, taken_first):
    """The member has the points and the goods."""
    lease = redeem(mall, "home")
    restore(mall)
    mall.till.write(told(mall.till, lease))
    mall.other.write(mall.other.use(lease.voucher_code))
    hear(mall, *((mall.other, mall.till) if taken_first else (mall.till, mall.other)))
    second = mall.till if taken_first else mall.other
    assert second.send(second.request(1)).judged[-1].reason == "voucher_returned"
    assert (mall.balance(member()), ours(mall)["offline_loss"]) == (150, -100)
    assert state(mall, lease) is VoucherState.USED
    sound(mall)


def test_what_central_let_a_till_take_before_it_was_told_is_the_houses_loss(mall):
    lease = redeem(mall)
    restore(mall)
    mall.till.write(told(mall.till, lease))
    with writing(mall.engine) as connection:
        a = schema.awaited  # as if the device were of after the backup: nobody waits for it
        connection.execute(a.delete().where(a.c.shard_key == mall.shard_key))
    mall.now_ms += DAY_MS
    assert mall.other.use_online(lease.voucher_code, "u1").reward_id == "tea"
    counted = counters(mall)
    mall.till.incarnation = mall.till.pull().incarnation
    assert mall.till.send().judged[-1].adjusted == 100
    assert mall.other.push(mall.other.use(lease.voucher_code, "u1")) == [APPLIED]
    assert (mall.balance(member()), ours(mall)["offline_loss"]) == (150, -100)
    assert (state(mall, lease), counters(mall)) == (VoucherState.USED, counted)
    sound(mall)


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_voucher_costs_the_house_once_however_often_and_late_its_device_tells(mall, forgotten):
    lease, till = redeem(mall, "cup"), mall.till
    if forgotten:
        restore(mall)
        till.write(told(till, lease))
        hear(mall, till)
    else:
        assert cancel(till, lease).points == 100
    assert till.push(till.use(lease.voucher_code)) == [AT_OUR_COST]
    assert till.push(told(till, lease), told(till, lease)) == [APPLIED] * 2
    assert (mall.balance(member()), ours(mall)["offline_loss"]) == (150, -100)
    sound(mall)


@pytest.mark.parametrize("taken_first", [False, True])
def test_a_coupon_that_was_taken_back_is_not_good_again_with_its_bill(mall, taken_first):
    """Its member has the points; the house has back what the bill had cost it."""
    lease, till = redeem(mall, "own"), mall.till
    sale = till.sale(fen=16_400)
    events = [told(till, lease), used(till, lease, sale)]
    till.push(sale, *(reversed(events) if taken_first else events))
    assert ours(mall) == {"redemption": 0, "settlement": 100, "offline_loss": -100}
    till.push(till.refund(sale))
    assert (mall.balance(member()), ours(mall)) == (150, NOT_OURS)
    assert state(mall, lease) is VoucherState.CANCELLED
    assert cancel(till, lease).points == 100
    second = till.sale(fen=16_400)
    assert till.push(second, used(till, lease, second))[1] == AT_OUR_COST
    sound(mall)


def test_a_coupon_that_a_till_lets_go_of_stays_cancelled(mall):
    lease, till = redeem(mall, "any"), mall.other
    assert till.use_online(lease.voucher_code, "u1").reward_id == "any"
    assert mall.till.push(told(mall.till, lease)) == [AT_OUR_COST]
    let_go = CouponChecked(till.moment(), lease.voucher_code, "released", Bill(0, 0), "u1")
    assert till.push(let_go) == [APPLIED]
    assert (state(mall, lease), mall.balance(member())) == (VoucherState.CANCELLED, 150)
    assert ours(mall) == NOT_OURS
    sound(mall)


def test_no_device_tells_of_what_another_one_took_back(mall):
    lease = redeem(mall)
    assert mall.other.push(told(mall.other, lease))[0][0] is Verdict.QUARANTINED
    assert mall.balance(member()) == 50


def test_points_that_were_never_spent_do_not_come_back(mall):
    lease = mall.till.lease(member())
    assert mall.till.push(told(mall.till, lease))[0][0] is Verdict.QUARANTINED
    assert (mall.balance(member()), mall.held(member())) == (150, 100)
