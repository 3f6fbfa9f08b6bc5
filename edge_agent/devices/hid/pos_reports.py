"""HID point-of-sale scanners: their input reports to codes.

Pure. Such a scanner is no keyboard (usage page 8C): it sends the code as bytes, in reports of at
most 56 data bytes, through hidraw.

Sources: the report of most makers is in the public manuals of Access-IS readers (ATR110, LSR118:
"HID reports"): id 02, length, three bytes of AIM identifier, 56 data bytes, a symbology byte, a
reserved one, and bit 0 of the last byte when more follows. Newland's (FM430 guide): id 02, length,
56 data bytes, four reserved ones, a symbology byte; a code longer than one report is not described.
"""

from __future__ import annotations

from typing import Literal

from edge_agent.devices.framing import CODE_BYTES_MAX, decode
from edge_agent.devices.hid.keyboard import GARBLED

Maker = Literal["common", "newland"]

REPORT_BYTES = 64
_SCANNED_DATA = 0x02
_DATA_BYTES_MAX = 56


class PosReports:
    """Joins one scanner's reports to codes."""

    def __init__(self, maker: Maker = "common") -> None:
        self._maker = maker
        self._code = bytearray()
        self._spoilt = False

    def feed(self, report: bytes) -> list[str]:
        """Take one input report; return the code that it ends. Other reports say nothing."""
        if not report or report[0] != _SCANNED_DATA:
            return []
        start = 5 if self._maker == "common" else 2
        whole = len(report) >= start + _DATA_BYTES_MAX and report[1] <= _DATA_BYTES_MAX
        data = report[start : start + report[1]] if whole else b""
        if not whole or len(self._code) + len(data) > CODE_BYTES_MAX:
            self._spoilt = True
        else:
            self._code += data
        if self._maker == "common" and len(report) == REPORT_BYTES and report[-1] & 1:
            return []
        return self._ended()

    def silence(self) -> list[str]:
        """Note that the rest of a code never came; return U+FFFD for it."""
        self._spoilt |= bool(self._code)
        return self._ended()

    def _ended(self) -> list[str]:
        text = GARBLED if self._spoilt else decode(bytes(self._code).rstrip(b"\r\n"))
        self._code.clear()
        self._spoilt = False
        return [text] if text else []
