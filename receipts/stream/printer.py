"""The printer that a stream believes it talks to: style, position, modes, and the line being built.

Owns state and lines; which command changes what is in `commands`. Attributes are public for the
command functions and for nobody else. Facts: Epson ESC/POS application programming guide.
"""

from receipts.stream.charset import TextState
from receipts.stream.dialects import Dialect
from receipts.stream.elements import Align, Code, Doubt, Element, FormFeed, Picture
from receipts.stream.held import ELEMENTS_MAX, Held
from receipts.stream.lexer import Token
from receipts.stream.lines import (
    DEFAULT_TABS,
    DOTS_PER_COLUMN,
    CarriageReturn,
    Draft,
    Move,
    Part,
    Text,
    block_of,
)
from receipts.stream.looks import Look

#: Bytes of text and number of parts of one line; a printer would have wrapped long before.
LINE_TEXT_MAX = 4096
LINE_PARTS_MAX = 1024
LINE_SPACING = 30  # dots, at power-up
ROWS_MAX = 512  # of one picture in Star's raster mode
SAME_ROW_DOTS = 12  # pieces of a page closer than this stand on one line

_IGNORED_CONTROLS = frozenset(b"\x00\x07\x11\x13\x18\x0e\x0f\x12\x14")
_STAR_CONTROLS = frozenset(b"\x03\x04\x05\x06\x17")  # ETX, EOT, ENQ, ACK, ETB: status and marks
_PLAIN = Look()


class Printer:
    """State from power-up on. Lines and elements go to `held`."""

    def __init__(self, dialect: Dialect, held: Held) -> None:
        self.dialect = dialect
        self.looks = dialect.looks
        self.held = held
        self.display = False  # ESC =: the customer display is selected, not the printer
        self.symbol = b""  # stored data of a two-dimensional code
        self.stored: list[Picture] = []  # graphics defined and not yet printed
        self.downloaded: Picture | None = None  # defined by GS *, printed by GS /
        self.rows = bytearray()  # of Star's raster mode, not yet held
        self._rows_wide = self._rows_at = self._rows_end = 0
        self.strip_x = 0  # where the next strip of this line stands, in dots
        self.strip_rows = 0  # how high this line's strips are
        self.parts: list[Part] = []
        self._line_at = 0
        self._line_text = 0
        self.look = _PLAIN
        self._dressed = False  # the look was set since the last text
        self.reset()

    def reset(self) -> None:
        """ESC @: every mode back to its power-up state."""
        self.dress(_PLAIN)
        self.text_state = TextState()
        self.tabs: tuple[int, ...] = DEFAULT_TABS
        self.unit = 1.0  # dots per motion unit
        self.line_spacing = LINE_SPACING
        self.page_mode = False
        self.page: list[tuple[int, int, Draft]] = []
        self.page_y = self.area_x = self.area_y = 0

    # -- text ---------------------------------------------------------------------------------

    def lines(self, data: bytes, offset: int) -> None:
        """Put whole lines on the paper; the first may end one that was begun."""
        begun = 0
        while begun < len(data) and (self.parts or self.page_mode or self.text_state.national):
            end = data.index(b"\n", begun) + 1
            line = data[begun:end].rstrip(b"\r\n")
            if line:
                self.text(line, offset + begun)
            self.held.line_feeds = True
            self._line_feed(offset + end)
            begun = end
        if begun < len(data):
            state, at = self.text_state, offset + begun
            block = block_of(data[begun:], self.look, self.looks, state, at)
            self.held.add_block(block, self.dialect)
            self.look = block.last

    def begin_line(self, offset: int) -> None:
        """Note where the line begins, if it has not yet."""
        if not self.parts:
            self._line_at = offset

    def dress(self, look: Look) -> None:
        """Give the text to come another look; it is a run of its own."""
        self.look = look
        self._dressed = True

    def text(self, data: bytes, offset: int) -> None:
        """Put text on the line, with the looks between."""
        at = offset
        for number, piece in enumerate(self.looks.parts(data)):
            if number % 2:
                self.dress(self.looks.after(self.look, piece))
            elif piece:
                self._fold(piece, at)
            at += len(piece)

    def _fold(self, data: bytes, offset: int) -> None:
        """Put text on the line; text longer than a line may be is folded, wherever it was cut."""
        self.begin_line(offset)
        end = offset + len(data)
        while len(data) > LINE_TEXT_MAX - self._line_text:
            room = LINE_TEXT_MAX - self._line_text
            self._append(data[:room])
            data = data[room:]
            self.finish_line(end - len(data))
            self._line_at = end - len(data)
        self._append(data)

    def _append(self, data: bytes) -> None:
        if not data:
            return
        self._line_text += len(data)
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Text) and not self._dressed and last.state is self.text_state:
            last.data += data
        elif len(self.parts) < LINE_PARTS_MAX:
            self.parts.append(Text(bytearray(data), self.look.style, self.text_state))
        self._dressed = False

    def move(self, move: Move, offset: int) -> None:
        """Change the print position."""
        self.begin_line(offset)
        if len(self.parts) < LINE_PARTS_MAX:
            self.parts.append(move)

    def control(self, token: Token) -> None:
        """Act on a single control byte."""
        byte = token.data[0]
        if byte == 0x0A:
            self.held.line_feeds = True
            self._line_feed(token.end)
        elif byte == 0x0D:
            if self.parts and len(self.parts) < LINE_PARTS_MAX:
                self.parts.append(CarriageReturn())
        elif byte == 0x09:
            self.move(Move(tabs=self.tabs), token.offset)
        elif byte == 0x0C:
            self._form_feed(token)
        elif byte == 0x18 and self.page_mode:  # CAN: discard the page
            self.page.clear()
        elif byte not in _IGNORED_CONTROLS and not (self.dialect.star and byte in _STAR_CONTROLS):
            self.doubt("control_in_text", token)

    # -- lines --------------------------------------------------------------------------------

    def _line_feed(self, end: int) -> None:
        if self.page_mode:
            self.end_line(end)
            self.page_y += self.line_spacing
            return
        if not self.parts:
            self._line_at = end - 1
        self.finish_line(end)

    def end_line(self, end: int) -> None:
        """Flush a line that was begun; a command that feeds paper prints it."""
        if any(not isinstance(part, CarriageReturn) for part in self.parts):
            self.finish_line(end)
        else:
            self.parts.clear()

    def finish_line(self, end: int) -> None:
        """Hold the line, empty or not, and begin the next."""
        draft = Draft(self.parts, self.look.align, self._line_at, end)
        self.parts = []
        self._line_text = self.strip_x = self.strip_rows = 0
        if not self.page_mode:
            self.hold(draft)
            return
        self.page.append((self.area_y + self.page_y, self.area_x, draft))
        if len(self.page) > ELEMENTS_MAX:
            self.print_page()

    def drop_line(self) -> None:
        """Throw away the line and the page being built."""
        self.parts.clear()
        self._line_text = 0
        self.page.clear()

    def print_page(self) -> None:
        """Put the page on paper: places sorted from top to bottom, then from the left."""
        page, self.page = self.page, []
        row: Draft | None = None
        top = 0
        for y, x, draft in sorted(page, key=lambda place: place[:2]):
            parts = [Move(column=x / DOTS_PER_COLUMN), *draft.parts] if x else draft.parts
            if row is not None and y - top < SAME_ROW_DOTS:
                row.parts += parts
                continue
            if row is not None:
                self.hold(row)
            row, top = Draft(list(parts), Align.LEFT, draft.offset, draft.end), y
        if row is not None:
            self.hold(row)

    def _form_feed(self, token: Token) -> None:
        self.end_line(token.offset)
        if self.page_mode:
            self.print_page()
            self.page_mode = False
        else:
            self.hold(FormFeed(token.offset, token.end))
            self.release()

    # -- Star's raster mode --------------------------------------------------------------------

    def star_rows(self, wide: int, rows: bytes, token: Token) -> None:
        """Put rows of `wide` bytes below each other: alike ones make one picture, however cut."""
        if wide != self._rows_wide:
            self.end_rows()
        stride = wide + 3
        at = token.offset
        while rows:
            if not self.rows:
                self._rows_wide, self._rows_at = wide, at
            room = ROWS_MAX * wide - len(self.rows)
            self.rows += rows[:room]
            at = self._rows_end = at + min(room, len(rows)) // wide * stride
            rows = rows[room:]
            if rows:
                self.end_rows()

    def end_rows(self) -> None:
        """Hold the rows that came as one picture."""
        if self.rows:
            wide, bits = self._rows_wide, bytes(self.rows)
            self.rows.clear()
            at, end = self._rows_at, self._rows_end
            self.hold(Picture(wide * 8, len(bits) // wide, bits, offset=at, end=end))

    # -- to the paper -------------------------------------------------------------------------

    def hold(self, item: Element | Draft) -> None:
        """Put an element after what is already on the paper."""
        self.held.add(item, self.dialect)

    def release(self) -> None:
        """The document is over."""
        self.held.release(self.dialect)

    def doubt(self, code: str, token: Token) -> None:
        """Note what is not understood, with its first bytes."""
        self.hold(Doubt(code, token.data[:8].hex(" "), token.offset, token.end))

    def symbol_printed(self, symbology: str, text: str, token: Token) -> None:
        """Hold a two-dimensional code."""
        self.hold(Code(symbology, text, self.look.align, token.offset, token.end))
