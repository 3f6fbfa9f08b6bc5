"""Debian's CUPS, our backend behind its queues, and our slips through them."""

import os
import signal

import pytest
import segno
import zxingcpp
from PIL import Image, ImageDraw

from edge_agent.devices.printer_cups import CupsPrinter
from edge_agent.devices.printers import Answer
from edge_agent.devices.slip_folder import Result
from tests.edge_agent.devices.test_tap_folder import FolderTapProcess
from tests.lab.cups.conftest import HERE, WAIT_S

RECEIPT = "禾鹿小馆\n合计 ￥88.00\n".encode("gb18030") + bytes(range(256)) + b"\x1dVB\x60"


@pytest.fixture
def tap(tmp_path):
    tap = FolderTapProcess(tmp_path, deletes=True)
    tap.start()
    yield tap
    tap.stop()


@pytest.fixture
def queue(cups, printer, tap, request):
    """A raw queue on a network printer, behind the tap."""
    name = f"q{abs(hash(request.node.name)) % 10**8}"
    cups.queue(name, f"socket://127.0.0.1:{printer.port}/?snmp=false")
    cups.through_the_tap(name, tap.watched)
    return name


def printed(printer, paper):
    return printer.wait_until(lambda p: bytes(p.paper_bytes) == paper, WAIT_S)


def test_a_job_reaches_the_printer_unchanged_and_the_agent_gets_a_copy(cups, queue, printer, tap):
    cups.ask("lp", "-d", queue, "-o", "raw", data=RECEIPT)
    assert printed(printer, RECEIPT)
    (job,) = tap.jobs(1)
    assert (job.data, job.complete, job.last) == (RECEIPT, True, True)


def test_paper_comes_out_without_tap_and_agent_and_the_copy_waits(cups, queue, printer, tap):
    tap.kill()
    cups.ask("lp", "-d", queue, "-o", "raw", data=RECEIPT)
    assert printed(printer, RECEIPT)
    tap.start()
    assert [job.data for job in tap.jobs(1)] == [RECEIPT]


def test_without_its_folder_a_job_is_printed_counted_and_reported(cups, queue, printer, tap):
    tap.watched.rmdir()
    cups.ask("lp", "-d", queue, "-o", "raw", data=RECEIPT)
    assert printed(printer, RECEIPT)
    beat = tap.heartbeat_with(lambda beat: beat.lost is not None)
    assert (beat.lost.jobs, beat.unkept_jobs) == (1, 1)
    assert "no copy of it could be kept" in cups.log()


def test_our_slip_goes_through_the_same_queue_between_the_jobs_and_is_not_copied(
    cups, queue, printer, tap
):
    cups.ask("lp", "-d", queue, "-o", "raw", data=RECEIPT)
    assert CupsPrinter(queue).print_slip("a.1", b"our slip\n").result is Result.PRINTED
    cups.ask("lp", "-d", queue, "-o", "raw", data=b"next\n")
    assert printed(printer, RECEIPT + b"our slip\n" + b"next\n")
    assert [job.data for job in tap.jobs(2)] == [RECEIPT, b"next\n"]


def test_a_picture_from_cups_raster_goes_through_the_tap_and_its_code_is_read(
    cups, printer, tap, tmp_path
):
    cups.queue(
        "roll", f"socket://127.0.0.1:{printer.port}/?snmp=false", "-P", str(HERE / "roll.ppd")
    )
    cups.through_the_tap("roll", tap.watched)
    page = Image.new("L", (576, 960), 255)
    ImageDraw.Draw(page).text((40, 20), "HELU BISTRO  TOTAL 88.00", fill=0, font_size=32)
    page.paste(Image.open(drawn_code(tmp_path, "TPC1.ABCDEFGH")), (100, 120))
    page.save(tmp_path / "receipt.pdf", resolution=203)
    cups.ask("lp", "-d", "roll", str(tmp_path / "receipt.pdf"))
    assert printer.wait_until(lambda p: bytes(p.paper_bytes).endswith(b"\x1dVB\x60"), 60)
    (job,) = tap.jobs(1)
    assert job.data == printer.paper
    assert job.data.count(b"\x1dVB\x60") == 1
    assert [code.text for code in zxingcpp.read_barcodes(picture(job.data))] == ["TPC1.ABCDEFGH"]


def drawn_code(folder, text):
    path = folder / "code.png"
    segno.make_qr(text).save(str(path), scale=8)
    return path


def picture(data):
    """Put the bands of GS v 0 together."""
    rows, at = [], 2
    while data[at : at + 3] == b"\x1dv0":
        width, height = (int.from_bytes(data[at + i : at + i + 2], "little") for i in (4, 6))
        body = data[at + 8 : at + 8 + width * height]
        rows += [body[start : start + width] for start in range(0, len(body), width)]
        at += 8 + width * height
    dots = Image.frombytes("1", (8 * len(rows[0]), len(rows)), b"".join(rows))
    return dots.convert("L").point(lambda dot: 255 - dot)


@pytest.fixture
def failing(cups):
    """A backend of the lab that ends as its URI says."""
    program = cups.root / "bin/backend/lab"
    program.write_text(
        '#!/bin/sh\n[ $# = 0 ] && exit 0\ncase "$DEVICE_URI" in\n'
        "*slow) exec sleep 60;;\n*) cat >/dev/null; exit ${DEVICE_URI##*/};;\nesac\n"
    )
    program.chmod(0o755)
    return "lab:/"


def test_a_job_that_the_printer_s_side_gave_up_is_kept_as_incomplete(cups, failing, tap):
    cups.queue("fails", f"{failing}1")
    cups.through_the_tap("fails", tap.watched)
    outcome = CupsPrinter("fails").print_slip("a", b"slip")
    assert outcome.result is Result.UNKNOWN
    cups.ask("lp", "-d", "fails", "-o", "raw", data=RECEIPT)
    (job,) = tap.jobs(1)
    assert (job.data, job.complete) == (RECEIPT, False)


def test_a_slip_is_printed_unknown_or_not_printed_as_cups_says(cups, failing):
    for name in ("0", "1", "slow"):
        cups.queue(f"lab{name}", f"{failing}{name}")
    patience_s = {"0": 30.0, "1": 30.0, "slow": 1.0}
    said = {
        name: CupsPrinter(f"lab{name}", limit_s).print_slip("a", b"slip")
        for name, limit_s in patience_s.items()
    }
    assert said["0"].result is Result.PRINTED
    assert said["1"].result is Result.UNKNOWN
    assert said["slow"].result is Result.UNKNOWN
    cups.ask("cupsdisable", "lab0")
    stopped = CupsPrinter("lab0", 1.0)
    assert stopped.print_slip("a", b"slip").result is Result.NOT_PRINTED
    assert stopped.status().online is Answer.NO
    cups.ask("cupsenable", "lab0")
    assert stopped.status().online is Answer.YES
    assert CupsPrinter("none").print_slip("a", b"slip").result is Result.NOT_PRINTED
    assert CupsPrinter("none").status().online is Answer.NO


def test_a_killed_backend_leaves_its_copy_as_incomplete(cups, failing, tap, eventually):
    cups.queue("killed", f"{failing}slow")
    cups.through_the_tap("killed", tap.watched)
    cups.ask("lp", "-d", "killed", "-o", "raw", data=RECEIPT)
    (part,) = eventually(lambda: [*tap.watched.glob("*.part")])
    eventually(lambda: part.stat().st_size or not part.exists())
    os.kill(int(part.stem.partition("-")[2]), signal.SIGKILL)
    (job,) = tap.jobs(1)
    assert not job.complete


def test_the_queue_is_put_back_as_it_was(cups, queue):
    uri = cups.ask("lpstat", "-v", queue)
    assert f"tillpoints:{queue}" not in uri
    cups.ask("sh", str(HERE.parents[2] / "firmware_configs/cups/tap-queue"), "off", queue)
    back = cups.ask("lpstat", "-v", queue)
    assert back.startswith(f"device for {queue}: socket://127.0.0.1:")
    assert "tillpoints" in uri
