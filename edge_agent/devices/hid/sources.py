"""Which keyboards and HID point-of-sale scanners are plugged in, by the kernel's facts (sysfs)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from edge_agent.devices.facts import fact, shown
from edge_agent.devices.sources import Source

Kind = Literal["keyboard", "pos"]

SYS = Path("/sys/class")
DEV = Path("/dev")
#: KEY_1 .. KEY_0 and KEY_ENTER: who has these can type a code.
_TYPES_CODES = sum(1 << code for code in (*range(2, 12), 28))
# Usage page 8C (bar code scanner), as the first item of a report descriptor (HID 1.11, 6.2.2.7).
_SCANNER_PAGE = bytes((0x05, 0x8C))


def plugged_in() -> list[Source]:
    """Return every scanner, keyboards included, that the kernel shows now."""
    found = [_keyboard(entry) for entry in _entries("input", "event*")]
    found += [_pos(entry) for entry in _entries("hidraw", "hidraw*")]
    return [source for source in found if source is not None]


def _entries(kind: str, names: str) -> list[Path]:
    folder = SYS / kind
    return sorted(folder.glob(names), key=lambda path: (len(path.name), path.name))


def _keyboard(entry: Path) -> Source | None:
    device = entry / "device"
    try:
        # Words of 64 bits, the highest first; a word is written without leading noughts.
        words = fact(device / "capabilities" / "key").split()
        keys = int("".join(word.zfill(16) for word in words) or "0", 16)
        if keys & _TYPES_CODES != _TYPES_CODES:
            return None
        return Source(
            "keyboard",
            str(DEV / "input" / entry.name),
            fact(device / "id" / "vendor"),
            fact(device / "id" / "product"),
            fact(device / "uniq"),
            fact(device / "phys"),
            fact(device / "name"),
        )
    except OSError:
        return None  # unplugged while we looked


def _pos(entry: Path) -> Source | None:
    device = entry / "device"
    try:
        if not (device / "report_descriptor").read_bytes().startswith(_SCANNER_PAGE):
            return None
        lines = (device / "uevent").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    facts = dict(shown(line).split("=", 1) for line in lines if "=" in line)
    # HID_ID is bus, vendor and product in hex, the latter two of eight digits.
    _, vid, pid = facts.get("HID_ID", "0:0000:0000").lower().split(":")
    return Source(
        "pos",
        str(DEV / entry.name),
        vid[-4:],
        pid[-4:],
        facts.get("HID_UNIQ", ""),
        facts.get("HID_PHYS", ""),
        facts.get("HID_NAME", ""),
    )
