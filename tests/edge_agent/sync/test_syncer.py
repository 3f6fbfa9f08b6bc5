import random
import shutil

import pytest
from msgspec import structs

from edge_agent.journal.clock import moment
from edge_agent.journal.errors import Duplicate, JournalFull
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.journal import Journal
from edge_agent.journal.spending.coupons import KeptCoupon
from edge_agent.sync.calls import Caller
from edge_agent.sync.pacing import ASKED_MAX_S, BACKOFF_MAX_S
from edge_agent.sync.status import Problem as Trouble
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.transport import HttpTransport
from loyalty import chain, wire
from loyalty.coupons import Coupon
from loyalty.events import VoucherUse, body_of
from loyalty.wire import MemberRow, Problem, Topic, Verdict
from tests.edge_agent.journal.conftest import (
    LI,
    WANG,
    at,
    claim,
    correction,
    key,
    refund_of,
    sale,
)
from tests.edge_agent.sync.conftest import settle


def fill(till, count, start=0):
    for number in range(start, start + count):
        till.append([sale(number, WANG, 1)])


def bodies_at(central):
    return [body_of(frame) for frame in central.frames]


def test_what_was_recorded_arrives_byte_for_byte_in_order(till, central, syncer):
    fill(till, 250)
    settle(syncer)
    assert central.frames == [link.frame for link in till.links()]
    assert central.hashes[-1] == till.outbox().head_hash
    assert till.queue_depth() == 0
    status = syncer.status()
    assert (status.online, status.queue, status.problem, status.refused) == (True, 0, None, None)
    assert status.synced_ms == at().wall_ms


def test_a_quiet_till_greets_once_and_then_only_pulls(till, central, syncer):
    for _ in range(3):
        assert syncer.step(at()) > 0
    assert len(central.pushes) == 1
    assert chain.unpack(central.pushes[0].frames) == []


def test_a_lost_reply_is_cured_by_the_next_push_and_nothing_is_there_twice(till, central, syncer):
    fill(till, 5)
    central.lose_replies = 1
    assert syncer.step(at()) <= BACKOFF_MAX_S
    assert syncer.status().online is False
    assert len(central.frames) == 5
    assert till.queue_depth() == 5
    fill(till, 2, start=5)
    settle(syncer)
    assert bodies_at(central) == [sale(number, WANG, 1) for number in range(7)]
    assert till.queue_depth() == 0
    assert till.sale_by_fingerprint(key(sale(0))).verdict == Verdict.APPLIED


def test_any_pattern_of_lost_replies_delivers_every_event_once(till, central, syncer):
    rng = random.Random(3)
    for number in range(40):
        fill(till, 1, start=number)
        central.lose_replies = rng.choice([0, 0, 1, 2])
        syncer.step(at())
    central.lose_replies = 0
    settle(syncer)
    assert bodies_at(central) == [sale(number, WANG, 1) for number in range(40)]


def test_an_event_recorded_while_a_push_is_put_together_is_no_rollback(
    till, central, syncer, monkeypatch
):
    fill(till, 1)
    batch = till.batch

    def and_then_a_sale(*asked):
        fill(till, 1, start=till.outbox().head_seq)
        return batch(*asked)

    with monkeypatch.context() as patch:
        patch.setattr(till, "batch", and_then_a_sale)
        syncer.step(at())
    settle(syncer)
    assert (till.outbox().refused, till.outbox().epoch) == (None, 1)
    assert bodies_at(central) == [sale(number, WANG, 1) for number in range(2)]


def test_a_push_says_in_one_breath_what_it_sends_and_how_much_there_is_to_tell(
    till, central, syncer, monkeypatch
):
    """What becomes of a coupon is written while the push is put together, behind a full batch."""
    use = VoucherUse(at(), "V-1", "ab" * 16, "u1")
    till.keep_coupon(KeptCoupon("V-1", "r", Coupon(1), "2026-12-31", "u1", at()))
    fill(till, 3)
    batch = till.batch

    def as_it_is_used(first_seq, *most):
        monkeypatch.setattr(till, "batch", batch)
        till.append([use])
        return batch(first_seq, 3, 1 << 20)

    monkeypatch.setattr(till, "batch", as_it_is_used)
    settle(syncer)
    first, last = central.pushes
    assert [len(chain.unpack(one.frames)) for one in (first, last)] == [3, 1]
    assert (first.last_to_be_written, last.last_to_be_written) == (4, 4)


def test_a_central_restored_from_a_backup_gets_back_what_it_lost(till, central, syncer):
    fill(till, 10)
    central.tell(Topic.MEMBER, "wang", MemberRow("wang", (), "gold", 10, "王**"))
    settle(syncer)
    central.restore(4)
    fill(till, 1, start=10)
    settle(syncer)
    assert bodies_at(central) == [sale(number, WANG, 1) for number in range(11)]
    assert till.queue_depth() == 0
    assert till.cursor().incarnation == central.incarnation


def test_a_restored_central_is_found_out_even_when_nothing_waits(till, central, syncer):
    fill(till, 10)
    settle(syncer)
    central.restore(4)
    settle(syncer)
    assert len(central.frames) == 10


def test_a_restored_disk_goes_on_in_a_new_epoch(tmp_path, till, central, syncer, url):
    """An old image of the till comes back: central knows more than the till."""
    fill(till, 3)
    settle(syncer)
    image = tmp_path / "image"
    till.close()
    shutil.copytree(till.directory, image)
    with Journal.open(till.directory, clock=at) as later:
        fill(later, 3, start=3)
        transport = HttpTransport(url)
        settle(syncer_of(later, transport))
        transport.close()
    with Journal.open(image, clock=at) as old:
        transport = HttpTransport(url)
        again = syncer_of(old, transport)
        settle(again)
        assert old.identity().epoch == 2
        fill(old, 1, start=50)
        settle(again)
        assert again.status().problem is None
        assert old.queue_depth() == 0
        assert old.verify().problems == ()
        transport.close()
    assert bodies_at(central) == [sale(n, WANG, 1) for n in [*range(6), 50]]


def syncer_of(journal, transport):
    return Syncer(journal, Caller(journal, transport), session="s2", rng=random.Random(1))


def test_a_disk_put_back_in_the_same_boot_is_told_before_central_could_know(
    tmp_path, till, transport
):
    """What the mark in memory tells was never sent, so nobody else can miss it."""
    remembered = Remembered()
    till.close()
    shutil.copytree(till.directory, tmp_path / "image")
    with Journal.open(till.directory, clock=at, mark=Mark(remembered)) as journal:
        fill(journal, 2)
    with Journal.open(tmp_path / "image", clock=at, mark=Mark(remembered)) as old:
        syncer = syncer_of(old, transport)
        settle(syncer)
        assert syncer.status().online
        assert syncer.status().problem == Trouble("swapped_journal", old.swapped)
        assert old.swapped == "event 2 of epoch 1 is missing"


class Remembered:
    """A machine's memory, as long as it is up."""

    data = b""

    def read(self):
        return self.data

    def write(self, data):
        self.data = data


def test_a_cloned_disk_that_went_on_by_itself_is_a_fork(tmp_path, till, central, syncer, url):
    fill(till, 3)
    till.close()
    image = tmp_path / "image"
    shutil.copytree(till.directory, image)
    transport = HttpTransport(url)
    with Journal.open(till.directory, clock=at) as first:
        fill(first, 3, start=3)
        settle(syncer_of(first, transport))
    with Journal.open(image, clock=at) as clone:
        fill(clone, 3, start=100)
        forked = syncer_of(clone, transport)
        settle(forked)
        assert (clone.identity().epoch, clone.queue_depth()) == (2, 0)
        assert clone.verify().problems == ()
        asked = len(central.pushes)
    with Journal.open(till.directory, clock=at) as first:
        fill(first, 1, start=9)
        fenced = syncer_of(first, transport)
        settle(fenced)
        settle(fenced)
        assert len(central.pushes) == asked + 1
        assert fenced.status().refused == "fenced"
        assert fenced.status().problem.code == "chain_fenced"
        assert first.queue_depth() == 1
    transport.close()
    sold = [*range(6), 100, 101, 102]
    distinct = dict.fromkeys(key(body) for body in bodies_at(central))
    assert list(distinct) == [key(sale(number, WANG, 1)) for number in sold]


def test_a_till_asks_for_its_next_epoch_under_the_same_request_until_it_has_it(
    till, central, syncer
):
    fill(till, 4)
    central.sealed = True
    syncer.step(at())
    central.lose_replies = 1
    syncer.step(at())
    assert syncer.in_trouble
    settle(syncer)
    assert (till.identity().epoch, till.queue_depth(), central.epoch) == (2, 0, 2)
    assert bodies_at(central) == [sale(number, WANG, 1) for number in range(4)]


def test_what_a_till_shows_is_the_same_before_and_after_it_writes_its_events_again(
    till, central, syncer
):
    """A sale, its claim, a correction and a refund move together to the new epoch."""
    sold, open_sale = sale(1, WANG, 100), sale(2, claim_code="C")
    till.append([sold, open_sale])
    till.append([claim("C", LI), refund_of(sold, "R1", 40, 4_000), correction(sold, LI, 60)])
    before = [till.standing(WANG), till.standing(LI), till.queue_depth()]
    states = [structs.replace(one, place=None) for one in till.recent()]
    central.sealed = True
    syncer.step(at())
    syncer.step(at())
    assert till.identity().epoch == 2
    assert [till.standing(WANG), till.standing(LI), till.queue_depth()] == before
    assert [structs.replace(one, place=None) for one in till.recent()] == states
    with pytest.raises(Duplicate):
        till.append([sale(1, WANG, 100)])
    settle(syncer)
    assert till.queue_depth() == 0
    assert till.sale_by_fingerprint(key(open_sale)).synced
    assert till.verify().problems == ()


def closed(central):
    """Another machine has got the epoch behind this one."""
    central.epoch, central.granted_to = 2, "another machine's request"


def test_a_fenced_chain_keeps_its_events_and_still_pulls(till, central, syncer):
    fill(till, 2)
    closed(central)
    central.tell(Topic.MEMBER, "wang", MemberRow("wang", (), "gold", 10, "王**"))
    settle(syncer)
    settle(syncer)
    assert syncer.status().refused == "fenced"
    assert syncer.status().queue == 2
    assert till.standing(WANG).balance == 12


def test_a_fenced_chain_of_an_epoch_that_was_lost_with_a_database_asks_once(till, central, syncer):
    till.append([sale(1)])
    central.epoch, central.granted_to, central.lost_epochs = 2, "another machine", {1}
    settle(syncer)
    assert syncer.status().refused == "fenced"
    asked = len(central.nonces)
    for _ in range(5):
        assert syncer.step(at()) > 1
    assert syncer.status().refused == "fenced"
    assert len(central.nonces) == asked + 5  # pulls


def test_a_fenced_chain_gives_no_lease_back_and_says_what_is_wrong(till, central, syncer):
    till.lease_asked("an earlier run", "r1", WANG, "tea")
    fill(till, 1)
    closed(central)
    settle(syncer)
    settle(syncer)
    assert central.asked == []
    status = syncer.status()
    assert (status.online, status.problem.code) == (True, "chain_fenced")
    assert len(till.stranded_leases("a later run")) == 1


def test_a_lease_request_that_central_refuses_for_good_keeps_nothing_waiting(till, central, syncer):
    central.answers[wire.LEASE_PATH] = wire.Problem("no_home_till", "no till there")
    till.lease_asked("an earlier run", "r1", WANG, "tea")
    settle(syncer)
    assert till.stranded_leases("a later run") == []
    assert syncer.status().online


def test_a_full_feed_is_pulled_page_by_page(till, central, syncer, monkeypatch):
    monkeypatch.setattr("edge_agent.sync.puller.PULL_ROWS", 7)
    for number in range(30):
        row = MemberRow(f"m{number}", (), "basic", number, "**")
        central.tell(Topic.MEMBER, row.member, row)
    settle(syncer)
    assert till.cursor().position == 30
    held = till._ask(lambda db: db.execute("SELECT sum(balance) FROM member").fetchone()[0])
    assert held == sum(range(30))


def test_a_balance_is_never_counted_twice_at_any_step(till, central, syncer):
    """Central posts each sale; whatever is lost on the way, wang has what he was promised."""
    push = central._push

    def push_and_post(request):
        before = len(central.frames)
        answer = push(request)
        if len(central.frames) > before:
            posted = MemberRow("wang", (), "gold", len(central.frames), "王**")
            central.tell(Topic.MEMBER, "wang", posted)
        return structs.replace(answer, feed_position=len(central.feed))

    central._push = push_and_post
    central.tell(Topic.MEMBER, "wang", MemberRow("wang", (), "gold", 0, "王**"))
    settle(syncer)
    rng = random.Random(5)
    for number in range(30):
        fill(till, 1, start=number)
        assert till.standing(WANG).balance == number + 1
        central.lose_replies = rng.choice([0, 0, 1])
        syncer.step(at())
        assert till.standing(WANG).balance == number + 1
    central.lose_replies = 0
    settle(syncer)
    assert (till.standing(WANG).balance, till.standing(WANG).pending) == (30, 0)


def test_failures_wait_longer_and_longer_within_a_bound_and_success_starts_over(
    till, transport, url
):
    class Most(random.Random):
        def uniform(self, a, b):
            return b

    nowhere = HttpTransport("http://127.0.0.1:9")
    lonely = Syncer(till, Caller(till, nowhere), session="s", rng=Most())
    waits = [lonely.step(at()) for _ in range(8)]
    nowhere.close()
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert lonely.status().problem.code == "unreachable"
    assert lonely.in_trouble


def test_central_may_ask_for_more_time(till, central, syncer):
    fill(till, 1)
    central.retry_after_s = 77
    assert syncer.step(at()) >= 77
    fill(till, 1, start=1)
    central.retry_after_s = 1 << 63
    assert syncer.step(at()) == ASKED_MAX_S


def test_a_refused_device_says_why(till, central, syncer):
    central.answer_http = [(403, wire.pack(Problem("revoked", "this device was revoked")))]
    syncer.step(at())
    status = syncer.status()
    assert (status.online, status.problem.code) == (False, "revoked")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((503, wire.pack(Problem("busy", "later"))), "unable"),
        ((200, b"<html>hotel Wi-Fi</html>"), "nonsense"),
        ((502, b"Bad Gateway"), "nonsense"),
    ],
)
def test_an_answer_that_is_not_one_is_told_and_tried_again(till, central, syncer, answer, code):
    fill(till, 1)
    central.answer_http = [answer]
    syncer.step(at())
    assert syncer.status().problem.code == code
    settle(syncer)
    assert till.queue_depth() == 0


def test_a_central_that_asks_for_the_same_again_and_again_is_not_hammered(till, central, syncer):
    fill(till, 3)
    answer = central._told("gap")
    central._push = lambda request: answer
    waits = [syncer.step(at()) for _ in range(4)]
    assert sum(wait == 0.0 for wait in waits) == 1
    assert syncer.in_trouble
    assert till.queue_depth() == 3


def test_a_full_disk_stops_sync_and_not_the_till(till, central, syncer, monkeypatch):
    fill(till, 2)

    def full(*args):
        raise JournalFull("no room on the disk")

    monkeypatch.setattr(till, "acknowledge", full)
    syncer.step(at())
    assert syncer.status().problem.code == "journal"
    monkeypatch.undo()
    settle(syncer)
    assert till.queue_depth() == 0


def test_an_unenrolled_device_asks_nobody(blank, transport, central):
    syncer = Syncer(blank, Caller(blank, transport), session="s", rng=random.Random())
    assert syncer.step(moment()) > 0
    assert syncer.status().problem.code == "not_enrolled"
    assert central.pushes == []


def test_the_time_of_central_is_learned_from_each_push(till, central, syncer):
    syncer.step(at())
    assert abs(till.server_ms(at()) - 7_000_000) < 60_000
    assert [one.sample is not None for one in till.boots()] == [True]
    syncer.step(at())
    assert central.pushes[0].boots[0].sample is None
    till.append([sale("after")])
    syncer.step(at())
    assert central.pushes[-1].boots == till.boots()


def test_a_proxy_that_takes_only_small_calls_gets_smaller_batches(till, central, syncer):
    fill(till, 150)
    central.body_bytes_max = 6_000
    settle(syncer)
    assert bodies_at(central) == [sale(number, WANG, 1) for number in range(150)]
    assert till.queue_depth() == 0


def test_one_event_that_no_proxy_takes_is_a_refusal_and_not_an_endless_loop(till, central, syncer):
    fill(till, 3)
    central.body_bytes_max = 100
    assert max(syncer.step(at()) for _ in range(5)) > 0
    assert syncer.status().problem is not None
    assert central.frames == []
