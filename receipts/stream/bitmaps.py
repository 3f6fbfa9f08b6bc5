"""Black and white dots as SVG: what a printer's raster or a QR code looks like on paper.

Few dots become one path, which any page may show whatever its content policy; many become a PNG
inside the drawing, because a path of a dithered photograph would be megabytes.
"""

import base64
import re
import struct
import zlib
from collections.abc import Sequence
from itertools import groupby

import segno

_SPANS_MAX = 6000
_BLACK = re.compile("1+")


def bitmap_svg(rows: Sequence[bytes], width: int, x: int, y: int, scale: tuple[int, int]) -> str:
    """Return packed `rows` (1 is black, most significant bit left) drawn with their corner at x, y.

    `width` is in dots; `scale` gives the size of a dot across and down, in units of the drawing.
    """
    path, spans = _path(rows, width, x, y, scale)
    if spans <= _SPANS_MAX:
        return f'<path d="{path}"/>'
    png = base64.b64encode(_png(rows, width)).decode()
    return (
        f'<image x="{x}" y="{y}" width="{width * scale[0]}" height="{len(rows) * scale[1]}"'
        f' preserveAspectRatio="none" href="data:image/png;base64,{png}"/>'
    )


def qr_rows(text: str) -> list[bytes] | None:
    """Return the modules of a QR code of `text` as packed rows, None if no code can hold it."""
    try:
        code = segno.make_qr(text, error="m", boost_error=False)
    except segno.DataOverflowError:
        return None
    packed = []
    for row in code.matrix:
        bits = "".join(str(module & 1) for module in row)
        width = -(-len(bits) // 8)
        packed.append(int(bits.ljust(width * 8, "0"), 2).to_bytes(width, "big"))
    return packed


def _path(
    rows: Sequence[bytes], width: int, x: int, y: int, scale: tuple[int, int]
) -> tuple[str, int]:
    across, down = scale
    out: list[str] = []
    top = y
    for row, same in groupby(rows):
        tall = len(list(same)) * down
        bits = f"{int.from_bytes(row, 'big'):0{len(row) * 8}b}"[:width]
        for span in _BLACK.finditer(bits):
            long = (span.end() - span.start()) * across
            out.append(f"M{x + span.start() * across} {top}h{long}v{tall}h-{long}z")
        top += tall
    return "".join(out), len(out)


def _png(rows: Sequence[bytes], width: int) -> bytes:
    """Return a one-bit PNG whose white is transparent, so that the paper shows through."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, len(rows), 1, 3, 0, 0, 0)  # one bit, palette
    palette = bytes.fromhex("fffffc 26262b")
    dots = zlib.compress(b"".join(b"\x00" + row for row in rows), 9)  # filter 0 on every row
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"PLTE", palette)
        + chunk(b"tRNS", b"\x00")  # the first colour of the palette is transparent
        + chunk(b"IDAT", dots)
        + chunk(b"IEND", b"")
    )
