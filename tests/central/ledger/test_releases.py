"""Leases that nobody can say the end of: in doubt, given up by a person, and spent after all."""

import pytest

from central import schema
from central.database import writing
from central.fleet.exposure import OVERDUE_MS, NotReleased, open_leases, release
from central.ledger.judging.accounts import OFFLINE_LOSS
from loyalty.wire import Verdict
from tests.central.programme import member

APPLIED = (Verdict.APPLIED, "", 0)
PAID_BY_THE_HOUSE = (Verdict.APPLIED_ADJUSTED, "lease_released", 100)


@pytest.fixture
def mall(programme):
    """A member with 300 points, 100 of them in a lease of the till."""
    programme.add_member("a")
    programme.add_reward(points=100)
    programme.till.push(programme.till.sale(member(), fen=30_000))
    programme.lease = programme.till.lease(member())
    return programme


def give_up(mall, *, destroyed=False):
    with writing(mall.engine) as connection:
        where = (connection, mall.shard_key, mall.lease.lease_id, mall.now_ms)
        return release(*where, destroyed=destroyed)


def purse(mall):
    return mall.balance(member()), mall.held(member())


def loss(mall):
    rows = {row.account_id: row.posted for row in mall.rows(schema.account)}
    return -rows.get(OFFLINE_LOSS, 0)


def test_an_open_lease_is_exposure_and_in_doubt_once_it_could_not_be_spent_any_more(mall):
    for later_ms, in_doubt in ((0, False), (901_000, True)):
        (found,) = mall.read(open_leases, mall.now_ms + later_ms)[mall.till.id]
        assert (found.left, found.since_ms, found.in_doubt) == (100, mall.now_ms, in_doubt)
    mall.till.push(mall.till.redeem(member(), mall.lease), mall.till.close_lease(mall.lease, 100))
    assert mall.read(open_leases, mall.now_ms) == {}


def test_a_lease_that_is_spent_is_no_exposure_though_it_was_never_closed(mall):
    mall.till.push(mall.till.redeem(member(), mall.lease))
    assert mall.read(open_leases, mall.now_ms + 901_000) == {}


def test_a_lease_is_not_given_up_before_seven_days_unless_its_device_is_gone(mall):
    with pytest.raises(NotReleased, match="seven days"):
        give_up(mall)
    mall.now_ms += OVERDUE_MS - 1
    with pytest.raises(NotReleased, match="seven days"):
        give_up(mall)
    mall.now_ms += 1
    give_up(mall)
    assert purse(mall) == (300, 0)
    assert mall.till.use_online(mall.lease.voucher_code).refusal.code == "voucher_unknown"
    with pytest.raises(NotReleased, match="no such lease"):
        give_up(mall, destroyed=True)
    mall.check()


def test_what_was_spent_under_a_released_lease_is_the_loss_of_the_house(mall):
    till = mall.till
    till.write(till.redeem(member(), mall.lease), till.close_lease(mall.lease, 100))
    give_up(mall, destroyed=True)
    answer = till.send()
    judged = [(one.verdict, one.reason, one.adjusted) for one in answer.judged[-2:]]
    assert judged == [PAID_BY_THE_HOUSE, APPLIED]
    assert (purse(mall), loss(mall)) == ((300, 0), 100)
    assert till.use_online(mall.lease.voucher_code).reward_id == "tea"
    mall.check()


def test_no_more_than_the_lease_can_be_lost_however_often_it_is_spent(mall):
    till = mall.till
    give_up(mall, destroyed=True)
    spent = till.push(till.redeem(member(), mall.lease), till.redeem(member(), mall.lease))
    assert spent[0] == PAID_BY_THE_HOUSE
    assert spent[1][0] == Verdict.QUARANTINED
    assert (purse(mall), loss(mall)) == ((300, 0), 100)
    mall.check()


def test_a_device_that_comes_back_and_had_not_spent_costs_nothing(mall):
    give_up(mall, destroyed=True)
    assert mall.till.push(mall.till.close_lease(mall.lease, 0)) == [APPLIED]
    assert (purse(mall), loss(mall)) == ((300, 0), 0)
    mall.check()


def test_a_lease_whose_voucher_was_handed_in_is_spent_when_it_is_given_up(mall):
    assert mall.other.use_online(mall.lease.voucher_code).reward_id == "tea"
    give_up(mall, destroyed=True)
    assert (purse(mall), loss(mall)) == ((200, 0), 0)
    assert mall.read(open_leases, mall.now_ms) == {}
    mall.check()


def test_what_a_device_tells_later_of_such_a_lease_costs_nothing_more(mall):
    till = mall.till
    till.write(till.redeem(member(), mall.lease), till.close_lease(mall.lease, 100))
    mall.other.use_online(mall.lease.voucher_code)
    give_up(mall, destroyed=True)
    judged = [(one.verdict, one.reason, one.adjusted) for one in till.send().judged[-2:]]
    assert judged == [APPLIED, APPLIED]
    assert till.push(till.redeem(member(), mall.lease))[0][0] == Verdict.QUARANTINED
    assert (purse(mall), loss(mall)) == ((200, 0), 0)
    mall.check()


def test_the_house_pays_once_for_a_slip_of_a_lost_device_that_its_home_till_takes(mall):
    till, home = mall.till, mall.other
    mall.add_reward("mug", points=100, home_shop="S2")
    give_up(mall, destroyed=True)
    mall.lease = till.lease(member(), "mug", "r2")
    till.write(till.redeem(member(), mall.lease), till.close_lease(mall.lease, 100))
    give_up(mall, destroyed=True)
    assert home.push(home.use(mall.lease.voucher_code)) == [PAID_BY_THE_HOUSE]
    assert (purse(mall), loss(mall)) == ((300, 0), 100)
    mall.check()
    judged = [(one.verdict, one.reason, one.adjusted) for one in till.send().judged[-2:]]
    assert judged == [APPLIED, APPLIED]
    assert (purse(mall), loss(mall)) == ((300, 0), 100)
    mall.check()
