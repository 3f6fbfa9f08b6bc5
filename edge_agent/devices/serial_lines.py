"""Which serial lines are plugged in, by the kernel's facts, and whether the one that is meant is.

A line has a name that lasts over replugs. By its id that names the device; by its port whatever is
plugged in there: only the ids in agent.toml tell then that somebody swapped two.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct, structs
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from edge_agent.devices.facts import shown
from edge_agent.devices.sources import Match, NotFoundError, Source

SERIAL_LINKS = Path("/dev/serial")
_LOOKS_MAX = 3


class Line(Struct, frozen=True):
    """A scanner's line in agent.toml: its `path`, what must be there, and its neighbours' paths."""

    path: str
    wanted: Match = Match()
    others: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise NotFoundError if another device is plugged in where this one should be."""
        if self.wanted == Match():
            return
        lines = {os.path.realpath(line.node): line for line in serial_lines()}
        here = lines.get(os.path.realpath(self.path))
        if here is not None:
            wrong = self.wanted.differences(here)
            told = ", ".join(f"{key} is {getattr(here, key)!r}" for key in wrong)
        elif Path(self.path).exists():
            told = "it has no ids"
        else:
            told = self._elsewhere(lines)
        if told:
            said = f"another scanner is plugged in ({told}): is it meant?"
            raise NotFoundError(said, is_another=True)

    def _elsewhere(self, lines: dict[str, Source]) -> str:
        """Tell of one of its model that no other line means."""
        model = Match(self.wanted.vid, self.wanted.pid)
        taken = {os.path.realpath(path) for path in self.others}
        for node, line in lines.items():
            if model != Match() and node not in taken and not model.differences(line):
                return f"at {line.node}"
        return ""


def serial_lines() -> list[Source]:
    """Return every serial line that something could be plugged into."""
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
    return lasting_names(lines, SERIAL_LINKS)


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
