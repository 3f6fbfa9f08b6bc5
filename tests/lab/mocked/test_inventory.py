"""What is plugged in, as a kernel shows it: a serial scanner, its equal, and a printer."""

import pytest

from edge_agent.devices.inventory import inventory
from edge_agent.devices.profiles import printers, scanners
from edge_agent.devices.suggesting import profile_name, suggest

USB = "/devices/pci0000:00/0000:00:14.0/usb1"


def with_an_id():
    """This machine's own serial lines are still there; they have none."""
    return [source for source in inventory() if source.vid]


def usb_device(kernel, plug, **facts):
    lines = [f"P: {USB}/{plug}", "E: SUBSYSTEM=usb", "E: DEVTYPE=usb_device"]
    facts["bNumInterfaces"] = " 1"
    lines += [f"A: {key}={value}" for key, value in facts.items()]
    lines += ["", f"P: {USB}/{plug}/{plug}:1.0", "E: SUBSYSTEM=usb", "E: DEVTYPE=usb_interface"]
    kernel.add("\n".join([*lines, ""]))


@pytest.fixture
def scanner(kernel):
    def plug_in(plug, node, serial=""):
        facts = {"idVendor": "1eab", "idProduct": "1d06", "product": "FM430"}
        usb_device(kernel, plug, **facts, **({"serial": serial} if serial else {}))
        lines = [
            f"P: {USB}/{plug}/{plug}:1.0/tty/{node}",
            f"N: {node}",
            "E: SUBSYSTEM=tty",
            f"E: DEVNAME=/dev/{node}",
            f"L: device=../../../{plug}:1.0",
            "",
        ]
        kernel.add("\n".join(lines))

    return plug_in


def test_a_serial_scanner_is_found_with_its_usb_facts(scanner):
    scanner("1-1", "ttyACM0", serial="S1")
    (found,) = with_an_id()
    assert (found.kind, found.node) == ("serial", "/dev/ttyACM0")
    assert (found.vid, found.pid, found.serial) == ("1eab", "1d06", "S1")
    assert profile_name(found, scanners()) == "newland-fm430"
    assert 'port = "/dev/ttyACM0"' in suggest([found], scanners(), printers())


def test_two_equal_serial_scanners_are_at_two_ports(scanner):
    scanner("1-1", "ttyACM0")
    scanner("1-2", "ttyACM1")
    assert len({found.port for found in with_an_id()}) == 2


def test_a_usb_printer_is_found_and_known(kernel):
    usb_device(kernel, "1-3", idVendor="0416", idProduct="5011", product="POS58")
    lines = [
        f"P: {USB}/1-3/1-3:1.0/usbmisc/lp0",
        "E: SUBSYSTEM=usbmisc",
        "E: DEVNAME=/dev/usb/lp0",
        "L: device=../../../1-3:1.0",
        "",
    ]
    kernel.add("\n".join(lines))
    (found,) = with_an_id()
    assert (found.kind, found.node, found.product) == ("printer", "/dev/usb/lp0", "POS58")
    assert profile_name(found, printers()) == "zjiang-pos-5890"
