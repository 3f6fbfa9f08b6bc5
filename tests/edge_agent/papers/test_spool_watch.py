"""Jobs out of the spool: joined where a paper goes on, announced in time, pictures beside them."""

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from edge_agent.config import Tap
from edge_agent.devices.job_file import JobHead, JobName, JobTail, JobWriter, Moment, next_name
from edge_agent.devices.sealing import till_key
from edge_agent.devices.spool import Job, Spool, key_file
from edge_agent.messages import JobRead, JobSeen, PictureSeen
from edge_agent.papers.job_reading import JobReader
from edge_agent.papers.spool_watch import SpoolWatch
from receipts.pictures import ocr as pictures_ocr
from receipts.reading import Reading
from receipts.templates import Template
from tests.edge_agent.counter import sale_text
from tests.edge_agent.devices.conftest import wait_for
from tests.receipts.raster import expected_of, gs_v_0, page_of_case, raster_names, told

LOGO = b"\x1b@\x1dv0\x00\x02\x00\x20\x00" + b"\xff" * 64
TEXT = sale_text("HL1")
HEAD, REST = (half.encode("gb18030") for half in TEXT.split("小计", 1))
BODY = "小计".encode("gb18030") + REST
CUT = b"\x1dV\x00"
PICTURE = gs_v_0(page_of_case(raster_names()[0])) + CUT


class Reader(JobReader):
    """Reads as the product does; `hold` keeps it from ending, `on_read` is called meanwhile."""

    def __init__(self, tap: Tap, ocr: Any = None) -> None:
        super().__init__(tap, lambda: None, ocr)
        self.on_read: Callable[[], None] = lambda: None

    def read(self, job: Job) -> tuple[Reading, ...] | None:
        self.on_read()
        return super().read(job)


class Spooled:
    """A spool folder with a watch on it, and the loop's end of the queue."""

    def __init__(self, folder: Path, ocr: Any = None) -> None:
        self.folder = folder / "spool"
        (self.folder / "jobs").mkdir(parents=True)
        self.inbox: queue.Queue[Any] = queue.Queue(100)
        tap = Tap(str(self.folder))
        self.reader = Reader(tap, ocr)
        self.watch = SpoolWatch(tap, self.inbox, lambda _: False, self.reader)
        self.begun_ns = Moment.now().boottime_ns
        self._order = 0

    def begin(self, connection: str, at_s: float = 0.0, part: int = 1) -> tuple[JobWriter, Moment]:
        """Begin a job `at_s` seconds after the first, as the tap does."""
        self._order += 1
        now = Moment.now()
        started = structs.replace(now, boottime_ns=self.begun_ns + round(at_s * 1e9))
        name = next_name(started, self._order)
        head = JobHead("counter-1", connection, part, started)
        key = till_key(key_file(self.folder))
        return JobWriter(self.folder / "jobs", name, key, head), started

    def leave(self, data: bytes, connection: str, at_s: float = 0.0, *, last: bool = True) -> None:
        """Leave a job that took a tenth of a second: a whole connection, or its first part."""
        writer, started = self.begin(connection, at_s)
        ended = structs.replace(started, boottime_ns=started.boottime_ns + 100_000_000)
        writer.write(data)
        writer.end(JobTail(ended, last, complete=True, why="", byte_count=len(data)))
        writer.publish()

    def next(self, kind: type, timeout_s: float = 10.0) -> Any:
        """Take messages until one is of a kind; others are dropped."""
        while True:
            message = self.inbox.get(timeout=timeout_s)
            if isinstance(message, kind):
                return message

    def read(self) -> JobRead:
        """Take the next job that was read, and record it."""
        message = self.next(JobRead)
        message.settle(recorded=True)
        return message


@pytest.fixture
def spooled(tmp_path: Path) -> Iterator[Spooled]:
    spooled = Spooled(tmp_path)
    yield spooled
    spooled.watch.stop()


def facts(message: JobRead) -> list[tuple[str, str | None, int | None]]:
    assert message.readings is not None
    return [(one.decision, one.number, one.owed_fen) for one in message.readings]


def test_a_job_that_began_while_another_was_being_read_is_announced_before_it_is_judged(
    spooled: Spooled,
) -> None:
    spooled.leave(TEXT.encode("gb18030") + CUT, "a")
    later: list[JobWriter] = []
    spooled.reader.on_read = lambda: later.append(spooled.begin("b", 1.0)[0])
    spooled.watch.start()
    told = [spooled.inbox.get(timeout=10) for _ in range(3)]
    assert [type(message) for message in told] == [JobSeen, JobSeen, JobRead]
    assert told[1].at_s > told[0].at_s
    later[0].give_up()


def test_head_and_body_of_one_receipt_over_two_connections_are_read_as_one(
    spooled: Spooled,
) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", 0.0)
    spooled.leave(b"\x1b@" + BODY + CUT, "b", 0.5)
    spooled.watch.start()
    assert facts(spooled.read()) == [("award", "HL1", 21400)]
    wait_for(lambda: not list((spooled.folder / "jobs").iterdir()))


def test_logo_body_and_cut_over_three_connections_are_one_receipt(spooled: Spooled) -> None:
    spooled.leave(LOGO, "a", 0.0)
    spooled.leave(b"\x1b@" + TEXT.encode("gb18030"), "b", 0.4)
    spooled.leave(CUT, "c", 0.8)
    spooled.watch.start()
    assert facts(spooled.read()) == [("award", "HL1", 21400)]
    assert facts(spooled.read()) == []  # the cut alone says nothing more


def test_two_receipts_that_were_not_cut_are_never_joined(spooled: Spooled) -> None:
    for place, number in enumerate(("HL1", "HL2")):
        spooled.leave(b"\x1b@" + sale_text(number).encode("gb18030"), number, place * 0.3)
    spooled.watch.start()
    assert facts(spooled.read()) == [("award", "HL1", 21400)]
    assert facts(spooled.read()) == [("award", "HL2", 21400)]


def test_a_whole_receipt_is_not_joined_to_the_torn_head_of_another(spooled: Spooled) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", 0.0)
    spooled.leave(b"\x1b@" + sale_text("HL2").encode("gb18030") + CUT, "b", 0.5)
    spooled.watch.start()
    ((decision, _, _),) = facts(spooled.read())
    assert decision != "award"
    assert facts(spooled.read()) == [("award", "HL2", 21400)]


def test_pictures_of_two_receipts_are_never_joined(spooled: Spooled) -> None:
    for place in range(2):
        spooled.leave(PICTURE.removesuffix(CUT), str(place), place * 0.3)
    spooled.watch.start()
    first, second = spooled.read(), spooled.read()
    assert first.job.data == second.job.data == PICTURE.removesuffix(CUT)


def test_what_comes_too_late_is_another_paper(spooled: Spooled) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", 0.0)
    spooled.leave(b"\x1b@" + BODY + CUT, "b", 2.0)
    spooled.watch.start()
    assert len(facts(spooled.read())) == 1
    assert spooled.read().job.connection == "b"


def test_a_torn_head_waits_for_the_connection_that_is_printing_its_rest(spooled: Spooled) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", 0.0)
    writer, started = spooled.begin("b", 0.5)
    spooled.watch.start()
    spooled.next(JobSeen)
    writer.write(BODY + CUT)
    writer.end(JobTail(started, last=True, complete=True, why="", byte_count=1))
    writer.publish()
    assert facts(spooled.read()) == [("award", "HL1", 21400)]


@pytest.mark.parametrize("look", [1, 2])
def test_a_rest_that_is_finished_between_two_looks_at_the_spool_is_still_waited_for(
    spooled: Spooled, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", -10.0)
    writer, started = spooled.begin("b", -9.5)
    list_jobs, looks = Spool.jobs, []

    def jobs_then_the_rest_ends(spool: Spool) -> list[JobName]:
        names = list_jobs(spool)
        looks.append(names)
        if len(looks) == look:
            writer.write(BODY + CUT)
            writer.end(JobTail(started, last=True, complete=True, why="", byte_count=1))
            writer.publish()
        return names

    monkeypatch.setattr(Spool, "jobs", jobs_then_the_rest_ends)
    spooled.watch.start()
    assert facts(spooled.read()) == [("award", "HL1", 21400)]


def test_a_rest_that_is_being_printed_when_the_pause_is_over_is_waited_for(
    spooled: Spooled,
) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", -10.0, last=False)
    writer, started = spooled.begin("a", -6.0, part=2)
    spooled.watch.start()
    for _ in range(2):
        spooled.next(JobSeen)
    with pytest.raises(queue.Empty):
        spooled.inbox.get(timeout=0.5)
    writer.write(BODY + CUT)
    writer.end(JobTail(started, last=False, complete=True, why="", byte_count=1))
    writer.publish()
    assert facts(spooled.read()) == [("award", "HL1", 21400)]


def test_a_torn_head_does_not_wait_for_what_began_too_late(spooled: Spooled) -> None:
    spooled.leave(b"\x1b@" + HEAD, "a", -10.0)
    spooled.begin("b", -5.0)
    spooled.watch.start()
    assert spooled.read().job.data == b"\x1b@" + HEAD


@pytest.mark.parametrize("behind", [("a", 2), ("b", 1)], ids=["its connection", "another"])
@pytest.mark.parametrize("paper", [TEXT.encode("gb18030"), PICTURE.removesuffix(CUT)])
def test_a_whole_receipt_does_not_wait_for_what_is_printed_behind_it(
    spooled: Spooled, paper: bytes, behind: tuple[str, int]
) -> None:
    spooled.leave(paper, "a", -10.0, last=False)
    connection, part = behind
    spooled.begin(connection, -6.0, part=part)
    spooled.watch.start()
    assert spooled.read().job.data == paper


def test_a_picture_goes_through_ocr_beside_the_next_text_job(tmp_path: Path) -> None:
    go_on, asked = threading.Event(), threading.Event()

    def slow(_: bytes) -> list[Any]:
        asked.set()
        assert go_on.wait(10)
        return []

    spooled = Spooled(tmp_path, slow)
    try:
        spooled.leave(PICTURE, "a", 0.0)
        spooled.leave(TEXT.encode("gb18030") + CUT, "b", 1.0)
        spooled.watch.start()
        assert spooled.next(PictureSeen).job.connection == "a"
        text = spooled.read()
        assert text.job.connection == "b"
        assert asked.wait(10)
        go_on.set()
        picture = spooled.read()
        assert picture.job.connection == "a"
        assert facts(picture)[0][0] == "review"
        wait_for(lambda: not list((spooled.folder / "jobs").iterdir()))
    finally:
        go_on.set()
        spooled.watch.stop()


def test_an_ocr_that_fails_leaves_the_picture_to_a_person(tmp_path: Path) -> None:
    def broken(_: bytes) -> list[Any]:
        raise RuntimeError("no model")

    spooled = Spooled(tmp_path, broken)
    try:
        spooled.leave(PICTURE, "a")
        spooled.watch.start()
        assert facts(spooled.read())[0][0] == "review"
    finally:
        spooled.watch.stop()


def test_without_ocr_a_picture_keeps_its_place_and_goes_to_a_person(spooled: Spooled) -> None:
    spooled.leave(PICTURE, "a", 0.0)
    spooled.leave(TEXT.encode("gb18030") + CUT, "b", 1.0)
    spooled.watch.start()
    assert facts(spooled.read())[0][0] == "review"
    assert facts(spooled.read()) == [("award", "HL1", 21400)]


def test_the_ocr_extra_reads_a_raster_receipt_while_text_goes_on(tmp_path: Path) -> None:
    if pictures_ocr.engine() is None:
        pytest.skip("needs the extra tillpoints[ocr]")
    spooled = Spooled(tmp_path, pictures_ocr.engine())
    try:
        spooled.leave(PICTURE, "a", 0.0)
        spooled.leave(TEXT.encode("gb18030") + CUT, "b", 1.0)
        spooled.watch.start()
        assert spooled.read().job.connection == "b"
        picture = spooled.next(JobRead, 60.0)
        picture.settle(recorded=True)
        expected = expected_of(raster_names()[0])
        assert picture.readings is not None
        assert told(picture.readings[0])["total"] == expected["total"]
    finally:
        spooled.watch.stop()


def test_a_template_that_cannot_be_read_counts_as_none(tmp_path: Path) -> None:
    def broken() -> Template:
        raise ValueError("made by a later version")

    tap = Tap(str(tmp_path))
    now = Moment("boot", 0, 0)
    job = Job("j", "tap", "c", 1, now, True, True, "", now, None, TEXT.encode("gb18030"))
    readings = JobReader(tap, broken).read(job)
    assert readings is not None
    assert readings[0].decision == "award"
