"""A paper's rasters joined to one page of dots, and whether that page is the receipt itself.

Owns where each raster stands on the paper. It reads nothing in the dots. Bands of one picture
arrive in any of the printers' commands, cut at any row; between them only a feed leaves a gap.
Sources: Epson ESC/POS guide (GS v 0, GS ( L, ESC *), Star raster mode; the strips' rule (a line's
end feeds by the strip's height) is what every driver sets with ESC 3 before it draws.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from receipts.stream.elements import Align, Element, Feed, Line, Picture
from receipts.stream.segmenter import Document

#: A paper with fewer printed characters and more rows of dots than these is a picture.
PRINTED_MAX = 30
ROWS_MIN = 150
#: Taller than a logo with a slogan.
ROWS_LARGE = 400
#: No page is longer (about two metres of paper); what follows is not read.
PAGE_ROWS_MAX = 16_000
#: No print head has more dots; a picture that goes beyond is none.
HEAD_DOTS_MAX = 2048
LINE_DOTS = 30
_AMOUNT = re.compile(r"\d[.,]\d\d(?!\d)")


class Page(Struct, frozen=True):
    """Dots: rows of `width` / 8 bytes, most significant bit left, 1 is black.

    `width` is a multiple of 8. `texts` are lines that were printed as text, with their top.
    """

    width: int
    bits: bytes
    texts: tuple[tuple[int, Line], ...] = ()

    @property
    def stride(self) -> int:
        """Bytes of a row."""
        return self.width // 8

    @property
    def height(self) -> int:
        """Rows of dots."""
        return len(self.bits) // self.stride if self.stride else 0


class _Block(Struct):
    """A raster on the page, its dots already as wide and high as on paper."""

    x: int
    y: int
    width: int
    bits: bytes
    align: Align

    @property
    def stride(self) -> int:
        return -(-self.width // 8)

    @property
    def rows(self) -> int:
        return len(self.bits) // self.stride


def is_picture(document: Document) -> bool:
    """Return whether the paper is a picture of a receipt and not a receipt with a logo."""
    rows = sum(each.rows * each.y_scale for each in document.pictures)
    printed = [line.text for line in document.lines if line.text]
    if rows <= ROWS_MIN or sum(len("".join(text.split())) for text in printed) < PRINTED_MAX:
        return rows > ROWS_MIN
    # An address in text above a receipt in dots: much ink, and no amount in the text.
    large = rows > max(ROWS_LARGE, 2 * len(printed) * LINE_DOTS)
    return large and not any(_AMOUNT.search(text) for text in printed)


def page_of(elements: Sequence[Element]) -> Page:
    """Return the page that the elements of a paper draw."""
    blocks, texts, height = _placed(elements)
    head = max((block.x + block.width for block in blocks), default=0)
    stride = -(-head // 8)
    for block in blocks:
        spare = (head - block.x - block.width) // 8 * 8
        block.x += {Align.LEFT: 0, Align.CENTRE: spare // 16 * 8, Align.RIGHT: spare}[block.align]
    if all(block.x == 0 and block.stride == stride for block in blocks):
        return Page(stride * 8, _stacked(blocks, stride), tuple(texts))
    return Page(stride * 8, _composed(blocks, stride, height), tuple(texts))


def _placed(elements: Sequence[Element]) -> tuple[list[_Block], list[tuple[int, Line]], int]:
    """Return the rasters and the printed lines at their height, and the height of it all."""
    blocks: list[_Block] = []
    texts: list[tuple[int, Line]] = []
    y = strip = 0  # the strip's height while its line is not yet fed, then what a blank line feeds
    fed = LINE_DOTS
    for element in elements:
        match element:
            case Picture() if element.sent and element.x + element.width <= HEAD_DOTS_MAX:
                if not element.strip and strip:
                    y, strip = y + strip, 0
                block = _block(element, y)
                blocks.append(block)
                if element.strip:
                    strip = fed = max(strip, block.rows)
                else:
                    y, fed = y + block.rows, LINE_DOTS
            case Line():
                if element.text:
                    texts.append((y, element))
                    fed = LINE_DOTS
                y, strip = y + (strip or fed), 0
            case Feed(lines, dots):
                y, strip = y + strip + lines * LINE_DOTS + dots, 0
        if y > PAGE_ROWS_MAX:
            break
    return blocks, texts, min(y + strip, PAGE_ROWS_MAX)


def _block(picture: Picture, y: int) -> _Block:
    stride = -(-picture.width // 8)
    bits, width = picture.bits, picture.width
    bits = bits[: min(picture.rows, len(bits) // stride) * stride]  # as many rows as were sent
    if picture.x_scale == 2:
        bits, width = _wider(bits), width * 2
        if stride * 2 != -(-width // 8):  # the doubled padding is a byte too long
            rows = range(0, len(bits), stride * 2)
            bits = b"".join(bits[at : at + stride * 2 - 1] for at in rows)
    stride = -(-width // 8)
    if picture.y_scale > 1:
        rows = range(0, len(bits), stride)
        bits = b"".join(bits[at : at + stride] * picture.y_scale for at in rows)
    return _Block(picture.x, y, width, bits, picture.align)


def _wider(bits: bytes) -> bytes:
    """Return each dot twice."""
    out = bytearray(len(bits) * 2)
    out[0::2] = bits.translate(_DOUBLED[0])
    out[1::2] = bits.translate(_DOUBLED[1])
    return bytes(out)


def _doubled(nibble: int) -> int:
    return sum(3 << 2 * bit for bit in range(4) if nibble >> bit & 1)


_DOUBLED = (
    bytes(_doubled(byte >> 4) for byte in range(256)),
    bytes(_doubled(byte & 15) for byte in range(256)),
)


def _stacked(blocks: list[_Block], stride: int) -> bytes:
    """Join blocks of equal width: the usual case, and a copy of memory only."""
    parts: list[bytes] = []
    y = 0
    for block in blocks:
        if block.y > y:
            parts.append(bytes((block.y - y) * stride))
        parts.append(block.bits)
        y = block.y + block.rows
    return b"".join(parts)


def _composed(blocks: list[_Block], stride: int, height: int) -> bytes:
    rows = [0] * height
    for block in blocks:
        shift = (stride - block.stride) * 8 - block.x
        for at in range(min(block.rows, height - block.y)):
            dots = block.bits[at * block.stride : (at + 1) * block.stride]
            row = int.from_bytes(dots, "big")
            rows[block.y + at] |= row << shift if shift >= 0 else row >> -shift  # padding goes
    return b"".join(row.to_bytes(stride, "big") for row in rows)
