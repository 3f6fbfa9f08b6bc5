"""Which cameras are plugged in, by the kernel's own facts (sysfs)."""

from __future__ import annotations

from pathlib import Path

from edge_agent.devices.hid.sources import Source

SYS_CAMERAS = Path("/sys/class/video4linux")


def cameras() -> list[Source]:
    """Return the cameras; of the nodes that one camera has, the one that gives pictures."""
    found = []
    for entry in sorted(SYS_CAMERAS.glob("video*"), key=lambda path: (len(path.name), path.name)):
        # The others carry a camera's notes on its pictures (uvcvideo: metadata).
        if _text(entry / "index") not in {"", "0"}:
            continue
        interface = (entry / "device").resolve()
        usb = interface.parent
        found.append(
            Source(
                "camera",
                f"/dev/{entry.name}",
                _text(usb / "idVendor"),
                _text(usb / "idProduct"),
                _text(usb / "serial"),
                usb.name if (usb / "idVendor").exists() else interface.name,
                _text(usb / "product") or _text(entry / "name"),
            )
        )
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").strip("\n\0 ")
    except FileNotFoundError:
        return ""
