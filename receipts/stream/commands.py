"""What each command does to the printer, by its two-byte prefix.

Owns meanings; lengths are in `dialects`. A command that is not in these tables prints nothing and
changes nothing that a receipt shows. Sources: Epson ESC/POS application programming guide, Star
line-mode specification; clone commands as marked in `dialects`.
"""

from collections.abc import Callable

from msgspec import structs

from receipts.stream import graphics
from receipts.stream.elements import Aborted, Cut, Drawer, Feed, Picture, Reset
from receipts.stream.lexer import Token
from receipts.stream.lines import DOTS_PER_COLUMN, Move, Text
from receipts.stream.looks import LOOKS, double
from receipts.stream.printer import LINE_SPACING, Printer

_DOTS_PER_INCH = 203


def _number(token: Token, at: int, *, signed: bool = False) -> int:
    return int.from_bytes(token.data[at : at + 2], "little", signed=signed)


# -- state ---------------------------------------------------------------------------------------


def _reset(printer: Printer, token: Token) -> None:  # ESC @
    printer.end_line(token.offset)
    printer.print_page()
    printer.reset()
    printer.hold(Reset(token.offset, token.end))


def _look(printer: Printer, token: Token) -> None:  # with a number that no text could hold
    printer.dress(printer.looks.apply(printer.look, token.data))


def _kanji_on(printer: Printer, _token: Token) -> None:  # FS &
    printer.text_state = printer.text_state._replace(kanji=True)


def _kanji_off(printer: Printer, _token: Token) -> None:  # FS .
    printer.text_state = printer.text_state._replace(kanji=False)


def _private(printer: Printer, token: Token) -> None:  # 1F 1B 1F FE n: Chinese on (0), off (1)
    if token.data[3:4] == b"\xfe":
        printer.text_state = printer.text_state._replace(kanji=token.data[4] == 0)


def _code_page(printer: Printer, token: Token) -> None:  # ESC t n
    printer.text_state = printer.text_state._replace(page=token.data[2])


def _national_set(printer: Printer, token: Token) -> None:  # ESC R n
    printer.text_state = printer.text_state._replace(national=token.data[2])


def _encoding(printer: Printer, token: Token) -> None:  # FS ( C, m = 30h: 2 or 50 is UTF-8
    body = token.data[5:]
    if len(body) >= 2 and token.data[2] == 0x43 and body[0] == 0x30:
        printer.text_state = printer.text_state._replace(utf8=body[1] in (2, 50))


# -- positions -----------------------------------------------------------------------------------


def _kanji_code(printer: Printer, token: Token) -> None:  # FS C n: Shift-JIS on Japanese models
    on = token.data[2] in (1, 49)
    printer.text_state = printer.text_state._replace(shift_jis=on)


def _set_tabs(printer: Printer, token: Token) -> None:  # ESC D n1 .. nk 00
    printer.tabs = tuple(stop for stop in token.data[2:] if stop)


def _absolute(printer: Printer, token: Token) -> None:  # ESC $ nL nH
    dots = _number(token, 2) * printer.unit
    printer.move(Move(column=dots / DOTS_PER_COLUMN), token.offset)


def _relative(printer: Printer, token: Token) -> None:  # ESC \ nL nH
    dots = _number(token, 2, signed=True) * printer.unit
    printer.move(Move(column=dots / DOTS_PER_COLUMN, relative=True), token.offset)


def _motion_units(printer: Printer, token: Token) -> None:  # GS P x y: 1/x inch
    across = token.data[2]
    printer.unit = _DOTS_PER_INCH / across if across else 1.0


def _spacing(printer: Printer, token: Token) -> None:  # ESC 3 n
    printer.line_spacing = token.data[2] or LINE_SPACING


def _feed_lines(printer: Printer, token: Token) -> None:  # ESC d n, ESC e n
    printer.end_line(token.offset)
    printer.hold(Feed(lines=token.data[2], offset=token.offset, end=token.end))


def _feed_dots(printer: Printer, token: Token) -> None:  # ESC J n, ESC K n
    dots, tall = token.data[2], printer.strip_rows
    printer.end_line(token.offset)
    if printer.page_mode:
        printer.page_y += dots
    elif token.data[:2] == b"\x1bJ" or len(token.data) == 3:
        if tall:  # the line of strips is fed by this, in dots or in Epson's half dots
            dots = 0 if dots == 2 * tall else max(0, dots - tall)
        printer.hold(Feed(dots=dots, offset=token.offset, end=token.end))


# -- page mode -----------------------------------------------------------------------------------


def _enter_page(printer: Printer, token: Token) -> None:  # ESC L, only at the start of a line
    if not printer.parts and len(token.data) == 2:
        printer.page_mode = True
        printer.page_y = printer.area_x = printer.area_y = 0


def _leave_page(printer: Printer, _token: Token) -> None:  # ESC S: the page is thrown away
    if printer.page_mode:
        printer.drop_line()
        printer.page_mode = False


def _print_page(printer: Printer, token: Token) -> None:  # ESC FF: print and stay
    if printer.page_mode:
        printer.end_line(token.offset)
        printer.print_page()


def _page_area(printer: Printer, token: Token) -> None:  # ESC W xL xH yL yH dxL dxH dyL dyH
    if len(token.data) < 10:  # ESC W n of SPRT: double size
        printer.dress(double(printer.look, token.data[2:]))
        return
    if printer.page_mode:
        printer.end_line(token.offset)
        printer.area_x, printer.area_y, printer.page_y = _number(token, 2), _number(token, 4), 0


def _page_direction(printer: Printer, token: Token) -> None:  # ESC T n
    if printer.page_mode and token.data[2] & 3:
        printer.doubt("page_direction", token)


def _page_vertical(printer: Printer, token: Token) -> None:  # GS $ and GS \: absolute, relative
    if not printer.page_mode:
        return
    printer.end_line(token.offset)
    if token.data[1:2] == b"$":
        printer.page_y = _number(token, 2)
    else:
        printer.page_y = max(0, printer.page_y + _number(token, 2, signed=True))


# -- paper, drawer, cancelling -------------------------------------------------------------------


def _cut(printer: Printer, token: Token) -> None:  # GS V m [n], GS ( V, ESC i, ESC m
    printer.end_line(token.offset)
    mode = token.data[6:7] if token.data[1:3] == b"(V" else token.data[2:3]
    partial = token.data[:2] == b"\x1bm" or mode in (b"\x01", b"1", b"B", b"b")
    printer.hold(Cut(partial, token.offset, token.end))
    printer.release()


def _kiosk_cut(printer: Printer, token: Token) -> None:  # FS } 60h n
    if token.data[2] == 0x60:
        _cut(printer, token)


def _drawer(printer: Printer, token: Token) -> None:  # ESC p m t1 t2
    printer.hold(Drawer(token.data[2] & 1, token.offset, token.end))


def _real_time(printer: Printer, token: Token) -> None:  # DLE DC4: 1 drawer, 8 clear the buffer
    if token.data[2] == 1:
        printer.hold(Drawer(token.data[3] & 1, token.offset, token.end))
    elif token.data[2] == 8:
        _abort(printer, token)


def _enquiry(printer: Printer, token: Token) -> None:  # DLE ENQ 2: clear the buffer and recover
    if token.data[2] == 2:
        _abort(printer, token)


def _abort(printer: Printer, token: Token) -> None:
    printer.drop_line()
    printer.hold(Aborted(token.offset, token.end))


# -- pictures and codes --------------------------------------------------------------------------


def _picture(printer: Printer, token: Token) -> None:  # GS v 0
    picture = graphics.picture(token, printer.look.align)
    if picture is not None:
        printer.hold(picture)


def _strip(printer: Printer, token: Token) -> None:  # ESC * m nL nH, Star ESC X nL nH
    last = printer.parts[-1] if printer.parts else None
    if isinstance(last, Move) and not last.relative and last.tabs is None:
        printer.strip_x = round(last.column * DOTS_PER_COLUMN)
    deep = 3 if token.data[1:2] != b"*" or token.data[2] in (32, 33, 38, 39, 40) else 1
    strip = graphics.strip(token, printer.look.align, printer.strip_x, deep)
    if not isinstance(last, Text):  # the strip stands on the line; the LF behind it feeds the paper
        printer.begin_line(token.offset)
        printer.parts.append(Text(bytearray(), printer.look.style, printer.text_state))
    if strip is not None:
        printer.strip_x += strip.width * strip.x_scale
        printer.strip_rows = max(printer.strip_rows, strip.rows * strip.y_scale)
        printer.hold(strip)


def _parenthesis(printer: Printer, token: Token) -> None:  # GS ( L graphics, V cut, k symbols
    body = token.data[5:]
    if token.data[2] == 0x4C:
        _graphics(printer, token)
    elif token.data[2] == 0x56 and body[:1] in (b"0", b"1"):  # 51 only asks for a cut to come
        _cut(printer, token)
    if token.data[2] != 0x6B or len(body) < 3:
        return
    if body[1] == 80:  # store
        printer.symbol = body[3:]
    elif body[1] == 81 and printer.symbol:  # print
        name = graphics.SYMBOLS.get(body[0], "unknown")
        printer.symbol_printed(name, graphics.code_text(printer.symbol), token)


def _graphics(printer: Printer, token: Token) -> None:  # GS ( L, GS 8 L
    header = 5 if token.data[1:2] == b"(" else 7
    function = token.data[header + 1 : header + 2]
    if function in (b"p", b"q"):  # 112 rows, 113 columns: store
        picture = graphics.stored(token, header, printer.look.align)
        if picture is not None:
            printer.stored = [*printer.stored[-3:], picture]
    elif function in (b"\x02", b"2"):  # print what is stored
        for picture in printer.stored:
            printer.hold(picture)
        printer.stored = []
    elif function in (b"\x45", b"\x55"):
        _logo(printer, token)


def _logo(printer: Printer, token: Token) -> None:  # FS p n m, GS ( L fn 69 and 85
    printer.hold(
        Picture(
            0, 0, b"", align=printer.look.align, stored=True, offset=token.offset, end=token.end
        )
    )


def _download(printer: Printer, token: Token) -> None:  # GS * x y
    printer.downloaded = graphics.downloaded(token)


def _downloaded(printer: Printer, token: Token) -> None:  # GS / m
    if printer.downloaded is None:
        _logo(printer, token)
        return
    scale = token.data[2] & 3
    printer.hold(
        structs.replace(
            printer.downloaded,
            x_scale=1 + (scale & 1),
            y_scale=1 + (scale >> 1),
            align=printer.look.align,
            offset=token.offset,
            end=token.end,
        )
    )


def _barcode(printer: Printer, token: Token) -> None:  # GS k, ESC Z
    code = graphics.barcode(token, printer.look.align)
    if code is not None:
        printer.hold(code)


Act = Callable[[Printer, Token], None]

COMMANDS: dict[bytes, Act] = {
    **dict.fromkeys(LOOKS.keys, _look), b"\x1b@": _reset,
    b"\x1c&": _kanji_on, b"\x1c.": _kanji_off, b"\x1bt": _code_page, b"\x1bR": _national_set,
    b"\x1c(": _encoding, b"\x1cC": _kanji_code,
    b"\x1bD": _set_tabs, b"\x1b$": _absolute, b"\x1b\\": _relative,
    b"\x1dP": _motion_units, b"\x1b3": _spacing, b"\x1bd": _feed_lines, b"\x1be": _feed_lines,
    b"\x1bJ": _feed_dots, b"\x1bK": _feed_dots, b"\x1bL": _enter_page, b"\x1bS": _leave_page,
    b"\x1b\x0c": _print_page, b"\x1bW": _page_area, b"\x1bT": _page_direction,
    b"\x1d$": _page_vertical, b"\x1d\\": _page_vertical, b"\x1dV": _cut, b"\x1bi": _cut,
    b"\x1bm": _cut, b"\x1c\x7d": _kiosk_cut, b"\x1bp": _drawer, b"\x10\x14": _real_time,
    b"\x10\x05": _enquiry, b"\x1dv": _picture, b"\x1b*": _strip, b"\x1d(": _parenthesis,
    b"\x1d8": _graphics, b"\x1cp": _logo, b"\x1d/": _downloaded, b"\x1d*": _download,
    b"\x1dk": _barcode, b"\x1bZ": _barcode,
    b"\x1f\x1b": _private,
}  # fmt: skip
