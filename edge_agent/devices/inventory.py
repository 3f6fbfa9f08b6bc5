"""What is plugged into this machine: scanners, serial lines and USB printers.

Looks, and opens nothing. Facts are the kernel's own (sysfs), so no udev need run.
"""

from __future__ import annotations

from pathlib import Path

from serial.tools import list_ports

from edge_agent.devices.hid.sources import Source, plugged_in

SYS_PRINTERS = Path("/sys/class/usbmisc")
SERIAL_LINKS = Path("/dev/serial/by-id")


def inventory() -> list[Source]:
    """Return every device that could be a scanner's, a reader's or a receipt printer's."""
    return [*plugged_in(), *_serial_lines(), *_printers()]


def _serial_lines() -> list[Source]:
    names = {}
    if SERIAL_LINKS.is_dir():
        names = {str(link.resolve()): str(link) for link in sorted(SERIAL_LINKS.iterdir())}
    return [
        Source(
            "serial",
            names.get(line.device, line.device),
            f"{line.vid:04x}" if line.vid is not None else "",
            f"{line.pid:04x}" if line.pid is not None else "",
            line.serial_number or "",
            line.location or "",
            line.product or "",
        )
        for line in sorted(list_ports.comports(), key=lambda line: line.device)
        # Lines without an id are the machine's own, and most of those are not even wired.
        if line.vid is not None or line.device.startswith("/dev/ttyS")
    ]


def _printers() -> list[Source]:
    found = []
    for entry in sorted(SYS_PRINTERS.glob("lp*")):
        usb = (entry / "device").resolve().parent
        facts = {key: _text(usb / key) for key in ("idVendor", "idProduct", "serial", "product")}
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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").strip("\n\0 ")
    except FileNotFoundError:
        return ""  # many printers have no serial number
