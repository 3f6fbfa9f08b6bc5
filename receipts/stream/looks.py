"""How printed text looks, and the commands that change it.

Owns their meaning and how they stand inside a line. Most of a real job is text with such commands
in it, so lexer and composer take text and looks together, line by line; all other commands part
the text. Sources: Epson ESC/POS application programming guide, Star line-mode specification.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct, structs

from receipts.stream.elements import Align, Style

#: Text in one piece and pieces of a line that are taken together; longer lines go piece by piece.
PIECE_MAX = 256
PIECES_MAX = 16

#: A number that neither ends a line nor could be half a character.
_NUMBER = rb"[\x00-\x09\x0b\x0c\x0e-\x7f]"
_ALIGNS = {0: Align.LEFT, 1: Align.CENTRE, 2: Align.RIGHT}


class Look(Struct, frozen=True, cache_hash=True):
    """The style of the text to come and where its line stands on the paper."""

    style: Style = Style()
    align: Align = Align.LEFT

    def styled(self, **changes: int | bool | str) -> "Look":
        """Return it with another style."""
        return structs.replace(self, style=structs.replace(self.style, **changes))


def _print_mode(look: Look, numbers: bytes) -> Look:  # ESC ! n
    n = numbers[0]
    return look.styled(
        width=2 if n & 0x20 else 1,
        height=2 if n & 0x10 else 1,
        font="B" if n & 1 else "A",
        bold=bool(n & 8),
        underline=bool(n & 0x80),
    )


def _kanji_mode(look: Look, numbers: bytes) -> Look:  # FS ! n
    n = numbers[0]
    return look.styled(width=2 if n & 4 else 1, height=2 if n & 8 else 1, underline=bool(n & 0x80))


def double(look: Look, numbers: bytes) -> Look:  # FS W n, ESC W n of SPRT
    """Return the look in double size or not."""
    size = 2 if numbers[0] & 1 else 1
    return look.styled(width=size, height=size)


def _size(look: Look, numbers: bytes) -> Look:  # GS ! n
    return look.styled(width=(numbers[0] >> 4 & 7) + 1, height=(numbers[0] & 7) + 1)


def _font(look: Look, numbers: bytes) -> Look:  # ESC M n
    return look.styled(font={0: "A", 48: "A", 1: "B", 49: "B"}.get(numbers[0], "C"))


def _bold(look: Look, numbers: bytes) -> Look:  # ESC E n, ESC G n
    return look.styled(bold=bool(numbers[0] & 1))


def _underline(look: Look, numbers: bytes) -> Look:  # ESC - n, FS - n
    return look.styled(underline=numbers[0] in (1, 2, 49, 50))


def _inverse(look: Look, numbers: bytes) -> Look:  # GS B n
    return look.styled(inverse=bool(numbers[0] & 1))


def _upside_down(look: Look, numbers: bytes) -> Look:  # ESC { n
    return look.styled(upside_down=bool(numbers[0] & 1))


def _align(look: Look, numbers: bytes) -> Look:  # ESC a n, Star's ESC GS a n
    return structs.replace(look, align=_ALIGNS.get(numbers[0] & 0x0F, look.align))


def _star_bold(look: Look, _numbers: bytes) -> Look:  # ESC E
    return look.styled(bold=True)


def _star_plain(look: Look, _numbers: bytes) -> Look:  # ESC F
    return look.styled(bold=False)


def _star_width(look: Look, numbers: bytes) -> Look:  # ESC W n
    return look.styled(width=(numbers[0] & 7) + 1)


def _star_height(look: Look, numbers: bytes) -> Look:  # ESC h n
    return look.styled(height=(numbers[0] & 7) + 1)


def _star_size(look: Look, numbers: bytes) -> Look:  # ESC i h w
    return look.styled(height=(numbers[0] & 7) + 1, width=(numbers[1] & 7) + 1)


def _pattern(counts: dict[bytes, int]) -> bytes:
    """Return what matches any of the commands, with their counts of numbers.

    It begins with a class of bytes, which the engine looks for faster than for alternatives.
    """
    alike: dict[tuple[bytes, int], bytes] = {}
    for key, count in counts.items():
        alike[key[:-1], count] = alike.get((key[:-1], count), b"") + key[-1:]
    rest = b"|".join(
        b"(?<=%b)%b[%b]%b" % (begin[:1], begin[1:], re.escape(lasts), _NUMBER * count)
        for (begin, count), lasts in alike.items()
    )
    return b"[%b](?:%b)" % (b"".join({begin[:1] for begin, _ in alike}), rest)


class Looks:
    """The commands of one language that change looks, each with its count of numbers.

    `lines` matches whole lines, each short enough to be one on paper; `text` what stands before
    the next byte that is neither text nor look; `parts` and `decoded_parts` part text (even
    places) from the looks between it (odd ones).
    """

    def __init__(self, acts: dict[bytes, tuple[int, Callable[[Look, bytes], Look]]]) -> None:
        self._acts = acts
        self.keys = frozenset(key[:2] for key in acts)
        one = _pattern({key: count for key, (count, _) in acts.items()})
        piece = rb"(?:[\x20-\xff]{1,%d}+|%b)" % (PIECE_MAX, one)
        self.lines = re.compile(rb"(?:%b{0,%d}+\r?\n)+" % (piece, PIECES_MAX))
        self.text = re.compile(rb"%b+" % piece)
        self._each = re.compile(one)
        some = rb"(%b(?:%b)*)" % (one, one)
        self.parts = re.compile(some).split
        self.decoded_parts = re.compile(some.decode()).split
        self.after = lru_cache(maxsize=4096)(self._after)

    def apply(self, look: Look, command: bytes) -> Look:
        """Return what one command makes of a look, whatever its numbers are."""
        count, act = self._acts.get(command[:2]) or self._acts[command[:3]]
        return act(look, command[len(command) - count :])

    def _after(self, look: Look, commands: bytes | str) -> Look:
        """Return what `commands`, one behind the other, make of a look."""
        sent = commands.encode() if isinstance(commands, str) else commands
        for command in self._each.findall(sent):
            look = self.apply(look, command)
        return look


LOOKS = Looks({
    b"\x1b!": (1, _print_mode), b"\x1c!": (1, _kanji_mode), b"\x1cW": (1, double),
    b"\x1d!": (1, _size), b"\x1bM": (1, _font), b"\x1bE": (1, _bold), b"\x1bG": (1, _bold),
    b"\x1b-": (1, _underline), b"\x1c-": (1, _underline), b"\x1dB": (1, _inverse),
    b"\x1b{": (1, _upside_down), b"\x1ba": (1, _align),
})  # fmt: skip

STAR_LOOKS = Looks({
    b"\x1bE": (0, _star_bold), b"\x1bF": (0, _star_plain), b"\x1bW": (1, _star_width),
    b"\x1bh": (1, _star_height), b"\x1bi": (2, _star_size), b"\x1b-": (1, _underline),
    b"\x1b\x1da": (1, _align),
})  # fmt: skip
