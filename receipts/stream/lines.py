"""Printed lines put together: bytes with positions become text at columns.

Owns the step from what the stream said (text, tab, absolute and relative position) to what stands
where on the paper. Text is decoded here and not earlier, because only a whole document shows which
encoding it is in. Font A cells of 12 dots are the grid: 32 columns on 58 mm, 48 on 80 mm.
"""

from collections.abc import Iterator

from msgspec import Struct

from receipts.stream.charset import (
    ASCII_ALIKE,
    Choice,
    TextState,
    cells,
    decode,
    has_rule,
    national,
)
from receipts.stream.elements import Align, Line, Run, Style
from receipts.stream.looks import Look, Looks

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
    """Whole lines of text with looks inside, each with its end. Most of a receipt is that.

    `look` is what the first line begins with, `last` what the last one ends with; `size` is what
    its lines weigh as drafts, in bytes.
    """

    data: bytes
    look: Look
    last: Look
    looks: Looks
    state: TextState
    offset: int
    count: int
    size: int

    def drafts(self) -> Iterator[Draft]:
        """Yield its lines one by one."""
        at, look = self.offset, self.look
        for raw in self.data.split(b"\n")[:-1]:
            draft, look = self.draft(raw, look, at)
            at = draft.end
            yield draft

    def draft(self, raw: bytes, look: Look, at: int) -> tuple[Draft, Look]:
        """Return its line `raw` that begins at `at` with a look, and the look at its end."""
        parts: list[Part] = []
        end = at + len(raw) + 1
        begin = end - 1
        for number, piece in enumerate(self.looks.parts(raw.removesuffix(b"\r"))):
            if number % 2:
                look = self.looks.after(look, piece)
            elif piece:
                begin = begin if parts else at
                parts.append(Text(bytearray(piece), look.style, self.state))
            at += len(piece)
        return Draft(parts, look.align, begin, end), look


def block_of(data: bytes, look: Look, looks: Looks, state: TextState, offset: int) -> Block:
    """Return whole lines as a block."""
    commands = looks.parts(data)[1::2]
    last = look
    for each in commands:
        last = looks.after(last, each)
    count = data.count(b"\n")
    size = len(data) - count - data.count(b"\r\n") - sum(map(len, commands))
    return Block(data, look, last, looks, state, offset, count, size)


def compose(draft: Draft, choices: dict[TextState, Choice]) -> Line:
    """Return the draft as a line: runs decoded and sorted by column, and the text they spell."""
    cursor = 0.0
    placed: list[Run] = []
    for part in draft.parts[:RUNS_MAX]:
        if isinstance(part, Text):
            if part.data:
                run, width = _run(part, round(cursor), choices[part.state])
                cursor += width
                placed.append(run)
        elif isinstance(part, Move):
            cursor = _moved(cursor, part)
    return _line(placed, draft.align, draft.offset, draft.end)


def compose_block(block: Block, choice: Choice) -> list[Line]:
    """Return the lines of a block, each as `compose` would make it."""
    texts = _texts(block, choice)
    if texts is None:
        return [compose(draft, {block.state: choice}) for draft in block.drafts()]
    encoding, certain, _ = choice
    look, at = block.look, block.offset
    lines = []
    for raw, text in zip(block.data.split(b"\n"), texts[:-1], strict=False):
        end = at + len(raw) + 1
        if "\x1b" in text or "\x1d" in text or "\x1c" in text:
            line, look = _dressed(raw, text, look, at, block, choice)
        else:
            used, sure = ("ascii", True) if text.isascii() else (encoding, certain)
            runs = (Run(text, 0, look.style, used, sure),) if text else ()
            line = Line(runs, text.rstrip(), look.align, at if text else end - 1, end)
        lines.append(line)
        at = end
    return lines


def _texts(block: Block, choice: Choice) -> list[str] | None:
    """Return the lines of a block decoded in one go, None where that is not the same."""
    data = block.data
    if choice.encoding not in ASCII_ALIKE or has_rule(data):
        return None
    try:
        return data.replace(b"\r\n", b"\n").decode(choice.encoding).split("\n")
    except UnicodeDecodeError:
        return None


def _dressed(
    raw: bytes, text: str, look: Look, at: int, block: Block, choice: Choice
) -> tuple[Line, Look]:
    """Return a line with looks in it that is decoded already, and the look at its end."""
    after, first = block.looks.after, look
    encoding, certain, _ = choice
    runs: list[Run] = []
    pieces = block.looks.decoded_parts(text)
    column, end = 0, at + len(raw) + 1
    for number, piece in enumerate(pieces):
        if number % 2:
            look = after(look, piece)
        elif piece:
            if column < 0:  # a run without width: the next may strike it again
                draft, look = block.draft(raw, first, at)
                return compose(draft, {block.state: choice}), look
            style = look.style
            if piece.isascii():
                runs.append(Run(piece, column, style))
                column += len(piece) * style.width
            else:
                runs.append(Run(piece, column, style, encoding, certain))
                width = cells(piece.encode(encoding), piece, encoding)
                column = column + width * style.width if width else -1
    begin = at if pieces[0] else at + len(pieces[1])
    text = "".join(pieces[::2]).rstrip()
    return Line(tuple(runs), text, look.align, begin if runs else end - 1, end), look


def _line(runs: list[Run], align: Align, offset: int, end: int) -> Line:
    if len(runs) > 1:
        runs = _settled(runs)
    text = runs[0].text if len(runs) == 1 and not runs[0].column else _spell(runs)
    return Line(tuple(runs), text.rstrip(), align, offset, end)


def _run(part: Text, column: int, choice: Choice) -> tuple[Run, int]:
    data = bytes(part.data)
    text, encoding, certain = decode(data, choice)
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
    if run.text.isascii():
        return run.column + len(run.text) * run.style.width
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
