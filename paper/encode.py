"""Laid-out lines to the ESC/POS bytes of one printer.

Owns every command we send and the encoding of our text. It must never send a four-byte GB18030
character: most printers print it as two wrong ones. What a printer cannot print becomes a box of
two columns, and is counted, so that nothing goes missing without a trace.

Commands: Epson's ESC/POS reference; all of them are understood by the common 58 mm and 80 mm
printers of other makers too.
"""

import unicodedata
from typing import Literal

import segno
from msgspec import Struct

from paper.layout import QR, Cut, Line, Printed, Slip, lay_out
from paper.picture import STAR_BEGIN, STAR_CUT, STAR_END, Draw, Raster, qr_rows, raster
from paper.width import settle

BOX = "□"  # GB18030 A1 F5: the visible sign of a character the printer does not have

_QR_DOTS_MAX = 6  # dots per module; a larger code only wastes paper
_QR_DOTS_MIN = 4  # below this a worn head makes codes that phones cannot read
_QUIET_MODULES = 8  # the four blank modules on either side that readers need


#: How text reaches the paper.
Encoding = Literal["gb18030", "gbk", "utf-8", "picture"]


class PrinterProfile(Struct, frozen=True, forbid_unknown_fields=True):
    """What our encoder must know about a printer.

    `kanji_mode` is for printers that wake up in single-byte mode and must be told otherwise;
    printers made for China need it off. `feed_lines` is the paper from print head to tear bar.
    With the encoding `picture` the printer is sent no text, but dots, in the manner of `raster`.
    """

    columns: int = 48
    dots: int = 576
    encoding: Encoding = "gb18030"
    kanji_mode: bool = False
    raster: Raster = "escpos"
    qr: Literal["native", "raster"] = "native"
    has_cutter: bool = True
    feed_lines: int = 4


PAPER_80MM = PrinterProfile()
PAPER_58MM = PrinterProfile(columns=32, dots=384, qr="raster", has_cutter=False)


class Encoded(Struct, frozen=True):
    """The bytes for the printer, and how many characters it could not print."""

    data: bytes
    replaced: int


def encode_slip(slip: Slip, profile: PrinterProfile, draw: Draw | None = None) -> Encoded:
    """Return `slip` as the bytes that print it on the printer of `profile`."""
    return encode(lay_out(slip, profile.columns), profile, draw)


def encode(
    lines: tuple[Printed, ...], profile: PrinterProfile, draw: Draw | None = None
) -> Encoded:
    """Return `lines` as the bytes that print them, from a reset printer to a reset printer.

    Raises ValueError if a QR code is too large for the paper, or if the profile wants pictures and
    there is nobody to `draw` them.
    """
    if profile.encoding == "picture":
        if draw is None:
            raise ValueError("this printer takes pictures only, and there is no font to draw with")
        return _encode_picture(lines, profile, draw)
    out = bytearray(b"\x1b@")  # ESC @: forget what the POS had set
    if profile.kanji_mode:
        # FS ( C selects UTF-8 on newer Epson models, FS & double-byte characters on all others.
        out += b"\x1c(C\x02\x000\x02" if profile.encoding == "utf-8" else b"\x1c&"
    replaced = 0
    for line in lines:
        match line:
            case Line():
                data, boxes = _line(line, profile)
                out += data
                replaced += boxes
            case QR(data=text):
                out += _qr(text, profile)
            case Cut():
                out += _cut(profile)
    out += b"\x1b@"  # ESC @: leave the printer to the POS as it is after power-on
    return Encoded(bytes(out), replaced)


def _encode_picture(lines: tuple[Printed, ...], profile: PrinterProfile, draw: Draw) -> Encoded:
    star = profile.raster == "star"
    out = bytearray(b"\x1b@" + (STAR_BEGIN if star else b""))
    replaced = 0
    for line in lines:
        match line:
            case Line():
                drawn = draw(line)
                out += raster(drawn.rows, profile.raster)
                replaced += drawn.replaced
            case QR(data=text):
                code, dots = _code(text, profile)
                left = (profile.dots - len(code.matrix) * dots) // 2
                out += raster(qr_rows(code, dots, left), profile.raster)
            case Cut():
                out += STAR_CUT if star else _cut(profile)
    out += STAR_END if star else b""
    return Encoded(bytes(out) + b"\x1b@", replaced)


def encode_text(text: str, encoding: str) -> tuple[bytes, int]:
    """Return settled `text` as bytes a printer can print, and how many boxes stand in it."""
    parts = [_encode_char(char, encoding) for char in settle(text)]
    return b"".join(part or BOX.encode(encoding) for part in parts), parts.count(None)


def _encode_char(char: str, encoding: str) -> bytes | None:
    if unicodedata.category(char) in ("Co", "Cs", "Cn"):  # private use: each printer differs
        return None
    if encoding == "utf-8":
        return char.encode() if ord(char) < 0x10000 else None
    try:
        data = char.encode(encoding)
    except UnicodeEncodeError:
        return None
    return data if len(data) <= 2 else None


def _line(line: Line, profile: PrinterProfile) -> tuple[bytes, int]:
    text, boxes = encode_text(line.text, profile.encoding)
    data = b" " * line.indent + _styled(text, line, profile) + b"\n"  # LF prints the line
    return data, boxes


def _styled(text: bytes, line: Line, profile: PrinterProfile) -> bytes:
    if line.bold:
        text = b"\x1bE\x01" + text + b"\x1bE\x00"  # ESC E: bold on, off
    if line.size == 2:
        text = b"\x1d!\x11" + text + b"\x1d!\x00"  # GS !: double width and height, normal
        if profile.kanji_mode:
            # On such printers GS ! may leave double-byte characters small; FS ! is their own size.
            text = b"\x1c!\x0c" + text + b"\x1c!\x00"  # FS !: double width and height, normal
    return text


def _cut(profile: PrinterProfile) -> bytes:
    if not profile.has_cutter:
        return b"\x1bd" + bytes([profile.feed_lines])  # ESC d: feed lines up to the tear bar
    dots = min(profile.feed_lines * 24, 255)
    return b"\x1dVB" + bytes([dots])  # GS V 66: feed, then cut leaving one point uncut


def _code(data: str, profile: PrinterProfile) -> tuple[segno.QRCode, int]:
    """Return the code, and how many dots one of its modules gets on this paper."""
    code = segno.make_qr(data, error="m", boost_error=False)
    modules = len(code.matrix)
    dots = min(profile.dots // (modules + _QUIET_MODULES), _QR_DOTS_MAX)
    if dots < _QR_DOTS_MIN:
        raise ValueError(
            f"a QR code of {len(data)} characters ({modules} modules) does not fit"
            f" on paper of {profile.dots} dots"
        )
    return code, dots


def _qr(data: str, profile: PrinterProfile) -> bytes:
    code, dots = _code(data, profile)
    if profile.qr == "native":
        body = _native_qr(data, dots)
    else:
        # At half resolution, which the printer doubles both ways: a quarter of the bytes, because
        # a slip between two jobs of the POS must stay small.
        body = raster(qr_rows(code, dots // 2), "escpos", doubled=True)
    return b"\x1ba\x01" + body + b"\x1ba\x00"  # ESC a: centre, left


def _native_qr(data: str, dots: int) -> bytes:
    payload = data.encode()
    return (
        _gs_k(b"A2\x00")  # function 165: model 2
        + _gs_k(b"C" + bytes([dots]))  # function 167: dots per module
        + _gs_k(b"E1")  # function 169: error correction M
        + _gs_k(b"P0" + payload)  # function 180: store the data
        + _gs_k(b"Q0")  # function 181: print it
        + b"\n"  # LF: some printers hold the code back until the line ends
    )


def _gs_k(function: bytes) -> bytes:
    body = b"1" + function  # cn 49: QR code
    return b"\x1d(k" + len(body).to_bytes(2, "little") + body  # GS ( k: two-dimensional code
