"""Keyboard scanners through evdev, on event nodes of a mocked kernel, with hot-plug."""

import contextlib
import logging
import queue
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from edge_agent.config import Central, Config, HidScanner
from edge_agent.devices.hid.layouts import LAYOUTS
from edge_agent.devices.hid.scanner import KeyboardScanner
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.hid.wedge import Wedge
from edge_agent.devices.hotplug import HotPlug
from edge_agent.devices.sources import Match
from edge_agent.devices.virtual.keyboard_scanner import VirtualKeyboardScanner, as_kernel_events
from edge_agent.scanners import Scanners, hid_scanner
from tests.edge_agent.devices.hid.test_keyboard import PRINTABLE
from tests.lab.mocked.mock_kernel import MockKeyboard

WAIT_S = 20
NEWLAND = Match(vid="1eab", pid="1d03")
#: A replugged scanner is back within so many seconds.
BACK_S = 5


@pytest.fixture
def messages():
    return queue.Queue(maxsize=1000)


@pytest.fixture
def started():
    """Start scanners and stop them whatever happens."""
    running = []

    def start(scanner):
        running.append(scanner)
        scanner.start()
        return scanner

    yield start
    for scanner in running:
        scanner.stop()


def typed(text, **settings):
    return as_kernel_events(VirtualKeyboardScanner(**settings).scan(text))


def texts(messages, count):
    return [messages.get(timeout=WAIT_S).text for _ in range(count)]


def open_terminals():
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            found += "/dev/pts/" in str(descriptor.readlink())
    return found


def test_the_kernel_s_scanners_are_found_with_their_facts(kernel):
    keyboard = MockKeyboard(kernel, serial="S1")
    keyboard.plug()
    (source,) = plugged_in()
    assert source.node == keyboard.node
    assert (source.vid, source.pid, source.serial) == ("1eab", "1d03", "S1")
    assert source.port == "usb-0000:00:14.0-1/input0"
    assert source.product == "Newland FM430"


def test_printable_ascii_arrives_on_every_layout(kernel, messages, started, eventually):
    for layout in LAYOUTS:
        keyboard = MockKeyboard(kernel, serial=layout)
        keyboard.plug()
        match = Match(serial=layout)
        scanner = started(KeyboardScanner("desk", match, messages, partial(Wedge, layout)))
        eventually(lambda scanner=scanner: scanner.connected)
        keyboard.send(typed("x" + PRINTABLE.strip() + "x", layout=layout))
        assert texts(messages, 1) == ["x" + PRINTABLE.strip() + "x"]


def test_its_lights_are_put_in_a_known_state(kernel, messages):
    keyboard = MockKeyboard(kernel)
    keyboard.plug()
    # Nobody reads the lights back but this test: the scanner is opened, and closed again.
    scanner = KeyboardScanner("desk", NEWLAND, messages)
    scanner._stopping.set()
    scanner._read()
    assert keyboard.lights() == {1: 0, 0: 1}  # Caps Lock off, Num Lock on


def test_a_card_reader_s_number_is_kept_the_mall_s_way(kernel, messages, started, eventually):
    keyboard = MockKeyboard(kernel, vid=0x08FF, pid=0x0009, product="SYC ID&IC USB Reader")
    keyboard.plug()
    config = HidScanner(product="SYC ID&IC USB Reader", reads="hex", kept_as="8h10d")
    scanner = started(hid_scanner(config, messages))
    eventually(lambda: scanner.connected)
    keyboard.send(typed("01026F6C3A"))
    assert texts(messages, 1) == ["0040856634"]


def test_a_stuck_part_is_heard_and_the_next_code_is_whole(kernel, messages, started, eventually):
    keyboard = MockKeyboard(kernel)
    keyboard.plug()
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    eventually(lambda: scanner.connected)
    keyboard.send(typed("TPM123456", cut_after=8))
    assert texts(messages, 1) == ["\N{REPLACEMENT CHARACTER}"]
    keyboard.send(typed("TPM123456"))
    assert texts(messages, 1) == ["TPM123456"]


def test_a_scanner_without_a_suffix_is_ended_by_silence(kernel, messages, started, eventually):
    keyboard = MockKeyboard(kernel)
    keyboard.plug()
    wedge = partial(Wedge, end="silence")
    scanner = started(KeyboardScanner("desk", NEWLAND, messages, wedge))
    eventually(lambda: scanner.connected)
    keyboard.send(typed("TPM1", suffix="none"))
    assert texts(messages, 1) == ["TPM1"]


def test_ten_thousand_scans_of_two_equal_scanners_at_once_are_neither_mixed_nor_lost(
    kernel, started, eventually
):
    messages = queue.Queue(maxsize=20_000)
    ports = {"left": "usb-0000:00:14.0-1/input0", "right": "usb-0000:00:14.0-2/input0"}
    keyboards = {name: MockKeyboard(kernel, port=port) for name, port in ports.items()}
    for keyboard in keyboards.values():
        keyboard.plug()
    scanners = [
        started(KeyboardScanner(name, Match(vid="1eab", port=port), messages))
        for name, port in ports.items()
    ]
    eventually(lambda: all(scanner.connected for scanner in scanners))
    codes = {name: [f"{name}{number:04d}" for number in range(5000)] for name in ports}
    typists = [
        threading.Thread(target=keyboards[name].send, args=(b"".join(map(typed, codes[name])),))
        for name in ports
    ]
    for typist in typists:
        typist.start()
    read = {name: [] for name in ports}
    for _ in range(10_000):
        scan = messages.get(timeout=WAIT_S)
        read[scan.source].append(scan.text)
    for typist in typists:
        typist.join()
    assert read == codes
    assert messages.empty()


def test_a_replugged_scanner_is_back_at_once_by_the_news_of_udev(
    kernel, messages, started, eventually, caplog
):
    caplog.set_level(logging.INFO, logger="edge_agent")
    keyboard = MockKeyboard(kernel, is_fast=False)
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    started(HotPlug(scanner.look_again))
    for number in range(3):
        keyboard.plug()
        plugged_s = time.monotonic()
        eventually(lambda: scanner.connected)
        assert time.monotonic() - plugged_s < BACK_S
        keyboard.send(typed(f"TPM{number}"))
        assert texts(messages, 1) == [f"TPM{number}"]
        keyboard.unplug()
        eventually(lambda: not scanner.connected)
    # Every outage is said once, with its end: it was absent at first, and is so again.
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"] * 3 + ["WARNING"]
    assert not any("TPM" in record.getMessage() for record in caplog.records)


def test_twenty_replugs_leave_no_threads_and_no_descriptors(kernel, messages, started, eventually):
    keyboard = MockKeyboard(kernel, is_fast=False)
    keyboard.plug()
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    started(HotPlug(scanner.look_again))
    eventually(lambda: scanner.connected)
    threads, terminals = threading.active_count(), open_terminals()
    for number in range(20):
        keyboard.unplug()
        eventually(lambda: not scanner.connected)
        keyboard.plug()
        eventually(lambda: scanner.connected)
        keyboard.send(typed(str(number)))
        assert texts(messages, 1) == [str(number)]
    assert threading.active_count() == threads
    assert open_terminals() == terminals


def test_two_equal_scanners_without_a_port_are_a_question_for_a_person(
    kernel, messages, started, eventually, caplog
):
    for plug in (1, 2):
        MockKeyboard(kernel, port=f"usb-0000:00:14.0-{plug}/input0").plug()
    scanner = started(KeyboardScanner("desk", NEWLAND, messages))
    eventually(lambda: caplog.records)
    assert "2 equal scanners are plugged in: name its port" in caplog.text
    assert not scanner.connected


@pytest.mark.parametrize(
    ("match", "said"),
    [
        (Match(vid="1eab", pid="1d03", serial="A"), "serial is 'B'"),
        (Match(vid="1eab", port="usb-0000:00:14.0-9/input0"), "port is"),
        (Match(vid="0c2e", port="usb-0000:00:14.0-1/input0"), "vid is '1eab'"),
    ],
)
def test_a_swapped_scanner_is_not_taken_but_asked_about(
    kernel, messages, started, eventually, caplog, match, said
):
    MockKeyboard(kernel, serial="B").plug()
    scanner = started(KeyboardScanner("desk", match, messages))
    eventually(lambda: caplog.records)
    assert "another scanner is plugged in" in caplog.text
    assert said in caplog.text
    assert scanner.trouble == "scanner_swapped"
    assert not scanner.connected


def test_of_two_equal_scanners_the_one_that_is_missed_makes_the_other_no_question(
    kernel, messages, started, eventually, caplog
):
    caplog.set_level(logging.INFO)
    ports = [f"usb-0000:00:14.0-{plug}/input0" for plug in (1, 2)]
    hids = tuple(HidScanner(vid="1eab", name=port, port=port) for port in ports)
    left, right = (MockKeyboard(kernel, port=port) for port in ports)
    right.plug()
    both = started(Scanners(Config("state", Central("http://c"), hid_scanner=hids), messages))
    eventually(lambda: both.connected() == [False, True] and "cannot be read" in caplog.text)
    assert "it is not plugged in" in caplog.text
    assert both.trouble() == ""
    left.plug()
    eventually(lambda: both.connected() == [True, True])
    assert caplog.text.count("cannot be read") == 1
    assert caplog.text.count("is back") == 1


def test_a_scanner_that_cannot_be_passed_on_is_not_taken_from_the_pos(
    kernel, messages, started, eventually, caplog
):
    MockKeyboard(kernel).plug()  # and there is no /dev/uinput here
    config = HidScanner(vid="1eab", name="desk", pass_on="all")
    scanner = started(hid_scanner(config, messages))
    eventually(lambda: caplog.records)
    assert "cannot type on to the POS" in caplog.text
    assert not scanner.connected
