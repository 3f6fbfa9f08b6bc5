"""A copy may be lost, but never in silence: kills with jobs in flight, and disks that are full."""

import contextlib
import itertools
import os
import random
import re
import threading

import pytest
from msgspec import structs

from edge_agent.devices.heartbeat import Lost, read_heartbeat, write_heartbeat
from edge_agent.devices.job_file import Moment
from edge_agent.devices.spool import key_file
from edge_agent.devices.tap.losses import Losses
from edge_agent.devices.tap.marks import SLOTS, Marks, memory_file


def wall_ms():
    return Moment.now().wall_ms


def print_all(tap, printer, jobs):
    for job in jobs:
        end = len(printer.paper) + len(job)
        tap.print(job)
        assert printer.wait_until(lambda p, end=end: len(p.paper) >= end, 20)


@pytest.fixture
def hanging_tap(make_tap, printer):
    """A tap whose disk hangs: its key is a pipe that nobody writes."""
    printer.mute = True
    tap = make_tap(printer.port, start=False)
    key = key_file(tap.folder)
    key.parent.mkdir(parents=True)
    os.mkfifo(key, 0o600)
    tap.start()
    return tap


def wake_disk(tap):
    key_file(tap.folder).unlink()
    key_file(tap.folder).write_bytes(os.urandom(32))


def test_jobs_that_a_kill_took_with_it_are_counted_by_the_next_tap(hanging_tap, printer):
    before_ms = wall_ms()
    print_all(hanging_tap, printer, [b"one", b"two", b"three"])
    hanging_tap.kill()
    after_ms = wall_ms()
    wake_disk(hanging_tap)
    hanging_tap.start()
    beat = hanging_tap.heartbeat_with(lambda beat: beat.lost)
    assert beat.lost.jobs == 3
    assert before_ms <= beat.lost.first_ms <= beat.lost.last_ms <= after_ms
    hanging_tap.print(b"four")
    assert [job.data for job in hanging_tap.jobs(1)] == [b"four"]


def test_what_was_counted_once_is_remembered_and_not_counted_again(hanging_tap, printer):
    print_all(hanging_tap, printer, [b"one", b"two"])
    hanging_tap.kill()
    wake_disk(hanging_tap)
    for _ in range(2):
        hanging_tap.start()
        pid = hanging_tap.process.pid
        hanging_tap.heartbeat_with(lambda beat, pid=pid: beat.pid == pid and beat.lost)
        hanging_tap.process.terminate()
        assert hanging_tap.process.wait() == 0
    hanging_tap.start()
    pid = hanging_tap.process.pid
    beat = hanging_tap.heartbeat_with(lambda beat: beat.pid == pid)
    assert beat.lost.jobs == 2


class Seller(threading.Thread):
    """Prints numbered jobs until the tap is gone; `sent` are those it began to send."""

    def __init__(self, tap, first):
        super().__init__()
        self.tap = tap
        self.numbers = itertools.count(first)
        self.sent = set()
        self.stopping = threading.Event()
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while not self.stopping.is_set():
                number = next(self.numbers)
                self.sent.add(number)
                self.tap.print(b"<%d>" % number)

    def stop(self):
        self.stopping.set()
        self.join()


def numbers_in(data):
    return {int(each) for each in re.findall(rb"<(\d+)>", data)}


def test_whenever_the_tap_is_killed_each_job_is_in_the_spool_or_counted(make_tap, printer):
    printer.mute = True
    tap = make_tap(printer.port, start=False, idle_ms=50)
    chance = random.Random(5)
    sent = set()
    for attempt in range(6):
        tap.start()
        seller = Seller(tap, attempt * 100_000)
        wanted = len(printer.paper) + chance.randrange(50, 400)
        assert printer.wait_until(lambda p, wanted=wanted: len(p.paper) >= wanted, 20)
        tap.kill()
        seller.stop()
        sent |= seller.sent
    tap.start()
    pid = tap.process.pid
    beat = tap.heartbeat_with(lambda beat: beat.pid == pid and not tap.spool.started())
    printed = numbers_in(printer.paper)
    jobs = [tap.spool.read(name) for name in tap.spool.jobs()]
    kept = set().union(*(numbers_in(job.data) for job in jobs))
    # Begun on disk, killed before its bytes were: in the spool, and known to be incomplete.
    cut_short = sum(not job.complete and not numbers_in(job.data) for job in jobs)
    lost = beat.lost.jobs if beat.lost else 0
    assert len(printed) > 20
    # What the printer's side took may have died in its line at the kill: it may not be on paper.
    assert len(printed - kept) <= lost + cut_short
    assert lost <= len(sent - kept)


def test_jobs_that_found_the_disk_full_are_counted_while_the_tap_runs(make_tap, printer, tmp_path):
    printer.mute = True
    tap = make_tap(printer.port)
    print_all(tap, printer, [b"kept"])
    tap.jobs(1)
    jobs = tap.folder / "jobs"
    assert tap.heartbeat_with(lambda beat: beat.jobs == 1).lost is None
    jobs.rename(tap.folder / "elsewhere")
    jobs.write_text("a file where the folder should be")  # root may write into any folder
    print_all(tap, printer, [b"gone 1", b"gone 2"])
    beat = tap.heartbeat_with(lambda beat: beat.lost and beat.lost.jobs == 2)
    assert beat.unkept_jobs == 2


def test_a_tap_that_ends_properly_leaves_nothing_in_memory(tap, printer):
    tap.print(b"job")
    tap.jobs(1)
    assert memory_file(tap.folder).exists()
    tap.process.terminate()
    assert tap.process.wait() == 0
    assert not memory_file(tap.folder).exists()


@pytest.fixture
def marks(tmp_path):
    marks = Marks(tmp_path)
    yield marks
    memory_file(tmp_path).unlink(missing_ok=True)


def test_marks_outlive_whoever_set_them(marks, tmp_path):
    now = Moment.now()
    kept, lost = marks.begin(now), marks.begin(now)
    marks.clear(kept)
    again = Marks(tmp_path)
    assert [(mark.slot, mark.wall_ms) for mark in again.left] == [(lost, now.wall_ms)]
    again.settle_left({})
    assert [mark.boottime_ns for mark in again.lost()] == [now.boottime_ns]
    assert again.left == []


def test_marks_come_free_and_a_full_house_is_said(marks):
    now = Moment.now()
    for _ in range(3 * SLOTS):
        marks.clear(marks.begin(now))
    for _ in range(SLOTS):
        assert marks.begin(now) is not None
    assert marks.begin(now) is None


def test_a_new_tap_marks_its_first_job_whatever_a_dead_one_left(marks, tmp_path):
    now = Moment.now()
    for _ in range(300):
        marks.begin(now)
    assert Marks(tmp_path).begin(now) == 300


def test_somebody_elses_file_in_memory_is_not_used(tmp_path):
    file = memory_file(tmp_path)
    file.symlink_to(tmp_path / "theirs")
    try:
        marks = Marks(tmp_path)
        assert "will not be counted" in marks.last_error
        assert marks.begin(Moment.now()) == 0
    finally:
        file.unlink()


def cut_power(tap):
    """Leave of a killed tap what a power cut leaves: its disk, of another boot, and no memory."""
    tap.kill()
    memory_file(tap.folder).unlink(missing_ok=True)
    write_heartbeat(tap.folder, of_another_boot(read_heartbeat(tap.folder)))


def of_another_boot(beat):
    return structs.replace(beat, beat=structs.replace(beat.beat, boot_id="0" * 36))


def test_after_a_power_cut_nobody_knows_how_many_and_no_tap_says_none(hanging_tap, printer):
    print_all(hanging_tap, printer, [b"one", b"two"])
    first = hanging_tap.process.pid
    hanging_tap.heartbeat_with(lambda beat: beat.pid == first)
    cut_power(hanging_tap)
    wake_disk(hanging_tap)
    for _ in range(2):  # and it stays known to the tap after the next
        hanging_tap.start()
        pid = hanging_tap.process.pid
        beat = hanging_tap.heartbeat_with(lambda beat, pid=pid: beat.pid == pid)
        assert (beat.lost.jobs, beat.lost.unknown) == (0, True)
        hanging_tap.process.terminate()
        assert hanging_tap.process.wait() == 0


def test_a_power_cut_after_a_proper_end_took_nothing(tap, printer):
    tap.print(b"job")
    tap.jobs(1)
    tap.process.terminate()
    assert tap.process.wait() == 0
    assert read_heartbeat(tap.folder).ended
    write_heartbeat(tap.folder, of_another_boot(read_heartbeat(tap.folder)))
    tap.start()
    pid = tap.process.pid
    assert tap.heartbeat_with(lambda beat: beat.pid == pid).lost is None


def test_a_heartbeat_that_the_cut_spoiled_tells_of_it_too(tmp_path, marks):
    assert told(tmp_path, marks) is None  # the first tap here
    (tmp_path / "heartbeat.json").write_bytes(b"\0" * 100)
    assert told(tmp_path, marks).unknown


def test_what_was_counted_before_the_cut_stays_counted(tmp_path, marks, tap):
    now = Moment.now()
    beat = tap.heartbeat_with(lambda beat: beat.pid == tap.process.pid)
    lost = Lost(3, now.wall_ms - 5_000, now.wall_ms - 4_000)
    write_heartbeat(tmp_path, of_another_boot(structs.replace(beat, lost=lost)))
    found = told(tmp_path, marks)
    assert (found.jobs, found.first_ms, found.unknown) == (3, lost.first_ms, True)
    marks.lose(marks.begin(now))
    losses = Losses(tmp_path, marks)
    losses.tell(lambda: None)
    assert (losses.lost.jobs, losses.lost.unknown) == (4, True)


def told(spool, marks):
    losses = Losses(spool, marks)
    losses.tell(lambda: None)
    return losses.lost
