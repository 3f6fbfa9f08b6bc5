import pytest
from flask import Flask

from central import schema
from central.database import writing
from central.fleet.records import issue, register, revoke
from central.fleet.sheet import Till
from central.ledger.verify import rebuild
from central.sync.api import blueprint
from central.sync.callers import DeviceState
from central.sync.reward_offers import LEASE_TTL_S
from loyalty import wire
from loyalty.chain import Stream
from loyalty.events import RefusalKept
from loyalty.wire import Judged, Verdict
from tests.central.programme import Device, member
from tests.central.sync.test_rehoming import go_on

BACKUP = bytes(range(16))


@pytest.fixture
def mall(programme):
    """A member with 300 points, a reward of 100, and tills that have heard of this central."""
    programme.add_member("a")
    programme.add_reward("tea", points=100)
    programme.till.push(programme.till.sale(member(), fen=30_000))
    return programme


def restore(mall):
    """Make of the database one that came out of a backup of this moment."""
    mall.now_ms += 1_000
    s, devices = schema.shard, mall.rows(schema.device)
    app = Flask("restored")
    app.register_blueprint(blueprint(mall.service))
    mall.client = app.test_client()
    with writing(mall.engine) as connection:
        mine = s.update().where(s.c.shard_key == mall.shard_key)
        connection.execute(mine.values(incarnation=BACKUP))
        mall.insert(connection, schema.restored, restored_ms=mall.now_ms)
        for device in (one for one in devices if one.state != DeviceState.REVOKED):
            mall.insert(connection, schema.awaited, device_id=device.device_id)


def hear(mall, *devices):
    """Let devices hear of the restore and tell everything."""
    for device in devices:
        device.incarnation = BACKUP
        device.send()


def test_a_voucher_of_before_waits_until_every_till_has_told_what_it_took(mall):
    """One that was used behind the backup looks unused until its till has pushed again."""
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    restore(mall)
    hear(mall, mall.other)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"
    mall.till.write(mall.till.use(lease.voucher_code, "u0"))
    hear(mall, mall.till)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_used"
    assert mall.till.use_online(lease.voucher_code, "u0").reward_id == "tea"  # as it was answered
    mall.check()


def test_a_till_that_has_told_a_part_has_not_told_what_it_took(mall):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    restore(mall)
    mall.now_ms += (LEASE_TTL_S + 1) * 1_000  # no clock tells what a silent till handed out
    hear(mall, mall.other)
    mall.till.incarnation = BACKUP
    mall.till.write(mall.till.sale(member()), mall.till.use(lease.voucher_code, "u0"))
    mall.till.send(mall.till.request(last_seq=len(mall.till.frames) - 1))
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"
    mall.till.send()
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_used"


def test_a_push_from_before_the_restore_tells_nothing_about_what_is_lost(mall):
    """It may come as late as it likes: its device had not heard of the restore."""
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    mall.till.incarnation = mall.till.pull().incarnation
    restore(mall)
    mall.till.send()
    hear(mall, mall.other)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"


def test_a_till_that_keeps_a_coupon_for_a_bill_has_not_told_what_becomes_of_it(mall):
    """Its coupon is in no event yet, and only the lost database knows that it said yes to it."""
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    restore(mall)
    hear(mall, mall.other)
    mall.till.incarnation = BACKUP
    mall.till.send(mall.till.request(to_come=1))
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"
    mall.till.write(mall.till.use(lease.voucher_code, "u0"))
    mall.till.send(mall.till.request())
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_used"
    mall.check()


def test_a_till_that_was_only_registered_in_the_backup_is_awaited(mall):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    mall.expect_device("third")
    restore(mall)
    hear(mall, mall.till, mall.other)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"


def registered(mall, name):
    """Register a device as a person does; return its one-time code."""
    with writing(mall.engine) as connection:
        register(connection, mall.shard_key, [Till(name, "till", "S1")])
        return issue(connection, mall.shard_key, name, mall.now_ms, again=True).code


def test_a_till_that_is_registered_while_others_are_awaited_is_awaited_too(mall):
    """The lost database may have known it, and it may have used a voucher of before."""
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    restore(mall)
    hear(mall, mall.till)
    code = registered(mall, "lost")
    hear(mall, mall.other)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"
    back = Device(mall, code)
    back.incarnation = BACKUP
    back.write(back.use(lease.voucher_code, "u0"))
    back.send()
    assert mall.other.use_online(lease.voucher_code).refusal.code == "voucher_used"
    mall.check()


def test_a_till_that_the_backup_knows_as_revoked_is_awaited_once_it_may_come_back(mall):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    registered(mall, "gone")
    with writing(mall.engine) as connection:
        revoke(connection, mall.shard_key, "gone")
    restore(mall)
    hear(mall, mall.till)
    registered(mall, "gone")
    hear(mall, mall.other)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"


@pytest.mark.parametrize("restored", [True, False])
def test_a_till_that_is_registered_once_everybody_has_told_keeps_nobody_waiting(mall, restored):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    if restored:
        restore(mall)
        hear(mall, mall.till, mall.other)
    registered(mall, "new")
    assert mall.rows(schema.awaited) == []
    assert mall.other.use_online(lease.voucher_code).reward_id == "tea"


def test_a_revoked_till_is_not_awaited(mall):
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    restore(mall)
    hear(mall, mall.other)
    assert mall.other.use_online(lease.voucher_code).refusal.code == "after_restore"
    d = schema.device
    with writing(mall.engine) as connection:
        mine = d.update().where(d.c.shard_key == mall.shard_key, d.c.device_id == mall.till.id)
        connection.execute(mine.values(state=int(DeviceState.REVOKED)))
    assert mall.other.use_online(lease.voucher_code).reward_id == "tea"


def test_a_voucher_granted_since_the_restore_waits_for_nobody(mall):
    restore(mall)
    mall.now_ms += LEASE_TTL_S * 1_000
    lease = mall.till.lease(member())
    mall.till.push(mall.till.redeem(member(), lease))
    assert mall.other.use_online(lease.voucher_code).reward_id == "tea"
    mall.check()


def test_no_lease_is_granted_while_a_lost_one_could_be_spent_whoever_has_told_what(mall):
    """A till that told everything may still hold one that the backup does not know."""
    restore(mall)
    hear(mall, mall.till, mall.other)
    mall.now_ms += LEASE_TTL_S * 1_000 - 1
    assert mall.till.lease(member()).refusal.code == "after_restore"
    mall.now_ms += 1
    assert mall.till.lease(member(), request_id="r2").points == 100


REFUSED = Judged(1, Verdict.REFUSED_FINAL, "claim_taken")


def claims_after_a_restore(mall, refused):
    """Two tills claimed one slip behind the backup; the one that was refused comes back first."""
    mall.till.push(mall.till.sale(None, fen=10_000, code="SLIP"))
    restore(mall)
    late, first = mall.other, mall.till
    late.write(late.claim("SLIP", member("b"), 100))
    first.write(first.claim("SLIP", member("a"), 100))
    late.incarnation = first.incarnation = BACKUP
    (one,) = late.send(late.request(refused=refused)).judged
    (other,) = first.send().judged
    return one, other


def test_what_was_refused_before_a_restore_stays_refused_whoever_comes_back_first(mall):
    one, other = claims_after_a_restore(mall, (REFUSED,))
    assert one == REFUSED
    assert (other.verdict, mall.balance(member("a"))) == (Verdict.APPLIED, 400)
    assert mall.balance(member("b")) in (0, None)
    before = mall.rows(schema.inbox)
    mall.check()
    with writing(mall.engine) as connection:
        rebuild(connection, mall.shard_key)
    assert mall.rows(schema.inbox) == before
    assert mall.till.send(mall.till.request(first_seq=1)).judged[-1] == other
    assert mall.other.send(mall.other.request(first_seq=1)).judged == (REFUSED,)


def test_what_was_refused_in_an_epoch_that_is_lost_stays_refused_in_the_next(mall):
    mall.till.push(mall.till.sale(None, fen=10_000, code="SLIP"))
    restore(mall)
    late, first = mall.other, mall.till
    late.incarnation = first.incarnation = BACKUP
    late.stream, late.frames, late.hashes = Stream(mall.shard_key, late.id, 7), [], [bytes(32)]
    late.acked = 0
    late.write(late.claim("SLIP", member("b"), 100))
    go_on(late)
    assert late.send(late.request(refused=(REFUSED,))).judged == (REFUSED,)
    first.write(first.claim("SLIP", member("a"), 100))
    assert first.send().judged[0].verdict == Verdict.APPLIED
    assert mall.balance(member("a")) == 400
    mall.check()


def test_a_device_that_was_told_nothing_is_judged_as_it_comes(mall):
    one, other = claims_after_a_restore(mall, ())
    assert (one.verdict, other.verdict) == (Verdict.APPLIED, Verdict.REFUSED_FINAL)


def test_only_a_refusal_for_good_is_kept_and_only_after_a_restore(mall):
    till = mall.till
    till.write(till.sale(member(), fen=10_000))
    told = (Judged(2, Verdict.REFUSED_FINAL, "claim_taken"),)
    assert till.send(till.request(refused=told)).judged[0].verdict == Verdict.APPLIED
    restore(mall)
    till.incarnation = BACKUP
    till.write(till.sale(member(), fen=10_000))
    told = (Judged(3, Verdict.QUARANTINED, "claim_taken"), Judged(2, 5, "claim_taken"))
    assert till.send(till.request(refused=told)).judged[0].verdict == Verdict.APPLIED
    mall.check()


def test_the_reason_of_a_refusal_is_a_short_code(mall):
    till = mall.till
    till.write(till.sale(member()))
    for reason in ("", "x" * 65, "王芳"):
        told = (Judged(2, Verdict.REFUSED_FINAL, reason),)
        assert till.call(wire.PUSH_PATH, till.request(refused=told))[0] == 400


def test_no_till_keeps_a_refusal_of_another(mall):
    till, other = mall.till, mall.other
    till.push(RefusalKept(till.moment(), other.id.hex(), 1, 1, "claim_taken"))
    assert other.push(other.sale(member("b")))[0][0] is not Verdict.REFUSED_FINAL
    mall.check()
