"""What the tap leaves in the spool: whole jobs, parts, and the truth about broken ones."""

import random
import signal
import subprocess
import sys

from edge_agent.devices.job_file import Moment
from edge_agent.devices.virtual.printer import VirtualPrinter


def test_a_job_is_kept_whole_with_what_is_known_about_it(tap, printer):
    before = Moment.now()
    job = random.Random(1).randbytes(200_000)
    tap.print(job)
    (kept,) = tap.jobs(1)
    assert kept.data == job
    assert (kept.tap, kept.part, kept.last, kept.complete) == ("counter-1", 1, True, True)
    assert (kept.byte_count, kept.why) == (len(job), "")
    assert kept.started.boot_id == before.boot_id
    assert before.boottime_ns <= kept.started.boottime_ns <= kept.ended.boottime_ns
    assert kept.job_id > ""


def test_the_spool_never_shows_what_was_printed(tap, printer):
    tap.print(b"6222021234567890123 " * 100)
    tap.jobs(1)
    for path in tap.folder.rglob("*"):
        assert not path.is_file() or b"62220212345678" not in path.read_bytes()
    assert (tap.folder.parent / "spool.key").stat().st_mode & 0o777 == 0o600


def test_a_started_job_can_be_seen_before_it_ends(make_tap, printer, eventually):
    tap = make_tap(printer.port, idle_ms=60_000)
    with tap.connect() as pos:
        pos.sendall(b"first line\n")
        (started,) = eventually(tap.spool.started)
        assert tap.spool.jobs() == []
        assert started.started_boottime_ns <= Moment.now().boottime_ns
    (kept,) = tap.jobs(1)
    assert kept.job_id == started.job_id
    assert tap.spool.started() == []


def test_a_pos_that_keeps_its_connection_still_yields_jobs(tap, printer):
    with tap.connect() as pos:
        pos.sendall(b"first receipt")
        tap.jobs(1)
        pos.sendall(b"second receipt")
        tap.jobs(2)
    first, second, end = tap.jobs(3)
    assert [first.data, second.data, end.data] == [b"first receipt", b"second receipt", b""]
    assert [first.part, second.part, end.part] == [1, 2, 3]
    assert [first.last, second.last, end.last] == [False, False, True]
    assert all(job.complete for job in (first, second, end))
    assert len({first.connection, second.connection, end.connection}) == 1


def test_two_connections_have_different_names(tap, printer):
    tap.print(b"a")
    tap.jobs(1)
    tap.print(b"b")
    one, two = tap.jobs(2)
    assert (one.data, two.data) == (b"a", b"b")
    assert one.connection != two.connection


def test_asking_for_status_is_no_job(tap, printer):
    with tap.connect() as pos:
        for _ in range(3):
            pos.sendall(b"\x10\x04\x01")
            assert pos.recv(1) == b"\x12"
    tap.heartbeat_with(lambda beat: beat.open_connections == 0 and beat.printed_bytes == 9)
    tap.print(b"a receipt")
    assert [job.data for job in tap.jobs(1)] == [b"a receipt"]


def test_a_job_cut_short_by_the_printer_says_so(tap, printer):
    printer.drop_after_bytes = 1000
    with tap.connect() as pos:
        pos.sendall(b"x" * 1000)
        (kept,) = tap.jobs(1)
    assert (kept.complete, kept.last) == (False, True)
    assert "printer broke the connection" in kept.why
    assert kept.data == b"x" * 1000
    assert kept.byte_count <= 1000


def test_stopping_the_tap_in_a_job_leaves_it_incomplete(make_tap, printer, eventually):
    tap = make_tap(printer.port, idle_ms=60_000)
    with tap.connect() as pos:
        pos.sendall(b"half a receipt")
        assert printer.wait_until(lambda p: p.paper == b"half a receipt", 20)
        eventually(tap.spool.started)
        tap.process.send_signal(signal.SIGTERM)
        assert tap.process.wait(20) == 0
    (kept,) = tap.jobs(1)
    assert kept.data == b"half a receipt"
    assert (kept.complete, kept.last, kept.why) == (False, True, "the tap was stopped")


def test_killing_the_tap_in_a_job_leaves_what_was_printed(make_tap, printer, eventually):
    tap = make_tap(printer.port, idle_ms=60_000)
    with tap.connect() as pos:
        pos.sendall(b"half a receipt")
        (started,) = eventually(tap.spool.started)
        part = tap.folder / "jobs" / f"{started.job_id}.part"
        head_size = part.stat().st_size
        pos.sendall(b", and a bit")
        eventually(lambda: part.stat().st_size > head_size + len(b", and a bit"))
        tap.kill()
    tap.start()
    (kept,) = tap.jobs(1)
    assert kept.data.startswith(b"half a receipt")
    assert (kept.complete, kept.last, kept.byte_count) == (False, True, None)
    assert tap.heartbeat_with(lambda beat: beat.incomplete_jobs == 1)


READER = """
import sys, pathlib
from edge_agent.devices.spool import Spool
spool = Spool(pathlib.Path(sys.argv[1]))
print(spool.read(spool.jobs()[0]).data.decode(), flush=True)
sys.stdin.read()
"""


def test_a_reader_killed_between_reading_and_done_finds_the_job_again(tap, printer):
    tap.print(b"receipt")
    tap.jobs(1)
    command = [sys.executable, "-c", READER, str(tap.folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as reader:
        assert reader.stdout.readline() == "receipt\n"
        reader.kill()
    tap.print(b"printed while nobody read")
    first, second = tap.jobs(2)
    assert (first.data, second.data) == (b"receipt", b"printed while nobody read")


def test_one_tap_process_serves_several_printers(make_tap, printer, tmp_path):
    with VirtualPrinter() as other:
        second = make_tap(other.port, start=False)
        more = second.config.read_text().replace("counter-1", "counter-2")
        first = make_tap(printer.port, more=more)
        first.print(b"to the first")
        second.print(b"to the second")
        assert printer.wait_until(lambda p: p.paper == b"to the first", 20)
        assert other.wait_until(lambda p: p.paper == b"to the second", 20)
        assert [job.tap for job in first.jobs(1)] == ["counter-1"]
        first.stop()
