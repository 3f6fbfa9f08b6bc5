"""Where one scanned code ends and the next begins in a stream of bytes, and what it says.

A code ends with CR, LF or a silence of IDLE_S (scanners without a suffix). No clock in here: the
caller says when it is silent.
"""

from __future__ import annotations

IDLE_S = 0.1
CODE_BYTES_MAX = 512
_ENDS = b"\r\n"
_GARBLED = "\N{REPLACEMENT CHARACTER}"


class Framer:
    """Cuts one scanner's bytes into codes; what is longer than CODE_BYTES_MAX is cut and marked."""

    def __init__(self) -> None:
        self._code = bytearray()
        self._too_long = False

    def feed(self, data: bytes) -> list[str]:
        """Take bytes; return the codes that they end."""
        codes = []
        for byte in data:
            if byte in _ENDS:
                codes += self.silence()
            elif len(self._code) < CODE_BYTES_MAX:
                self._code.append(byte)
            else:
                self._too_long = True
        return codes

    def silence(self) -> list[str]:
        """Note that nothing came for IDLE_S; return the code that this ends, if any."""
        text = decode(bytes(self._code)) + (_GARBLED if self._too_long else "")
        self.clear()
        return [text] if text else []

    def answers(self) -> bytes:
        """Return what must be sent to the scanner now: plain codes want no answer."""
        return b""

    def clear(self) -> None:
        """Forget a code that was begun: its device has gone."""
        self._code.clear()
        self._too_long = False


def decode(code: bytes) -> str:
    """Read a code as UTF-8, else as GB18030 (Chinese QR codes); U+FFFD where it is neither."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return code.decode(encoding).strip(" \t\0")
        except UnicodeDecodeError:
            continue
    return code.decode("utf-8", errors="replace")
