"""Our services under Debian's own systemd, on a machine that store IT installed by the manual."""

import socket
import threading

import pytest

from edge_agent.devices.virtual.printer import VirtualPrinter
from tests.edge_agent.counter import LI, WANG, sale_text
from tests.lab.machine import machine
from tests.lab.services import installed

#: What DevicePolicy=closed leaves to everybody: systemd.resource-control(5).
EVERYBODY_S = {"full", "null", "ptmx", "pts/ptmx", "random", "tty", "urandom", "zero"}
KEYBOARD = "usb-kbd,id=keyboard,bus=x.0"
ADAPTER = "usb-serial,id=SCAN,chardev=SCAN,serial=SCAN,always-plugged=on,bus=x.0"


class Hands:
    """What a person does at this machine, and the far ends of its lines."""

    def __init__(self, folder, printer):
        self.monitor = machine.Monitor(folder / "monitor")
        self._scanner = socket.create_server(("127.0.0.1", 0))
        self._line = None
        threading.Thread(target=self._accept, daemon=True).start()
        self.devices = (
            *self.monitor.arguments,
            *("-device", "qemu-xhci,id=x", "-device", KEYBOARD),
            *("-chardev", self._socket("SCAN", self._scanner.getsockname()[1])),
            *("-chardev", self._socket("PRINT", printer.port)),
            *("-device", "isa-serial,chardev=PRINT,index=1"),
            *("-vga", "none", "-device", "virtio-gpu-pci"),
        )

    @staticmethod
    def _socket(name, port):
        return f"socket,id={name},host=127.0.0.1,port={port},nodelay=on"

    def _accept(self):
        self._line, _ = self._scanner.accept()

    def __call__(self, asked):
        match asked["do"]:
            case "plug":
                device = ADAPTER if asked["name"] == "SCAN" else KEYBOARD
                self.monitor.do(f"device_add {device}")
            case "unplug":
                self.monitor.do("device_del keyboard")
            case "scan":
                self._line.sendall(f"TPM{LI}\r".encode())
            case "type":
                self.monitor.type(f"TPM{WANG}\n")

    def close(self):
        self.monitor.close()
        self._scanner.close()
        if self._line is not None:
            self._line.close()


@pytest.fixture(scope="module")
def booted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("services")
    with VirtualPrinter() as printer:
        hands = Hands(folder, printer)
        try:
            told = machine.boot(installed.write(folder), *hands.devices, hands=hands)
        finally:
            hands.close()
        yield told, bytes(printer.paper)


@pytest.fixture
def seen(booted):
    told, _ = booted

    def seen(story):
        assert story in told, told
        assert told[story]["error"] == "", told[story]["error"]
        return told[story]["seen"]

    return seen


def test_gadget_tap_and_agent_are_up_after_a_boot_in_this_order_and_nothing_is_odd(seen):
    assert seen("after_the_boot") == {
        "active": [True] * 3,
        "restarts": [0, 0],
        "type": ["notify", "notify"],
        "user": ["tillpoints", "tillpoints"],
        "in order": True,
        "complaints": [],
    }


def test_a_scanner_whose_driver_came_after_the_agent_is_read_and_a_sale_earns(seen):
    assert seen("a_sale_with_a_scanner_that_came_later") == {"points": 321, "number": "HL1"}


def test_a_keyboard_scanner_that_is_pulled_is_back_by_udev_s_rules(seen):
    assert seen("a_keyboard_pulled_and_back") == "王**"


def test_a_killed_tap_is_back_and_prints_and_the_agent_does_not_notice(seen):
    assert seen("a_killed_tap") == {"the agent is the same": True}


def test_a_tap_prints_while_its_agent_hangs_and_both_are_started_again_when_they_do(seen):
    assert seen("services_that_stand_still") == {
        "found out": [True, True],
        "the tap printed meanwhile": True,
    }


def test_a_kiosk_s_screen_has_its_session_its_seat_and_the_graphics_card(seen):
    assert seen("a_kiosk_s_screen") == {
        "sessions": [["tillpoints-kiosk", "seat0", "tty1"]],
        "restarts": 0,
        "the login prompt is there": False,
    }


def test_every_receipt_came_out_once_and_whole(seen, booted):
    seen("services_that_stand_still")
    for number in installed.NUMBERS:
        job = b"\x1b@" + sale_text(number).encode("gb18030") + b"\x1dV\x00"
        assert booted[1].count(job) == 1


@pytest.mark.parametrize("name", ["tap", "agent"])
def test_a_service_has_no_power_over_the_machine(seen, name):
    may = seen("behind_bars")[name]
    assert may["user"] == [True, True]
    assert may["capabilities"] == [0, 0, 0]
    assert may["bars"] == ["1", "2"]
    assert may["home"] == "EACCES"
    assert may["of all"] is False
    assert may["kernel"] in {"EROFS", "EACCES"}
    assert [may["suid"], may["namespace"]] == ["EPERM", "EPERM"]
    assert [may["mount"], may["clock"]] == ["SIGSYS", "SIGSYS"]


def test_a_service_writes_where_its_files_are_and_nowhere_else(seen):
    both = seen("behind_bars")
    written = {
        name: sorted(place for place, result in may["written"].items() if result == "yes")
        for name, may in both.items()
    }
    # In memory are the tap's marks, and the agent's, whose folder is open to its user in both.
    memory = ["/dev/shm", "/run/tillpoints", "/tmp"]  # noqa: S108
    assert written["tap"] == [*memory, "/var/spool/tillpoints"]
    assert written["agent"] == [*memory, "/var/lib/tillpoints", "/var/spool/tillpoints"]
    assert both["tap"]["written"]["/srv/open"] == "EROFS"
    assert both["agent"]["written"]["/srv/open"] == "EROFS"


def test_a_service_opens_the_devices_that_it_is_for_and_no_other(seen):
    both = seen("behind_bars")
    tap, agent = (set(both[name]["devices"]) - EVERYBODY_S for name in ("tap", "agent"))
    assert tap == {"g_printer", "ttyS", "ttyUSB", "usb/lp"}
    assert agent == {"hidraw", "input/event", "input/mice", "ttyS", "ttyUSB", "uinput", "usb/lp"}


def test_a_service_speaks_the_networks_that_it_needs(seen):
    both = seen("behind_bars")
    refused = {"AF_PACKET": "EAFNOSUPPORT", "AF_BLUETOOTH": "EAFNOSUPPORT", "AF_INET": "yes"}
    assert both["tap"]["sockets"] == {**refused, "AF_NETLINK": "EAFNOSUPPORT"}
    assert both["agent"]["sockets"] == {**refused, "AF_NETLINK": "yes"}
