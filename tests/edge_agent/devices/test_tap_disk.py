"""Whatever the disk does, paper goes on; what could not be kept is counted and told."""

import contextlib
import os
import random
import subprocess

import pytest

JOB = random.Random(7).randbytes(100_000)


def print_on_paper(tap, printer, job):
    before = len(printer.paper)
    tap.print(job)
    assert printer.wait_until(lambda p: len(p.paper_bytes) >= before + len(job), 20)
    assert printer.paper[before:] == job


def fill(path):
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass


@pytest.fixture(autouse=True)
def silent_printer(printer):
    # Chance puts status requests into JOB, and closing with an unread answer cuts a job short.
    printer.mute = True


def test_a_job_too_big_for_the_disk_is_printed_whole_and_kept_in_part(make_tap, printer):
    tap = make_tap(printer.port, start=False)
    # Every file of this process ends at 32 KiB: writes beyond fail, as on a full disk.
    tap.start(prefix=["prlimit", "--fsize=32768"])
    print_on_paper(tap, printer, JOB)
    (kept,) = tap.jobs(1)
    assert not kept.complete
    assert JOB.startswith(kept.data)
    beat = tap.heartbeat_with(lambda beat: beat.incomplete_jobs == 1)
    assert "could not be kept" in beat.last_error
    print_on_paper(tap, printer, b"a small job")
    assert tap.jobs(2)[1].complete


def test_no_disk_space_at_all_stops_the_copy_but_not_the_paper(make_tap, printer):
    tap = make_tap(printer.port, start=False)
    tap.start(prefix=["prlimit", "--fsize=0"])
    for _ in range(3):
        print_on_paper(tap, printer, JOB)
    assert tap.spool.jobs() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_survived_and_told_and_works_again_when_emptied(make_tap, printer, tmp_path):
    disk = tmp_path / "spool"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=True)
    try:
        tap = make_tap(printer.port)
        print_on_paper(tap, printer, b"while there was room")
        assert tap.heartbeat_with(lambda beat: beat.jobs == 1)
        filler = disk / "other people's files"
        fill(filler)
        print_on_paper(tap, printer, JOB)
        beat = tap.heartbeat_with(lambda beat: beat.incomplete_jobs + beat.unkept_jobs == 1)
        assert "No space left" in beat.last_error
        filler.unlink()
        print_on_paper(tap, printer, b"room again")
        assert tap.heartbeat_with(lambda beat: beat.jobs == 2)
        kept = [tap.spool.read(name) for name in tap.spool.jobs()]
        assert [job.data for job in kept if job.complete] == [
            b"while there was room",
            b"room again",
        ]
        tap.stop()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_spool_that_cannot_exist_is_told_and_paper_goes_on(make_tap, printer, tmp_path):
    (tmp_path / "spool").write_text("a file where the folder should be")
    tap = make_tap(printer.port)
    print_on_paper(tap, printer, JOB)
    print_on_paper(tap, printer, JOB)


def test_a_disk_that_hangs_holds_up_no_paper_and_the_jobs_are_kept_when_it_wakes(
    make_tap, printer, tmp_path
):
    # Reading a pipe that nobody writes hangs as a dead disk does, for as long as this test likes.
    key = tmp_path / "spool" / "spool.key"
    key.parent.mkdir()
    os.mkfifo(key, 0o600)
    tap = make_tap(printer.port)
    for _ in range(3):
        print_on_paper(tap, printer, JOB)
    beat = tap.heartbeat_with(lambda beat: beat.printed_bytes == 3 * len(JOB))
    assert beat.jobs == 0
    secret = os.urandom(32)
    with key.open("wb") as waking:
        waking.write(secret)
    assert tap.heartbeat_with(lambda beat: beat.jobs == 3)
    key.unlink()
    key.write_bytes(secret)
    assert [job.data for job in tap.jobs(3)] == [JOB] * 3


def test_a_disk_that_hangs_for_ever_costs_bounded_memory_and_the_rest_is_counted(
    make_tap, printer, tmp_path
):
    key = tmp_path / "spool" / "spool.key"
    key.parent.mkdir()
    os.mkfifo(key, 0o600)
    tap = make_tap(printer.port)
    job = JOB * 40
    for _ in range(5):
        print_on_paper(tap, printer, job)
    beat = tap.heartbeat_with(lambda beat: beat.incomplete_jobs == 3)
    assert "too slow" in beat.last_error
    tap.process.kill()  # It would wait for its disk before it ends.
