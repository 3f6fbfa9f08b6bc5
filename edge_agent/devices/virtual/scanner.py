"""A virtual serial scanner: a pseudo-terminal behind a stable path, as udev would link a real one.

    scanner = VirtualScanner(Path("/tmp/till-1/scanner"))
    scanner.plug()
    scanner.scan("TPM123456789018")      # typed as a serial scanner types it, with CR
    scanner.unplug(); scanner.plug()     # the link vanishes and comes back, to another terminal

Fault switch: `garbled` sends every byte with its top bit set, as a wrong line setting does.
"""

from __future__ import annotations

import os
import tty
from pathlib import Path


class VirtualScanner:
    """One scanner, reachable at `link` while plugged in."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.garbled = False
        self._ends: tuple[int, int] | None = None

    @property
    def end(self) -> int:
        """The scanner's end of the line. Raises RuntimeError when unplugged."""
        if self._ends is None:
            raise RuntimeError("the virtual scanner is not plugged in")
        return self._ends[0]

    def plug(self) -> None:
        """Appear at `link`; does nothing if plugged in already. Raises OSError."""
        if self._ends is not None:
            return
        scanner, computer = os.openpty()
        # Raw: no echo back to the scanner, no line editing, no CR turned into LF.
        tty.setraw(computer)
        os.set_blocking(scanner, False)
        self._ends = (scanner, computer)
        draft = self.link.with_name(f"{self.link.name}.new")
        draft.unlink(missing_ok=True)
        draft.symlink_to(os.ttyname(computer))
        draft.replace(self.link)

    def unplug(self) -> None:
        """Vanish; a reader sees its line die."""
        if self._ends is None:
            return
        self.link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None

    def scan(self, text: str, *, encoding: str = "utf-8", suffix: bytes = b"\r") -> None:
        """Type a code. Raises RuntimeError when unplugged, BlockingIOError if nobody reads."""
        data = text.encode(encoding) + suffix
        if self.garbled:
            data = bytes(byte | 0x80 for byte in data)
        os.write(self.end, data)
