"""What Star's commands do to the printer where they differ from ESC/POS.

Lengths are in `dialects`; what both languages share is taken from `commands`. Source: Star
line-mode specification.
"""

from receipts.stream import graphics
from receipts.stream.commands import COMMANDS, Act
from receipts.stream.elements import Feed, FormFeed
from receipts.stream.lexer import Token
from receipts.stream.lines import DOTS_PER_COLUMN, Move
from receipts.stream.looks import STAR_LOOKS
from receipts.stream.printer import Printer


def _group(printer: Printer, token: Token) -> None:  # ESC GS a/t/A/y
    data = token.data
    if data[2:3] == b"a":
        printer.dress(printer.looks.apply(printer.look, data))
    elif data[2:3] == b"t":
        COMMANDS[b"\x1bt"](printer, token._replace(data=data[1:]))
    elif data[2:3] == b"A":
        printer.move(
            Move(column=int.from_bytes(data[3:5], "little") / DOTS_PER_COLUMN), token.offset
        )
    elif data[2:5] in (b"yD1", b"yD\x01"):
        printer.symbol = data[8:]
    elif data[2:4] == b"yP" and printer.symbol:
        printer.symbol_printed("qr", graphics.code_text(printer.symbol), token)
    elif data[2:3] == b"S":
        picture = graphics.star_block(token, printer.look.align)
        if picture is not None:
            printer.hold(picture)


def _raster(printer: Printer, token: Token) -> None:  # ESC * r letter digits 00
    if token.data[2:4] == b"rY":  # feed by dots
        digits = token.data[4:].rstrip(b"\x00")
        dots = int(digits) if digits.isdigit() and len(digits) <= 5 else 0
        printer.hold(Feed(dots=dots, offset=token.offset, end=token.end))


def _page_end(printer: Printer, token: Token) -> None:  # ESC FF NUL, ESC FF EOT: raster mode
    printer.end_line(token.offset)
    printer.hold(FormFeed(token.offset, token.end))
    printer.release()


#: ESC @, ESC R, ESC D, DLE ENQ and FS p mean the same in both languages.
_SHARED = (b"\x1b@", b"\x1bR", b"\x1bD", b"\x10\x05", b"\x1cp")

STAR_COMMANDS: dict[bytes, Act] = {
    **dict.fromkeys(STAR_LOOKS.keys, COMMANDS[b"\x1ba"]),
    **{key: COMMANDS[key] for key in _SHARED},
    b"\x1bd": COMMANDS[b"\x1bi"],  # ESC d n: cut
    b"\x1ba": COMMANDS[b"\x1bd"],  # ESC a n: feed lines
    b"\x1bX": COMMANDS[b"\x1b*"],  # ESC X: a strip
    b"\x1b\x1d": _group, b"\x1b*": _raster, b"\x1b\x0c": _page_end,
}  # fmt: skip
