"""Telling the printer's answers to our own questions from what it says to the POS.

Answer formats: Epson ESC/POS, "identification of send status". DLE EOT: 0xx1xx10. Automatic status
(ASB), four bytes: 0xx1xx00 and three of 0xx0xxxx. GS r: one byte 0xx0xxxx. XON/XOFF match none.
"""

from __future__ import annotations

from enum import Enum

ASK_OFFLINE_CAUSE = b"\x10\x04\x02"  # DLE EOT 2, answered at once even when offline
ASK_PAPER_IN_ORDER = b"\x1d\x72\x01"  # GS r 1, answered only when everything before it was printed


class Kind(Enum):
    """An answer's bit pattern: its mask and value. No byte fits both."""

    REAL_TIME = (0x93, 0x12)
    IN_ORDER = (0x90, 0x00)

    def fits(self, byte: int) -> bool:
        """True if the byte can be an answer of this kind."""
        mask, value = self.value
        return byte & mask == value


class Answers:
    """Takes our answers out of the printer's stream. Stateful: a status may come in pieces."""

    def __init__(self) -> None:
        self._expected: list[Kind] = []
        self._automatic_left = 0

    @property
    def owed(self) -> bool:
        """True while an answer to us is still to come."""
        return bool(self._expected)

    def expect(self, kind: Kind) -> None:
        """Note that we asked. An answer in order may come after one in real time."""
        self._expected.append(kind)

    def split(self, data: bytes) -> tuple[bytes, bytes]:
        """Return (answers to us, everything else)."""
        ours, theirs = bytearray(), bytearray()
        for byte in data:
            if self._automatic_left:
                self._automatic_left -= 1
                theirs.append(byte)
            elif byte & 0x93 == 0x10:
                self._automatic_left = 3
                theirs.append(byte)
            elif kind := next((each for each in self._expected if each.fits(byte)), None):
                self._expected.remove(kind)
                ours.append(byte)
            else:
                theirs.append(byte)
        return bytes(ours), bytes(theirs)
