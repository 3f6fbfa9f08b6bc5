"""What the bytes of a code say, as text.

Pure. A code without a charset of its own (ECI) leaves it to be guessed, and libraries guess for
Japan and Western Europe; here slips and wallets write UTF-8 or GBK.

Sources: ISO/IEC 18004 for Kanji mode (Shift JIS, two bytes a sign) and for the FNC1 separator,
which is told as GS (1D) the way scanners send it.
"""

from __future__ import annotations

import contextlib
import re

# What no text holds: C0 and C1 controls but tab, line ends and the four separators (EOT too: it
# ends the envelope of ISO/IEC 15434).
_CONTROLS = re.compile(r"[\x00-\x03\x05-\x08\x0b\x0c\x0e-\x1b\x7f-\x9f]")
_HALF_WIDTH_KATAKANA = re.compile(r"[\uff61-\uff9f]")


def said(raw: bytes, guess: str) -> str:
    """Return the text of a code from its bytes and a library's guess; U+FFFD where it is no text.

    The guess stands where a charset was named or found. Where it is only that each byte is a sign
    of Western Europe, or half of the Japanese syllables that GBK's bytes look like, GBK goes first.
    """
    if guess.isascii():
        return guess
    western = guess == raw.decode("latin-1")
    if not western and not _HALF_WIDTH_KATAKANA.search(guess):
        return guess
    # A second byte of GBK may be any of those that are controls further up.
    low = bytes(byte for byte in raw if byte < 0x80).decode("ascii")
    if not _CONTROLS.search(low):
        with contextlib.suppress(UnicodeDecodeError):
            return raw.decode("gb18030")
    return raw.decode("utf-8", errors="replace") if _CONTROLS.search(guess) else guess
