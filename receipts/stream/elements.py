"""What a printer stream is made of once it is decoded: lines, pictures, codes, cuts and doubts.

The values every later step (segmenter, reader, paper drawing) works on. They know nothing of bytes
on a wire; `offset` and `end` point back into the job, so the raw bytes of any element can be found.
"""

from enum import StrEnum

from msgspec import Struct

from receipts.stream.dots import columns_to_rows


class Align(StrEnum):
    """Where ESC a puts a line on the paper."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Style(Struct, frozen=True):
    """How a run of text looks. `width` and `height` are factors 1 to 8; `font` is A, B or C."""

    width: int = 1
    height: int = 1
    font: str = "A"
    bold: bool = False
    underline: bool = False
    inverse: bool = False
    upside_down: bool = False


class Run(Struct, frozen=True):
    """Text in one style. `column` is its left edge in single-width font A cells (12 dots).

    `encoding` names how the bytes were read; `certain` is False where that was a guess that
    something else contradicts, or where characters were lost.
    """

    text: str
    column: int
    style: Style = Style()
    encoding: str = "ascii"
    certain: bool = True


class Line(Struct, frozen=True):
    """One printed line, blank when it has no runs. Runs are sorted by column."""

    runs: tuple[Run, ...]
    text: str
    align: Align = Align.LEFT
    offset: int = 0
    end: int = 0

    @property
    def large(self) -> bool:
        """True when any of the text is printed double wide or double high."""
        return any(run.style.width > 1 or run.style.height > 1 for run in self.runs)


class Picture(Struct, frozen=True):
    """A raster of `rows` rows.

    `width` and `rows` are dots as sent; `x_scale` and `y_scale` say how many paper dots each takes.
    `x` is the left edge in dots. `sent` holds rows, or columns of `deep` bytes; it is empty when
    the picture was larger than what a decoder keeps. `stored` marks a logo that lies in the
    printer's memory: its size and dots are unknown here. A `strip` stands on a text line: the
    line's own end feeds the paper past it.
    """

    width: int
    rows: int
    sent: bytes
    x_scale: int = 1
    y_scale: int = 1
    align: Align = Align.LEFT
    x: int = 0
    deep: int = 0
    stored: bool = False
    strip: bool = False
    offset: int = 0
    end: int = 0

    @property
    def bits(self) -> bytes:
        """Its rows of ceil(width/8) bytes, most significant bit left, 1 is black."""
        if not self.deep or len(self.sent) < self.width * self.deep:
            return b"" if self.deep else self.sent
        return columns_to_rows(self.sent[: self.width * self.deep], self.width, self.deep)


class Code(Struct, frozen=True):
    """A code that the printer draws: symbology (`qr`, `code128`) and what it says."""

    symbology: str
    text: str
    align: Align = Align.LEFT
    offset: int = 0
    end: int = 0


class Feed(Struct, frozen=True):
    """Blank paper beyond the line's own end: whole lines (ESC d) or dots (ESC J)."""

    lines: int = 0
    dots: int = 0
    offset: int = 0
    end: int = 0


class Cut(Struct, frozen=True):
    """The cutter ran; `partial` leaves a bridge of paper."""

    partial: bool
    offset: int = 0
    end: int = 0


class FormFeed(Struct, frozen=True):
    """FF in standard mode: the end of a form on label or black-mark paper."""

    offset: int = 0
    end: int = 0


class Reset(Struct, frozen=True):
    """ESC @: all styles and modes back to the power-up state."""

    offset: int = 0
    end: int = 0


class Aborted(Struct, frozen=True):
    """The host told the printer to throw away what it holds (DLE ENQ 2, DLE DC4 8)."""

    offset: int = 0
    end: int = 0


class Drawer(Struct, frozen=True):
    """A pulse to the cash drawer."""

    pin: int
    offset: int = 0
    end: int = 0


class Doubt(Struct, frozen=True):
    """Something the decoder is not sure of: a stable `code` and what was seen."""

    code: str
    detail: str
    offset: int = 0
    end: int = 0


Element = Line | Picture | Code | Feed | Cut | FormFeed | Reset | Aborted | Drawer | Doubt
