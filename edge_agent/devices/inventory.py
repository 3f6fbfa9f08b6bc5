"""What is plugged into this machine: scanners, serial lines, USB printers, cameras, card readers.

Looks, and opens nothing. Facts are the kernel's own (sysfs), so no udev need run.
"""

from __future__ import annotations

from pathlib import Path

from edge_agent.devices.camera.sources import cameras
from edge_agent.devices.cards.sources import card_readers
from edge_agent.devices.facts import fact_if_any
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.serial_lines import serial_lines
from edge_agent.devices.sources import Source

SYS_PRINTERS = Path("/sys/class/usbmisc")


def inventory() -> list[Source]:
    """Return every device that could be a scanner's, a camera's, a reader's or a printer's."""
    others = [*cameras(), *card_readers()]
    return [*plugged_in(), *serial_lines(), *usb_printers(), *others]


def usb_printers() -> list[Source]:
    """Return every USB printer that the kernel has a device file for."""
    found = []
    for entry in sorted(SYS_PRINTERS.glob("lp*")):
        usb = (entry / "device").resolve().parent
        facts = {
            key: fact_if_any(usb / key) for key in ("idVendor", "idProduct", "serial", "product")
        }
        found.append(
            Source(
                "printer",
                f"/dev/usb/{entry.name}",
                facts["idVendor"],
                facts["idProduct"],
                facts["serial"],
                usb.name,
                facts["product"],
            )
        )
    return found
