"""Scanners as the kernel shows them in sysfs, whole and half gone."""

import errno
from pathlib import Path

import pytest

from edge_agent.devices.hid import sources
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.sources import Source

# As a Newland FM430 shows itself as HID point-of-sale.
UEVENT = (
    "DRIVER=hid-generic\nHID_ID=0003:00001EAB:00001D10\nHID_NAME=Newland FM430\n"
    "HID_PHYS=usb-0000:00:14.0-2/input0\nHID_UNIQ=S1\n"
)
SCANNER, VENDOR = b"\x05\x8c\x09\x02\xa1\x01", b"\x06\x00\xff\x09\x01\xa1\x01"


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "SYS", tmp_path)

    def add(name, descriptor, uevent=UEVENT):
        device = tmp_path / "hidraw" / name / "device"
        device.mkdir(parents=True)
        (device / "report_descriptor").write_bytes(descriptor)
        (device / "uevent").write_text(uevent)
        return device

    return add


def test_a_hid_point_of_sale_scanner_is_told_by_its_usage_page(kernel):
    kernel("hidraw1", VENDOR)
    kernel("hidraw2", SCANNER)
    port = "usb-0000:00:14.0-2/input0"
    assert plugged_in() == [
        Source("pos", "/dev/hidraw2", "1eab", "1d10", "S1", port, "Newland FM430")
    ]


def test_a_scanner_that_is_unplugged_while_we_look_hides_no_other(kernel, monkeypatch):
    kernel("hidraw1", SCANNER)
    kernel("hidraw2", SCANNER)
    read = Path.read_text

    def unplugged(path, *args, **more):
        if "hidraw1" in str(path):
            raise OSError(errno.ENODEV, "No such device")  # as sysfs says then
        return read(path, *args, **more)

    monkeypatch.setattr(Path, "read_text", unplugged)
    assert [source.node for source in plugged_in()] == ["/dev/hidraw2"]
