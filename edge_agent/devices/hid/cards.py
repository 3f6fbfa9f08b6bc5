"""What card readers type: magnetic tracks, and the number formats of contactless cards.

Pure. Readers write the same card in different ways, and some leave bytes out; a mall that owns
several kinds settles on one way, and the reader's line in agent.toml says which one it types.

Sources: track sentinels, ISO/IEC 7811; the contactless formats are those on the boxes of common
125 kHz and 13.56 MHz keyboard readers: hex, 8H10D (four bytes as ten digits), 6H8D (three bytes
as eight digits), 2H4H (one byte and two bytes as 3 + 5 digits).
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from edge_agent.devices.hid.keyboard import GARBLED

Format = Literal["hex", "8h10d", "6h8d", "2h4h"]
_BYTES: dict[Format, int] = {"8h10d": 4, "6h8d": 3, "2h4h": 3}


class CardNumbers(Struct, frozen=True):
    """How a reader types a card's number, and how this mall keeps it.

    `reversed` is for readers that type the bytes in the other order.
    """

    typed: Format
    kept: Format
    reversed: bool = False


def member_text(typed: str) -> str:
    """Return what a magnetic stripe says about a member: track 2 without its sentinels.

    Where that is empty it is another track. Tracks that may be a bank card's are left whole, so
    that they are known as such and dropped; a reading error and an empty card become U+FFFD.
    """
    tracks: list[str] = re.findall(r"[%;+][^?]*\?", typed)
    if not tracks:
        return typed
    if any(re.fullmatch(r"[%;+]E\?", track, re.IGNORECASE) for track in tracks):
        return GARBLED
    if "=" in typed or "^" in typed:
        return typed
    written = [track for track in tracks if len(track) > 2] or [f";{GARBLED}?"]
    second = [track for track in written if track.startswith(";")]
    return (second or written)[0][1:-1]


def card_number(typed: str, numbers: CardNumbers) -> str:
    """Return the card's number as it is kept; U+FFFD for what is no number in `typed` format."""
    raw = _read(typed.strip(), numbers.typed)
    if raw is None:
        return GARBLED
    if numbers.reversed:
        raw = raw[::-1]
    if numbers.kept == "hex":
        return raw.hex().upper()
    # A shorter format keeps the last bytes; a longer one cannot be made up.
    width = _BYTES[numbers.kept]
    if len(raw) < width:
        return GARBLED
    return _written(raw[-width:], numbers.kept)


def _read(typed: str, form: Format) -> bytes | None:
    if form == "hex":
        return bytes.fromhex(typed) if re.fullmatch(r"([0-9A-Fa-f]{2}){3,10}", typed) else None
    if form == "2h4h":
        parts = re.fullmatch(r"(\d{3}),?(\d{5})", typed, re.ASCII)
        value = int(parts[1]) << 16 | int(parts[2]) if parts else -1
        fits = parts is not None and int(parts[1]) < 1 << 8 and int(parts[2]) < 1 << 16
        return value.to_bytes(3, "big") if fits else None
    digits = 10 if form == "8h10d" else 8
    if not re.fullmatch(rf"\d{{{digits}}}", typed, re.ASCII):
        return None
    width = _BYTES[form]
    return int(typed).to_bytes(width, "big") if int(typed) < 1 << 8 * width else None


def _written(raw: bytes, form: Format) -> str:
    value = int.from_bytes(raw, "big")
    if form == "8h10d":
        return f"{value:010d}"
    if form == "6h8d":
        return f"{value:08d}"
    return f"{value >> 16:03d},{value & 0xFFFF:05d}"
