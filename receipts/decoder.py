"""A printer stream decoded: what would stand on the paper, as it would stand there.

Owns the printer's state (style, alignment, tabs, text state, display selected, page mode, macro)
and nothing of meaning. Lines are held back until their document ends, because the encoding of
silent Chinese printers can only be told from the whole; holding is bounded. It must never raise
for any bytes, and cutting the stream elsewhere must never change what comes out.
Command meanings: Epson ESC/POS application programming guide; clones as marked in `dialects`.
"""

from collections.abc import Iterable

from receipts import graphics
from receipts.charset import TextState, choose, page_name
from receipts.dialects import DIALECTS, SNIFF_BYTES, sniff
from receipts.elements import (
    Aborted,
    Align,
    Code,
    Cut,
    Doubt,
    Drawer,
    Element,
    Feed,
    FormFeed,
    Picture,
    Reset,
    Style,
)
from receipts.lexer import Kind, Lexer, Token
from receipts.lines import (
    DEFAULT_TABS,
    DOTS_PER_COLUMN,
    CarriageReturn,
    Draft,
    Move,
    Page,
    Part,
    Text,
    compose,
)

#: Lines, text and picture bytes held for one document; beyond it what is held is let go.
HELD_ELEMENTS_MAX = 20_000
HELD_TEXT_MAX = 1 << 20
HELD_PICTURE_MAX = 16 << 20
LINE_TEXT_MAX = 4096
MACRO_MAX = 2048
MACRO_RUNS_MAX = 64
DOUBTS_MAX = 200

_ALIGNS = {0: Align.LEFT, 1: Align.CENTRE, 2: Align.RIGHT}
_PLAIN = Style()
_IGNORED_CONTROLS = frozenset(b"\x00\x07\x11\x13\x18\x0e\x0f\x12\x14")


class Decoder:
    """Turns pieces of a printer stream into elements.

    `dialect` names the printer language, None detects it; `columns` is not needed: the stream
    positions itself. `feed` returns the elements of documents that ended in the piece, `close`
    the rest; the decoder can then take the next job of the same connection.
    """

    def __init__(self, dialect: str | None = None) -> None:
        """Raise ValueError for a dialect that is not in `receipts.dialects.DIALECTS`."""
        if dialect is not None and dialect not in DIALECTS:
            raise ValueError(f"unknown dialect {dialect!r}; known: {', '.join(sorted(DIALECTS))}")
        self._wanted = dialect
        self._head = bytearray()
        self._lexer: Lexer | None = None
        self._encoding: str | None = None  # what this connection used last
        self._base = 0
        self._out: list[Element] = []
        self._held: list[Element | Draft] = []
        self._held_text = self._held_picture = self._doubts = 0
        self._power_up()

    # -- the stream -------------------------------------------------------------------------

    def feed(self, data: bytes) -> list[Element]:
        """Return the elements of the documents that `data` completes."""
        if self._lexer is None:
            self._head += data
            if len(self._head) < SNIFF_BYTES:
                return []
            data = self._begin()
        assert self._lexer is not None
        self._take(self._lexer.feed(data))
        return self._emitted()

    def close(self) -> list[Element]:
        """Return what is left; a command or document cut off in the middle ends here."""
        if self._lexer is None:
            rest = self._begin()
            assert self._lexer is not None
            self._take(self._lexer.feed(rest))
        self._take(self._lexer.close())
        self._end_line(self._at)
        self._print_page()
        self._release()
        self._power_up()
        self._lexer = None
        return self._emitted()

    @property
    def dialect(self) -> str | None:
        """The dialect in use, None while it is not yet detected."""
        return self._name if self._lexer is not None else self._wanted

    def _begin(self) -> bytes:
        head = bytes(self._head)
        self._head.clear()
        self._name = self._wanted or sniff(head)
        self._dialect = DIALECTS[self._name]
        self._lexer = Lexer(self._dialect)
        if self._dialect.label:
            self._doubt("label", "a label language: never a receipt", 0, 0)
        return head

    def _emitted(self) -> list[Element]:
        out, self._out = self._out, []
        return out

    # -- printer state ----------------------------------------------------------------------

    def _power_up(self) -> None:
        self._at = 0
        self._display = False
        self._qr = b""
        self._stored: list[Picture] = []
        self._macro = bytearray()
        self._recording = False
        self._macro_runs = 0
        self._name = self._wanted
        self._reset_modes()
        self._parts: list[Part] = []
        self._line_at = 0
        self._line_text = 0
        self._lf_seen = False

    def _reset_modes(self) -> None:
        self._style = _PLAIN
        self._align = Align.LEFT
        self._text_state = TextState()
        self._tabs: tuple[int, ...] = DEFAULT_TABS
        self._unit = 1.0  # dots per motion unit
        self._page_mode = False
        self._page: list[tuple[int, int, Draft]] = []
        self._page_x = self._page_y = self._area_x = self._area_y = 0
        self._line_spacing = 30

    # -- tokens -----------------------------------------------------------------------------

    def _take(self, tokens: Iterable[Token]) -> None:
        for token in tokens:
            kind = token.kind
            self._at = token.end
            if self._recording:
                self._record(token)
            if kind is Kind.TEXT:
                self._text(token)
            elif kind is Kind.CONTROL:
                self._control(token)
            elif kind is Kind.COMMAND:
                self._command(token)
            elif kind is Kind.STAR_ROW:
                self._hold_picture(graphics.star_row(token))
            elif kind is Kind.UNKNOWN:
                self._doubt("unknown_command", token.data.hex(" "), token.offset, token.end)
            elif kind is Kind.TRUNCATED:
                self._doubt("truncated", token.data[:8].hex(" "), token.offset, token.end)

    def _text(self, token: Token) -> None:
        if self._display or self._dialect.label:
            return
        if not self._parts:
            self._line_at = token.offset
        room = LINE_TEXT_MAX - self._line_text
        data = token.data
        if len(data) > room:  # a printer would wrap long before
            self._fold(data, token.end)
            return
        self._line_text += len(data)
        last = self._parts[-1] if self._parts else None
        if isinstance(last, Text) and last.style is self._style and last.state is self._text_state:
            last.data += data
        else:
            self._parts.append(Text(bytearray(data), self._style, self._text_state))

    def _fold(self, data: bytes, end: int) -> None:
        """Take text longer than a line may be in lines of that length, wherever it was cut."""
        while data:
            room = LINE_TEXT_MAX - self._line_text
            piece, data = data[:room], data[room:]
            if piece:
                self._line_text += len(piece)
                last = self._parts[-1] if self._parts else None
                if isinstance(last, Text) and last.style is self._style:
                    last.data += piece
                else:
                    self._parts.append(Text(bytearray(piece), self._style, self._text_state))
            if data:
                self._end_line(end - len(data))
                self._line_at = end - len(data)

    def _control(self, token: Token) -> None:
        byte = token.data[0]
        if self._display or self._dialect.label:
            return
        if byte == 0x0A:
            self._lf_seen = True
            self._line_feed(token.end)
        elif byte == 0x0D:
            if self._parts and len(self._parts) < LINE_TEXT_MAX:
                self._parts.append(CarriageReturn())
        elif byte == 0x09:
            self._move(Move(tabs=self._tabs), token.offset)
        elif byte == 0x0C:
            self._form_feed(token)
        elif byte == 0x18 and self._page_mode:
            self._page.clear()
        elif byte not in _IGNORED_CONTROLS:
            self._doubt("control_in_text", f"{byte:02x}", token.offset, token.end)

    def _move(self, move: Move, at: int) -> None:
        if not self._parts:
            self._line_at = at
        if len(self._parts) < LINE_TEXT_MAX:
            self._parts.append(move)

    def _form_feed(self, token: Token) -> None:
        self._end_line(token.offset)
        if self._page_mode:
            self._print_page()
            self._page_mode = False
        else:
            self._hold(FormFeed(token.offset, token.end))
            self._release()

    # -- commands ---------------------------------------------------------------------------

    def _command(self, token: Token) -> None:
        data = token.data
        key = data[:2]
        if key == b"\x1b=":  # ESC = n: bit 0 printer, bit 1 customer display
            self._display = data[2] & 3 == 2
            return
        if self._display:
            return
        table = _STAR_HANDLERS if self._dialect.star else _HANDLERS
        handler = table.get(key)
        if handler is not None:
            handler(self, token)

    def _escape_reset(self, token: Token) -> None:  # ESC @
        self._end_line(token.offset)
        self._print_page()
        self._reset_modes()
        self._hold(Reset(token.offset, token.end))

    def _print_mode(self, token: Token) -> None:  # ESC ! n
        n = token.data[2]
        self._style = Style(
            width=2 if n & 0x20 else 1,
            height=2 if n & 0x10 else 1,
            font="B" if n & 1 else "A",
            bold=bool(n & 8),
            underline=bool(n & 0x80),
            inverse=self._style.inverse,
            upside_down=self._style.upside_down,
        )

    def _restyle(self, **changes: int | bool | str) -> None:
        values = {name: getattr(self._style, name) for name in Style.__struct_fields__}
        self._style = Style(**{**values, **changes})

    def _kanji_mode(self, token: Token) -> None:  # FS ! n: bit 2 double width, bit 3 double height
        n = token.data[2]
        self._restyle(
            width=2 if n & 4 else 1, height=2 if n & 8 else 1, underline=bool(n & 0x80)
        )

    def _kanji_double(self, token: Token) -> None:  # FS W n
        size = 2 if token.data[2] & 1 else 1
        self._restyle(width=size, height=size)

    def _size(self, token: Token) -> None:  # GS ! n
        n = token.data[2]
        self._restyle(width=(n >> 4 & 7) + 1, height=(n & 7) + 1)

    def _font(self, token: Token) -> None:  # ESC M n
        self._restyle(font={0: "A", 48: "A", 1: "B", 49: "B"}.get(token.data[2], "C"))

    def _bold(self, token: Token) -> None:  # ESC E n, ESC G n
        self._restyle(bold=bool(token.data[2] & 1))

    def _underline(self, token: Token) -> None:  # ESC - n, FS - n
        self._restyle(underline=token.data[2] in (1, 2, 49, 50))

    def _inverse(self, token: Token) -> None:  # GS B n
        self._restyle(inverse=bool(token.data[2] & 1))

    def _upside_down(self, token: Token) -> None:  # ESC { n
        self._restyle(upside_down=bool(token.data[2] & 1))

    def _alignment(self, token: Token) -> None:  # ESC a n
        self._align = _ALIGNS.get(token.data[2] & 0x0F, self._align)

    def _set_text(self, **changes: object) -> None:
        self._text_state = self._text_state._replace(**changes)

    def _kanji_on(self, token: Token) -> None:  # FS &
        self._set_text(kanji=True)

    def _kanji_off(self, token: Token) -> None:  # FS .
        self._set_text(kanji=False)

    def _code_page(self, token: Token) -> None:  # ESC t n
        self._set_text(page=token.data[2])

    def _national_set(self, token: Token) -> None:  # ESC R n
        self._set_text(national=token.data[2])

    def _encoding_command(self, token: Token) -> None:  # FS ( C: m = 30h chooses UTF-8
        body = token.data[5:]
        if len(body) >= 2 and body[0] == 0x30:
            self._set_text(utf8=body[1] in (2, 50))

    def _set_tabs(self, token: Token) -> None:  # ESC D n1 .. nk 00
        self._tabs = tuple(stop for stop in token.data[2:] if stop)

    def _absolute(self, token: Token) -> None:  # ESC $ nL nH
        dots = int.from_bytes(token.data[2:4], "little") * self._unit
        self._move(Move(column=dots / DOTS_PER_COLUMN), token.offset)

    def _relative(self, token: Token) -> None:  # ESC \ nL nH, two's complement
        dots = int.from_bytes(token.data[2:4], "little", signed=True) * self._unit
        self._move(Move(column=dots / DOTS_PER_COLUMN, relative=True), token.offset)

    def _motion_units(self, token: Token) -> None:  # GS P x y: 1/x inch; 203 dots an inch
        across = token.data[2]
        self._unit = 203 / across if across else 1.0

    def _feed_lines(self, token: Token) -> None:  # ESC d n, ESC e n
        self._end_line(token.offset)
        self._hold(Feed(lines=token.data[2], offset=token.offset, end=token.end))

    def _feed_dots(self, token: Token) -> None:  # ESC J n, ESC K n
        if self._page_mode:
            self._end_line(token.offset)
            self._page_y += token.data[2]
            return
        self._end_line(token.offset)
        self._hold(Feed(dots=token.data[2], offset=token.offset, end=token.end))

    def _spacing(self, token: Token) -> None:  # ESC 3 n
        self._line_spacing = token.data[2] or 30

    def _cut(self, token: Token) -> None:  # GS V m [n], ESC i, ESC m
        self._end_line(token.offset)
        partial = token.data[:2] == b"\x1bm" or token.data[2:3] in (b"\x01", b"1", b"B", b"b")
        self._hold(Cut(partial, token.offset, token.end))
        self._release()

    def _drawer(self, token: Token) -> None:  # ESC p m t1 t2, DLE DC4 1 m t
        if token.data[:1] == b"\x10":
            if token.data[2] == 8:  # DLE DC4 8: clear buffer
                self._abort(token)
            if token.data[2] != 1:
                return
            pin = token.data[3]
        else:
            pin = token.data[2] & 1
        self._hold(Drawer(pin, token.offset, token.end))

    def _enquiry(self, token: Token) -> None:  # DLE ENQ 2: clear buffers and recover
        if token.data[2] == 2:
            self._abort(token)

    def _abort(self, token: Token) -> None:
        self._parts.clear()
        self._line_text = 0
        self._page.clear()
        self._hold(Aborted(token.offset, token.end))

    # -- page mode --------------------------------------------------------------------------

    def _enter_page(self, token: Token) -> None:  # ESC L
        if not self._parts:
            self._page_mode = True
            self._page_x = self._page_y = self._area_x = self._area_y = 0

    def _leave_page(self, token: Token) -> None:  # ESC S: what is on the page is thrown away
        self._parts.clear()
        self._line_text = 0
        self._page.clear()
        self._page_mode = False

    def _print_page_command(self, token: Token) -> None:  # ESC FF: print and stay
        self._end_line(token.offset)
        self._print_page()

    def _page_area(self, token: Token) -> None:  # ESC W xL xH yL yH dxL dxH dyL dyH
        if len(token.data) < 10:
            self._restyle(width=2 if token.data[2] & 1 else 1)  # ESC W n of SPRT
            return
        self._end_line(token.offset)
        self._area_x = int.from_bytes(token.data[2:4], "little")
        self._area_y = int.from_bytes(token.data[4:6], "little")
        self._page_y = 0

    def _page_direction(self, token: Token) -> None:  # ESC T n
        if self._page_mode and token.data[2] & 3:
            self._doubt("page_direction", "turned text in page mode", token.offset, token.end)

    def _page_vertical(self, token: Token) -> None:  # GS $ nL nH, GS \ nL nH
        self._end_line(token.offset)
        value = int.from_bytes(token.data[2:4], "little", signed=token.data[1:2] == b"\\")
        self._page_y = value if token.data[1:2] == b"$" else max(0, self._page_y + value)

    def _print_page(self) -> None:
        """Put the page on paper: places sorted from top to bottom, then from the left."""
        rows: dict[int, Draft] = {}
        page, self._page = self._page, []
        for y, x, draft in sorted(page, key=lambda place: place[:2]):
            parts = [Move(column=x / DOTS_PER_COLUMN), *draft.parts] if x else draft.parts
            row = next((row for top, row in rows.items() if abs(top - y) < 12), None)
            if row is None:
                rows[y] = Draft(list(parts), Align.LEFT, draft.offset, draft.end)
            else:
                row.parts += parts
        for row in rows.values():
            self._hold(row)

    # -- pictures and codes -----------------------------------------------------------------

    def _picture(self, token: Token) -> None:  # GS v 0, ESC *, GS *
        picture = graphics.picture(token, self._align)
        if token.data[:2] == b"\x1b*":
            self._parts.append(Text(bytearray(), self._style, self._text_state))
        if picture is not None:
            self._hold_picture(picture)

    def _graphics(self, token: Token) -> None:  # GS ( L, GS 8 L
        header = 5 if token.data[1:2] == b"(" else 7
        body = token.data[header:]
        if token.data[2:3] != b"L" or len(body) < 2:
            return
        function = body[1]
        if function in (112, 113):
            picture = graphics.stored(token, header, self._align)
            if picture is not None:
                self._stored = [*self._stored[-3:], picture]
        elif function in (2, 50):
            for picture in self._stored:
                self._hold_picture(picture)
            self._stored = []
        elif function in (69, 85):
            self._stored_logo(token)

    def _stored_logo(self, token: Token) -> None:  # FS p n m, GS / m, GS ( L fn 69 and 85
        self._hold_picture(
            Picture(0, 0, b"", align=self._align, stored=True, offset=token.offset, end=token.end)
        )

    def _symbol(self, token: Token) -> None:  # GS ( k
        body = token.data[5:]
        if token.data[2:3] != b"k" or len(body) < 3:
            if token.data[2:3] == b"L":
                self._graphics(token)
            return
        if body[1] == 80:
            self._qr = body[3:]
        elif body[1] == 81 and self._qr:
            name = graphics.SYMBOLS.get(body[0], "unknown")
            text = graphics.code_text(self._qr)
            self._hold(Code(name, text, self._align, token.offset, token.end))

    def _barcode(self, token: Token) -> None:  # GS k, ESC Z
        code = graphics.barcode(token, self._align)
        if code is not None:
            self._hold(code)

    # -- macros -----------------------------------------------------------------------------

    def _macro_switch(self, token: Token) -> None:  # GS :
        self._recording = not self._recording
        if self._recording:
            self._macro.clear()

    def _record(self, token: Token) -> None:
        if token.data != b"\x1d:" and len(self._macro) + len(token.data) <= MACRO_MAX:
            self._macro += token.data

    def _macro_run(self, token: Token) -> None:  # GS ^ r t m
        if self._recording or not self._macro:
            return
        for _ in range(token.data[2]):
            if self._macro_runs >= MACRO_RUNS_MAX:
                self._doubt("macro", "a macro runs too often", token.offset, token.end)
                return
            self._macro_runs += 1
            lexer = Lexer(self._dialect)
            for inner in lexer.feed(bytes(self._macro)):
                if inner.data[:2] not in (b"\x1d^", b"\x1d:"):
                    self._take([inner._replace(offset=token.offset, end=token.end)])

    # -- Star -------------------------------------------------------------------------------

    def _star_align(self, token: Token) -> None:  # ESC GS a n
        if token.data[2:3] == b"a":
            self._align = _ALIGNS.get(token.data[3] & 0x0F, self._align)
        elif token.data[2:3] == b"t":
            self._set_text(page=token.data[3])
        elif token.data[2:3] == b"A":
            dots = int.from_bytes(token.data[3:5], "little")
            self._move(Move(column=dots / DOTS_PER_COLUMN), token.offset)
        elif token.data[2:5] in (b"yD1", b"yD\x01"):
            self._qr = token.data[8:]
        elif token.data[2:4] == b"yP" and self._qr:
            text = graphics.code_text(self._qr)
            self._hold(Code("qr", text, self._align, token.offset, token.end))

    def _star_bold(self, token: Token) -> None:  # ESC E, ESC F
        self._restyle(bold=token.data[1:2] == b"E")

    def _star_width(self, token: Token) -> None:  # ESC W n
        self._restyle(width=(token.data[2] & 0x0F) + 1)

    def _star_height(self, token: Token) -> None:  # ESC h n
        self._restyle(height=(token.data[2] & 0x0F) + 1)

    def _star_size(self, token: Token) -> None:  # ESC i h w
        self._restyle(height=(token.data[2] & 7) + 1, width=(token.data[3] & 7) + 1)

    def _star_cut(self, token: Token) -> None:  # ESC d n
        self._end_line(token.offset)
        self._hold(Cut(token.data[2] & 1 == 1, token.offset, token.end))
        self._release()

    # -- holding and letting go --------------------------------------------------------------

    def _line_feed(self, end: int) -> None:
        if self._page_mode:
            self._end_line(end)
            self._page_y += self._line_spacing
            return
        if not self._parts:
            self._line_at = end - 1
        self._finish_line(end)

    def _end_line(self, end: int) -> None:
        """Flush a line that was begun; a command that feeds paper prints it."""
        if any(not isinstance(part, CarriageReturn) for part in self._parts):
            self._finish_line(end)
        else:
            self._parts.clear()

    def _finish_line(self, end: int) -> None:
        draft = Draft(self._parts, self._align, self._line_at, end)
        self._held_text += self._line_text + 8 * len(self._parts)
        self._parts = []
        self._line_text = 0
        if self._page_mode:
            self._page.append((self._area_y + self._page_y, self._area_x, draft))
            if len(self._page) > HELD_ELEMENTS_MAX:
                self._print_page()
        else:
            self._hold(draft)

    def _hold_picture(self, picture: Picture) -> None:
        self._held_picture += len(picture.bits)
        self._hold(picture)

    def _doubt(self, code: str, detail: str, offset: int, end: int) -> None:
        self._doubts += 1
        if self._doubts <= DOUBTS_MAX:
            self._hold(Doubt(code, detail, offset, end))

    def _hold(self, element: Element | Draft) -> None:
        self._held.append(element)
        if (
            len(self._held) > HELD_ELEMENTS_MAX
            or self._held_text > HELD_TEXT_MAX
            or self._held_picture > HELD_PICTURE_MAX
        ):
            self._release()

    def _release(self) -> None:
        """Decode what is held, now that its document is over, and hand it out."""
        held, self._held = self._held, []
        self._held_text = self._held_picture = self._doubts = 0
        drafts = [element for element in held if isinstance(element, Draft)]
        if not self._lf_seen:
            held = _split_at_carriage_returns(held)
            drafts = [element for element in held if isinstance(element, Draft)]
        pages = self._pages(drafts)
        self._lf_seen = False
        self._out += [
            compose(element, pages) if isinstance(element, Draft) else element for element in held
        ]

    def _pages(self, drafts: list[Draft]) -> dict[TextState, Page]:
        runs: dict[TextState, list[bytes]] = {}
        for draft in drafts:
            for part in draft.parts:
                if isinstance(part, Text):
                    runs.setdefault(part.state, []).append(part.data)
        pages = {}
        for state, data in runs.items():
            page = page_name(state, self._dialect.pages)
            choice = choose(data, state, page, self._dialect.chinese, self._encoding)
            if choice.encoding != page:
                self._encoding = choice.encoding
            pages[state] = Page(choice, page)
        return pages


def _split_at_carriage_returns(held: list[Element | Draft]) -> list[Element | Draft]:
    """Split drafts at CR: in a document without any LF, CR is what ends a line."""
    out: list[Element | Draft] = []
    for element in held:
        if not isinstance(element, Draft):
            out.append(element)
            continue
        parts: list[Part] = []
        for part in element.parts:
            if isinstance(part, CarriageReturn):
                out.append(Draft(parts, element.align, element.offset, element.end))
                parts = []
            else:
                parts.append(part)
        if parts:
            out.append(Draft(parts, element.align, element.offset, element.end))
    return out


_HANDLERS = {
    b"\x1b@": Decoder._escape_reset,
    b"\x1b!": Decoder._print_mode,
    b"\x1c!": Decoder._kanji_mode,
    b"\x1cW": Decoder._kanji_double,
    b"\x1d!": Decoder._size,
    b"\x1bM": Decoder._font,
    b"\x1bE": Decoder._bold,
    b"\x1bG": Decoder._bold,
    b"\x1b-": Decoder._underline,
    b"\x1c-": Decoder._underline,
    b"\x1dB": Decoder._inverse,
    b"\x1b{": Decoder._upside_down,
    b"\x1ba": Decoder._alignment,
    b"\x1c&": Decoder._kanji_on,
    b"\x1c.": Decoder._kanji_off,
    b"\x1bt": Decoder._code_page,
    b"\x1bR": Decoder._national_set,
    b"\x1c(": Decoder._encoding_command,
    b"\x1bD": Decoder._set_tabs,
    b"\x1b$": Decoder._absolute,
    b"\x1b\\": Decoder._relative,
    b"\x1dP": Decoder._motion_units,
    b"\x1bd": Decoder._feed_lines,
    b"\x1be": Decoder._feed_lines,
    b"\x1bJ": Decoder._feed_dots,
    b"\x1bK": Decoder._feed_dots,
    b"\x1b3": Decoder._spacing,
    b"\x1dV": Decoder._cut,
    b"\x1bi": Decoder._cut,
    b"\x1bm": Decoder._cut,
    b"\x1c\x7d": Decoder._cut,
    b"\x1bp": Decoder._drawer,
    b"\x10\x14": Decoder._drawer,
    b"\x10\x05": Decoder._enquiry,
    b"\x1bL": Decoder._enter_page,
    b"\x1bS": Decoder._leave_page,
    b"\x1b\x0c": Decoder._print_page_command,
    b"\x1bW": Decoder._page_area,
    b"\x1bT": Decoder._page_direction,
    b"\x1d$": Decoder._page_vertical,
    b"\x1d\\": Decoder._page_vertical,
    b"\x1dv": Decoder._picture,
    b"\x1b*": Decoder._picture,
    b"\x1d(": Decoder._symbol,
    b"\x1d8": Decoder._graphics,
    b"\x1cp": Decoder._stored_logo,
    b"\x1d/": Decoder._stored_logo,
    b"\x1dk": Decoder._barcode,
    b"\x1bZ": Decoder._barcode,
    b"\x1d:": Decoder._macro_switch,
    b"\x1d^": Decoder._macro_run,
}

_STAR_HANDLERS = {
    b"\x1b@": Decoder._escape_reset,
    b"\x1bE": Decoder._star_bold,
    b"\x1bF": Decoder._star_bold,
    b"\x1b-": Decoder._underline,
    b"\x1bW": Decoder._star_width,
    b"\x1bh": Decoder._star_height,
    b"\x1bi": Decoder._star_size,
    b"\x1bd": Decoder._star_cut,
    b"\x1ba": Decoder._feed_lines,
    b"\x1bR": Decoder._national_set,
    b"\x1bD": Decoder._set_tabs,
    b"\x1b\x1d": Decoder._star_align,
    b"\x10\x05": Decoder._enquiry,
}
