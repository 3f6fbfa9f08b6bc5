"""Recording one event, with the disk failing at every single write, truncation and sync of it.

A golden run counts them; then each one meets each fault, on real SQLite above a disk that keeps
only what was synced.
"""

import random
from functools import cache

import pytest

from edge_agent.journal.errors import JournalFailure, JournalFull
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.slips import JobOutcome, Slip
from loyalty import wire
from loyalty.events import body_of
from loyalty.wire import FeedRow, Judged, PullAnswer, PushAnswer, ShopRow, Topic, Verdict
from tests.edge_agent.journal.conftest import WANG, at, enrolment, sale
from tillpoints.simulation.machines.disk import Disk, write_image
from tillpoints.simulation.machines.vfs import installed

BEFORE = 3


class Machine:
    """A till whose disk can be told to fail. Opening it again gives what the disk kept."""

    def __init__(self, vfs, folder, seed=0):
        write_image(folder, image())
        self.vfs, self.folder = vfs, folder
        self.use(Disk(folder, random.Random(seed), lambda _: None))

    def use(self, disk):
        self.disk = self.vfs.disks[str(disk.folder)] = disk
        self.journal = Journal.open(disk.folder, clock=at)

    def record(self, number):
        """Record a sale with its slip and job, all in one."""
        return self.journal.append(
            [sale(number, WANG, 1)],
            slips=[Slip(f"slip-{number}", "award", "", b"paper")],
            job=JobOutcome(f"job-{number}", b""),
        )

    def power_on(self, name="after"):
        self.disk.disarm()
        if self.disk.dead:
            self.journal.close()
            self.use(self.disk.restart(self.folder.with_name(name)))

    def numbers(self):
        """Return what is recorded. Asserts that each event is there whole, and nothing else."""
        journal = self.journal
        assert journal.verify().problems == ()
        found = [int(body_of(link.frame).receipt.number) for link in journal.links()]
        assert {one.slip.slip_id for one in journal.slips("queued")} == {
            f"slip-{number}" for number in found
        }
        assert all(journal.job_seen(f"job-{number}") for number in found)
        return found


@cache
def image():
    """Return the files of a till with a few events, made once."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name, installed() as vfs:
        folder = Path(name)
        vfs.disks[name] = disk = Disk(folder, random.Random(0), lambda _: None)
        with Journal.open(folder, clock=at) as journal:
            journal.enrol(enrolment(), "http://127.0.0.1:9")
            for number in range(BEFORE):
                journal.append(
                    [sale(number, WANG, 1)],
                    slips=[Slip(f"slip-{number}", "award", "", b"paper")],
                    job=JobOutcome(f"job-{number}", b""),
                )
            return disk.image()


@pytest.fixture
def vfs():
    image()
    with installed() as vfs:
        yield vfs


def writes_of_one_event(vfs, folder):
    till = Machine(vfs, folder)
    before = till.disk.writes
    till.record(BEFORE)
    count = till.disk.writes - before
    till.journal.close()
    return count


@pytest.mark.parametrize("fault", ["kill", "power", "eio", "full", "fsync"])
def test_one_event_is_recorded_whole_or_not_at_all_wherever_the_disk_fails(vfs, tmp_path, fault):
    count = writes_of_one_event(vfs, tmp_path / "golden")
    assert count >= 3  # the log is written and synced
    met = 0
    for index in range(count):
        for seed in range(3 if fault == "power" else 1):
            till = Machine(vfs, tmp_path / f"{index}-{seed}" / "till", seed)
            till.disk.arm(fault, index)
            told, refused = False, None
            try:
                told = till.record(BEFORE) == [BEFORE + 1]
            except JournalFailure as error:
                refused = error
            assert not isinstance(refused, JournalFull) or fault == "full"
            met += till.disk._fault is None
            gone = till.disk.dead
            till.power_on()
            found = till.numbers()
            assert found[:BEFORE] == [*range(BEFORE)]
            if gone:
                assert len(found) <= BEFORE + 1  # nobody was told: both are right
            else:
                assert (len(found) == BEFORE + 1) is told
                assert told is (refused is None)
            again = till.record(99)
            assert again == [len(found) + 1]
            till.disk.die("power")
            till.power_on("later")
            assert till.numbers() == [*found, 99]  # what was told survives
            till.journal.close()
    assert met >= (1 if fault == "fsync" else count)


CENTRAL_NOW = b"i" * 16
JUDGED = Judged(2, Verdict.APPLIED_ADJUSTED, "true_up", 5)
SHOP = FeedRow(9, Topic.SHOP, "s1", wire.pack(ShopRow("s1", "禾鹿小馆", "Helu Bistro", "dining")))
STEPS = {
    "ack": lambda journal: journal.acknowledge(
        PushAnswer("ok", 2, 3, (JUDGED,), 9, 5_000, CENTRAL_NOW), at(), 0
    ),
    "page": lambda journal: journal.take_page(PullAnswer(CENTRAL_NOW, 9, (SHOP,), more=False)),
    "epoch": lambda journal: journal.enrol(enrolment(epoch=2), "http://127.0.0.1:9"),
}


def told_by_central(journal):
    assert journal.verify().problems == ()
    events = [(link.place, link.hash) for link in journal.links()]
    verdicts = [record.verdict for record in journal.recent()]
    return journal.outbox(), journal.cursor(), journal.shop("s1"), verdicts, events


@pytest.mark.parametrize("fault", ["kill", "power", "eio", "full", "fsync"])
@pytest.mark.parametrize("step", STEPS)
def test_what_central_says_is_kept_whole_or_not_at_all_wherever_the_disk_fails(
    vfs, tmp_path, fault, step
):
    golden = Machine(vfs, tmp_path / "golden")
    before, written = told_by_central(golden.journal), golden.disk.writes
    STEPS[step](golden.journal)
    after, count = told_by_central(golden.journal), golden.disk.writes - written
    golden.journal.close()
    assert before != after
    assert count >= 3
    for index in range(count):
        till = Machine(vfs, tmp_path / str(index) / "till", seed=index)
        till.disk.arm(fault, index)
        refused = False
        try:
            STEPS[step](till.journal)
        except JournalFailure:
            refused = True
        gone = till.disk.dead
        till.power_on()
        found = told_by_central(till.journal)
        assert found in (before, after)
        assert gone or (found == after) is not refused
        STEPS[step](till.journal)
        assert told_by_central(till.journal) == after
        till.journal.close()
