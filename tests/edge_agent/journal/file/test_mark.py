"""A run that was killed goes on as itself: in the same boot, above the same disk, nowhere else."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from edge_agent.journal.errors import JournalBroken, JournalFailure, LeaseClosed
from edge_agent.journal.file.mark import SIZE, Mark
from edge_agent.journal.file.mark_file import FILE, MarkFile, NoMemory, is_in_memory
from edge_agent.journal.journal import Journal
from loyalty.chain import Stream, anchor
from loyalty.events import Moment, body_of
from loyalty.wire import RehomeAnswer
from tests.edge_agent.journal.conftest import (
    DEVICE,
    WANG,
    at,
    enrolment,
    lend,
    redeem,
    sale,
)

ROOT = Path(__file__).parents[4]
MEMORY = Path("/dev/shm")  # noqa: S108 a folder of our own is made in it


class Memory:
    """A machine's memory while it is up."""

    def __init__(self):
        self.data = b""
        self.on_write = lambda: None

    def read(self):
        return self.data

    def write(self, data):
        assert len(data) <= SIZE
        self.on_write()
        self.data = data


@pytest.fixture
def memory():
    return Memory()


def start(folder, memory, boot="boot-a", name=""):
    """Start a run; leaving it open and starting another would be refused by the lock."""
    mark = Mark(memory, name)
    return Journal.open(folder, clock=lambda: Moment(1_000_000, boot, 1_000_000), mark=mark)


def first_run(folder, memory, sales=3):
    with start(folder, memory) as journal:
        journal.enrol(enrolment(), "http://127.0.0.1:9")
        for number in range(sales):
            journal.append([sale(number)])
        return journal.session


def test_the_next_process_of_the_same_boot_goes_on_as_the_same_session(tmp_path, memory):
    session = first_run(tmp_path, memory)
    for _ in range(2):
        with start(tmp_path, memory) as again:
            assert (again.session, again.swapped) == (session, "")
            again.append([sale("more" + os.urandom(4).hex())])


def test_another_boot_is_another_session(tmp_path, memory):
    session = first_run(tmp_path, memory)
    with start(tmp_path, memory, boot="boot-b") as again:
        assert again.session != session
        assert again.swapped == ""


def test_without_a_mark_every_process_is_a_session_of_its_own(tmp_path):
    session = first_run(tmp_path, None)
    with start(tmp_path, None) as again:
        assert again.session != session
        assert again.swapped == ""


def test_a_copy_of_the_disk_in_another_machine_is_another_session(tmp_path, memory):
    session = first_run(tmp_path / "till", memory)
    shutil.copytree(tmp_path / "till", tmp_path / "copy")
    with start(tmp_path / "copy", Memory()) as copy:
        assert copy.session != session


def test_an_older_disk_in_the_same_boot_is_told_and_is_another_session(tmp_path, memory, caplog):
    session = first_run(tmp_path / "till", memory)
    shutil.copytree(tmp_path / "till", tmp_path / "old")
    with start(tmp_path / "till", memory) as journal:
        journal.append([sale("later")])
    with start(tmp_path / "old", memory) as old:
        assert old.session != session
        assert old.swapped == "event 4 of epoch 1 is missing"
        assert "not the one this machine wrote" in caplog.text
        old.append([sale("on the old disk")])
        fresh = old.session
    with start(tmp_path / "till", memory) as back:  # now this one is beside the mark
        assert back.swapped == "event 4 of epoch 1 is another one"
        assert back.session not in {session, fresh}


def test_the_disk_of_another_device_is_told(tmp_path, memory):
    first_run(tmp_path / "till", memory)
    with start(tmp_path / "other", None) as other:
        answer = enrolment()
        other.enrol(type(answer)(**{**as_dict(answer), "device_id": bytes(16)}), "http://x")
    with start(tmp_path / "other", memory) as other:
        assert other.swapped == "it is another device's"


def as_dict(answer):
    return {name: getattr(answer, name) for name in answer.__struct_fields__}


def test_the_mark_is_behind_the_commit_and_before_the_answer(tmp_path, memory):
    first_run(tmp_path, memory, sales=1)
    with start(tmp_path, memory) as journal:
        seen = []
        memory.on_write = lambda: seen.append(journal.outbox().head_seq)
        assert journal.append([sale("a"), sale("b")]) == [2, 3]
        assert seen == [3]


@pytest.mark.parametrize("behind", [1, 2])
def test_a_kill_between_commit_and_mark_leaves_a_mark_that_still_holds(tmp_path, memory, behind):
    session = first_run(tmp_path, memory)
    before = memory.data
    with start(tmp_path, memory) as journal:
        for number in range(behind):
            journal.append([sale(f"later {number}")])
    memory.data = before
    with start(tmp_path, memory) as again:
        assert (again.session, again.swapped) == (session, "")


@pytest.mark.parametrize("kept", [0, 1, 17, 40, -1])
def test_a_mark_that_was_cut_off_is_none(tmp_path, memory, kept):
    session = first_run(tmp_path, memory)
    memory.data = memory.data[:kept] + bytes(SIZE)
    with start(tmp_path, memory) as again:
        assert again.session != session
        assert again.swapped == ""


def test_a_mark_of_another_version_is_none(tmp_path, memory, monkeypatch):
    session = first_run(tmp_path, memory)
    said = b"\x93\x01\x02\x03"
    memory.data = mark_digest(said) + len(said).to_bytes(2) + said
    with start(tmp_path, memory) as again:
        assert again.session != session


def mark_digest(said):
    from edge_agent.journal.file import mark

    return mark._digest(said)


def test_the_mark_follows_the_journal_into_a_later_epoch(tmp_path, memory):
    session = first_run(tmp_path, memory)
    with start(tmp_path, memory) as journal:
        journal.rehome(RehomeAnswer(2, anchor(Stream(1, DEVICE, 2), bytes(32)), ()))
        with start_elsewhere(tmp_path, memory) as copy:
            assert copy.session == session
        journal.append([sale("new")])
    with start(tmp_path, memory) as again:
        assert (again.session, again.identity().epoch) == (session, 2)


def start_elsewhere(folder, memory):
    """Look at the mark with a copy of the disk as it is now."""
    copy = folder.with_name(folder.name + "-copy")
    shutil.copytree(folder, copy)
    seen = Memory()
    seen.data = memory.data
    return start(copy, seen)


def test_what_a_killed_process_asked_for_nobody_waits_for_any_more(tmp_path, memory):
    """The session may go on spending, but a spend that was on a screen went with the process."""
    with start(tmp_path, memory, name="s1") as journal:
        journal.enrol(enrolment(), "http://127.0.0.1:9")
        spend = lend(journal, redeem("V1"))
        assert journal.stranded_leases("s1") == []
    with start(tmp_path, memory) as again:
        assert again.session == "s1"
        with pytest.raises(LeaseClosed):
            again.append([spend])
        (stranded,) = again.stranded_leases("s1")
        again.close_lease("s1", stranded.request.request_id, at())
        assert again.stranded_leases("s1") == []
        assert again.append([lend(again, redeem("V2"))]) == [2]


def test_a_file_that_was_put_back_under_a_running_agent_ends_it(tmp_path, memory):
    """After a failure of the disk the file is opened again, and held to what was told."""
    folder = tmp_path / "till"
    first_run(folder, memory)
    shutil.copytree(folder, tmp_path / "old")
    journal = start(folder, memory)
    journal.append([sale("told")])
    with pytest.raises(JournalFailure):
        journal._writer.transact(failed_fsync)
    for name in ("journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"):
        (folder / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "old" / "journal.sqlite", folder)
    for _ in range(2):
        with pytest.raises(JournalBroken, match="event 4 of epoch 1 is missing"):
            journal.append([sale("next")])
    journal.close()


def failed_fsync(_db):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    raise error


# ---- the file itself


@pytest.fixture
def shm():
    with tempfile.TemporaryDirectory(prefix="tillpoints-test-", dir=MEMORY) as folder:
        yield Path(folder)


def test_a_folder_on_a_disk_keeps_no_mark(tmp_path):
    if is_in_memory(tmp_path):
        pytest.skip("the tests' folders are in memory here")
    with pytest.raises(NoMemory, match="not in memory"):
        MarkFile(tmp_path)


def test_a_folder_that_is_not_there_keeps_no_mark(tmp_path):
    with pytest.raises(NoMemory, match="no folder"):
        MarkFile(tmp_path / "nowhere")


def test_two_processes_never_share_a_mark(shm):
    first = MarkFile(shm)
    with pytest.raises(NoMemory, match="cannot be used"):
        MarkFile(shm)
    first.close()
    MarkFile(shm).close()


def test_only_its_owner_may_read_the_file(shm):
    MarkFile(shm).close()
    assert (shm / FILE).stat().st_mode & 0o077 == 0


def test_a_process_killed_outright_leaves_its_mark(tmp_path, shm):
    """The parent reads what the child says was recorded; the mark is there at each kill."""
    sessions = set()
    told = 0
    for life in range(4):
        words = [str(tmp_path), str(shm), str(life)]
        call = f"from tests.edge_agent.journal.file.test_mark import record; record(*{words!r})"
        process = subprocess.Popen(
            [sys.executable, "-c", call], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        sessions.add(process.stdout.readline().strip())
        for _ in range(3 + life):
            told = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.wait()
        process.stdout.close()
    assert len(sessions) == 1
    file = MarkFile(shm)
    with Journal.open(tmp_path, mark=Mark(file)) as journal:
        assert {journal.session} == sessions
        assert journal.swapped == ""
        assert journal.outbox().head_seq >= told
    file.close()


def record(folder: str, memory: str, life: str) -> None:
    """Append for ever, and say each seq when it is recorded."""
    journal = Journal.open(Path(folder), mark=Mark(MarkFile(Path(memory))))
    if journal.identity() is None:
        journal.enrol(enrolment(), "http://127.0.0.1:9")
    assert not journal.swapped
    os.write(1, f"{journal.session}\n".encode())
    number = 0
    while True:
        (seq,) = journal.append([sale(f"{life}-{number}", WANG, 1)])
        os.write(1, f"{seq}\n".encode())
        number += 1


def test_a_swap_is_no_reason_to_lose_what_the_disk_holds(tmp_path, memory):
    first_run(tmp_path / "till", memory)
    shutil.copytree(tmp_path / "till", tmp_path / "old")
    with start(tmp_path / "till", memory) as journal:
        journal.append([sale("later")])
    with start(tmp_path / "old", memory) as old:
        assert [body_of(link.frame).receipt.number for link in old.links()] == ["0", "1", "2"]
        assert old.append([sale("next")]) == [4]
