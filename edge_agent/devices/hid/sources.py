"""Which scanners the kernel has, and which of them a line in agent.toml means.

Reads sysfs only. A device is known by what stays the same over replugs: its ids, its serial
number, and the port it is plugged into; never by its event number. When in doubt it says so and
picks nothing: two shops' scanners must never change places unseen.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from edge_agent.devices.facts import fact, shown

PlugKind = Literal["keyboard", "pos", "serial", "printer", "smart_card", "camera"]
Kind = Literal["keyboard", "pos"]

SYS = Path("/sys/class")
DEV = Path("/dev")
#: KEY_1 .. KEY_0 and KEY_ENTER: who has these can type a code.
_TYPES_CODES = sum(1 << code for code in (*range(2, 12), 28))
# Usage page 8C (bar code scanner), as the first item of a report descriptor (HID 1.11, 6.2.2.7).
_SCANNER_PAGE = bytes((0x05, 0x8C))

UsbId = Annotated[str, Meta(pattern="^([0-9a-f]{4})?$")]


class Source(Struct, frozen=True):
    """A device that is plugged in. `port` is the way through controller and hubs to its plug."""

    kind: PlugKind
    node: str
    vid: str
    pid: str
    serial: str
    port: str
    product: str


class Match(Struct, frozen=True):
    """What a scanner must be to be meant; an empty key may be anything."""

    vid: UsbId = ""
    pid: UsbId = ""
    serial: str = ""
    port: str = ""
    product: str = ""

    def differences(self, source: Source) -> list[str]:
        """Name the keys in which `source` is another device than this."""
        return [
            key
            for key, wanted in structs.asdict(self).items()
            if wanted and wanted != getattr(source, key)
        ]


class NotFoundError(OSError):
    """The device that is meant is not there, or cannot be told; the message says which.

    `is_another`: one of its model, or at its plug, is there; a person has to say if it is meant.
    """

    def __init__(self, told: str, *, is_another: bool = False) -> None:
        super().__init__(told)
        self.is_another = is_another


def meant(match: Match, kind: PlugKind, sources: Iterable[Source]) -> Source:
    """Return the one source that `match` means. Raises NotFoundError, saying why there is none."""
    what = kind if kind in {"printer", "camera"} else "scanner"
    mine = [source for source in sources if source.kind == kind]
    found = [source for source in mine if not match.differences(source)]
    if len(found) == 1:
        return found[0]
    if found:
        ports = ", ".join(sorted(source.port or source.node for source in found))
        raise NotFoundError(f"{len(found)} equal {what}s are plugged in: name its port ({ports})")
    for source in mine:
        wrong = match.differences(source)
        same_model = match.vid and not {"vid", "pid"} & {*wrong}
        same_port = match.port and "port" not in wrong
        if same_model or same_port:
            seen = ", ".join(f"{key} is {getattr(source, key)!r}" for key in wrong)
            told = f"another {what} is plugged in ({seen}): is it meant?"
            raise NotFoundError(told, is_another=True)
    raise NotFoundError("it is not plugged in")


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
