"""Which cameras are plugged in, by the kernel's own facts (sysfs)."""

from __future__ import annotations

from pathlib import Path

from edge_agent.devices.facts import fact_if_any
from edge_agent.devices.sources import Source

SYS_CAMERAS = Path("/sys/class/video4linux")


def cameras() -> list[Source]:
    """Return the cameras; of the nodes that one camera has, the one that gives pictures."""
    found = []
    for entry in sorted(SYS_CAMERAS.glob("video*"), key=lambda path: (len(path.name), path.name)):
        # The others carry a camera's notes on its pictures (uvcvideo: metadata).
        if fact_if_any(entry / "index") not in {"", "0"}:
            continue
        interface = (entry / "device").resolve()
        usb = interface.parent
        found.append(
            Source(
                "camera",
                f"/dev/{entry.name}",
                fact_if_any(usb / "idVendor"),
                fact_if_any(usb / "idProduct"),
                fact_if_any(usb / "serial"),
                usb.name if (usb / "idVendor").exists() else interface.name,
                fact_if_any(usb / "product") or fact_if_any(entry / "name"),
            )
        )
    return found
