"""Forks, rollbacks and clones against both databases: no branch lost, nothing counted twice."""

import copy
import itertools
import threading

import msgspec
import pytest

from central import schema
from central.database import writing
from central.fleet.records import devices, revoke
from central.sync.census import has_told, yet_to_tell
from loyalty import chain, wire
from loyalty.chain import Frame
from loyalty.events import EpochSealed, LeaseClose, frame_of, origin_of, rehomed
from loyalty.wire import HeldEpoch, RehomeAnswer, RehomeRequest, Verdict
from tests.central.programme import Device, member

requests = itertools.count(1)


def clone(device):
    """A second machine with a copy of the disk: the same key, the same chain."""
    twin = object.__new__(Device)
    twin.__dict__ = {name: copy.copy(value) for name, value in vars(device).items()}
    twin.numbers = itertools.count(100)
    return twin


def ask(device, request_id=None):
    request = RehomeRequest(
        request_id=request_id or f"r{next(requests)}",
        session="s1",
        epoch=device.stream.epoch,
        head_seq=len(device.frames),
        head_hash=device.hashes[-1],
    )
    return device.call(wire.REHOME_PATH, request)


def go_on(device, request_id=None):
    """Ask for the next epoch and write all that was not acknowledged again in it."""
    status, data = ask(device, request_id)
    assert status == 200, data
    answer = msgspec.msgpack.decode(data, type=RehomeAnswer)
    old, hashes, frames = device.stream, device.hashes, device.frames
    at_central = {one.epoch: one.head_seq for one in answer.held}.get(old.epoch, 0)
    first = min(device.acked, at_central)
    device.stream = chain.Stream(old.shard_key, old.device_id, answer.epoch)
    device.frames, device.hashes, device.acked = [], [answer.anchor], 0
    for seq in range(first + 1, len(frames) + 1):
        device.write_frame(rehomed(old.epoch, seq, hashes[seq], frames[seq - 1]))
    return answer


def held(epoch, hashes):
    """What central says of an epoch that it holds as it is here."""
    head = len(hashes) - 1
    apart = (head, head - 1, head - 2, head - 4)
    return HeldEpoch(epoch, head, tuple((seq, hashes[seq]) for seq in apart if seq > 0))


def refusal(answer):
    status, data = answer
    return status, msgspec.msgpack.decode(data)["code"]


def status_of(programme, name):
    return next(one for one in programme.read(devices) if one.name == name)


@pytest.fixture
def forked(programme):
    """Two machines that are one till up to its second event; the first has pushed its branch."""
    till = programme.till
    till.push(till.sale(member()), till.sale(member()))
    twin = clone(till)
    till.push(till.sale(member(), number="mine"))
    twin.write(twin.sale(member(), number="other"), twin.sale(member(), number="more"))
    assert twin.send().status == "fork"
    return till, twin


def test_both_branches_of_a_fork_count_once(programme, forked):
    till, twin = forked
    answer = go_on(twin)
    assert (answer.epoch, answer.held) == (2, (held(1, till.hashes),))
    assert answer.anchor == chain.anchor(twin.stream, till.hashes[3])
    assert {one.verdict for one in twin.send().judged} == {Verdict.APPLIED}
    assert programme.balance(member()) == 500
    programme.check()


def test_a_machine_whose_events_were_not_taken_has_not_told_them(programme):
    """What it handed out while it was cut off is not known: no slip is taken back meanwhile."""
    till = programme.till
    till.push(till.sale(member()))
    old = clone(till)
    till.push(till.sale(member()), till.sale(member()))
    assert programme.read(has_told, till.id, 0)
    assert programme.read(yet_to_tell, 0) == 1  # the other till was never heard of
    old.write(old.sale(member(), number="after"))  # no more than central holds
    assert old.send().status == "fork"
    assert not programme.read(has_told, till.id, 0)
    assert programme.read(yet_to_tell, 0) == 2
    go_on(old)
    old.send()
    assert programme.read(has_told, till.id, 0)


def test_the_second_machine_is_fenced_and_store_it_sees_it(programme, forked):
    till, twin = forked
    go_on(twin)
    till.write(till.sale(member()))
    assert till.send().status == "stale"
    for _ in range(2):
        assert refusal(ask(till, "again")) == (409, "fenced")
    assert (status_of(programme, "till-1").fenced, status_of(programme, "till-1").epoch) == (1, 2)
    (fence,) = programme.rows(schema.fence)
    assert (fence.epoch, fence.head_seq, fence.head_hash) == (1, 4, till.hashes[-1])


def test_a_new_code_lifts_the_fence_and_brings_that_branch_in_too(programme, forked):
    till, twin = forked
    go_on(twin)
    twin.send()
    till.write(till.sale(member(), number="late"))
    ask(till, "mine")
    programme.add_code("AGAIN", till.id)
    old, frames, hashes = till.stream, till.frames, till.hashes
    till.enrol("AGAIN", fenced="mine")
    assert till.enrolled.held == (held(1, hashes[:4]), held(2, twin.hashes))
    for seq in range(1, len(frames) + 1):
        till.write_frame(rehomed(old.epoch, seq, hashes[seq], frames[seq - 1]))
    till.send()
    assert programme.balance(member()) == 600
    assert status_of(programme, "till-1").fenced == 0
    programme.check()


def test_a_new_code_for_one_machine_leaves_the_fence_of_the_other(programme, forked):
    """Its sales are still there and nowhere else, until a person gives it up for lost."""
    till, twin = forked
    go_on(twin)
    till.write(till.sale(member(), number="late"))
    ask(till, "mine")
    programme.add_code("AGAIN", till.id)
    twin.enrol("AGAIN")
    assert status_of(programme, "till-1").fenced == 1
    with writing(programme.engine) as connection:
        revoke(connection, programme.shard_key, "till-1")
    assert status_of(programme, "till-1").fenced == 0


def test_the_same_request_gets_the_same_epoch_again(programme, forked):
    _, twin = forked
    first, second = ask(twin, "one"), ask(twin, "one")
    assert first == second
    assert refusal(ask(twin, "two")) == (409, "fenced")


def test_of_machines_that_ask_at_once_one_gets_the_epoch(programme, forked):
    till, twin = forked
    answers = []
    threads = [
        threading.Thread(target=lambda who=who, name=name: answers.append(ask(who, name)))
        for who, name in ((till, "a"), (twin, "b"), (twin, "c"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200, 409, 409]


def test_a_rolled_back_till_goes_on_behind_the_head_it_lost(programme):
    till = programme.till
    till.push(till.sale(member()))
    old = clone(till)
    till.push(till.sale(member()), till.sale(member()))
    old.write(old.sale(member(), number="after"))
    answer = go_on(old)
    assert answer.held == (held(1, till.hashes),)
    old.send()
    assert programme.balance(member()) == 400
    (sealed,) = [row for row in programme.rows(schema.inbox) if row.kind == 104]
    seal = msgspec.json.decode(sealed.body, type=EpochSealed)
    assert (seal.head_seq, seal.seen_seq) == (3, 2)
    programme.check()


def test_what_central_has_already_gets_the_verdict_it_had(programme):
    """The replies were lost, so the till writes again what was judged: true-up, refusal and all."""
    programme.add_member("gold", "gold")
    till = programme.till
    till.write(till.sale(member("gold"), points=100), till.claim("nobody", member("gold")))
    first = till.send().judged
    assert [one.verdict for one in first] == [Verdict.APPLIED_ADJUSTED, Verdict.PENDING_REF]
    till.acked = 0
    go_on(till)
    request = till.request()
    again = till.send(request).judged
    assert again == first
    assert till.send(request).judged == first
    assert programme.balance(member("gold")) == 150
    programme.check()


def test_an_event_written_again_in_a_second_epoch_counts_once(programme, forked):
    _, twin = forked
    go_on(twin)
    sent = twin.send()
    old, frames = twin.stream, twin.frames
    twin.acked = 0
    go_on(twin)
    assert twin.stream.epoch == 3
    assert twin.frames == frames
    assert [one.verdict for one in twin.send().judged] == [one.verdict for one in sent.judged]
    assert programme.balance(member()) == 500
    assert {(row.new_epoch, row.hash) for row in programme.rows(schema.rehome)} == {
        (old.epoch, origin_of(frame).hash) for frame in frames
    }
    programme.check()


def test_an_event_that_waits_is_known_before_when_it_comes_again(programme):
    """A claim waits in the inbox, comes again in the next epoch, and counts once when it may."""
    till, other = programme.till, programme.other
    till.push(till.claim("C", member()))
    till.acked = 0
    go_on(till)
    assert [one.verdict for one in till.send().judged] == [Verdict.PENDING_REF]
    other.push(other.sale(code="C"))
    assert programme.balance(member()) == 100
    programme.check()


@pytest.mark.parametrize("again", [False, True])
def test_a_later_verdict_names_an_event_by_where_it_stood_first_on_every_branch(programme, again):
    """Two disks hold a claim that waits; each writes it again in an epoch of its own."""
    till, other = programme.till, programme.other
    till.push(till.sale())
    till.write(till.claim("C", member()))
    first, twin = till.hashes[2], clone(till)
    if again:
        twin.send()
    go_on(till)
    assert [one.verdict for one in till.send().judged] == [Verdict.PENDING_REF]
    other.push(other.sale(code="C"))
    told = till.feed(wire.Topic.VERDICT, wire.Judged)
    assert told == {"1/2": wire.Judged(2, Verdict.APPLIED, "", 100, first)}
    programme.check()


def test_an_event_of_the_future_written_again_waits_and_is_known_by_its_origin(programme):
    till = programme.till
    till.write_frame(Frame(77, 1, b'{"new":1}'))
    till.write(till.sale(member()))
    go_on(till)
    judged = [Verdict.PENDING_UPGRADE, Verdict.APPLIED]
    assert [one.verdict for one in till.send().judged] == judged
    till.acked = 0
    go_on(till)
    assert [one.verdict for one in till.send().judged] == judged
    assert programme.balance(member()) == 100
    programme.check()


def test_a_device_cannot_write_what_central_writes_by_calling_it_an_old_event(programme):
    till = programme.till
    frame = frame_of(EpochSealed(till.moment(), till.id.hex(), 1, 0, "00"))
    till.write_frame(rehomed(1, 1, bytes(32), frame))
    assert [one.verdict for one in till.send().judged] == [Verdict.QUARANTINED]
    assert till.send(till.request(1, 1)).status == "ok"
    programme.check()


@pytest.mark.parametrize("epoch", [1, 2])
def test_no_event_says_that_it_stood_in_an_epoch_that_is_not_over(programme, epoch):
    """Else one that spends a closed lease would come of a copy, at the cost of the house."""
    programme.add_member("a")
    programme.add_reward(points=100)
    till, kiosk = programme.till, programme.other
    till.push(till.sale(member(), fen=50_000))
    lease = kiosk.lease(member())
    kiosk.push(kiosk.close_lease(lease, 0))
    kiosk.write_frame(rehomed(epoch, 999, bytes(32), frame_of(kiosk.redeem(member(), lease))))
    assert [one.verdict for one in kiosk.send().judged] == [Verdict.QUARANTINED]
    assert till.use_online(lease.voucher_code).refusal.code == "voucher_unknown"
    assert programme.balance(member()) == 500
    programme.check()


def test_a_redemption_under_a_lease_of_the_old_epoch_counts_in_the_new_one(programme):
    programme.add_member("a")
    programme.add_reward(points=100)
    till = programme.till
    till.push(till.sale(member(), fen=50_000))
    lease = till.lease(member())
    till.write(till.redeem(member(), lease), till.close_lease(lease, 100))
    go_on(till)
    assert {one.verdict for one in till.send().judged} == {Verdict.APPLIED}
    assert (programme.balance(member()), programme.held(member())) == (400, 0)
    programme.check()


def test_a_lease_of_a_sealed_epoch_is_not_freed_by_what_is_written_later(programme):
    """Another branch may have spent it: the points stay held, in doubt."""
    programme.add_member("a")
    programme.add_reward(points=100)
    till = programme.till
    till.push(till.sale(member(), fen=50_000))
    lease = till.lease(member(), request_id="q")
    go_on(till)
    assert till.lease(member(), request_id="q").refusal.code == "lease_in_doubt"
    till.write(LeaseClose(till.moment(), lease.lease_id, 0))
    assert till.send().judged[-1].verdict == Verdict.QUARANTINED
    assert programme.held(member()) == 100
    programme.check()


def test_a_central_that_never_heard_of_an_epoch_grants_a_later_one(programme):
    """It came back from a backup: the till is two epochs ahead."""
    till = programme.till
    till.push(till.sale(member()))
    frames, hashes = till.frames, till.hashes
    till.stream = chain.Stream(programme.shard_key, till.id, 7)
    till.frames, till.hashes = [], [bytes(32)]
    till.write(till.sale(member(), number="lost"))
    assert till.call(wire.PUSH_PATH, till.request(1, 1))[0] == 409
    till.acked = 0
    answer = go_on(till)
    assert (answer.epoch, answer.held) == (8, (held(1, hashes),))
    till.write_frame(rehomed(1, 1, hashes[1], frames[0]))
    till.send()
    assert programme.balance(member()) == 200
    programme.check()


def test_as_many_epochs_may_be_lost_as_a_database_can_have_granted(sqlite_programme):
    till = sqlite_programme.till
    answer = till.ask(wire.REHOME_PATH, RehomeRequest("r", "s", 1_001, 0, bytes(32)), RehomeAnswer)
    assert answer.epoch == 1_002


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": 0},
        {"epoch": 1_002},
        {"epoch": 2**62 - 1},
        {"epoch": 2**63},
        {"head_seq": -1},
        {"head_hash": b"x"},
        {"request_id": ""},
        {"session": "a\x00"},
    ],
)
def test_a_request_that_says_nothing_sensible_is_refused(sqlite_programme, wrong):
    till = sqlite_programme.till
    request = RehomeRequest("r", "s", 1, 0, bytes(32))
    answer = till.call(wire.REHOME_PATH, msgspec.structs.replace(request, **wrong))
    assert refusal(answer) == (400, "malformed")
    assert len(sqlite_programme.rows(schema.stream)) == 3
