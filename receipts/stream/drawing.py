"""Decoded elements drawn as the paper a customer holds: one SVG for each piece between cuts.

Owns how paper looks on a screen and decides nothing about what it says. A unit of the drawing is
one dot of the print head: a column is 12 wide, a line 30 high. Every stretch of glyphs is set to
the exact width of its columns, so that the paper lines up whatever fonts a screen has. A drawing
is inert: no script, no style sheet, no address outside itself, and every text is escaped.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from typing import NamedTuple

from paper.width import columns as columns_of
from receipts.stream.bitmaps import bitmap_svg, qr_rows
from receipts.stream.charset import MULTIBYTE
from receipts.stream.decoder import Decoder
from receipts.stream.elements import (
    Align,
    Code,
    Cut,
    Element,
    Feed,
    FormFeed,
    Line,
    Picture,
    Style,
)

COLUMN = 12
LINE = 30
GLYPH = 24  # height of a character cell
MARGIN = 36
TOOTH = 6  # the cutter's serration
QR_MODULE = 6

PAPER, INK, FAINT = "#fffefa", "#26262b", "#8d8a80"
LATIN = "'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace"
HAN = (
    "'Noto Sans Mono CJK SC','Noto Sans CJK SC','WenQuanYi Micro Hei','Microsoft YaHei',"
    "'PingFang SC',SimHei,sans-serif"
)

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Cell(NamedTuple):
    """One character where it stands: `x` and `width` in dots from the print head's left edge."""

    char: str
    x: int
    width: int
    style: Style

    @property
    def end(self) -> int:
        """The right edge, in dots."""
        return self.x + self.width


def draw(raw: bytes, columns: int = 48, dialect: str | None = None) -> list[str]:
    """Return one SVG per piece of paper that the printer bytes `raw` put out, in order.

    `columns` is the width of the paper. Raises ValueError for an unknown dialect.
    """
    decoder = Decoder(dialect)
    return draw_elements([*decoder.feed(raw), *decoder.close()], columns)


def draw_elements(elements: Iterable[Element], columns: int = 48) -> list[str]:
    """Return one SVG per piece of paper; a piece without a mark on it is left out."""
    pieces: list[str] = []
    marks: list[str] = []
    title = ""
    y = strip = 0  # the strip's height while its line is not yet fed
    fed = LINE  # what a blank line feeds: below strips as much as a strip
    for element in elements:
        if isinstance(element, Cut | FormFeed):
            if marks:
                pieces.append(_paper(marks, y + strip, columns, title, cut=True))
            marks, title, y, strip, fed = [], "", 0, 0, LINE
            continue
        if isinstance(element, Picture) and element.strip:
            drawn, height = _picture(element, y, columns * COLUMN)
            marks += drawn
            strip = fed = max(strip, height)
            continue
        if isinstance(element, Line) and not element.text:
            y, strip = y + (strip or fed), 0
            continue
        if isinstance(element, Line | Picture | Code):
            y, strip, fed = y + strip, 0, LINE
        drawn, height = _element(element, y, columns * COLUMN)
        marks += drawn
        y += height
        if isinstance(element, Line):
            title = title or element.text.strip()
    if marks:
        pieces.append(_paper(marks, y, columns, title, cut=False))
    return pieces


def _element(element: Element, y: int, head: int) -> tuple[list[str], int]:
    """Return the marks of an element printed at `y` by a `head` so wide, and the paper it takes."""
    match element:
        case Line():
            return _line(element, y, head)
        case Feed(lines, dots):
            return [], lines * LINE + dots
        case Picture():
            return _picture(element, y, head)
        case Code(symbology="qr"):
            return _qr(element, y, head)
        case Code():
            return _box(f"{element.symbology} {element.text}", y, head, 80)
    return [], 0


# -- text ---------------------------------------------------------------------------------------


def _line(line: Line, y: int, head: int) -> tuple[list[str], int]:
    marks: list[str] = []
    top = y
    for row in _rows(list(_cells(line)), head):
        tall = max((cell.style.height for cell in row), default=1)
        shift = _shift(line.align, row[-1].end if row else 0, head)
        placed = [cell._replace(x=cell.x + shift) for cell in row]
        inked = _row(placed, top + (tall - 1) * GLYPH)
        if any(cell.style.upside_down for cell in row):
            turn = f"rotate(180 {MARGIN + head // 2} {top + tall * GLYPH // 2})"
            inked = [f'<g transform="{turn}">', *inked, "</g>"]
        marks += inked
        top += tall * GLYPH + LINE - GLYPH
    return marks, top - y


def _cells(line: Line) -> Iterator[Cell]:
    # Columns are counted in cells of font A; a line all in font B lies on its own, finer grid.
    fine = bool(line.runs) and all(run.style.font != "A" for run in line.runs)
    unit = 9 if fine else COLUMN
    for run in line.runs:
        x = run.column * unit
        wide = run.encoding in MULTIBYTE or run.encoding == "utf-8"
        for char in run.text:
            width = (columns_of(char) if wide else 1) * unit * run.style.width
            yield Cell(char, x, width, run.style)
            x += width


def _rows(cells: list[Cell], head: int) -> list[list[Cell]]:
    """Break a line that is wider than the head where the printer would: at the character."""
    rows: list[list[Cell]] = [[]]
    start = 0
    for cell in cells:
        if not start <= cell.x <= cell.end <= start + head:
            rows.append([])
            # What does not fit goes on at the left edge; what goes back is printed over in place.
            start = cell.x if cell.end > start + head else 0
        rows[-1].append(cell._replace(x=cell.x - start))
    return rows


def _shift(align: Align, width: int, head: int) -> int:
    spare = max(head - width, 0)
    return {Align.LEFT: 0, Align.CENTRE: spare // 2, Align.RIGHT: spare}[align]


def _row(cells: list[Cell], y: int) -> list[str]:
    """Return the marks of one row whose single-height characters begin at `y`."""
    marks: list[str] = []
    for style, same in groupby(cells, key=lambda cell: cell.style):
        stretch = list(same)
        x, width = MARGIN + stretch[0].x, stretch[-1].end - stretch[0].x
        top = y - (style.height - 1) * GLYPH
        if style.inverse:
            tall = style.height * GLYPH + 4
            marks.append(f'<rect x="{x}" y="{top - 2}" width="{width}" height="{tall}"/>')
        marks += [_word(word, y) for word in _words(stretch)]
        if style.underline:
            marks.append(f'<rect x="{x}" y="{y + GLYPH}" width="{width}" height="2"/>')
    return marks


def _words(cells: list[Cell]) -> Iterator[list[Cell]]:
    """Yield the stretches without a blank whose characters are all Latin or all Han."""
    for (blank, _), same in groupby(cells, key=lambda c: (c.char.isspace(), c.char.isascii())):
        if not blank:
            yield list(same)


def _word(cells: list[Cell], y: int) -> str:
    style = cells[0].style
    text = escape(_NOT_XML.sub("□", "".join(cell.char for cell in cells)))
    across, down = style.width, style.height
    latin = cells[0].char.isascii()
    length = (cells[-1].end - cells[0].x) // across
    look = f' font-family="{HAN}"' if not latin else ""
    look += ' font-weight="bold"' if style.bold else ""
    look += f' fill="{PAPER}"' if style.inverse else ""
    # A doubled character is the small one stretched, as the print head makes it.
    at = f"translate({MARGIN + cells[0].x} {y + GLYPH - 4 - (down - 1) * 2})"
    at += f" scale({across} {down})" if (across, down) != (1, 1) else ""
    return (
        f'<text transform="{at}" textLength="{length}" lengthAdjust="spacingAndGlyphs"{look}>'
        f"{text}</text>"
    )


# -- pictures -----------------------------------------------------------------------------------


def _picture(picture: Picture, y: int, head: int) -> tuple[list[str], int]:
    bits = picture.bits
    if not bits:
        what = "logo in the printer" if picture.stored else "picture too large to keep"
        return _box(what, y, head, picture.rows * picture.y_scale or 96)
    stride = -(-picture.width // 8)
    rows = [bits[at : at + stride] for at in range(0, len(bits), stride)]
    left = picture.x
    width = min(picture.width, (head - left) // picture.x_scale)
    left += _shift(picture.align, left + width * picture.x_scale, head)
    scale = (picture.x_scale, picture.y_scale)
    return [bitmap_svg(rows, width, MARGIN + left, y, scale)], len(rows) * picture.y_scale


def _qr(code: Code, y: int, head: int) -> tuple[list[str], int]:
    rows = qr_rows(code.text)
    if rows is None or len(rows) > head:
        return _box("QR code too large for the paper", y, head, 96)
    module = min(QR_MODULE, head // len(rows))
    size = len(rows) * module
    x = MARGIN + _shift(code.align, size, head)
    return [bitmap_svg(rows, len(rows), x, y, (module, module))], size


def _box(what: str, y: int, head: int, height: int) -> tuple[list[str], int]:
    """Return a dashed frame that names what stands there on the paper and cannot be shown."""
    width = head * 3 // 4
    x = MARGIN + (head - width) // 2
    shown = escape(_NOT_XML.sub("□", what[:60]))
    frame = (
        f'<rect x="{x}" y="{y + 2}" width="{width}" height="{height - 4}" fill="none"'
        f' stroke="{FAINT}" stroke-width="2" stroke-dasharray="8 6"/>'
        f'<text x="{x + width // 2}" y="{y + height // 2 + 7}" text-anchor="middle"'
        f' font-family="{HAN}" fill="{FAINT}">{shown}</text>'
    )
    return [frame], height


# -- paper --------------------------------------------------------------------------------------


def _paper(marks: list[str], height: int, columns: int, title: str, *, cut: bool) -> str:
    width = columns * COLUMN + 2 * MARGIN
    tall = height + 2 * MARGIN
    outline = _outline(width, tall, torn=cut)
    label = escape(_NOT_XML.sub("□", title), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -2 {width + 16} {tall + 14}"'
        f' width="{(width + 16) // 2}" height="{(tall + 14) // 2}" role="img"'
        f' aria-label="{label}" font-family="{LATIN}" font-size="24" fill="{INK}">'
        f'<path d="{outline}" transform="translate(0 5)" fill="#000" fill-opacity=".12"/>'
        f'<path d="{outline}" fill="{PAPER}" stroke="#d9d5c8" stroke-width="1"/>'
        f'<g transform="translate(0 {MARGIN})" fill-opacity=".93">{"".join(marks)}</g></svg>'
    )


def _outline(width: int, height: int, *, torn: bool) -> str:
    """Return the edge of a piece: teeth where it was cut, straight where it still hangs."""
    teeth = width // (2 * TOOTH)
    half = width / (2 * teeth)
    top = f"M0 {TOOTH}" + f"l{half:g} -{TOOTH}l{half:g} {TOOTH}" * teeth
    if not torn:
        return f"{top}V{height}H0z"
    return f"{top}V{height - TOOTH}" + f"l-{half:g} {TOOTH}l-{half:g} -{TOOTH}" * teeth + "z"
