import threading

import msgspec
import pytest

from central import schema
from central.serving.channels import WAITED_S
from central.sync.callers import Caller
from central.sync.pushing import checked
from central.sync.service import Service
from loyalty import chain, wire
from loyalty.chain import Frame
from loyalty.events import EpochSealed
from loyalty.wire import Judged, MemberRow, Topic, Verdict
from tests.central.programme import Device, member


def problem(answer):
    status, data = answer
    return status, msgspec.msgpack.decode(data)["code"]


def test_from_enrolment_to_the_balance_on_a_till(programme):
    programme.add_member("a")
    till = programme.till
    answer = till.send(till.write(till.sale(member())))
    assert (answer.status, answer.acked_through, answer.expected_seq) == ("ok", 1, 2)
    assert answer.judged == (Judged(1, Verdict.APPLIED, "", 0),)
    assert (answer.server_ms, answer.incarnation) == (programme.now_ms, bytes(16))
    assert till.pull().position == answer.feed_position
    assert till.feed(Topic.MEMBER, MemberRow)["a"].balance == programme.balance(member()) == 100
    programme.check()


def test_a_push_sent_again_gets_the_same_answer_and_posts_nothing(programme):
    till = programme.till
    till.write(till.sale(member()), till.claim("x", member()))
    request = till.request()
    first, second = till.send(request), till.send(request)
    assert (first.judged, first.acked_through) == (second.judged, second.acked_through)
    assert programme.balance(member()) == 100
    programme.check()


def test_a_push_that_overlaps_continues_behind_what_is_known(programme):
    till = programme.till
    till.push(till.sale(member()), till.sale(member()))
    till.write(till.sale(member()))
    answer = till.send(till.request(first_seq=2))
    assert (answer.acked_through, [one.seq for one in answer.judged]) == (3, [2, 3])
    assert programme.balance(member()) == 300
    programme.check()


def test_a_repeat_of_old_events_acknowledges_only_what_it_showed(programme):
    till = programme.till
    till.push(*(till.sale(member()) for _ in range(3)))
    answer = till.send(till.request(1, 2))
    assert (answer.acked_through, answer.expected_seq) == (2, 4)


def test_an_empty_push_says_where_the_chain_stands(programme):
    till = programme.till
    assert till.send().expected_seq == 1
    till.push(till.sale(member()))
    answer = till.send()
    assert (answer.status, answer.acked_through, answer.expected_seq) == ("ok", 1, 2)


def test_a_push_that_starts_too_late_is_told_where_to_start(programme):
    till = programme.till
    till.write(till.sale(member()), till.sale(member()))
    answer = till.send(till.request(first_seq=2))
    assert (answer.status, answer.expected_seq, answer.acked_through) == ("gap", 1, 0)
    assert programme.totals().events == 0
    assert till.send().status == "ok"
    programme.check()


def test_a_call_that_waited_too_long_for_a_thread_is_told_to_come_back(programme):
    till = programme.till
    till.write(till.sale(member()))
    body = wire.pack(till.request())
    told = programme.client.post(
        wire.PUSH_PATH,
        data=body,
        headers=till.headers(wire.PUSH_PATH, body),
        environ_overrides={WAITED_S: 9.0},
    )
    assert (told.status_code, told.headers["Retry-After"]) == (503, "2")
    assert msgspec.msgpack.decode(told.data, type=wire.Problem).code == "busy"
    assert programme.totals().events == 0
    assert till.send().status == "ok"


def forked(programme):
    """Two machines that are the same till up to its second event."""
    till = programme.till
    twin = Device(programme, "CODE-till-1", till.key)
    both = [till.sale(member()), till.sale(member())]
    for machine in (till, twin):
        machine.write(*both)
    till.write(till.sale(member(), number="mine"))
    twin.write(twin.sale(member(), number="other"), twin.sale(member(), number="more"))
    return till, twin


def test_the_same_seq_with_another_hash_is_a_fork_and_seals_the_epoch(programme):
    till, twin = forked(programme)
    till.send()
    answer = twin.send()
    assert (answer.status, answer.acked_through, answer.expected_seq) == ("fork", 2, 4)
    assert programme.balance(member()) == 300
    (sealed,) = [row for row in programme.rows(schema.inbox) if row.kind == 104]
    seal = msgspec.json.decode(sealed.body, type=EpochSealed)
    assert (seal.head_seq, seal.seen_seq, seal.seen_hash) == (3, 3, twin.hashes[3].hex())
    programme.check()


def test_a_fork_is_seen_at_the_first_event_behind_the_head_too(programme):
    till, twin = forked(programme)
    till.send()
    twin.acked = 3
    assert twin.send().status == "fork"
    programme.check()


def test_after_a_fork_both_machines_are_stale_and_nothing_more_is_posted(programme):
    till, twin = forked(programme)
    till.send()
    twin.send()
    till.write(till.sale(member()))
    assert (till.send().status, twin.send().status) == ("stale", "fork")
    assert [row.kind for row in programme.rows(schema.inbox)].count(104) == 1
    assert programme.balance(member()) == 300
    programme.check()


def test_a_new_code_after_a_fork_grants_the_next_epoch_behind_the_sealed_head(programme):
    till, twin = forked(programme)
    till.send()
    twin.send()
    programme.add_code("AGAIN", till.id)
    suffix = twin.frames[2:]
    twin.enrol("AGAIN")
    assert twin.stream.epoch == 2
    assert twin.hashes[0] == chain.anchor(twin.stream, till.hashes[3])
    for frame in suffix:
        twin.write_frame(frame)
    assert [one.verdict for one in twin.send().judged] == [0, 0]
    assert programme.balance(member()) == 500
    programme.check()


def test_an_event_that_is_written_again_in_a_new_epoch_does_not_post_twice(programme):
    till = programme.till
    till.push(till.sale(member()))
    programme.add_code("AGAIN", till.id)
    before = till.frames[0]
    till.enrol("AGAIN")
    till.write_frame(before)
    assert till.send().judged[0].reason == "duplicate_receipt"
    assert programme.balance(member()) == 100
    programme.check()


def test_an_epoch_that_was_never_granted_is_refused(programme):
    till = programme.till
    till.write(till.sale(member()))
    till.stream = chain.Stream(programme.shard_key, till.id, 9)
    till.frames, till.hashes = [], [bytes(32)]
    till.write(till.sale(member()))
    assert problem(till.call(wire.PUSH_PATH, till.request())) == (409, "epoch_unknown")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"protocol": 2}, (426, "protocol")),
        ({"device_id": bytes(16)}, (403, "other_device")),
        ({"shard_key": 10**9}, (403, "other_device")),
        ({"head_hash": bytes(32)}, (400, "chain")),
        ({"prev_hash": bytes(31)}, (400, "malformed")),
        ({"prev_hash": bytes(32)}, (400, "chain")),
        ({"signature": bytes(64)}, (401, "bad_signature")),
        ({"frames": b"nothing"}, (400, "malformed")),
        ({"frames": chain.pack([Frame(1, 1, b"")])[:-3]}, (400, "malformed")),
        ({"first_seq": 0}, (400, "malformed")),
        ({"first_seq": -1}, (400, "malformed")),
        ({"epoch": 2**63}, (400, "malformed")),
        ({"last_written": 2**63}, (400, "malformed")),
        ({"to_come": 2**63}, (400, "malformed")),
        ({"to_come": -1}, (400, "malformed")),
        ({"session": "a\x00"}, (400, "malformed")),
    ],
)
def test_a_push_that_does_not_add_up_is_refused_and_stores_nothing(
    sqlite_programme, changes, expected
):
    till = sqlite_programme.till
    till.write(till.sale(member()))
    request = msgspec.structs.replace(till.request(), **changes)
    assert problem(till.call(wire.PUSH_PATH, request)) == expected
    assert sqlite_programme.totals().events == 0


@pytest.mark.parametrize(("count", "status"), [(999, 200), (1000, 200), (1001, 400)])
def test_a_batch_has_at_most_a_thousand_events(sqlite_programme, count, status):
    till = sqlite_programme.till
    for _ in range(count):
        till.write_frame(Frame(99, 1, b""))
    assert till.call(wire.PUSH_PATH, till.request())[0] == status
    assert sqlite_programme.totals().events == (count if status == 200 else 0)


def test_the_clock_of_a_till_changes_no_balance_and_its_error_is_kept(programme):
    till = programme.till
    sale = till.sale(member())
    moment = msgspec.structs.replace(sale.at, wall_ms=0)
    till.write(msgspec.structs.replace(sale, at=moment))
    clock = msgspec.structs.replace(till.moment(), wall_ms=programme.now_ms - 3_600_000)
    till.send(till.request(clock=clock))
    (contact,) = programme.rows(schema.contact)
    assert (contact.seen_ms, contact.clock_error_ms) == (programme.now_ms, -3_600_000)
    (row,) = programme.rows(schema.inbox)
    assert (row.earliest_ms, row.latest_ms) == (programme.now_ms, programme.now_ms)
    programme.check()


def test_eight_tills_that_push_at_once_all_get_their_points(programme):
    """Each thread is a till that pushes its own sales one by one, all to one member."""
    programme.add_member("a")
    tills = [programme.add_device(f"t{number}") for number in range(8)]
    answers = []

    def ring_up(till):
        for _ in range(10):
            answers.extend(till.push(till.sale(member(), number=f"{till.id.hex()} {till.acked}")))

    threads = [threading.Thread(target=ring_up, args=(till,)) for till in tills]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(Verdict.APPLIED, "", 0)] * 80
    assert programme.balance(member()) == 8_000
    programme.check()


def test_two_service_processes_may_serve_the_same_programme(programme):
    """Two services, each with its own writer thread, as two workers of one server have."""
    first = programme.service
    second = Service(
        programme.engine,
        programme.central_key,
        first.tenant_key,
        first.now_ms,
        first.draw,
        first.member_files,
        programme.shard_key,
    )

    def ring_up(service, till):
        caller = Caller(till.id, "", "till", "S1", till.key.public_key().public_bytes_raw())
        for number in range(15):
            till.write(till.sale(member(), number=f"{till.id.hex()} {number}"))
            request = till.request()
            push = checked(request, caller, programme.shard_key, programme.now_ms)
            till.acked = service.push(push).acked_through

    threads = [
        threading.Thread(target=ring_up, args=(first, programme.till)),
        threading.Thread(target=ring_up, args=(second, programme.other)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    second.close()
    assert programme.balance(member()) == 3_000
    programme.check()
