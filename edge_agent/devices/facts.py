"""What the kernel says of a device, as text that may be shown, compared and pasted.

A device chooses what it calls itself. Bytes that are no text, line ends and control characters
would break a log, a terminal or lines for agent.toml, so they become "?" wherever they are read:
whatever is compared with such a text was read in the same way.
"""

from __future__ import annotations

import errno
from pathlib import Path


def shown(text: str) -> str:
    """Return a text as it may be shown."""
    return "".join(sign if sign.isprintable() else "?" for sign in text.strip("\n\0 "))


def fact(path: Path) -> str:
    """Return what a file of the kernel's says. Raises OSError: the device has gone."""
    return shown(path.read_text(encoding="utf-8", errors="replace"))


def fact_if_any(path: Path) -> str:
    """Return what a file of the kernel's says; nothing for one that this device has not."""
    try:
        return fact(path)
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENODEV}:  # never had it; gone while it was read
            raise
        return ""
