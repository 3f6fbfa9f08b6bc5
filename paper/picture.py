"""Rows of dots to the bytes that print them: QR codes, and whole slips for printers without text.

A row is bytes, the leftmost dot in the highest bit, a set bit black. Commands: Epson's GS v 0, and
Star's raster mode (Star line-mode specification, "raster graphics commands"; the numbers of the
cut are those of Star's public CUPS driver).
"""

from collections.abc import Callable, Iterable
from typing import Literal

import segno
from msgspec import Struct

from paper.layout import Line

#: How a printer takes a picture.
Raster = Literal["escpos", "star"]

STAR_BEGIN = b"\x1b*rA\x1b*rP0\x00\x1b*rE13\x00"  # raster mode; no page length; EOT cuts partially
STAR_CUT = b"\x1b\x0c\x04"  # ESC FF EOT: end of the paper, with what ESC * r E said
STAR_END = b"\x1b*rB"  # back to where the printer was


class Drawn(Struct, frozen=True):
    """A line of text as rows of dots, and how many of its characters the font did not have."""

    rows: tuple[bytes, ...]
    replaced: int


#: Draws a line on paper of a known width; who has a font has one.
Draw = Callable[[Line], Drawn]


def qr_rows(code: segno.QRCode, dots: int, left: int = 0) -> list[bytes]:
    """Return the code at `dots` dots per module, `left` dots from the edge of the paper."""
    rows: list[bytes] = []
    for matrix_row in code.matrix:
        bits = "0" * left + "".join(
            "1" * dots if module & 1 else "0" * dots for module in matrix_row
        )
        width = -(-len(bits) // 8)
        rows += [int(bits.ljust(width * 8, "0"), 2).to_bytes(width, "big")] * dots
    return rows


def raster(rows: Iterable[bytes], manner: Raster, *, doubled: bool = False) -> bytes:
    """Return the bytes that print these rows, which Epson's manner can double both ways."""
    rows = list(rows)
    if manner == "star":
        return b"".join(_star_row(row.rstrip(b"\0") or b"\0") for row in rows)
    width = max((len(row.rstrip(b"\0")) for row in rows), default=0) or 1
    rows = [row[:width].ljust(width, b"\0") for row in rows]
    size = width.to_bytes(2, "little") + len(rows).to_bytes(2, "little")
    return b"\x1dv0" + bytes([3 if doubled else 0]) + size + b"".join(rows)  # GS v 0


def _star_row(row: bytes) -> bytes:
    return b"b" + len(row).to_bytes(2, "little") + row  # b nL nH: one row of dots
