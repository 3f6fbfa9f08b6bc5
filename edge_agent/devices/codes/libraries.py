"""The one file that knows zxing-cpp and zbar: a grey picture in, codes out.

zxing-cpp reads everything; zbar is the second opinion, where Debian's libzbar0 is there. What
either says is checked here: nothing that a library only guessed leaves this file.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import zxingcpp
from msgspec import Struct
from numpy.typing import NDArray

from edge_agent.devices.codes.saying import said

#: Rows of dots, 0 (black) to 255.
Picture = NDArray[Any]

Kinds = tuple[zxingcpp.BarcodeFormat, ...]
_NAMES = zxingcpp.BarcodeFormat
#: Bars whose check digits cannot vouch for them: read from a clear picture only.
_WEAK = (
    _NAMES.EAN8,
    _NAMES.UPCE,
    _NAMES.Code39,
    _NAMES.Code93,
    _NAMES.ITF,
    _NAMES.Codabar,
    _NAMES.DataBar,
    _NAMES.DataBarExp,
    _NAMES.MicroQRCode,
)
QR = (_NAMES.QRCode,)
BARS = (_NAMES.Code128, _NAMES.EAN13)
STRONG = (*QR, *BARS, _NAMES.DataMatrix, _NAMES.Aztec, _NAMES.PDF417)
EVERY = (*STRONG, *_WEAK)

#: Kinds that carry error correction over their whole text.
_MATRIX = frozenset({"QRCode", "DataMatrix", "Aztec", "PDF417"})
_ZBAR_NAMES = {"QRCODE": "QRCode", "EAN13": "EAN13", "CODE128": "Code128"}


class Code(Struct, frozen=True):
    """A code that was read. `text` may be anything, a payment code included: never log it.

    It has U+FFFD where the bytes are no text; `raw` are the bytes.
    """

    symbology: str
    text: str
    raw: bytes

    @property
    def corrects_itself(self) -> bool:
        """Whether its error correction vouches for it; bars have a check digit at most."""
        return self.symbology in _MATRIX


Reader = Callable[[Picture], list[Code]]


def with_zxing(
    picture: Picture,
    kinds: Kinds = STRONG,
    *,
    turned: bool = True,
    inverted: bool = True,
) -> list[Code]:
    """Read a picture with zxing-cpp: of these kinds, also turned by 90 degrees, also inverted."""
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(picture),
        formats=_formats(kinds),
        try_rotate=turned,
        try_invert=inverted,
        text_mode=zxingcpp.TextMode.Plain,
    )
    sure = [_reach(code.position) for code in found if code.format in STRONG]
    codes = [
        Code(code.format.name, said(code.bytes, code.text), code.bytes)
        for code in found
        # A slanting cut through EAN-13 looks like UPC-E.
        if code.format in STRONG or not any(_overlap(_reach(code.position), each) for each in sure)
    ]
    return list(dict.fromkeys(code for code in codes if code.text))


def with_zbar(picture: Picture) -> list[Code]:
    """Read a picture with zbar, where it is installed: QR, EAN-13 and Code 128 in plain ASCII.

    Of other text zbar only gives its guess and not the bytes; its other kinds guess too much.
    """
    zbar = zbar_library()
    if zbar is None:
        return []
    kinds = [getattr(zbar.ZBarSymbol, name) for name in _ZBAR_NAMES]
    found = zbar.decode(np.ascontiguousarray(picture), symbols=kinds)
    return [
        Code(_ZBAR_NAMES[code.type], code.data.decode("ascii"), code.data)
        for code in found
        if code.data and code.data.isascii()
    ]


@functools.cache
def zbar_library() -> ModuleType | None:
    """Return zbar's wrapper, or None where Debian's libzbar0 is not installed."""
    try:
        from pyzbar import pyzbar
    except ImportError:
        return None  # it looks for the library as soon as it is imported
    assert isinstance(pyzbar, ModuleType)
    return pyzbar


def _reach(place: zxingcpp.Position) -> tuple[int, int, int, int]:
    """Return the square around a code: left, top, right, bottom.

    Of bars only the line is known that was read; they are hardly ever taller than long.
    """
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    across, down = [corner.x for corner in corners], [corner.y for corner in corners]
    side = max(max(across) - min(across), max(down) - min(down))
    left = (min(across) + max(across) - side) // 2
    top = (min(down) + max(down) - side) // 2
    return left, top, left + side, top + side


def _overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


@functools.cache
def _formats(kinds: Kinds) -> zxingcpp.BarcodeFormats:
    return zxingcpp.BarcodeFormats(kinds)
