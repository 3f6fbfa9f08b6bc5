"""Pictures and codes out of the commands that draw them. Rows only: reading dots is not done here.

One bit is one dot, black when set, the most significant bit on the left or on top. Sources: Epson
ESC/POS guide; GS k 61 of Chinese printers' SDKs.
"""

from receipts.stream.elements import Align, Code, Picture
from receipts.stream.lexer import Token

SYMBOLS = {48: "pdf417", 49: "qr", 50: "maxicode", 51: "databar", 53: "aztec", 54: "datamatrix"}

_BARCODES = {
    0: "upca", 1: "upce", 2: "ean13", 3: "ean8", 4: "code39", 5: "itf", 6: "codabar",
    65: "upca", 66: "upce", 67: "ean13", 68: "ean8", 69: "code39", 70: "itf", 71: "codabar",
    72: "code93", 73: "code128", 74: "gs1-128", 97: "qr",
}  # fmt: skip

CODE_MAX = 4096


def picture(token: Token, align: Align) -> Picture | None:
    """Return the picture of GS v 0, None when it has no dots."""
    data = token.data
    width, rows = _le(data, 4), _le(data, 6)
    if not width or not rows:
        return None
    scale = data[3] & 3
    return Picture(
        width * 8,
        rows,
        b"" if token.clipped else data[8:],
        2 if scale & 1 else 1,
        2 if scale & 2 else 1,
        align,
        offset=token.offset,
        end=token.end,
    )


def stored(token: Token, header: int, align: Align) -> Picture | None:
    """Return the picture of GS ( L or GS 8 L function 112 (raster) or 113 (columns)."""
    body = token.data[header : header + 10]
    if len(body) < 10:
        return None
    x_scale, y_scale = max(1, body[3] & 3), max(1, body[4] & 3)
    width, rows = _le(body, 6), _le(body, 8)
    dots = b"" if token.clipped else token.data[header + 10 :]
    if not width or not rows:
        return None
    deep = -(-rows // 8) if body[1] == 113 else 0
    return Picture(
        width, rows, dots, x_scale, y_scale, align, deep=deep, offset=token.offset, end=token.end
    )


def downloaded(token: Token) -> Picture | None:
    """Return the picture that GS * x y defines, in columns, for GS / to print."""
    width, deep = token.data[2] * 8, token.data[3]
    if not width or not deep or token.clipped:
        return None
    return Picture(width, deep * 8, token.data[4:], deep=deep)


def star_rows(token: Token) -> tuple[int, bytes]:
    """Return the bytes in a row and the rows of Star raster mode (`b nL nH data` each)."""
    data = token.data
    stride = 3 + _le(data, 1)
    return stride - 3, b"".join([data[at + 3 : at + stride] for at in range(0, len(data), stride)])


def star_block(token: Token, align: Align) -> Picture | None:
    """Return the rows of Star's ESC GS S n xL xH yL yH 0."""
    width, rows = _le(token.data, 4), _le(token.data, 6)
    bits = b"" if token.clipped else token.data[9:]
    if not width or not rows:
        return None
    return Picture(width * 8, rows, bits, align=align, offset=token.offset, end=token.end)


def strip(token: Token, align: Align, x: int, deep: int) -> Picture | None:
    """Return a strip of `deep` * 8 rows that stands at `x` on the line: ESC *, Star's ESC X."""
    data = token.data
    star = data[1:2] != b"*"
    width = _le(data, 2 if star else 3)
    if not width:
        return None
    single = not star and data[2] in (0, 32)  # single density: a dot is two wide
    dots = b"" if token.clipped else data[4 if star else 5 :]
    return Picture(
        width, deep * 8, dots, 2 if single else 1, 1 if deep == 3 else 3, align, x,
        deep=deep, strip=True, offset=token.offset, end=token.end,
    )  # fmt: skip


def barcode(token: Token, align: Align) -> Code | None:
    """Return the code of GS k in its three forms or of ESC Z."""
    data = token.data
    if data[:2] == b"\x1bZ":  # ESC Z m n k dL dH data
        return _code("qr", data[7:], token, align)
    system = data[2]
    if system == 97:
        return _code("qr", data[7:], token, align)
    body = data[4:] if system >= 65 else data[3:].rstrip(b"\x00")
    return _code(_BARCODES.get(system, "unknown"), body, token, align)


def code_text(data: bytes) -> str:
    """Return a code's content as text: UTF-8, else GB18030, never failing."""
    kept = data[:CODE_MAX]
    try:
        return kept.decode("utf-8")
    except UnicodeDecodeError:
        return kept.decode("gb18030", "replace")


def _code(symbology: str, body: bytes, token: Token, align: Align) -> Code | None:
    if not body:
        return None
    return Code(symbology, code_text(body), align, token.offset, token.end)


def _le(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")
