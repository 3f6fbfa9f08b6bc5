"""A receipt printer in pixels: bytes in, a picture of the paper and its text out.

Written from what printers do (Epson ESC/POS, Star raster mode, and how clones differ) and not from
our encoder, so that it can contradict it. What it does not know it refuses: nothing that we send
may be a command that only our own decoder understands.
"""

import functools
from dataclasses import dataclass, field
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
CELL, LINE = 12, 30  # font A, and 1/6 inch between lines at 203 dpi less the rounding
HIGHEST = 2400


class Refused(Exception):
    """The bytes are no command of this printer, or do not fit on its paper."""


@dataclass
class Model:
    """How a printer behaves. `sizes_hanzi`: GS ! enlarges double-byte characters too."""

    dots: int
    encoding: str = "gb18030"
    wakes_in_chinese: bool = True
    sizes_hanzi: bool = True


@dataclass
class Look:
    """What ESC @ forgets."""

    bold: bool = False
    wide: int = 1
    high: int = 1
    hanzi_double: bool = False
    align: int = 0
    code_page: int = 0


@dataclass
class Printer:
    """One roll of paper. `text` has a line for each printed one, a column for each cell."""

    model: Model
    y: int = 0
    text: list[str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)

    def __post_init__(self):
        self.paper = Image.new("L", (self.model.dots, HIGHEST), 255)
        self.pen = ImageDraw.Draw(self.paper)
        self.reset()
        self.raster = False
        self.stored = b""
        self.module, self.level = 3, "L"

    def reset(self):
        self.look = Look()
        self.kanji = self.model.wakes_in_chinese
        self.utf8 = False
        self.cells = []

    # ---- the stream

    def feed(self, data):
        at = 0
        while at < len(data):
            at += self.star(data, at) if self.raster else self.step(data, at)
        if self.cells:
            raise Refused("a line was never ended")
        return self

    def step(self, data, at):
        two = data[at : at + 2]
        byte = data[at]
        if two in FIXED:
            size, act = FIXED[two]
            act(self, data[at + 2 : at + size])
            return size
        if two == b"\x1dV":
            return self.cut(data, at)
        if two == b"\x1d(":
            size = int.from_bytes(data[at + 3 : at + 5], "little")
            self.symbol(data[at + 2 : at + 3], data[at + 5 : at + 5 + size])
            return 5 + size
        if two == b"\x1c(":
            size = int.from_bytes(data[at + 3 : at + 5], "little")
            self.utf8 = data[at + 2 : at + 3] == b"C" and data[at + 5 : at + 7] in (b"02", b"0\x02")
            return 5 + size
        if data[at : at + 3] == b"\x1dv0":
            return self.picture(data, at)
        if data[at : at + 4] == b"\x1b*rA":
            self.raster = True
            return 4
        if byte == 0x0A:
            self.line()
            return 1
        if byte < 0x20:
            raise Refused(f"command {data[at : at + 4].hex(' ')} at byte {at}")
        return self.character(data, at)

    def character(self, data, at):
        byte = data[at]
        if byte < 0x80:
            self.cells.append((chr(byte), 1, self.look.wide, self.look.high, self.look.bold))
            return 1
        if self.utf8 or self.model.encoding == "utf-8":
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            self.wide(data[at : at + size].decode())
            return size
        if not self.kanji:
            self.cells.append((bytes([byte]).decode("cp437"), 1, 1, 1, self.look.bold))
            return 1
        pair = data[at : at + 2]
        # A printer knows two-byte characters only: half of a four-byte one is a wrong sign.
        self.wide(pair.decode("gbk" if self.model.encoding == "gbk" else "gb18030", "replace"))
        return 2

    def wide(self, char):
        look = self.look
        double = look.hanzi_double or (self.model.sizes_hanzi and look.wide == 2)
        size = 2 if double else 1
        self.cells.append((char, 2, size, size, look.bold))

    # ---- the paper

    def line(self):
        width = sum(cells * wide for _, cells, wide, _, _ in self.cells) * CELL
        if width > self.model.dots:
            raise Refused(f"a line of {width} dots on {self.model.dots}")
        spare = self.model.dots - width
        x = {0: 0, 1: spare // 2, 2: spare}[self.look.align]
        height = max((high for *_, high, _ in self.cells), default=1) * 24
        text = " " * (x // CELL)
        for char, cells, wide, high, bold in self.cells:
            self.draw(char, x, self.y + height - high * 24, cells * wide * CELL, high * 24, bold)
            x += cells * wide * CELL
            text += char + " " * (cells * (wide - 1))
        self.text.append(text.rstrip(" "))
        self.y += height + LINE - 24
        self.cells = []

    def draw(self, char, x, y, width, height, bold):
        if char == " ":
            return
        self.paper.paste(drawn(char, width, height, bold), (x, y))

    def dots(self, rows, x):
        for row in rows:
            bits = Image.frombytes("1", (8 * len(row), 1), row).point(lambda dot: 255 - dot)
            if x + len(row) * 8 > self.model.dots + 7:
                raise Refused(f"a picture of {len(row)} bytes at {x}")
            self.paper.paste(bits.convert("L"), (x, self.y))
            self.y += 1

    def picture(self, data, at):
        width = int.from_bytes(data[at + 4 : at + 6], "little")
        height = int.from_bytes(data[at + 6 : at + 8], "little")
        body = data[at + 8 : at + 8 + width * height]
        rows = [body[start : start + width] for start in range(0, len(body), width)]
        across, down = 1 + (data[at + 3] & 1), 1 + (data[at + 3] >> 1 & 1)
        if across == 2:
            rows = [doubled(row) for row in rows]
        spare = self.model.dots - width * 8 * across
        self.dots(
            [row for row in rows for _ in range(down)], {0: 0, 1: spare // 2}[self.look.align]
        )
        return 8 + width * height

    def symbol(self, kind, body):
        if kind != b"k" or body[:1] != b"1":
            raise Refused(f"GS ( {kind!r} {body[:4]!r}")
        function, rest = body[1:2], body[2:]
        if function == b"C":
            self.module = rest[0]
        elif function == b"E":
            self.level = "LMQH"[rest[0] - 48]
        elif function == b"P":
            self.stored = rest[1:]
        elif function == b"Q":
            code = segno.make_qr(self.stored.decode(), error=self.level, boost_error=False)
            rows = []
            for matrix_row in code.matrix:
                bits = "".join(str(module & 1) * self.module for module in matrix_row)
                bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
                rows += [int(bits, 2).to_bytes(len(bits) // 8, "big")] * self.module
            spare = self.model.dots - len(code.matrix) * self.module
            self.dots(rows, {0: 0, 1: spare // 2}[self.look.align])
            self.text.append(f"[QR {self.stored.decode()}]")
        elif function != b"A":
            raise Refused(f"GS ( k 1 {function!r}")

    def cut(self, data, at):
        mode = data[at + 2]
        if mode in {65, 66}:
            self.y += data[at + 3]
        self.cuts.append(self.y)
        return 4 if mode in {65, 66} else 3

    def feed_lines(self, count):
        self.y += count * LINE

    def star(self, data, at):
        if data[at : at + 1] == b"b":
            size = int.from_bytes(data[at + 1 : at + 3], "little")
            self.dots([data[at + 3 : at + 3 + size]], 0)
            return 3 + size
        if data[at : at + 3] == b"\x1b\x0c\x04":
            self.cuts.append(self.y)
            return 3
        if data[at : at + 4] == b"\x1b*rB":
            self.raster = False
            return 4
        if data[at : at + 3] == b"\x1b*r" and data[at + 3 : at + 4] in b"PEFY":
            return data.index(b"\0", at) + 1 - at
        raise Refused(f"Star {data[at : at + 5].hex(' ')} at byte {at}")

    def picture_of_it(self):
        return self.paper.crop((0, 0, self.model.dots, self.y + LINE))


@functools.cache
def drawn(char, width, height, bold):
    glyph = Image.new("L", (width // (height // 24), 24), 255)
    for shift in range(1 + bold):
        ImageDraw.Draw(glyph).text(
            (glyph.width // 2 + shift, 12),
            char,
            fill=0,
            font=font(is_latin=char.isascii()),
            anchor="mm",
        )
    return glyph.resize((width, height), Image.Resampling.NEAREST)


@functools.cache
def font(*, is_latin):
    return ImageFont.truetype(str(FONT), 20 if is_latin else 24, index=int(is_latin))


def doubled(row):
    bits = "".join(bit * 2 for bit in f"{int.from_bytes(row, 'big'):0{8 * len(row)}b}")
    return int(bits, 2).to_bytes(2 * len(row), "big")


def setter(name, value=lambda args: bool(args[0])):
    return lambda printer, args: setattr(printer.look, name, value(args))


def _size(printer, args):
    printer.look.wide, printer.look.high = (args[0] >> 4) + 1, (args[0] & 15) + 1


FIXED = {
    b"\x1b@": (2, lambda printer, _: printer.reset()),
    b"\x1bE": (3, setter("bold")),
    b"\x1ba": (3, setter("align", lambda args: args[0] & 3)),
    b"\x1bd": (3, lambda printer, args: printer.feed_lines(args[0])),
    b"\x1d!": (3, _size),
    b"\x1c&": (2, lambda printer, _: setattr(printer, "kanji", True)),
    b"\x1c!": (3, setter("hanzi_double", lambda args: bool(args[0] & 0x0C))),
}
