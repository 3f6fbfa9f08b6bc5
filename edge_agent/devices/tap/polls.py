"""Telling a POS that only asks how the printer is from one that prints.

A POS may ask every few seconds, all day. Such questions put nothing on paper: they start no job,
and need not keep our slips waiting. Whatever is not surely a question counts as printing.
"""

from __future__ import annotations

import re

# DLE EOT n (1-4 and the two-byte forms 7, 8, 18), GS r n, GS I n: real-time and plain status
# requests; Epson ESC/POS application programming guide, "status commands".
_POLLS = re.compile(rb"(?:\x10\x04(?:[\x01-\x04]|[\x07\x08\x12].)|\x1d\x72.|\x1d\x49.)+", re.DOTALL)


def only_polls(data: bytes) -> bool:
    """True if the bytes are whole status requests and nothing else."""
    return _POLLS.fullmatch(data) is not None
