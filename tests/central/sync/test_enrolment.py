import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs
from sqlalchemy import update

from central import schema
from central.database import writing
from central.fleet.records import HasPast, issue, register, revoke
from central.fleet.sheet import Till
from central.sync.callers import DeviceState
from loyalty import chain, wire
from tests.central.programme import DAY_MS, Device, enrol_request, member

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"x")


def enrol(programme, code, key=KEY, **known):
    return asked(programme, enrol_request(code, key, **known))


def asked(programme, request):
    status, data = programme.post(wire.ENROL_PATH, request)
    if status == 200:
        return msgspec.msgpack.decode(data, type=wire.EnrolAnswer)
    return status, msgspec.msgpack.decode(data, type=wire.Problem).code


def test_a_code_and_a_key_become_a_device_with_its_first_epoch(programme):
    device_id = programme.expect_device("kiosk-1", "kiosk", "")
    programme.add_code("ABCD-EFGH", device_id)
    answer = enrol(programme, " abcdefgh ")
    stream = chain.Stream(programme.shard_key, device_id, 1)
    assert answer == wire.EnrolAnswer(
        shard_key=programme.shard_key,
        device_id=device_id,
        epoch=1,
        anchor=chain.anchor(stream, bytes(32)),
        name="kiosk-1",
        role="kiosk",
        shop_id="",
        tenant_key=bytes([8]) * 32,
        central_key=programme.central_key.public_key().public_bytes_raw(),
        programme="澄湖天地",
        zone="Asia/Shanghai",
    )


def test_enrolling_again_with_the_same_code_and_key_changes_nothing(programme):
    programme.add_code("CODE", programme.expect_device("t"))
    first = enrol(programme, "CODE")
    programme.now_ms += DAY_MS // 2
    assert enrol(programme, "CODE") == first


def test_a_used_code_is_worth_nothing_once_it_has_expired(sqlite_programme):
    programme = sqlite_programme
    programme.add_code("CODE", programme.expect_device("t"), programme.now_ms)
    enrol(programme, "CODE")
    programme.now_ms += 1
    assert enrol(programme, "CODE") == (403, "code_expired")


def test_a_device_that_was_revoked_gets_nothing_for_its_used_code(sqlite_programme):
    programme = sqlite_programme
    programme.add_code("CODE", programme.expect_device("t"))
    enrol(programme, "CODE")
    with writing(programme.engine) as connection:
        connection.execute(update(schema.device).values(state=int(DeviceState.REVOKED)))
    assert enrol(programme, "CODE") == (403, "device_revoked")


def test_whoever_knows_a_code_and_a_public_key_has_not_the_key(sqlite_programme):
    programme = sqlite_programme
    programme.add_code("CODE", programme.expect_device("t"))
    request = structs.replace(enrol_request("CODE", KEY), signature=bytes(64))
    assert asked(programme, request) == (401, "bad_signature")


def test_a_device_of_a_lost_database_goes_on_under_its_own_name(programme):
    """The backup is older than its enrolment: what it told then is only in its journal now."""
    drawn, own = programme.expect_device("t"), bytes(range(16))
    programme.add_code("CODE", drawn)
    answer = enrol(programme, "CODE", device_id=own, epoch=3)
    assert (answer.device_id, answer.epoch, answer.name, answer.held) == (own, 4, "t", ())
    assert enrol(programme, "CODE", device_id=own, epoch=3) == answer
    assert drawn not in {row.device_id for row in programme.rows(schema.device)}


def test_a_device_of_a_lost_database_is_awaited_under_its_own_name(programme):
    drawn, own = programme.expect_device("t"), bytes(range(16))
    with writing(programme.engine) as connection:
        programme.insert(connection, schema.awaited, device_id=drawn)
    programme.add_code("CODE", drawn)
    enrol(programme, "CODE", device_id=own, epoch=3)
    assert [row.device_id for row in programme.rows(schema.awaited)] == [own]


def test_a_device_of_a_lost_database_cannot_use_up_all_epochs_there_are(programme):
    programme.add_code("CODE", programme.expect_device("t"))
    own = bytes(range(16))
    assert enrol(programme, "CODE", device_id=own, epoch=1_001) == (400, "malformed")
    assert enrol(programme, "CODE", device_id=own, epoch=1_000).epoch == 1_001


def test_a_device_cannot_take_the_name_of_another_that_central_knows(programme):
    programme.add_code("CODE", programme.expect_device("t"))
    answer = enrol(programme, "CODE", device_id=programme.till.id, epoch=1)
    assert answer == (409, "code_of_another")


def test_a_code_typed_at_another_device_locks_nobody_out(programme):
    till, other = programme.till, programme.other
    programme.add_code("CODE", other.id)
    assert enrol(programme, "CODE", till.key, device_id=till.id, epoch=1) == (
        409,
        "code_of_another",
    )
    assert enrol(programme, "CODE", device_id=bytes(16), epoch=1) == (409, "code_of_another")
    for device in (till, other):
        assert device.push(device.sale())[0][0] == wire.Verdict.APPLIED
    assert enrol(programme, "CODE", other.key, device_id=other.id, epoch=1).epoch == 2


def test_a_device_that_is_ahead_of_a_restored_central_goes_on_behind_its_own_epoch(programme):
    till = programme.till
    programme.add_code("CODE", till.id)
    assert enrol(programme, "CODE", till.key, device_id=till.id, epoch=4).epoch == 5


def test_a_code_works_for_one_key_only(programme):
    programme.add_code("CODE", programme.expect_device("t"))
    enrol(programme, "CODE")
    assert enrol(programme, "CODE", OTHER_KEY) == (409, "code_used")


def test_an_unknown_code_is_refused(programme):
    assert enrol(programme, "NOBODYS") == (403, "code_unknown")


@pytest.mark.parametrize(("late_ms", "works"), [(-1, True), (0, True), (1, False)])
def test_a_code_works_until_it_expires(sqlite_programme, late_ms, works):
    programme = sqlite_programme
    programme.add_code("CODE", programme.expect_device("t"), programme.now_ms - late_ms)
    answer = enrol(programme, "CODE")
    assert (answer == (403, "code_expired")) is not works


def test_a_key_has_32_bytes(programme):
    programme.add_code("CODE", programme.expect_device("t"))
    request = structs.replace(enrol_request("CODE", KEY), public_key=b"short")
    assert asked(programme, request) == (400, "malformed")


def test_a_new_code_for_a_known_device_seals_its_epoch_and_shuts_the_old_key_out(programme):
    till = programme.till
    till.push(till.sale(member()))
    programme.add_code("AGAIN", till.id)
    new = Device(programme, "AGAIN")
    assert (new.id, new.stream.epoch) == (till.id, 2)
    assert new.hashes[0] == chain.anchor(new.stream, till.hashes[1])
    till.write(till.sale(member()))
    assert till.call(wire.PUSH_PATH, till.request())[0] == 401
    new.push(new.sale(member(), number="n2"))
    assert programme.balance(member()) == 200
    programme.check()


def test_a_revoked_device_cannot_come_back_by_a_code(programme):
    till = programme.till
    programme.add_code("AGAIN", till.id)
    d = schema.device
    with writing(programme.engine) as connection:
        mine = update(d).where(d.c.shard_key == programme.shard_key, d.c.device_id == till.id)
        connection.execute(mine.values(state=int(DeviceState.REVOKED)))
    assert enrol(programme, "AGAIN") == (403, "device_revoked")


def test_the_database_holds_no_code(programme):
    programme.add_code("SECRETCODE", programme.expect_device("t"))
    (row,) = [row for row in programme.rows(schema.enrolment) if row.used_by is None]
    assert b"SECRETCODE" not in row.code_hash
    assert len(row.code_hash) == 32


def test_a_device_with_a_past_stays_with_its_shop_whatever_a_person_imports(programme):
    """Its events count for that shop, in a replay as they did at first."""
    till, key = programme.till, programme.shard_key
    till.push(till.sale(member()))
    with writing(programme.engine) as connection:
        revoke(connection, key, "till-1")
        issue(connection, key, "till-1", programme.now_ms, again=True)
        with pytest.raises(HasPast, match="register a new device"):
            register(connection, key, [Till("till-1", "till", "S9")])
        register(connection, key, [Till("till-1", "kiosk", "S1"), Till("till-9", "till", "S9")])
    programme.check()
