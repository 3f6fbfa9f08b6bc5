import queue
import random

from edge_agent.journal.clock import moment
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.thread import SyncThread
from tests.edge_agent.journal.conftest import WANG, sale

BOUND_S = 20


def running(syncer):
    stepped: queue.SimpleQueue[None] = queue.SimpleQueue()
    thread = SyncThread(syncer, moment, after_step=lambda: stepped.put(None))
    thread.start()
    return thread, stepped


def test_waking_sends_what_is_new_at_once(till, central, caller):
    syncer = Syncer(till, caller, session="s", rng=random.Random(), poll_s=600)
    thread, stepped = running(syncer)
    stepped.get(timeout=BOUND_S)
    till.append([sale(1, WANG, 1)])
    thread.wake()
    stepped.get(timeout=BOUND_S)
    thread.stop()
    assert till.queue_depth() == 0
    assert len(central.frames) == 1


def test_a_bug_in_one_step_is_told_and_does_not_end_sync(till, caller, monkeypatch, caplog):
    syncer = Syncer(till, caller, session="s", rng=random.Random(), poll_s=600)
    broken = [True]
    take_page = till.take_page

    def once(answer):
        if broken:
            broken.pop()
            raise RuntimeError("a bug")
        take_page(answer)

    monkeypatch.setattr(till, "take_page", once)
    thread, stepped = running(syncer)
    stepped.get(timeout=BOUND_S)
    assert syncer.status().problem.code == "fault"
    stepped.get(timeout=BOUND_S)
    thread.stop()
    assert syncer.status().problem is None
    assert "a step of sync failed" in caplog.text


def test_stopping_a_thread_that_never_started_is_fine(syncer):
    SyncThread(syncer, moment).stop()
