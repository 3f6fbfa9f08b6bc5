import msgspec

from central.sync import spending
from central.sync.limits import Limits
from loyalty import wire
from tests.central.programme import member

TILL, KIOSK = b"t" * 16, b"k" * 16


def test_a_device_may_burst_and_then_waits_for_its_share():
    limits = Limits(burst=3, per_s=2)
    assert [limits.take(TILL, 0) for _ in range(4)] == [0, 0, 0, 1]
    assert [limits.take(TILL, 500) for _ in range(2)] == [0, 1]
    assert [limits.take(TILL, 1_500) for _ in range(3)] == [0, 0, 1]


def test_one_device_takes_nothing_from_another():
    limits = Limits(burst=1, per_s=1)
    assert (limits.take(TILL, 0), limits.take(TILL, 0), limits.take(KIOSK, 0)) == (0, 1, 0)


def test_a_bucket_never_holds_more_than_a_burst_and_a_clock_set_back_fills_none():
    limits = Limits(burst=2, per_s=1)
    limits.take(TILL, 10_000)
    assert [limits.take(TILL, 900_000) for _ in range(3)] == [0, 0, 1]
    assert limits.take(TILL, 0) == 1
    assert limits.take(TILL, 1_000) == 0


def test_a_device_that_calls_too_often_is_told_when_to_come_back(sqlite_programme):
    till, other = sqlite_programme.till, sqlite_programme.other
    sqlite_programme.service.calls = Limits(burst=1, per_s=1)
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
    sqlite_programme.service.calls = Limits(burst=1, per_s=1)
    pull = wire.PullRequest(b"", 0, 1)
    forged = {**till.headers(wire.PULL_PATH, wire.pack(pull)), wire.SIGNATURE_HEADER: "00" * 64}
    assert sqlite_programme.post(wire.PULL_PATH, pull, forged)[0] == 401
    assert till.call(wire.PULL_PATH, pull)[0] == 200


def test_a_device_that_sends_too_many_events_is_told_when_to_come_back(sqlite_programme):
    mall, till = sqlite_programme, sqlite_programme.till
    mall.service.events = Limits(burst=2, per_s=1)
    assert len(till.push(till.sale(), till.sale())) == 2
    till.write(till.sale(), till.sale())
    request = till.request()
    answer = till.call(wire.PUSH_PATH, request)
    assert (answer[0], msgspec.msgpack.decode(answer[1])["code"]) == (429, "too_many_events")
    assert mall.other.push(mall.other.sale())
    mall.now_ms += 2_000
    assert till.call(wire.PUSH_PATH, request)[0] == 200
    mall.check()


def test_a_device_has_so_many_leases_open_and_gets_more_when_one_is_settled(programme, monkeypatch):
    mall, kiosk = programme, programme.other
    mall.add_member("a")
    mall.add_reward(points=10)
    kiosk.push(kiosk.sale(member(), fen=100_000))
    monkeypatch.setattr(spending, "LEASES_OPEN_MAX", 2)
    first, second = (kiosk.lease(member(), request_id=name) for name in ("r1", "r2"))
    assert (first.refusal, second.refusal) == (None, None)
    refused = kiosk.lease(member(), request_id="r3")
    assert refused.refusal.code == "too_many_leases"
    assert kiosk.lease(member(), request_id="r2") == second  # what was granted stays so
    kiosk.push(kiosk.close_lease(first, 0))
    assert kiosk.lease(member(), request_id="r4").refusal is None
    mall.check()
