"""Printed lines put together: bytes with positions become text at columns.

Owns the step from what the stream said (text, tab, absolute and relative position) to what stands
where on the paper. Text is decoded here and not earlier, because only a whole document shows which
encoding it is in. Font A cells of 12 dots are the grid: 32 columns on 58 mm, 48 on 80 mm.
"""

from collections.abc import Iterator
from contextlib import suppress

from msgspec import Struct

from receipts.charset import Choice, TextState, cells, decode, has_rule, national
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
        size = 0
        for part in self.parts:
            if isinstance(part, Text):
                size += len(part.data)
            elif isinstance(part, Move):
                size += 8
        return size


class Block(Struct, frozen=True):
    """Whole lines of plain text in one style, each with its end. Most of a receipt is that."""

    data: bytes
    style: Style
    state: TextState
    align: Align
    offset: int

    @property
    def count(self) -> int:
        """How many lines it has."""
        return self.data.count(b"\n")

    @property
    def size(self) -> int:
        """What its lines weigh as drafts, in bytes."""
        return len(self.data) - self.count - self.data.count(b"\r")

    def drafts(self) -> Iterator[Draft]:
        """Yield its lines one by one."""
        at = self.offset
        for raw in self.data.split(b"\n")[:-1]:
            end = at + len(raw) + 1
            text = Text(bytearray(raw.removesuffix(b"\r")), self.style, self.state)
            yield Draft([text] if text.data else [], self.align, at if text.data else end - 1, end)
            at = end


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


def compose_block(block: Block, page: Page) -> list[Line]:
    """Return the lines of a block, each as `compose` would make it."""
    data = block.data
    texts: list[str] | None = None
    encoding, certain = page.choice
    if not has_rule(data):
        with suppress(UnicodeDecodeError):
            texts = data.replace(b"\r\n", b"\n").decode(encoding).split("\n")
    lines = []
    align, style, at = block.align, block.style, block.offset
    for number, raw in enumerate(data.split(b"\n")[:-1]):
        end = at + len(raw) + 1
        if texts is None:
            text, used, sure = decode(raw.removesuffix(b"\r"), page.choice, page.page)
        else:
            text = texts[number]
            used, sure = ("ascii", True) if text.isascii() else (encoding, certain)
        runs = (Run(text, 0, style, used, sure),) if text else ()
        lines.append(Line(runs, text.rstrip(), align, at if text else end - 1, end))
        at = end
    return lines


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
