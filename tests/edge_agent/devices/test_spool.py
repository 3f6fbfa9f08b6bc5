import os
import random
import time

import pytest

from edge_agent.devices.job_file import JobHead, JobName, JobTail, JobWriter, Moment, next_name
from edge_agent.devices.sealing import till_key
from edge_agent.devices.spool import Job, Spool, Unreadable, key_file

DATA = random.Random(5).randbytes(10_000)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "spool"
    (folder / "jobs").mkdir(parents=True)
    return folder


@pytest.fixture
def spool(folder):
    return Spool(folder)


@pytest.fixture
def begin(folder):
    """Begin a job as the tap does; `after` orders it."""

    def begin(after=0):
        started = Moment.now()
        head = JobHead("counter-1", "c-1", 1, started)
        return JobWriter(
            folder / "jobs", next_name(started, after), till_key(key_file(folder)), head
        )

    return begin


@pytest.fixture
def leave(begin):
    """Leave a whole job; return its bytes."""

    def leave(data=DATA, after=0):
        writer = begin(after)
        writer.write(data)
        writer.end(JobTail(Moment.now(), last=True, complete=True, why="", byte_count=len(data)))
        writer.publish()

    return leave


def test_a_spool_whose_folder_does_not_exist_is_empty(tmp_path):
    spool = Spool(tmp_path / "nowhere")
    assert (spool.jobs(), spool.started(), spool.aside(), spool.expire(time.time())) == (
        [],
        [],
        [],
        0,
    )


def test_a_job_comes_back_as_it_was_written(spool, leave):
    leave()
    (name,) = spool.jobs()
    job = spool.read(name)
    assert (job.job_id, job.data, job.complete, job.byte_count) == (
        name.job_id,
        DATA,
        True,
        len(DATA),
    )


def test_jobs_are_listed_in_the_order_of_printing_even_when_the_clock_goes_back(spool, leave):
    for place, after in enumerate((9_000_000_000_000, 9_000_000_000_005, 0)):
        leave(bytes([place]), after)
    assert [spool.read(name).data for name in spool.jobs()] == [b"\x02", b"\x00", b"\x01"]


def test_a_name_sorts_after_every_earlier_one():
    started = Moment.now()
    first = next_name(started, 0)
    second = next_name(started, first.order)
    ahead = next_name(started, first.order + 10**9)
    assert first < second < ahead
    assert JobName.parse(second.job_id) == second
    assert second.started_boottime_ns == started.boottime_ns


def test_a_job_in_progress_is_started_and_not_yet_a_job(spool, begin):
    writer = begin()
    writer.write(b"half")
    assert (len(spool.started()), spool.jobs()) == (1, [])
    writer.give_up()
    assert (spool.started(), len(spool.jobs())) == ([], 1)


def test_a_job_given_up_is_incomplete_and_keeps_what_was_written(spool, begin):
    writer = begin()
    writer.write(b"half a receipt")
    writer.give_up()
    job = spool.read(spool.jobs()[0])
    assert (job.data, job.complete, job.last, job.ended) == (b"half a receipt", False, True, None)
    assert job.why == "the tap ended before the job did"


@pytest.mark.parametrize("where", ["in the middle", "one byte short"])
def test_a_file_cut_off_anywhere_after_its_head_is_an_incomplete_job(spool, leave, folder, where):
    leave()
    (path,) = (folder / "jobs").iterdir()
    size = path.stat().st_size
    os.truncate(path, size // 2 if where == "in the middle" else size - 1)
    job = spool.read(spool.jobs()[0])
    assert not job.complete
    assert DATA.startswith(job.data)
    assert "cut off" in job.why


def test_every_cut_of_a_small_file_is_read_or_set_aside_but_never_raises(spool, leave, folder):
    leave(b"receipt")
    (path,) = (folder / "jobs").iterdir()
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        (name,) = spool.jobs()
        answer = spool.read(name)
        assert isinstance(answer, Unreadable) or not answer.complete
    assert len(spool.aside()) > 0


def test_an_altered_byte_never_goes_unnoticed(spool, leave, folder):
    leave(b"receipt")
    (path,) = (folder / "jobs").iterdir()
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        answer = spool.read(spool.jobs()[0])
        assert isinstance(answer, Unreadable) or not answer.complete


def test_a_job_under_another_jobs_name_is_set_aside(spool, leave, folder):
    leave()
    (path,) = (folder / "jobs").iterdir()
    other = next_name(Moment.now(), 5)
    path.rename(path.with_name(f"{other.job_id}.job"))
    assert isinstance(spool.read(other), Unreadable)


def test_a_job_sealed_under_a_lost_key_is_set_aside(spool, leave, folder):
    leave()
    key_file(folder).write_bytes(os.urandom(32))
    answer = spool.read(spool.jobs()[0])
    assert "another key" in answer.why
    assert spool.jobs() == []
    assert len(spool.aside()) == 1


def test_a_broken_key_file_blames_the_key_and_touches_no_job(spool, leave, folder):
    leave()
    key_file(folder).write_bytes(b"short")
    with pytest.raises(ValueError, match=r"spool\.key: a spool key has 32 bytes, this file has 5"):
        spool.read(spool.jobs()[0])
    assert len(spool.jobs()) == 1


def test_foreign_files_are_set_aside_and_the_jobs_beside_them_are_read(spool, leave, folder):
    leave()
    jobs = folder / "jobs"
    (jobs / "notes.txt").write_text("hello")
    (jobs / "000-1.job").write_bytes(b"")
    (jobs / "a folder").mkdir()
    (jobs / "dangling").symlink_to("/nonexistent")
    assert len(spool.jobs()) == 1
    assert len(spool.aside()) == 4
    assert [path.suffix for path in jobs.iterdir()] == [".job"]


@pytest.mark.parametrize("kind", ["rubbish", "empty", "folder", "pipe", "link"])
def test_rubbish_under_a_jobs_name_is_reported_once_and_never_listed_again(spool, folder, kind):
    name = next_name(Moment.now(), 0)
    path = folder / "jobs" / f"{name.job_id}.job"
    {
        "rubbish": lambda: path.write_bytes(b"\xff" * 500),
        "empty": lambda: path.write_bytes(b""),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to("/etc/hostname"),
    }[kind]()
    answer = spool.read(name)
    assert isinstance(answer, Unreadable)
    assert answer.why
    assert spool.jobs() == []
    assert len(spool.aside()) == 1


def test_a_file_that_cannot_even_be_moved_is_not_offered_for_ever(spool, folder):
    name = next_name(Moment.now(), 0)
    (folder / "jobs" / f"{name.job_id}.job").write_bytes(b"rubbish")
    (folder / "aside").write_text("in the way")
    assert isinstance(spool.read(name), Unreadable)
    assert spool.jobs() == []


def test_a_job_that_is_done_is_kept_readable_until_it_expires(spool, leave):
    leave()
    (name,) = spool.jobs()
    spool.done(name)
    spool.done(name)
    assert spool.jobs() == []
    assert isinstance(spool.read(name), Job)
    now_s = time.time()
    assert spool.expire(now_s + 6.9 * 86_400) == 0
    assert spool.expire(now_s + 7.1 * 86_400) == 1
    with pytest.raises(FileNotFoundError):
        spool.read(name)


def test_a_job_nobody_has_read_never_expires(spool, leave):
    leave()
    assert spool.expire(time.time() + 100 * 86_400) == 0
    assert len(spool.jobs()) == 1


def test_what_was_set_aside_expires_too(spool, folder):
    (folder / "jobs" / "notes.txt").write_text("hello")
    spool.jobs()
    assert spool.expire(time.time() + 8 * 86_400) == 1
    assert spool.aside() == []


def test_two_programs_that_need_the_key_first_agree_on_one(tmp_path):
    path = tmp_path / "keys" / "spool.key"
    assert till_key(path) == till_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["spool.key"]
