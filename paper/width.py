"""How many columns a text takes on paper, and how to cut, wrap and pad it by that measure.

A thermal printer has a grid: 32 columns on 58 mm paper, 48 on 80 mm. An ASCII character takes one
column and a Chinese one two, which is also how many bytes it takes in GB18030. So the rule here is
the printer's own: one column for ASCII, two for everything else that is visible, none for marks
that have no width of their own.

That settles the "East-Asian ambiguous" characters (Greek, Cyrillic, e acute, the middle dot, box
drawing, curly quotes): a Chinese printer keeps them in the two-byte part of its font and prints
them as wide as a Han character, whatever a terminal or a browser would do. A character the font
lacks is printed as a box, which is two columns too (see `paper.encode`), so a measured line is
always exactly as wide as the printed one.
"""

import re
import unicodedata
from collections.abc import Iterator

ELLIPSIS = "…"  # GB18030 A1 AD: two columns

_NO_WIDTH = frozenset({"Mn", "Me", "Cf", "Cc", "Zl", "Zp"})


class _Settled(dict[int, str]):
    """What each character is printed as, worked out when it is first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if char == "\t" or (category == "Zs" and char != "\u3000"):
            printed = " "
        else:
            printed = "" if category in _NO_WIDTH else char
        self[code] = printed
        return printed


# The half-width currency signs are four bytes in GB18030, which printers print as two wrong
# characters; the full-width twins are two bytes and look the same.
_SETTLED = _Settled({ord("¥"): "￥", ord("£"): "￡", ord("¢"): "￠"})

# A Chinese line must not begin with closing punctuation nor end with opening punctuation.
_CLOSING = frozenset("，。、；：？！…）】》〉」』”’％%),.;:?!]}")
_OPENING = frozenset("（【《〈「『“‘￥([{")

# A run of ASCII without blanks is a word and stays whole; every other character stands alone.
_TOKEN = re.compile(r"[!-~]+| +|.", re.DOTALL)


def settle(text: str) -> str:
    """Return `text` as it will be printed: composed, without characters that have no width.

    Half-width yen, pound and cent become their full-width twins, every narrow space and tab
    becomes a blank, and control and format characters and leftover accents are dropped. A line
    break is dropped too: `wrap` is where lines are broken.
    """
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFC", text).translate(_SETTLED)


def columns(text: str) -> int:
    """Return how many columns `text` takes on paper once settled."""
    return _width(settle(text))


def fit(text: str, width: int) -> str:
    """Return `text`, cut with an ellipsis if it is wider than `width` columns."""
    settled = settle(text)
    if _width(settled) <= width:
        return settled
    mark = ELLIPSIS if width > _width(ELLIPSIS) else ""
    return _head(settled, width - _width(mark)) + mark


def left(text: str, width: int) -> str:
    """Return `text` fitted and filled with blanks on its right to exactly `width` columns."""
    fitted = fit(text, width)
    return fitted + " " * (width - _width(fitted))


def right(text: str, width: int) -> str:
    """Return `text` fitted and filled with blanks on its left to exactly `width` columns."""
    fitted = fit(text, width)
    return " " * (width - _width(fitted)) + fitted


def centre(text: str, width: int) -> str:
    """Return `text` fitted and centred in exactly `width` columns; the odd blank goes right."""
    fitted = fit(text, width)
    spare = width - _width(fitted)
    return " " * (spare // 2) + fitted + " " * (spare - spare // 2)


def wrap(text: str, width: int) -> list[str]:
    """Return `text` as lines of at most `width` columns; an empty text is one empty line.

    Line breaks in the text are kept. Latin words stay whole where they fit, Chinese breaks between
    any two characters except before closing or after opening punctuation. Nothing but the blanks
    at a break is lost. Raises ValueError for a width that cannot hold one Chinese character.
    """
    if width < 2:
        raise ValueError(f"cannot wrap to {width} columns: a Chinese character takes two")
    return [line for part in text.splitlines() or [""] for line in _wrap_one(settle(part), width)]


def _wrap_one(text: str, width: int) -> Iterator[str]:
    line = ""
    for piece in _pieces(text, width):
        if _width(line) + _width(piece.rstrip(" ")) > width:
            yield line.rstrip(" ")
            line = piece.lstrip(" ")
        else:
            line += piece
    yield line.rstrip(" ")


def _pieces(text: str, width: int) -> Iterator[str]:
    """Yield the parts of `text` between which a line may be broken, none wider than `width`."""
    piece = ""
    for token in _TOKEN.findall(text):
        if piece and not (_sticks(piece, token) and _width(piece + token) <= width):
            yield piece
            piece = ""
        piece += token
        while _width(piece) > width:
            head = _head(piece, width)
            yield head
            piece = piece[len(head) :]
    yield piece


def _sticks(piece: str, token: str) -> bool:
    return token.isspace() or token[0] in _CLOSING or piece[-1] in _OPENING


def _head(text: str, width: int) -> str:
    """Return the longest beginning of settled `text` that takes at most `width` columns."""
    used = 0
    for index, char in enumerate(text):
        used += _width(char)
        if used > width:
            return text[:index]
    return text


def _width(settled: str) -> int:
    return 2 * len(settled) - len(settled.encode("ascii", "ignore"))
