"""Text read from dots by a dictionary: a driver's font draws the same character the same way.

Owns cutting a page into text lines and marks, and looking marks up. A mark is ink between two
blank columns; a character is one mark or a few. What the dictionary does not hold stays unknown
(`□`) and is never guessed. How a dictionary is learnt is in `glyph_lessons`.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct

from receipts.pictures.page import Page

UNKNOWN = "□"
#: Ink taller than this (three lines of text) is a logo or a code and no line.
LINE_ROWS_MAX = 78
MARKS_MAX = 200
#: So many marks make one character at most (`川`, `卅`, a wide `％`).
MARKS_PER_CHAR = 6

_INK = re.compile("1+")
_JOIN_ROWS = 5  # blank rows inside a character (`=`, `二`, the dot of an `i`)
_RULE_ROWS = 6
_RULE_MARKS = 8
_SLACK = 0.12  # of an em: what a gap may be wider than usual and still be none
_SMALL = 0.45  # a mark lower than this part of its line is told by where it stands


class Mark(Struct, frozen=True):
    """Ink between blank columns: its edges in dots, and a key that equal ink shares."""

    x: int
    end: int
    key: str
    solid: bool


class Band(Struct, frozen=True):
    """A line of text on the page: its rows and its marks from the left."""

    top: int
    bottom: int
    marks: tuple[Mark, ...]

    @property
    def rows(self) -> int:
        """The line's height in dots."""
        return self.bottom - self.top


class Cell(Struct, frozen=True, forbid_unknown_fields=True):
    """A character, and the dots it keeps clear on its left and right.

    Only sums of a right and a left side have a meaning: the gap between two characters of a word.
    """

    text: str
    left: float = 0.0
    right: float = 0.0


class Glyphs(Struct, frozen=True, forbid_unknown_fields=True):
    """A dictionary: `cells` maps the marks of a character to it.

    `em` is the height of a full character in dots; next to unknown ink, `gap` dots without ink are
    a blank. Both are for characters of single size. `drawings` are lines that stood on confirmed
    receipts and say nothing: a logo no taller than text.
    """

    em: int
    gap: int
    cells: dict[str, Cell]
    drawings: tuple[str, ...] = ()


class Glyph(Struct, frozen=True):
    """A character read: its text (`□` when unknown), its key, and the blanks before it."""

    text: str
    key: str
    blanks: int = 0


class ReadLine(Struct, frozen=True):
    """A line read glyph by glyph, where it stands on the page."""

    top: int
    bottom: int
    glyphs: tuple[Glyph, ...]

    def text(self, changed: Mapping[str, str] | None = None) -> str:
        """Return the line, with the glyphs whose keys are in `changed` read as it says."""
        return "".join(
            " " * glyph.blanks + (changed or {}).get(glyph.key, glyph.text) for glyph in self.glyphs
        )


def bands_of(page: Page) -> list[Band]:
    """Return the text lines of a page from top to bottom; rules, bars and drawings are left out."""
    stride = page.stride
    rows = [
        int.from_bytes(page.bits[at : at + stride], "big")
        for at in range(0, len(page.bits), stride or 1)
    ]
    spans = _joined(_spans(rows))
    bands = (
        _band(rows, top, bottom, page.width)
        for top, bottom in spans
        if bottom - top <= LINE_ROWS_MAX
    )
    return [band for band in bands if band.marks and not _is_drawing(band)]


def read(band: Band, glyphs: Glyphs) -> ReadLine:
    """Return a line as the dictionary reads it, the longest known run of marks first."""
    out: list[Glyph] = []
    scale = scale_of(band, glyphs.em)
    unit = scale * glyphs.em / 2
    marks = band.marks
    before: Cell | None = None
    at = cursor = 0
    while at < len(marks):
        cell, key, used = _longest(marks[at : at + MARKS_PER_CHAR], glyphs.cells)
        gap = marks[at].x - cursor
        usual: float = scale * glyphs.gap
        beside = 0.0  # what two characters of one word keep between them
        if before is not None and cell is not None:
            beside = before.right + cell.left
            usual = beside + _SLACK * glyphs.em * scale
        blanks = max(1, round((gap - beside) / unit)) if gap > usual else 0
        out.append(Glyph(cell.text if cell else UNKNOWN, key, blanks if out else round(gap / unit)))
        cursor = marks[at + used - 1].end
        before = cell
        at += used
    return ReadLine(band.top, band.bottom, tuple(out))


def scale_of(band: Band, em: int) -> int:
    """Return 2 for a line of characters of double height, else 1."""
    return 2 if band.rows >= 1.6 * em else 1


def cell_key(marks: tuple[Mark, ...]) -> str:
    """Return what the dictionary knows these marks by: each one's ink and where it stands."""
    return " ".join(f"{mark.key}@{mark.x - marks[0].x}" for mark in marks)


def drawing_key(band: Band) -> str:
    """Return what the dictionary knows a drawing by: all its ink."""
    return blake2b(cell_key(band.marks).encode(), digest_size=8).hexdigest()


def _longest(marks: tuple[Mark, ...], cells: Mapping[str, Cell]) -> tuple[Cell | None, str, int]:
    for count in range(len(marks), 0, -1):
        key = cell_key(marks[:count])
        cell = cells.get(key)
        if cell is not None:
            return cell, key, count
    return None, cell_key(marks[:1]), 1


# -- cutting ------------------------------------------------------------------------------------


def _spans(rows: list[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    top: int | None = None
    for at, row in enumerate(rows):
        if row and top is None:
            top = at
        elif not row and top is not None:
            spans.append((top, at))
            top = None
    if top is not None:
        spans.append((top, len(rows)))
    return spans


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join what a blank row cuts inside a line: the result is no taller than a usual line."""
    tall = sorted(bottom - top for top, bottom in spans if bottom - top > _RULE_ROWS)
    usual = tall[len(tall) // 2] if tall else 0
    out: list[tuple[int, int]] = []
    for top, bottom in spans:
        if out and top - out[-1][1] <= _JOIN_ROWS and bottom - out[-1][0] <= usual + 2:
            out[-1] = (out[-1][0], bottom)
        else:
            out.append((top, bottom))
    return out


def _band(rows: list[int], top: int, bottom: int, width: int) -> Band:
    ink = 0
    for row in rows[top:bottom]:
        ink |= row
    columns = f"{ink:0{width}b}"
    spans = [found.span() for found in _INK.finditer(columns)][:MARKS_MAX]
    marks = (_mark(rows[top:bottom], start, end, width) for start, end in spans)
    return Band(top, bottom, tuple(marks))


def _mark(rows: list[int], start: int, end: int, width: int) -> Mark:
    shift, mask = width - end, (1 << end - start) - 1
    dots = [row >> shift & mask for row in rows]
    first = next(at for at, row in enumerate(dots) if row)
    last = next(at for at in range(len(dots), 0, -1) if dots[at - 1])
    inked = dots[first:last]
    place = ""
    if len(inked) < _SMALL * len(dots):
        centre = (first + last) / 2 / len(dots)
        place = "t" if centre < 0.4 else "m" if centre < 0.7 else "b"
    size = -(-(end - start) // 8)
    packed = b"".join(row.to_bytes(size, "big") for row in inked)
    digest = blake2b(packed, digest_size=6).hexdigest()
    return Mark(
        start, end, f"{end - start}x{len(inked)}{place}{digest}", inked == [mask] * len(inked)
    )


def _is_drawing(band: Band) -> bool:
    """A rule (the same ink over and over), or the bars of a code (full rectangles)."""
    if len(band.marks) >= _RULE_MARKS and len({mark.key for mark in band.marks}) == 1:
        return True
    if not all(mark.solid for mark in band.marks):
        return False
    return band.rows <= _RULE_ROWS or len(band.marks) > MARKS_PER_CHAR
