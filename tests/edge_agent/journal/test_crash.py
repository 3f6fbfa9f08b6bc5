"""Real processes that die and real disks that refuse: what was acknowledged is there, whole."""

import ctypes
import errno
import os
import platform
import random
import resource
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.journal.errors import JournalFailure, JournalFull
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.slips import JobOutcome, Slip
from loyalty.events import Sale, body_of
from tests.edge_agent.journal.conftest import WANG, open_till, sale

ROOT = Path(__file__).parents[3]


def child(function: str, folder: Path, *args: object) -> subprocess.Popen[str]:
    """Run a function of this file in a process of its own, on a pipe."""
    module = "tests.edge_agent.journal.test_crash"
    call = f"from {module} import {function}; {function}(*{[str(folder), *map(str, args)]!r})"
    return subprocess.Popen(
        [sys.executable, "-c", call], cwd=ROOT, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def say(*words: object) -> None:
    """Tell the parent, in one write that no crash can leave in a buffer."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def append_for_ever(folder: str, first: str) -> None:
    """Append sales with their slips and jobs; say each one's number after it was acknowledged."""
    journal = open_till(Path(folder))
    number = int(first)
    while True:
        journal.append(
            [sale(number, WANG, 1), sale(f"{number}b")],
            slips=[Slip(f"slip-{number}", "award", "", b"paper")],
            job=JobOutcome(f"job-{number}", b""),
        )
        say(number)
        number += 1


def test_nothing_acknowledged_is_lost_however_often_the_process_is_killed(tmp_path):
    acknowledged: set[str] = set()
    rng = random.Random(7)
    for life in range(6):
        process = child("append_for_ever", tmp_path, life * 10_000)
        assert process.stdout is not None
        for _ in range(rng.randint(1, 40)):
            acknowledged.add(process.stdout.readline().strip())
        os.kill(process.pid, signal.SIGKILL)
        # What it still said before it died was acknowledged too; its last line may be cut off.
        acknowledged |= {line[:-1] for line in process.stdout if line.endswith("\n")}
        assert process.wait(timeout=30) == -signal.SIGKILL
        process.stdout.close()
        with Journal.open(tmp_path) as journal:
            assert journal.verify().problems == ()
            bodies = [body_of(link.frame) for link in journal.links()]
            numbers = {each.receipt.number for each in bodies if isinstance(each, Sale)}
            assert acknowledged <= numbers
            whole = {number for number in numbers if not number.endswith("b")}
            assert numbers - whole == {f"{number}b" for number in whole}
            assert {record.slip.slip_id for record in journal.slips("queued")} == {
                f"slip-{number}" for number in whole
            }
            assert all(journal.job_seen(f"job-{number}") for number in whole)


def test_a_job_interrupted_by_a_kill_is_done_exactly_once(tmp_path):
    """Each life takes in the same twelve jobs and dies part of the way."""
    for budget in (1, 2, 3, 40):
        process = child("take_in_jobs", tmp_path, budget)
        process.communicate(timeout=60)
    with Journal.open(tmp_path) as journal:
        assert len(journal.links()) == 12
        assert journal.standing(WANG).pending == 12
        assert journal.verify().problems == ()


def take_in_jobs(folder: str, budget: str) -> None:
    """Do every job that is not done, and die by SIGKILL after `budget` of them."""
    journal = open_till(Path(folder))
    done = 0
    for number in range(12):
        if journal.job_seen(f"job-{number}") is None:
            journal.append([sale(number, WANG, 1)], job=JobOutcome(f"job-{number}", b""))
            done += 1
        if done == int(budget):
            os.kill(os.getpid(), signal.SIGKILL)
    journal.close()


def test_a_full_disk_refuses_and_records_nothing_until_there_is_room(till):
    till.append([sale(0, WANG, 1)])
    pages = till._writer.transact(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    limit = f"PRAGMA max_page_count = {pages + 2}"
    till._writer.transact(lambda db: db.execute(limit).fetchone())
    recorded = 1
    with pytest.raises(JournalFull):  # noqa: PT012 the disk fills up at some append
        for number in range(1, 200):
            slip = Slip(f"slip-{number}", "award", "", b"x" * 500)
            till.append([sale(number, WANG, 1)], slips=[slip])
            recorded += 1
    assert till.outbox().head_seq == recorded
    assert till.standing(WANG).pending == recorded
    assert len(till.slips("queued")) == recorded - 1
    till._writer.transact(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
    assert till.append([sale(999)]) == [recorded + 1]
    assert till.verify().problems == ()


def test_a_disk_that_refuses_a_write_ends_in_a_failure_and_a_sound_journal(tmp_path):
    """The file size limit of a process makes the kernel refuse a write: SQLITE_IOERR_WRITE."""
    process = child("write_beyond_a_limit", tmp_path)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    recorded, failures = map(int, out.split())
    assert failures >= 1
    with Journal.open(tmp_path) as journal:
        assert journal.outbox().head_seq == recorded
        assert journal.verify().problems == ()


def write_beyond_a_limit(folder: str) -> None:
    """Append until the log may not grow, then lift the limit and go on with the same journal."""
    journal = open_till(Path(folder))
    recorded = failures = 0
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 << 10, hard))
    while failures == 0:
        try:
            recorded = journal.append([sale(recorded + 1, WANG, 1)])[-1]
        except JournalFailure:
            failures += 1
    assert journal.standing(WANG).pending == recorded
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    recorded = journal.append([sale("after", WANG, 1)])[-1]
    journal.close()
    say(recorded, failures)


def test_a_failed_fsync_is_never_acknowledged(tmp_path):
    """From some moment on the kernel answers EIO to every fsync of the process."""
    process = child("append_until_fsync_fails", tmp_path)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out.split()) == (0, ["3", "refused", "refused"])
    with Journal.open(tmp_path) as journal:
        # The events may be here or not: nobody was told that they are.
        assert journal.outbox().head_seq >= 3
        assert journal.verify().problems == ()


def append_until_fsync_fails(folder: str) -> None:
    journal = open_till(Path(folder))
    seqs = [journal.append([sale(number)])[-1] for number in (1, 2, 3)]
    say(seqs[-1])
    journal._writer.transact(lambda db: _fail_fsync())
    for number in (4, 5):
        try:
            journal.append([sale(number)])
        except JournalFailure:
            say("refused")
    os._exit(0)


def _fail_fsync() -> None:
    """Let fsync and fdatasync of this thread fail with EIO, by a seccomp filter (seccomp(2))."""
    load_number, jump_if_equal, give_back = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET
    fsync, fdatasync = {"x86_64": (74, 75), "aarch64": (82, 83)}[platform.machine()]
    allow, fail = 0x7FFF0000, 0x00050000 | errno.EIO  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
    program = b"".join(
        struct.pack("HBBI", *step)
        for step in (
            (load_number, 0, 0, 0),  # the number of the call
            (jump_if_equal, 2, 0, fsync),
            (jump_if_equal, 1, 0, fdatasync),
            (give_back, 0, 0, allow),
            (give_back, 0, 0, fail),
        )
    )
    filter_bytes = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", 5, ctypes.addressof(filter_bytes))
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, by_filter = 38, 22, 2
    for call in ((no_new_privileges, 1, 0, 0, 0), (set_seccomp, by_filter, header, 0, 0)):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
