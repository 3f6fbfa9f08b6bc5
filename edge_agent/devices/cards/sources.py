"""Which PC/SC card readers are plugged in, by the kernel's own facts (sysfs).

Source: the interface class of smart-card readers is 0B (USB device class definition CCID, 4.3).
"""

from __future__ import annotations

from pathlib import Path

from edge_agent.devices.facts import fact_if_any
from edge_agent.devices.sources import Source

SYS_USB = Path("/sys/bus/usb/devices")
_SMART_CARD = "0b"


def card_readers() -> list[Source]:
    """Return the readers on USB. What PC/SC calls them is known only once its daemon runs."""
    found = {}
    for entry in sorted(SYS_USB.glob("*:*/bInterfaceClass")):
        if fact_if_any(entry) != _SMART_CARD:
            continue
        usb = entry.parent.resolve().parent
        vid, pid, serial, product = (
            fact_if_any(usb / name) for name in ("idVendor", "idProduct", "serial", "product")
        )
        # A reader with a second slot for its own key (SAM) is one reader.
        found[usb.name] = Source("smart_card", usb.name, vid, pid, serial, usb.name, product)
    return list(found.values())
