import logging
import queue
import time
from pathlib import Path

import pytest

from edge_agent.devices.framing import CODE_BYTES_MAX, Framer, decode
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.serial_scanner import SerialScanner
from edge_agent.devices.sources import Match
from edge_agent.devices.virtual.scanner import VirtualScanner

WAIT_S = 20


@pytest.fixture
def virtual(tmp_path):
    virtual = VirtualScanner(tmp_path / "scanner")
    virtual.plug()
    yield virtual
    virtual.unplug()


@pytest.fixture
def messages():
    return queue.Queue(maxsize=50)


@pytest.fixture
def scanner(virtual, messages, eventually):
    scanner = SerialScanner("desk", Line(str(virtual.link)), messages)
    scanner.start()
    eventually(lambda: scanner.connected)
    yield scanner
    scanner.stop()


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def texts(messages, count):
    return [messages.get(timeout=WAIT_S).text for _ in range(count)]


def test_a_scan_arrives_with_its_source_and_time(scanner, virtual, messages):
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    virtual.scan("TPM123456789018")
    scan = messages.get(timeout=WAIT_S)
    assert (scan.text, scan.source) == ("TPM123456789018", "desk")
    assert before <= scan.at_boottime_s <= time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.mark.parametrize("suffix", [b"\r", b"\n", b"\r\n", b""])
def test_every_usual_suffix_ends_a_code_and_so_does_silence(scanner, virtual, messages, suffix):
    virtual.scan("one", suffix=suffix)
    assert texts(messages, 1) == ["one"]
    virtual.scan("two", suffix=suffix)
    assert texts(messages, 1) == ["two"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_chinese_codes_are_read_in_both_encodings(scanner, virtual, messages, encoding):
    virtual.scan("会员卡一二三", encoding=encoding)
    assert texts(messages, 1) == ["会员卡一二三"]


def test_a_hundred_scans_in_one_breath_stay_apart_and_in_order(virtual, eventually):
    messages = queue.Queue(maxsize=200)
    scanner = SerialScanner("desk", Line(str(virtual.link)), messages)
    scanner.start()
    eventually(lambda: scanner.connected)
    codes = [f"TPM{number:012d}" for number in range(100)]
    for code in codes:
        virtual.scan(code)
    assert texts(messages, 100) == codes
    scanner.stop()


def test_a_garbled_scan_is_heard_and_is_no_code(scanner, virtual, messages):
    virtual.garbled = True
    virtual.scan("TPM123")
    (text,) = texts(messages, 1)
    assert "TPM" not in text


def test_after_an_unplug_it_reads_again_and_says_so_once(
    scanner, virtual, messages, eventually, caplog
):
    caplog.set_level(logging.INFO)
    virtual.unplug()
    eventually(lambda: not scanner.connected)
    virtual.plug()
    eventually(lambda: scanner.connected)
    virtual.scan("after")
    assert texts(messages, 1) == ["after"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_many_unplugs_leave_no_descriptors_or_threads(scanner, virtual, messages, eventually):
    before = open_descriptors()
    for number in range(10):
        virtual.unplug()
        eventually(lambda: not scanner.connected)
        virtual.plug()
        eventually(lambda: scanner.connected)
        virtual.scan(str(number))
        assert texts(messages, 1) == [str(number)]
    assert open_descriptors() == before


def test_half_a_code_before_an_unplug_is_forgotten(scanner, virtual, messages, eventually):
    virtual.scan("TPM12", suffix=b"")
    virtual.unplug()
    eventually(lambda: not scanner.connected)
    while not messages.empty():  # A silence may have ended it first.
        assert messages.get().text == "TPM12"
    virtual.plug()
    eventually(lambda: scanner.connected)
    virtual.scan("3456")
    assert texts(messages, 1) == ["3456"]


def test_a_scan_that_finds_the_queue_full_is_counted_and_its_content_never_logged(
    virtual, eventually, caplog
):
    caplog.set_level(logging.DEBUG)
    scanner = SerialScanner("desk", Line(str(virtual.link)), queue.Queue(maxsize=1))
    scanner.start()
    eventually(lambda: scanner.connected)
    for _ in range(3):
        virtual.scan("134567890123456789")
    eventually(lambda: scanner.dropped_scans == 2)
    scanner.stop()
    assert "2 so far" in caplog.text
    assert "134567890123456789" not in caplog.text


def test_a_second_reader_of_the_same_line_is_kept_out(scanner, virtual, messages, eventually):
    intruder = SerialScanner("intruder", Line(str(virtual.link)), messages)
    intruder.start()
    for number in range(20):
        virtual.scan(str(number))
    scans = [messages.get(timeout=WAIT_S) for _ in range(20)]
    intruder.stop()
    assert {scan.source for scan in scans} == {"desk"}


def test_it_waits_for_a_scanner_that_is_not_there_yet(tmp_path, messages, eventually):
    virtual = VirtualScanner(tmp_path / "later")
    scanner = SerialScanner("desk", Line(str(virtual.link)), messages)
    scanner.start()
    assert not scanner.connected
    virtual.plug()
    eventually(lambda: scanner.connected)
    virtual.scan("here")
    assert texts(messages, 1) == ["here"]
    scanner.stop()
    virtual.unplug()


def test_a_code_that_never_ends_is_cut_and_marked():
    framer = Framer()
    assert framer.feed(b"9" * 2000) == []
    assert framer.feed(b"\r") == ["9" * CODE_BYTES_MAX + "\N{REPLACEMENT CHARACTER}"]
    assert framer.feed(b"next\r") == ["next"]


def test_empty_lines_and_silences_are_no_codes():
    framer = Framer()
    assert framer.feed(b"\r\n\r\n \t\0\r") == []
    assert framer.silence() == []


def test_bytes_that_are_no_text_are_marked():
    assert "\N{REPLACEMENT CHARACTER}" in decode(b"\xff\xff\xff")


def test_a_swapped_scanner_is_not_read_but_asked_about(virtual, messages, eventually, caplog):
    # At the far end of this line is no device of that make, nor of any.
    line = Line(str(virtual.link), Match("1eab", "1d06"))
    scanner = SerialScanner("desk", line, messages)
    scanner.start()
    try:
        eventually(lambda: scanner.trouble == "scanner_swapped")
    finally:
        scanner.stop()
    assert not scanner.connected
    assert "is it meant?" in caplog.text
