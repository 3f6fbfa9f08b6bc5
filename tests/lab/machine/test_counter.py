"""A whole counter in the machine: a USB printer for the POS, two scanners, and a serial printer."""

import socket
import threading
from pathlib import Path

import pytest

from edge_agent.devices.virtual.printer import VirtualPrinter
from receipts.reading import read_job
from tests.edge_agent.counter import sale_text
from tests.lab.machine import machine

INSIDE = Path(__file__).with_name("at_the_counter.py")
#: A replugged scanner is back within so many seconds; the machine's clock is the emulator's.
BACK_S = 5


class Hands:
    """What a person does at this counter, and the far ends of its serial lines."""

    def __init__(self, folder, printer):
        self.monitor = machine.Monitor(folder / "monitor")
        self._scanner = socket.create_server(("127.0.0.1", 0))
        self._line = None
        accept = threading.Thread(target=self._accept, daemon=True)
        accept.start()
        self.devices = (
            *self.monitor.arguments,
            *("-device", "qemu-xhci,id=x"),
            *("-device", "usb-kbd,id=scan1,bus=x.0"),
            *self._serial("SCAN", self._scanner.getsockname()[1]),
            *self._serial("PRINT", printer.port),
            # Two serial chips on the board, beside the one that the machine talks through.
            *("-chardev", "null,id=chip1", "-device", "isa-serial,chardev=chip1,index=1"),
            *("-chardev", "null,id=chip2", "-device", "isa-serial,chardev=chip2,index=2"),
        )

    @staticmethod
    def _serial(name, port):
        adapter = f"usb-serial,chardev={name},serial={name},always-plugged=on,bus=x.0"
        chardev = f"socket,id={name},host=127.0.0.1,port={port},nodelay=on"
        return "-chardev", chardev, "-device", adapter

    def _accept(self):
        self._line, _ = self._scanner.accept()

    def __call__(self, asked):
        match asked["do"]:
            case "type":
                self.monitor.type(asked["text"])
            case "scan":
                self._line.sendall(asked["text"].encode("latin-1"))
            case "break":
                self.monitor.do("chardev-send-break chip1")
            case "unplug":
                self.monitor.do("device_del scan1")
            case "plug":
                self.monitor.do("device_add usb-kbd,id=scan1,bus=x.0")

    def close(self):
        self.monitor.close()
        self._scanner.close()
        if self._line is not None:
            self._line.close()


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counter")
    with VirtualPrinter() as printer:
        hands = Hands(folder, printer)
        try:
            told = machine.run(folder, INSIDE, *hands.devices, hands=hands)
        finally:
            hands.close()
        yield told, bytes(printer.paper)


@pytest.fixture
def seen(counter):
    told, _ = counter

    def seen(story):
        assert told["prepare"]["error"] == ""
        assert story in told, told.get("counter")
        assert told[story]["error"] == "", told
        return told[story]["seen"]

    return seen


def test_what_is_plugged_in_is_shown_and_can_be_pasted(seen):
    plugged = seen("plugged")
    assert {(kind, vid) for kind, vid, _ in plugged["shown"]} >= {
        ("keyboard", "0627"),
        ("serial", "0403"),
        ("printer", "0525"),
    }
    assert "receipt printer at /dev/usb/lp0: no known model" in plugged["pasted"]


def test_a_usb_printer_is_found_asked_and_printed_on(seen):
    assert seen("slips_on_a_usb_printer") == {
        "printed": "printed",
        "status": ["yes", "yes", "yes"],
        "whole": True,
        "without paper": "the paper is out",
        "mute": "printed",
        "swapped": "another printer is plugged in (vid is '0525'): is it meant?",
    }


def test_a_serial_printer_is_printed_on(seen):
    assert seen("slips_on_a_serial_printer") == ["printed", ""]


def test_a_serial_scanner_is_read(seen):
    assert seen("scans_from_a_serial_scanner")


def test_a_serial_line_passes_every_byte_and_has_wires(seen):
    assert seen("the_wires_of_a_serial_line")


def test_a_pos_of_the_network_prints_through_the_tap_on_a_usb_printer(seen):
    assert seen("a_network_pos_before_a_usb_printer") == {
        "whole": 1,
        "kept": True,
        "slip": ["printed", 1, True],
        "status": "12",
    }


def test_a_serial_chip_is_set_as_told(seen):
    # 16550 line control: word length, 04 two stop bits, 08 parity, 10 even (nothing without 08).
    assert seen("a_serial_chip_is_set_as_told") == {
        "8none1": 0x13,
        "7even1": 0x1A,
        "7even1 bytes": True,
        "7odd2": 0x0E,
        "7odd2 bytes": True,
        "8even1": 0x1B,
    }


def test_the_wires_of_a_serial_chip_are_driven_and_read(seen):
    # 16550 modem control: 01 DTR, 02 RTS.
    assert seen("the_wires_of_a_serial_chip") == [[0, True], [2, True], [1, True], [3, True]]


def test_a_break_passes_a_tap_of_seven_bits_and_parity(seen):
    assert seen("a_break_of_the_pos_reaches_the_printer") == [0x1A, 0x1A]


def test_a_camera_is_opened_through_video4linux(seen):
    assert seen("a_camera_of_the_kernel") == {
        "size": [720, 1280],
        "a picture": True,
        "another": False,
    }


def test_a_scan_and_a_receipt_become_points_and_a_slip(seen, counter):
    assert seen("the_whole_story") == {"points": 214, "number": "HL1"}
    papers = ["\n".join(each.lines) for each in read_job(counter[1])]
    slips = [paper for paper in papers if "+214" in paper]
    assert len(slips) == 1
    assert "1,214" in slips[0]


def test_every_byte_of_every_receipt_reached_the_printer_in_one_piece(seen, counter):
    seen("paper_without_the_agent")
    for number in ("HL1", "HL2", "HL3"):
        job = b"\x1b@" + sale_text(number).encode("gb18030") + b"\x1dV\x00"
        assert counter[1].count(job) == 1


def test_the_serial_scanner_s_member_is_known_too(seen):
    assert seen("the_serial_scanner_too") == "李**"


def test_the_pos_hears_its_printer_through_gadget_and_tap(seen):
    assert seen("status_through_the_gadget") == "12"


def test_paper_comes_out_while_the_agent_is_dead_and_is_read_later(seen):
    assert seen("paper_without_the_agent")


def test_a_pulled_scanner_is_missed_on_the_panel_and_soon_back(seen):
    assert seen("the_scanner_pulled_and_back") < BACK_S
