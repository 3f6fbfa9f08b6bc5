import msgspec

from central.sync.limits import CallLimits
from loyalty import wire

TILL, KIOSK = b"t" * 16, b"k" * 16


def test_a_device_may_burst_and_then_waits_for_its_share():
    limits = CallLimits(burst=3, per_s=2)
    assert [limits.take(TILL, 0) for _ in range(4)] == [0, 0, 0, 1]
    assert [limits.take(TILL, 500) for _ in range(2)] == [0, 1]
    assert [limits.take(TILL, 1_500) for _ in range(3)] == [0, 0, 1]


def test_one_device_takes_nothing_from_another():
    limits = CallLimits(burst=1, per_s=1)
    assert (limits.take(TILL, 0), limits.take(TILL, 0), limits.take(KIOSK, 0)) == (0, 1, 0)


def test_a_bucket_never_holds_more_than_a_burst_and_a_clock_set_back_fills_none():
    limits = CallLimits(burst=2, per_s=1)
    limits.take(TILL, 10_000)
    assert [limits.take(TILL, 900_000) for _ in range(3)] == [0, 0, 1]
    assert limits.take(TILL, 0) == 1
    assert limits.take(TILL, 1_000) == 0


def test_a_device_that_calls_too_often_is_told_when_to_come_back(sqlite_programme):
    till, other = sqlite_programme.till, sqlite_programme.other
    sqlite_programme.service.limits = CallLimits(burst=1, per_s=1)
    pull = wire.PullRequest(b"", 0, 1)
    assert till.call(wire.PULL_PATH, pull)[0] == 200
    body = wire.pack(pull)
    headers = till.headers(wire.PULL_PATH, body)
    answer = sqlite_programme.client.post(wire.PULL_PATH, data=body, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert msgspec.msgpack.decode(answer.data)["code"] == "too_many_calls"
    assert other.call(wire.PULL_PATH, pull)[0] == 200
    sqlite_programme.now_ms += 1_000
    assert till.call(wire.PULL_PATH, pull)[0] == 200


def test_a_call_that_is_not_signed_takes_nothing_from_the_device_it_names(sqlite_programme):
    till = sqlite_programme.till
    sqlite_programme.service.limits = CallLimits(burst=1, per_s=1)
    pull = wire.PullRequest(b"", 0, 1)
    forged = {**till.headers(wire.PULL_PATH, wire.pack(pull)), wire.SIGNATURE_HEADER: "00" * 64}
    assert sqlite_programme.post(wire.PULL_PATH, pull, forged)[0] == 401
    assert till.call(wire.PULL_PATH, pull)[0] == 200
