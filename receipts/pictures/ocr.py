"""OCR of a page or a photograph, by the optional extra `ocr`: words with places become lines.

Owns the only contact with the OCR library, and the way from its boxes to lines of text. The
library is imported when first asked for, runs with its default configuration and the models that
its wheel ships, and never fetches anything. What it says is a guess that arithmetic must confirm.
"""

import zlib
from collections.abc import Callable
from functools import cache
from importlib import import_module, util
from itertools import pairwise
from pathlib import Path
from statistics import median
from struct import pack
from typing import Any

from msgspec import Struct, structs

from receipts.pictures.page import Page
from receipts.text.glued_words import parted

#: Models (find lines, turn them, read them) that must lie in the wheel: none is downloaded.
_MODELS_MIN = 3
#: A page is read in slices of at most so many rows: beyond 2000 the library would shrink it.
_SLICE_ROWS = 1400
_SCORE_MIN = 0.6


class Word(Struct, frozen=True):
    """A piece of text that OCR found: its box in dots, and how much its line rises to the right.

    `score` is the library's own trust in it, 0 to 1.
    """

    text: str
    score: float
    x: float
    y: float
    width: float
    height: float
    slope: float = 0.0


class OcrLine(Struct, frozen=True):
    """A line put together from words, with its centre; `clear` when OCR trusted each of them."""

    text: str
    centre: float
    clear: bool


#: Reads an encoded image (PNG, JPEG).
Ocr = Callable[[bytes], list[Word]]


def engine() -> Ocr | None:
    """Return the OCR of the extra `ocr`, None when it is not installed.

    The library is loaded when the first image comes. Raises RuntimeError when it is installed
    without its models.
    """
    spec = util.find_spec("rapidocr")
    if spec is None or spec.origin is None or util.find_spec("onnxruntime") is None:
        return None
    models = Path(spec.origin).parent / "models"
    if len(list(models.glob("*.onnx"))) < _MODELS_MIN:
        raise RuntimeError(f"rapidocr has no models in {models}: install a wheel that ships them")

    def read(image: bytes) -> list[Word]:
        found = _library()(image)
        if found.boxes is None:
            return []
        return [
            _word([(float(x), float(y)) for x, y in box], str(text), float(score))
            for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        ]

    return read


@cache
def _library() -> Any:
    # Its classifier turns short upright words (`GST 9%`) upside down; papers are held upright.
    options = {"Global.log_level": "error", "Global.use_cls": False}
    return import_module("rapidocr").RapidOCR(params=options)


def _word(box: list[tuple[float, float]], text: str, score: float) -> Word:
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = box
    width = max(1.0, ((x1 - x0) + (x2 - x3)) / 2)
    slope = ((y1 - y0) + (y2 - y3)) / 2 / width
    height = max(1.0, ((y3 - y0) + (y2 - y1)) / 2)
    return Word(text, score, (x0 + x3) / 2, (y0 + y3) / 2, width, height, slope)


def read_page(page: Page, ocr: Ocr) -> list[OcrLine]:
    """Return the lines that OCR reads on a page of dots."""
    words: list[Word] = []
    for top, bottom in _slices(page):
        words += [
            structs.replace(word, y=word.y + top, slope=0.0)
            for word in ocr(_png(page, top, bottom))
        ]
    return lines_of(words)


def lines_of(words: list[Word]) -> list[OcrLine]:
    """Return words as lines from top to bottom, words that stand apart parted by blanks.

    A tilted photograph is set straight by the slope that most words share.
    """
    if not words:
        return []
    long = [word.slope for word in words if word.width > 2 * word.height]
    tilt = median(long) if long else 0.0
    placed = sorted(
        ((_middle(word, tilt), word) for word in words if word.text.strip()),
        key=lambda each: each[0],
    )
    near = 0.5 * median(word.height for word in words)
    rows: list[list[tuple[float, Word]]] = []
    for centre, word in placed:
        if rows and centre - rows[-1][-1][0] < near and not _overlaps(word, rows[-1]):
            rows[-1].append((centre, word))
        else:
            rows.append([(centre, word)])
    unit = median(word.width / max(1, _columns(word.text)) for word in words)
    return [_line(row, max(unit, 1.0)) for row in rows]


def _middle(word: Word, tilt: float) -> float:
    return word.y - tilt * word.x


def _overlaps(word: Word, row: list[tuple[float, Word]]) -> bool:
    return any(
        min(word.x + word.width, each.x + each.width) - max(word.x, each.x)
        > 0.5 * min(word.width, each.width)
        for _, each in row
    )


def _columns(text: str) -> int:
    return sum(1 if char.isascii() else 2 for char in text)


def _line(row: list[tuple[float, Word]], unit: float) -> OcrLine:
    words = sorted((word for _, word in row), key=lambda word: word.x)
    text = " " * round(words[0].x / unit) + words[0].text
    for before, word in pairwise(words):
        gap = round((word.x - before.x - before.width) / unit)
        text += " " * max(1, gap) + word.text
    centre = sum(centre for centre, _ in row) / len(row)
    return OcrLine(parted(text), centre, all(word.score >= _SCORE_MIN for word in words))


# -- a page as an image -------------------------------------------------------------------------


def _slices(page: Page) -> list[tuple[int, int]]:
    """Cut a long page between its lines."""
    cuts = [0]
    blank = bytes(page.stride)
    while page.height - cuts[-1] > _SLICE_ROWS:
        at = cuts[-1] + _SLICE_ROWS
        lowest = cuts[-1] + _SLICE_ROWS // 2
        while at > lowest and page.bits[at * page.stride : (at + 1) * page.stride] != blank:
            at -= 1
        cuts.append(at if at > lowest else cuts[-1] + _SLICE_ROWS)
    return list(pairwise([*cuts, page.height]))


_GREY = bytes(0 if byte == 49 else 255 for byte in range(256))  # "1" is black


def _png(page: Page, top: int, bottom: int) -> bytes:
    """Return rows of a page as a grey PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return pack(">I", len(body)) + kind + body + pack(">I", zlib.crc32(kind + body))

    rows = []
    for at in range(top, bottom):
        dots = int.from_bytes(page.bits[at * page.stride : (at + 1) * page.stride], "big")
        rows.append(b"\0" + f"{dots:0{page.width}b}".encode().translate(_GREY))
    header = pack(">IIBBBBB", page.width, bottom - top, 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(rows), 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
