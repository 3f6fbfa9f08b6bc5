import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update

from central import schema
from central.database import writing
from central.sync.callers import CALL_AGE_MS_MAX, DeviceState
from loyalty import wire
from tests.central.programme import member

ASK = wire.BalanceRequest(member())
BODY = wire.pack(ASK)
PATHS = (
    wire.PUSH_PATH,
    wire.PULL_PATH,
    wire.LEASE_PATH,
    wire.VOUCHER_PATH,
    wire.CLAIM_PATH,
    wire.BALANCE_PATH,
)


def code(answer):
    status, data = answer
    return status, msgspec.msgpack.decode(data, type=wire.Problem).code


@pytest.mark.parametrize("path", PATHS)
def test_every_path_but_enrolment_wants_a_signature(sqlite_programme, path):
    assert code(sqlite_programme.post(path, ASK)) == (401, "unsigned")


def test_a_signature_over_another_path_or_body_is_refused(sqlite_programme):
    till = sqlite_programme.till
    for headers in (till.headers(wire.PULL_PATH, BODY), till.headers(wire.BALANCE_PATH, b"x")):
        answer = sqlite_programme.post(wire.BALANCE_PATH, ASK, headers)
        assert code(answer) == (401, "bad_signature")


def test_another_key_is_refused(sqlite_programme):
    till = sqlite_programme.till
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    headers = till.headers(wire.BALANCE_PATH, BODY, key=other)
    assert code(sqlite_programme.post(wire.BALANCE_PATH, ASK, headers)) == (401, "bad_signature")


@pytest.mark.parametrize(
    "change",
    [
        {wire.DEVICE_HEADER: "zz"},
        {wire.DEVICE_HEADER: "00"},
        {wire.SIGNATURE_HEADER: "zz"},
        {wire.NONCE_HEADER: "short"},
        {wire.NONCE_HEADER: "x" * 65},
    ],
)
def test_headers_that_are_not_what_they_must_be_are_refused(sqlite_programme, change):
    headers = {**sqlite_programme.till.headers(wire.BALANCE_PATH, BODY), **change}
    assert code(sqlite_programme.post(wire.BALANCE_PATH, ASK, headers)) == (401, "unsigned")


def test_a_device_that_nobody_enrolled_is_refused(sqlite_programme):
    till = sqlite_programme.till
    till.id = bytes(16)
    assert code(till.call(wire.BALANCE_PATH, ASK)) == (401, "device_unknown")
    till.id = sqlite_programme.expect_device("t")
    assert code(till.call(wire.BALANCE_PATH, ASK)) == (401, "device_unknown")


def test_a_revoked_device_is_refused_at_its_next_call(sqlite_programme):
    programme, till = sqlite_programme, sqlite_programme.till
    assert till.call(wire.BALANCE_PATH, ASK)[0] == 200
    d = schema.device
    with writing(programme.engine) as connection:
        mine = update(d).where(d.c.shard_key == programme.shard_key, d.c.device_id == till.id)
        connection.execute(mine.values(state=int(DeviceState.REVOKED)))
    assert code(till.call(wire.BALANCE_PATH, ASK)) == (403, "device_revoked")


def test_a_body_that_is_not_what_the_path_wants_is_malformed(sqlite_programme):
    till = sqlite_programme.till
    deep = b"\x81\xa1x" + b"\x91" * 200_000  # a field nobody knows: lists in lists without end
    for body in (b"\xc1", wire.pack(wire.ClaimRequest("00")), deep):
        headers = till.headers(wire.BALANCE_PATH, body)
        answer = sqlite_programme.client.post(wire.BALANCE_PATH, data=body, headers=headers)
        assert code((answer.status_code, answer.data)) == (400, "malformed")


def test_a_body_that_is_too_long_is_refused_before_it_is_read(sqlite_programme):
    limit = (1 << 20) + (1 << 16)
    for size, expected in ((limit, (401, "unsigned")), (limit + 1, (413, "too_large"))):
        answer = sqlite_programme.client.post(wire.PUSH_PATH, data=bytes(size))
        assert code((answer.status_code, answer.data)) == expected


def test_a_body_of_unknown_length_is_refused(sqlite_programme):
    answer = sqlite_programme.client.post(wire.PUSH_PATH)
    assert code((answer.status_code, answer.data)) == (411, "length")


def test_a_balance_says_what_is_held_and_who_it_is(sqlite_programme):
    programme, till = sqlite_programme, sqlite_programme.till
    ask = till.ask(wire.BALANCE_PATH, ASK, wire.BalanceAnswer)
    assert ask == wire.BalanceAnswer(False, 0, 0, "", "")
    programme.add_member("a", "gold", ["c1"])
    programme.add_reward(points=60)
    till.push(till.sale(member(), points=150))
    till.lease(member())
    for holder in (member(), wire.Holder("card", "c1")):
        ask = till.ask(wire.BALANCE_PATH, wire.BalanceRequest(holder), wire.BalanceAnswer)
        assert ask == wire.BalanceAnswer(True, 150, 60, "gold", "")


def test_a_request_from_before_a_restore_is_not_answered_until_its_device_has_pulled(
    sqlite_programme,
):
    """Central may have forgotten that it refused it; a late copy must not be granted now."""
    programme, till = sqlite_programme, sqlite_programme.till
    till.incarnation = till.pull().incarnation
    request = wire.LeaseRequest("r2", member(), "tea", till.stream.epoch)
    assert till.call(wire.LEASE_PATH, request)[0] == 200
    s = schema.shard
    with writing(programme.engine) as connection:
        connection.execute(s.update().values(incarnation=b"restored" * 2))
    assert code(till.call(wire.LEASE_PATH, request)) == (503, "restored")
    till.incarnation = till.pull().incarnation
    assert till.call(wire.LEASE_PATH, request)[0] == 200


def dated(mall, sent_ms):
    """A call that says when it was sent, as devices make them."""
    return mall.till.headers(wire.BALANCE_PATH, BODY, nonce=f"{sent_ms}.{'n' * 32}")


def test_a_captured_call_is_good_for_five_minutes_only(sqlite_programme):
    mall = sqlite_programme
    mall.till.push(mall.till.sale(member()))
    headers = dated(mall, mall.now_ms)
    mall.now_ms += CALL_AGE_MS_MAX
    assert mall.post(wire.BALANCE_PATH, ASK, headers)[0] == 200
    mall.now_ms += 1
    status, data = mall.post(wire.BALANCE_PATH, ASK, headers)
    problem = msgspec.msgpack.decode(data, type=wire.Problem)
    assert (status, problem.code, problem.server_ms) == (401, wire.CLOCK, mall.now_ms)


@pytest.mark.parametrize("sent_ms", ["later", "", "-1", "0", "9" * 25, "\u0661"])
def test_a_call_whose_time_is_none_or_another_is_told_what_time_it_is(sqlite_programme, sent_ms):
    mall = sqlite_programme
    if sent_ms == "later":
        sent_ms = mall.now_ms + CALL_AGE_MS_MAX + 1
    assert code(mall.post(wire.BALANCE_PATH, ASK, dated(mall, sent_ms))) == (401, wire.CLOCK)


def test_the_time_of_a_call_cannot_be_changed_nor_left_out(sqlite_programme):
    mall = sqlite_programme
    headers = dated(mall, mall.now_ms)
    for nonce in (f"{mall.now_ms + 1}.{'n' * 32}", "n" * 32):
        answer = mall.post(wire.BALANCE_PATH, ASK, {**headers, wire.NONCE_HEADER: nonce})
        assert code(answer) == (401, "bad_signature")
