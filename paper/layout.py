"""Our paper as values: what a slip says, and how it falls into lines of a given width.

A slip is a tuple of elements; `lay_out` turns it into the lines that go on paper. Nothing is ever
cut away to fit: words wrap, an amount stays whole and moves to a line of its own, and a table whose
text has no room left gives it a line of its own too. This module knows no printer commands.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from paper.width import centre, columns, left, right, settle, wrap

Align = Literal["left", "centre", "right"]
Size = Literal[1, 2]

_TEXT_ROOM = 8  # columns; below four Chinese characters a wrapped cell is no longer readable


class Text(Struct, frozen=True, tag=True):
    """A paragraph; `size` 2 is double width and double height."""

    text: str
    align: Align = "left"
    bold: bool = False
    size: Size = 1


class Pair(Struct, frozen=True, tag=True):
    """A label on the left and its value on the right; the value is never broken while it fits."""

    label: str
    value: str
    bold: bool = False
    size: Size = 1


class Table(Struct, frozen=True, tag=True):
    """Rows of cells: column `flexible` wraps, those before it stand left, those after it right."""

    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    flexible: int


class Rule(Struct, frozen=True, tag=True):
    """A line across the paper, drawn with one ASCII character."""

    char: Literal["-", "=", "*"] = "-"


class Blank(Struct, frozen=True, tag=True):
    """An empty line."""


class QR(Struct, frozen=True, tag=True):
    """A QR code in the middle of the paper."""

    data: str


class Cut(Struct, frozen=True, tag=True):
    """The end of one piece of paper."""


Element = Text | Pair | Table | Rule | Blank | QR | Cut
Slip = tuple[Element, ...]


class Line(Struct, frozen=True, tag=True):
    """One printed line: `indent` blanks of normal size, then `text`, settled, at its size."""

    text: str = ""
    indent: int = 0
    bold: bool = False
    size: Size = 1

    @property
    def width(self) -> int:
        """The columns taken from the left edge of the paper."""
        return self.indent + columns(self.text) * self.size


Printed = Line | QR | Cut


def lay_out(slip: Slip, width: int) -> tuple[Printed, ...]:
    """Return the lines of `slip` on paper of `width` columns; none is wider than the paper.

    Raises ValueError for paper too narrow to hold one Chinese character at double size.
    """
    return tuple(line for element in slip for line in _lines(element, width))


def as_text(lines: tuple[Printed, ...], width: int) -> str:
    """Return the paper as plain text, each printed column one column: for screens and for tests."""
    return "".join(_plain(line, width) + "\n" for line in lines)


def _lines(element: Element, width: int) -> Iterator[Printed]:
    match element:
        case Text(text, align):
            for line in wrap(text, width // element.size):
                yield _aligned(line, align, width, element)
        case Pair():
            yield from _pair(element, width)
        case Table():
            yield from _table(element, width)
        case Rule(char):
            yield Line(char * width)
        case Blank():
            yield Line()
        case QR() | Cut():
            yield element


def _aligned(text: str, align: Align, width: int, style: Text | Pair) -> Line:
    # The indent is printed at normal size, so that a doubled text still sits on the exact column.
    spare = width - columns(text) * style.size
    indent = {"left": 0, "centre": spare // 2, "right": spare}[align] if text else 0
    return Line(text, indent, style.bold, style.size)


def _pair(pair: Pair, width: int) -> Iterator[Line]:
    room = width // pair.size
    value = settle(pair.value)
    beside = room - columns(value) - 1
    if columns(pair.label) > beside and beside < room // 2:
        for line in wrap(pair.label, room) if pair.label else ():
            yield _aligned(line, "left", width, pair)
        for line in wrap(value, room):
            yield _aligned(line, "right", width, pair)
        return
    *above, last = wrap(pair.label, max(beside, 2))
    for line in [*above, last + right(value, room - columns(last))]:
        yield _aligned(line, "left", width, pair)


def _table(table: Table, width: int) -> Iterator[Line]:
    fixed = [
        max(columns(row[index]) for row in (table.heading, *table.rows))
        for index in range(len(table.heading))
        if index != table.flexible
    ]
    room = width - sum(fixed) - len(fixed)
    row_lines = _row_beside if room >= _TEXT_ROOM else _row_below
    widths = [*fixed[: table.flexible], max(room, 0), *fixed[table.flexible :]]
    for index, row in enumerate((table.heading, *table.rows)):
        for text in row_lines(row, table.flexible, widths, width):
            yield Line(text.rstrip(" "), bold=index == 0)


def _row_beside(row: tuple[str, ...], flexible: int, widths: list[int], _: int) -> Iterator[str]:
    for index, part in enumerate(wrap(row[flexible], widths[flexible])):
        shown = row if index == 0 else ("",) * len(row)
        cells = [*shown[:flexible], part, *shown[flexible + 1 :]]
        yield " ".join(
            right(cell, cell_width) if place > flexible else left(cell, cell_width)
            for place, (cell, cell_width) in enumerate(zip(cells, widths, strict=True))
        )


def _row_below(row: tuple[str, ...], flexible: int, widths: list[int], width: int) -> Iterator[str]:
    """Yield the flexible text on its own lines, then the other cells right-aligned below it."""
    before = " ".join(row[:flexible])
    after = " ".join(
        right(cell, widths[place]) for place, cell in enumerate(row) if place > flexible
    )
    yield from wrap(row[flexible], width)
    if columns(before) + columns(after) < width:
        yield left(before, width - columns(after)) + after
        return
    yield from wrap(before, width)
    yield from (right(line, width) for line in wrap(after, width))


def _plain(line: Printed, width: int) -> str:
    match line:
        case Line(text, indent, _, size):
            shown = text if size == 1 else "".join(char + " " * columns(char) for char in text)
            return (" " * indent + shown).rstrip(" ")
        case QR(data):
            return centre(f"[QR {data}]", width).rstrip(" ")
        case Cut():
            return "✂" + "╌" * (width - 1)
