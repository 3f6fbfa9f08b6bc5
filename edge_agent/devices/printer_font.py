"""Draws lines of a slip as dots, for printers that have no Chinese, or no text at all.

Pillow draws with a font of the machine's, imported when first needed; no font ships with us. Every
character stands on the printer's grid: one cell of a column, or two for all that is not ASCII, so
that a picture has the same columns as text. What the font lacks becomes a box and is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from paper.encode import BOX
from paper.layout import Line
from paper.picture import Drawn
from paper.width import settle

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

#: Where Debian's packages put a font with Chinese, the smallest first.
FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
_LINE_GAP = 6  # dots between lines, as printers leave by themselves
_FACES_MAX = 8  # of one font file: many hold a monospaced face too
_NOWHERE = "\uffff"  # no character: what the font shows instead of one it lacks


class FontMissingError(OSError):
    """There is no font to draw slips with; the message names the package."""


def find_font(named: str = "", places: Iterable[Path] = FONTS) -> Path:
    """Return the font file that was named, or the first that this machine has.

    Raises FontMissingError.
    """
    wanted = [Path(named)] if named else list(places)
    for path in wanted:
        if path.is_file():
            return path
    where = named or "apt install fonts-wqy-microhei"
    raise FontMissingError(f"no Chinese font to draw slips with: {where}")


class Pen:
    """Draws with one font on paper of so many columns and dots. Raises OSError for a bad font."""

    def __init__(self, font: Path, columns: int, dots: int) -> None:
        self._path = font
        self._cell = dots // columns
        self._dots = dots

    def draw(self, line: Line) -> Drawn:
        """Return one line as rows of dots; the gap to the next one is part of it."""
        from PIL import Image, ImageDraw

        height = 2 * self._cell * line.size
        image = Image.new("1", (self._dots, height + _LINE_GAP))
        canvas = ImageDraw.Draw(image)
        x, replaced = line.indent * self._cell, 0
        for char in settle(line.text):
            if not self._has(char):
                replaced += 1
                char = BOX  # noqa: PLW2901 - what is drawn instead
            width = (1 if char.isascii() else 2) * self._cell * line.size
            font = self._font(line.size, is_latin=char.isascii())
            place = (x + width // 2, height // 2)
            for shift in range(1 + line.size * line.bold):
                canvas.text((place[0] + shift, place[1]), char, fill=1, font=font, anchor="mm")
            x += width
        data, stride = image.tobytes(), -(-self._dots // 8)
        return Drawn(tuple(data[at : at + stride] for at in range(0, len(data), stride)), replaced)

    @cache  # noqa: B019 - a pen lives as long as its printer
    def _font(self, size: int, *, is_latin: bool) -> FreeTypeFont:
        height = 2 * self._cell * size
        if not is_latin:
            return self._open(height, 0)
        # Letters are narrower than half a hanzi: of the file's faces the one that comes nearest.
        widths = dict(self._latin_widths(height))
        face = min(widths, key=widths.__getitem__)
        return self._open(int(height * min(1.0, self._cell * size / widths[face])), face)

    def _latin_widths(self, height: int) -> Iterator[tuple[int, float]]:
        """Yield how wide the widest letter is in each face of the font file."""
        for face in range(_FACES_MAX):
            try:
                yield face, self._open(height, face).getlength("W")
            except OSError:
                return  # there are no more

    def _open(self, height: int, face: int) -> FreeTypeFont:
        from PIL import ImageFont

        return ImageFont.truetype(str(self._path), height, index=face)

    @cached_property
    def _lacking(self) -> bytes:
        return bytes(self._font(1, is_latin=False).getmask(_NOWHERE, "1"))

    def _has(self, char: str) -> bool:
        return (
            char == " " or bytes(self._font(1, is_latin=False).getmask(char, "1")) != self._lacking
        )
