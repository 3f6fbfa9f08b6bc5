"""Redemptions that are taken back: the points are the lots they were, with their own last days."""

import pytest
from flask import Flask
from msgspec import structs

from central import schema
from central.database import writing
from central.jobs import voucher_expiry
from central.ledger.judging.accounts import wallet_id
from central.ledger.reward_commands import ReturnVoucher
from central.ledger.verify import rebuild
from central.sync.api import blueprint
from central.sync.reward_offers import local
from loyalty import wire
from tests.central.programme import DAY_MS, member
from tests.central.rewards.redeem_cases import bring_in


@pytest.fixture
def mall(programme):
    """A member with 100 points that end in May and 300 that end later, and tea for 150."""
    programme.add_member("a")
    programme.till.push(programme.till.sale(member(), fen=10_000))
    programme.now_ms += 40 * DAY_MS
    later = structs.replace(programme.till.receipt(fen=30_000), printed_at="2026-07-01T12:00:00")
    programme.till.push(structs.replace(programme.till.sale(member(), fen=30_000), receipt=later))
    tea = {"reward_id": "tea", "name_zh": "茶", "points": "150", "kind": "goods", "stock": "3"}
    bring_in(programme, [tea])
    return programme


def lots(mall):
    """Return what stands in the member's wallet, with its last days."""
    (row,) = (row for row in mall.rows(schema.account) if row.account_id == wallet_id(member()))
    return row.posted, row.held, row.lots


def redeem(mall, request_id="r1"):
    lease = mall.till.lease(member(), request_id=request_id)
    mall.till.push(mall.till.redeem(member(), lease))
    return lease


def cancel(mall, lease, request_id="c1"):
    request = wire.CancelRequest(request_id, lease.voucher_code)
    return mall.till.ask(wire.CANCEL_PATH, request, wire.CancelAnswer)


def everything(mall):
    names = ("account", "lease", "voucher", "redemption", "reserved", "rule_use")
    return {name: mall.rows(schema.metadata.tables[name]) for name in names}


def test_a_cancelled_redemption_leaves_the_wallet_as_it_was_lot_by_lot(mall):
    before = lots(mall)
    lease = redeem(mall)
    assert lots(mall) != before
    assert cancel(mall, lease).points == 150
    assert lots(mall) == before
    mall.check()


def test_an_expired_voucher_leaves_the_wallet_as_it_was_lot_by_lot(mall):
    before = lots(mall)
    redeem(mall)
    mall.now_ms += 16 * DAY_MS
    day = local(mall.now_ms, "Asia/Shanghai").date()
    assert voucher_expiry.expire(mall.engine, mall.shard_key, day, mall.now_ms) == (1, 0)
    assert voucher_expiry.expire(mall.engine, mall.shard_key, day, mall.now_ms) == (0, 0)
    assert lots(mall) == before
    mall.check()


def test_many_vouchers_expire_over_several_turns(mall, monkeypatch):
    monkeypatch.setattr(voucher_expiry, "_VOUCHERS_MAX", 1)
    before = lots(mall)
    for number in range(2):
        redeem(mall, f"r{number}")
    mall.now_ms += 16 * DAY_MS
    day = local(mall.now_ms, "Asia/Shanghai").date()
    assert voucher_expiry.expire(mall.engine, mall.shard_key, day, mall.now_ms) == (2, 0)
    assert lots(mall) == before


def test_a_voucher_from_before_a_restore_ends_only_once_every_till_has_told(mall):
    """Another till may have taken it online behind the backup, and tells of it yet."""
    redeem(mall)
    mall.now_ms += DAY_MS
    with writing(mall.engine) as connection:
        mall.insert(connection, schema.restored, restored_ms=mall.now_ms)
        mall.insert(connection, schema.awaited, device_id=mall.other.id)
    mall.now_ms += 15 * DAY_MS
    day = local(mall.now_ms, "Asia/Shanghai").date()
    assert voucher_expiry.expire(mall.engine, mall.shard_key, day, mall.now_ms) == (0, 1)
    restarted = Flask("restored")
    restarted.register_blueprint(blueprint(mall.service))
    mall.client = restarted.test_client()
    mall.other.incarnation = mall.other.pull().incarnation
    mall.other.send()
    assert voucher_expiry.expire(mall.engine, mall.shard_key, day, mall.now_ms) == (1, 0)


def test_of_two_redemptions_one_can_be_cancelled_and_the_other_stays(mall):
    first, second = redeem(mall), redeem(mall, "r2")
    assert cancel(mall, first).points == 150
    assert mall.balance(member()) == 250
    assert mall.other.use_online(second.voucher_code).reward_id == "tea"
    assert cancel(mall, second, "c2").refusal.code == "voucher_used"
    assert cancel(mall, first, "c3").refusal.code == "voucher_cancelled"
    mall.check()


def test_what_was_given_back_is_folded_again_out_of_the_log(mall):
    cancel(mall, redeem(mall))
    redeem(mall, "r2")
    before = everything(mall)
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert everything(mall) == before


def test_points_that_come_back_pay_what_is_owed_first(mall):
    sale = mall.till.sale(member(), fen=10_000, number="big")
    mall.till.push(sale)
    lease = redeem(mall)
    for request_id in ("r2", "r3"):
        redeem(mall, request_id)
    mall.till.push(mall.till.refund(sale))
    assert mall.balance(member()) == -50
    assert cancel(mall, lease).points == 150
    assert mall.balance(member()) == 100
    mall.check()


def test_what_a_person_took_back_names_who_and_why_in_the_log(mall):
    lease = redeem(mall)
    back = ReturnVoucher(lease.voucher_code, "staff", "2026-07-08", staff="desk1", why="颜色不对")
    assert mall.service.run(back) == 150
    bodies = [row.body.decode() for row in mall.rows(schema.inbox) if row.kind == 121]
    assert len(bodies) == 1
    assert '"staff":"desk1"' in bodies[0]
    assert "颜色不对" in bodies[0]


def test_a_limit_lets_a_member_try_again_after_cancelling(mall):
    gift = {"reward_id": "gift", "name_zh": "礼", "points": "10", "kind": "goods", "limit": "1"}
    bring_in(mall, [gift])
    lease = mall.till.lease(member(), "gift", "g1")
    mall.till.push(mall.till.redeem(member(), lease, reward="gift"))
    assert mall.till.lease(member(), "gift", "g2").refusal.code == "reward_limit"
    cancel(mall, lease)
    assert mall.till.lease(member(), "gift", "g3").refusal is None


def test_what_was_redeemed_before_its_lots_were_kept_is_not_given_back(mall):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    with writing(mall.engine) as connection:
        t = schema.redemption
        mine = (t.c.shard_key == mall.shard_key, t.c.lease_id == lease.lease_id)
        connection.execute(t.delete().where(*mine))
    back = wire.CancelRequest("c1", lease.voucher_code)
    answer = mall.till.ask(wire.CANCEL_PATH, back, wire.CancelAnswer)
    assert answer.refusal.code == "lots_unknown"
