"""Printed lines put together: bytes with positions become text at columns.

Owns the step from what the stream said (text, tab, absolute and relative position) to what stands
where on the paper. Text is decoded here and not earlier, because only a whole document shows which
encoding it is in. Font A cells of 12 dots are the grid: 32 columns on 58 mm, 48 on 80 mm.
"""

from msgspec import Struct

from receipts.charset import Choice, TextState, cells, decode, national
from receipts.elements import Align, Line, Run, Style

DOTS_PER_COLUMN = 12
COLUMN_MAX = 255
RUNS_MAX = 400

DEFAULT_TABS = tuple(range(8, 256, 8))


class Text(Struct):
    """Bytes to be printed in one style and text state."""

    data: bytearray
    style: Style
    state: TextState


class Move(Struct, frozen=True):
    """The print position changes: to an absolute column, by columns, or to the next tab stop."""

    column: float = 0.0
    relative: bool = False
    tabs: tuple[int, ...] | None = None


class CarriageReturn(Struct, frozen=True):
    """CR: ignored by most printers, a line's end in streams that never send LF."""


Part = Text | Move | CarriageReturn


class Draft(Struct):
    """A line as it came: its parts in order, not yet decoded."""

    parts: list[Part]
    align: Align
    offset: int
    end: int

    @property
    def size(self) -> int:
        """How much it weighs in memory, roughly, in bytes."""
        return sum(len(part.data) if isinstance(part, Text) else 8 for part in self.parts)


class Page(Struct, frozen=True):
    """The choice made for one text state: encoding, and the single-byte page behind it."""

    choice: Choice
    page: str


def compose(draft: Draft, pages: dict[TextState, Page]) -> Line:
    """Return the draft as a line: runs decoded and sorted by column, and the text they spell."""
    cursor = 0.0
    placed: list[Run] = []
    for part in draft.parts[:RUNS_MAX]:
        if isinstance(part, Text):
            run, width = _run(part, round(cursor), pages[part.state])
            cursor += width
            if run.text:
                placed.append(run)
        elif isinstance(part, Move):
            cursor = _moved(cursor, part)
    if len(placed) > 1:
        placed = _settled(placed)
    text = placed[0].text if len(placed) == 1 and not placed[0].column else _spell(placed)
    return Line(tuple(placed), text.rstrip(), draft.align, draft.offset, draft.end)


def _run(part: Text, column: int, page: Page) -> tuple[Run, int]:
    data = bytes(part.data)
    text, encoding, certain = decode(data, page.choice, page.page)
    width = cells(data, text, encoding) * part.style.width
    if part.state.national:
        text = national(text, part.state.national)
    return Run(text, column, part.style, encoding, certain), width


def _moved(cursor: float, move: Move) -> float:
    if move.tabs is not None:
        return next((float(stop) for stop in move.tabs if stop > cursor), cursor)
    column = cursor + move.column if move.relative else move.column
    return min(max(column, 0.0), float(COLUMN_MAX))


def _end(run: Run) -> int:
    return run.column + len(run.text.encode("gb18030", "replace")) * run.style.width


def _settled(runs: list[Run]) -> list[Run]:
    """Sort by column and drop what only strikes the same text again (bold by double strike)."""
    ordered: list[Run] = []
    for run in sorted(runs, key=lambda run: run.column):
        if any(
            run.column == other.column and run.text.strip() == other.text.strip()
            for other in ordered[-2:]
        ):
            continue
        ordered.append(run)
    return ordered


def _spell(runs: list[Run]) -> str:
    """Return the runs as one text, blanks standing for the paper between them."""
    text, cursor = "", 0
    for run in runs:
        gap = run.column - cursor
        text += " " * gap + run.text
        cursor = max(cursor, _end(run))
    return text
