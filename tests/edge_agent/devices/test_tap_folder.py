"""A folder of print jobs that somebody else prints: each finished file is kept once."""

import errno
import json
import os
import struct
import time
from pathlib import Path

import pytest

from edge_agent.devices.heartbeat import read_heartbeat
from edge_agent.devices.job_file import JobHead, JobWriter, Moment, next_name
from edge_agent.devices.sealing import till_key
from edge_agent.devices.slip_folder import Result, Slips
from edge_agent.devices.spool import Spool, key_file
from edge_agent.devices.tap.config import ConfigError, FolderConfig, load
from edge_agent.devices.tap.folder_tap import GIVEN_UP, FolderTap, lost_file
from tests.edge_agent.devices.conftest import TapProcess


class FolderTapProcess(TapProcess):
    """A tap that watches a folder."""

    def __init__(self, directory, *, deletes=False):
        super().__init__(directory, 1)
        self.watched = directory / "pos"
        self.watched.mkdir()
        self.config.write_text(
            f'[[tap]]\nname = "counter-1"\nwatch = "pos"\nspool = "spool/counter-1"\n'
            f"deletes = {str(deletes).lower()}\n"
        )

    def wait_until_up(self):
        pid = self.process.pid
        self.heartbeat_with(lambda beat: beat.pid == pid)

    def stop(self):
        super().stop()
        lost_file(self.watched).unlink(missing_ok=True)


@pytest.fixture
def make(tmp_path):
    made = []

    def make(**settings):
        made.append(FolderTapProcess(tmp_path, **settings))
        return made[-1]

    yield make
    for tap in made:
        tap.stop()


def contents(tap, count):
    return [job.data for job in tap.jobs(count)]


def test_a_file_is_kept_when_it_is_finished_and_only_once(make):
    tap = make()
    tap.start()
    with (tap.watched / "1.prn").open("wb") as file:
        file.write(b"half ")
        file.flush()
        (tap.watched / "0.prn").write_bytes(b"first")
        assert contents(tap, 1) == [b"first"]
        file.write(b"and half")
    assert contents(tap, 2) == [b"first", b"half and half"]
    (tap.watched / "2.tmp").write_bytes(b"a draft")
    (tap.watched / "2.tmp").rename(tap.watched / "2.prn")
    assert contents(tap, 3)[-1] == b"a draft"
    jobs = tap.jobs(3)
    assert all(job.complete and job.last and job.part == 1 for job in jobs)
    assert len({job.connection for job in jobs}) == 3
    assert tap.heartbeat_with(lambda beat: beat.jobs == 3).unkept_jobs == 0


def read(path):
    return path.read_bytes() if path.exists() else b""


def test_what_came_while_the_tap_was_dead_is_taken_and_nothing_twice(make, eventually):
    tap = make()
    (tap.watched / "1.prn").write_bytes(b"before it ran")
    tap.start()
    assert contents(tap, 1) == [b"before it ran"]
    # A kill before it is remembered takes it once more: rather twice than never.
    eventually(lambda: b"1.prn" in read(tap.folder / "watched.json"))
    tap.kill()
    (tap.watched / "2.prn").write_bytes(b"while it was dead")
    tap.start()
    assert contents(tap, 2) == [b"before it ran", b"while it was dead"]
    (tap.watched / "1.prn").write_bytes(b"written anew")
    assert contents(tap, 3)[-1] == b"written anew"


def test_a_folder_of_our_own_is_emptied(make, eventually):
    tap = make(deletes=True)
    tap.start()
    (tap.watched / "1.prn").write_bytes(b"one")
    assert contents(tap, 1) == [b"one"]
    eventually(lambda: not [*tap.watched.iterdir()])
    (tap.watched / "1.prn").write_bytes(b"one")  # the same again is another job
    assert contents(tap, 2) == [b"one", b"one"]


def test_a_job_whose_printer_gave_up_is_kept_as_incomplete(make):
    tap = make(deletes=True)
    tap.start()
    (tap.watched / f"7{GIVEN_UP}").write_bytes(b"half a receipt")
    (job,) = tap.jobs(1)
    assert not job.complete
    assert job.why == "the printer's side gave it up half-way"


def test_jobs_that_could_not_be_left_there_are_counted_and_reported(make):
    tap = make()
    lost_file(tap.watched).write_bytes(b"x")  # from before: it was told then
    tap.start()
    with lost_file(tap.watched).open("ab") as file:
        file.write(b"xx")
    beat = tap.heartbeat_with(lambda beat: beat.lost is not None)
    assert beat.lost.jobs == 2
    assert beat.unkept_jobs == 3


def test_a_folder_that_is_not_there_yet_is_waited_for(make):
    tap = make()
    tap.watched.rmdir()
    tap.start()
    beat = tap.heartbeat_with(lambda beat: beat.last_error)
    assert "No such file or directory" in beat.last_error
    tap.watched.mkdir()
    (tap.watched / "1.prn").write_bytes(b"at last")
    assert contents(tap, 1) == [b"at last"]
    tap.heartbeat_with(lambda beat: not beat.last_error)


def test_a_name_in_another_encoding_is_remembered_like_any(make, eventually):
    tap = make()
    name = os.fsencode(tap.watched) + b"/\xd0\xa1\xc6\xb1.prn"  # GBK
    Path(os.fsdecode(name)).write_bytes(b"by a POS in GBK")
    tap.start()
    assert contents(tap, 1) == [b"by a POS in GBK"]
    eventually(lambda: b".prn" in read(tap.folder / "watched.json"))
    tap.stop()
    tap.start()
    (tap.watched / "2.prn").write_bytes(b"the next")
    assert contents(tap, 2) == [b"by a POS in GBK", b"the next"]
    tap.heartbeat_with(lambda beat: beat.jobs == 1 and not beat.last_error)


def test_a_file_of_tomorrow_is_taken_today(make):
    tap = make()
    (tap.watched / "1.prn").write_bytes(b"by another clock")
    tomorrow_s = time.time() + 86_400
    os.utime(tap.watched / "1.prn", (tomorrow_s, tomorrow_s))
    tap.start()
    assert contents(tap, 1) == [b"by another clock"]


def test_what_came_unseen_because_too_much_came_at_once_is_looked_for(tmp_path, eventually):
    (tmp_path / "pos").mkdir()
    spool = tmp_path / "spool" / "c1"
    tap = FolderTap(FolderConfig("c1", tmp_path / "pos", spool, deletes=False))
    tap.start()
    try:
        eventually(lambda: read_heartbeat(spool))
        overflow = struct.pack("=iIII", -1, 0x4000, 0, 0)  # inotify(7), IN_Q_OVERFLOW
        (tmp_path / "unseen").write_bytes(b"unseen")
        os.utime(tmp_path / "unseen", (1, 1))
        unseen = tmp_path / "pos" / "unseen"

        def read(handle, size, read=os.read):
            data = read(handle, size)
            return overflow if b"unseen" in data else data

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("edge_agent.devices.tap.watching.os.read", read)
            (tmp_path / "unseen").rename(unseen)
            eventually(lambda: Spool(spool).jobs())
    finally:
        tap.stop(20)


def test_a_file_that_may_not_be_read_holds_up_no_other(tmp_path, monkeypatch, eventually):
    (tmp_path / "pos").mkdir()
    for name in ("1", "2"):
        (tmp_path / "pos" / name).write_bytes(name.encode())
        os.utime(tmp_path / "pos" / name, (1, 1))
    real_open = os.open

    def refusing(path, *args, **more):  # root may read everything, and tests may be root
        if str(path).endswith("pos/1"):
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *args, **more)

    monkeypatch.setattr("edge_agent.devices.tap.folder_tap.os.open", refusing)
    spool = tmp_path / "spool" / "c1"
    tap = FolderTap(FolderConfig("c1", tmp_path / "pos", spool, deletes=False))
    tap.start()
    try:
        eventually(lambda: Spool(spool).jobs())
        assert Spool(spool).read(Spool(spool).jobs()[0]).data == b"2"
        eventually(lambda: (beat := read_heartbeat(spool)) and "['1']" in beat.last_error)
    finally:
        tap.stop(20)


def test_a_full_disk_leaves_the_file_until_there_is_room_and_no_part_of_it(
    tmp_path, monkeypatch, eventually
):
    (tmp_path / "pos").mkdir()
    write, errors = JobWriter.write, []

    def no_room(_writer, _data):
        errors.append(OSError(errno.ENOSPC, "No space left on device"))
        raise errors[-1]

    monkeypatch.setattr(JobWriter, "write", no_room)
    spool = tmp_path / "spool" / "c1"
    tap = FolderTap(FolderConfig("c1", tmp_path / "pos", spool, deletes=True))
    tap.start()
    try:
        eventually(lambda: read_heartbeat(spool))
        (tmp_path / "pos" / "1").write_bytes(b"a receipt")
        eventually(lambda: len(errors) > 1)  # refused more than once, in the same words
        monkeypatch.setattr(JobWriter, "write", write)
        eventually(lambda: Spool(spool).jobs())
        (name,) = Spool(spool).jobs()
        job = Spool(spool).read(name)
        assert (job.data, job.complete) == (b"a receipt", True)
        eventually(lambda: not [*(tmp_path / "pos").iterdir()])
    finally:
        tap.stop(20)


def test_what_a_killed_tap_left_holds_back_no_later_job(tmp_path, eventually):
    (tmp_path / "pos").mkdir()
    spool = tmp_path / "spool" / "c1"
    (spool / "jobs").mkdir(parents=True)
    moment = Moment.now()
    head = JobHead("c1", "1-1", 1, moment)
    JobWriter(spool / "jobs", next_name(moment, 0), till_key(key_file(spool)), head).write(b"half")
    tap = FolderTap(FolderConfig("c1", tmp_path / "pos", spool, deletes=True))
    tap.start()
    try:
        eventually(lambda: len(Spool(spool).jobs()) == 1)
        (tmp_path / "pos" / "1").write_bytes(b"a receipt")
        eventually(lambda: len(Spool(spool).jobs()) == 2)
        half, whole = map(Spool(spool).read, Spool(spool).jobs())
    finally:
        tap.stop(20)
    assert (half.data, half.complete) == (b"half", False)
    assert (whole.data, whole.complete) == (b"a receipt", True)


def test_a_folder_full_of_old_files_is_remembered_all_at_once(tmp_path, monkeypatch, eventually):
    (tmp_path / "pos").mkdir()
    for number in range(40):
        (tmp_path / "pos" / f"{number}").write_bytes(b"old %d" % number)
        os.utime(tmp_path / "pos" / f"{number}", (number + 1, number + 1))
    written = []

    def dumps(seen, real=json.dumps):
        written.append(len(seen))
        return real(seen)

    monkeypatch.setattr("edge_agent.devices.tap.folder_tap.json.dumps", dumps)
    monkeypatch.setattr("edge_agent.devices.tap.folder_tap._REMEMBER_EVERY_S", 1000.0)
    spool = tmp_path / "spool" / "c1"
    tap = FolderTap(FolderConfig("c1", tmp_path / "pos", spool, deletes=False))
    tap.start()
    try:
        eventually(lambda: 40 in written)
    finally:
        tap.stop(20)
    assert len(written) <= 2
    assert len(json.loads((spool / "watched.json").read_bytes())) == 40


def test_a_slip_handed_to_a_tap_without_a_printer_is_given_back(make, eventually):
    tap = make()
    slips = Slips(tap.folder / "slips")
    slips.hand_over("a", b"a slip")
    tap.start()
    eventually(slips.outcomes)
    assert slips.outcomes()["a"].result is Result.NOT_PRINTED
    assert "printer.kind" in slips.outcomes()["a"].reason
    assert not slips.waiting()


def test_a_folder_and_an_address_are_two_taps(make):
    tap = make()
    text = tap.config.read_text().replace("deletes", 'listen = "127.0.0.1:9101"\ndeletes')
    tap.config.write_text(text)
    with pytest.raises(ConfigError, match="has watch, so it has no listen and no printer"):
        load(tap.config)
