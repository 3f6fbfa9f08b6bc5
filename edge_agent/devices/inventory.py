"""What is plugged into this machine: scanners, serial lines, USB printers, cameras, card readers.

Looks, and opens nothing. Facts are the kernel's own (sysfs), so no udev need run.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import structs
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from edge_agent.devices.camera.sources import cameras
from edge_agent.devices.cards.sources import card_readers
from edge_agent.devices.facts import fact_if_any, shown
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.sources import Source

SYS_PRINTERS = Path("/sys/class/usbmisc")
SERIAL_LINKS = Path("/dev/serial")
_LOOKS_MAX = 3


def inventory() -> list[Source]:
    """Return every device that could be a scanner's, a camera's, a reader's or a printer's."""
    lines = [
        Source(
            "serial",
            line.device,
            f"{line.vid:04x}" if line.vid is not None else "",
            f"{line.pid:04x}" if line.pid is not None else "",
            shown(line.serial_number or ""),
            line.location or "",
            shown(line.product or ""),
        )
        for line in sorted(_ports(), key=lambda line: line.device)
        # Lines without an id are the machine's own, and most of those are not even wired.
        if line.vid is not None or line.device.startswith("/dev/ttyS")
    ]
    others = [*cameras(), *card_readers()]
    return [*plugged_in(), *lasting_names(lines, SERIAL_LINKS), *usb_printers(), *others]


def _ports() -> list[ListPortInfo]:
    for _ in range(_LOOKS_MAX):
        try:
            return list(list_ports.comports())
        except TypeError:
            continue  # pyserial stumbles over a line that goes while it looks
    return []


def lasting_names(lines: list[Source], links: Path) -> list[Source]:
    """Give serial lines the name that they keep over replugs.

    That is the link by id; for equal devices, which share one id, it is the link by port.
    """
    by_id, by_port = _links(links / "by-id"), _links(links / "by-path")
    named = []
    for line in lines:
        same = [
            other
            for other in lines
            if (other.vid, other.pid, other.serial) == (line.vid, line.pid, line.serial)
        ]
        choices = [by_port] if len(same) > 1 else [by_id, by_port]
        names = [names[line.node] for names in choices if line.node in names]
        named.append(structs.replace(line, node=names[0]) if names else line)
    return named


def _links(folder: Path) -> dict[str, str]:
    """Return each link of the folder by what it leads to."""
    if not folder.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(folder.iterdir())}


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
