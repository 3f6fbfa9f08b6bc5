"""A printer's byte stream cut into text and commands, whatever pieces it arrives in.

Owns the resumable state between two pieces and the bounds on what is kept of a long payload. It
must never guess: a command ends where its table says. Bytes inside a counted payload are payload,
also when they look like commands; at a token boundary real-time commands (DLE) are transparent,
because no byte below 30h is ever the second half of a double-byte character.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from receipts.stream.dialects import Dialect
from receipts.stream.lengths import Repeat

#: Payload kept of one command; the rest is counted and skipped (GS 8 L may announce 4 GiB).
PAYLOAD_MAX = 4 << 20

_TEXT = re.compile(rb"[\x20-\xff]+")
#: Lines and text begin with these, or with a look.
_TEXT_BEGINS = frozenset(range(0x20, 0x100)) | {0x0A, 0x0D}
#: Rows of Star's raster mode come alike by the thousand.
STAR_ROWS_MAX = 1024


class Kind(IntEnum):
    """What a token is."""

    TEXT = 0
    CONTROL = 1
    COMMAND = 2
    PART = 3  # a part that follows a command (a glyph, a stored image)
    UNKNOWN = 4
    TRUNCATED = 5
    STAR_ROWS = 6
    LINES = 7


class Token(NamedTuple):
    """A piece of the stream and where it stood; `clipped` when not all of its payload was kept."""

    kind: Kind
    data: bytes
    offset: int
    end: int
    clipped: bool = False


class Lexer:
    """Cuts a stream into tokens; feed it pieces of any size, then close it.

    Lines and text hold their looks (`receipts.stream.looks`); not `whole`, each text, look and
    line end is a token of its own.
    """

    def __init__(self, dialect: Dialect, *, whole: bool = True) -> None:
        self._lines = dialect.looks.lines if whole else None
        self._text = dialect.looks.text if whole else _TEXT
        self._looks = dialect.looks.keys if whole else frozenset()
        self._dialect = dialect
        self._rules = dialect.rules
        self._prefixes = dialect.prefixes
        self._entering = frozenset(dialect.repeats) | ({b"\x1b*"} if dialect.star else frozenset())
        self._held = bytearray()  # an unfinished command
        self._held_at = 0  # the stream offset where it began
        self._missing = 0  # bytes still to come of it; 0 when even its length is unknown
        self._skipped = 0  # bytes of it not kept
        self._kind = Kind.COMMAND
        self._repeat: Repeat | None = None
        self._repeats_left = 0
        self._star_raster = False

    def feed(self, data: bytes) -> Iterator[Token]:
        """Yield the tokens that `data` completes. Text is yielded as far as it goes."""
        if self._missing:
            taken = min(self._missing, len(data))
            room = max(0, PAYLOAD_MAX - len(self._held))
            self._held += data[: min(taken, room)]
            self._skipped += taken - min(taken, room)
            self._missing -= taken
            if self._missing:
                return
            yield self._finish()
            data = data[taken:]
        if self._held:
            data = bytes(self._held) + data
            self._held.clear()
        yield from self._scan(data)

    def close(self) -> Iterator[Token]:
        """Yield what was left unfinished; the lexer then starts afresh at the same offset."""
        if self._held:
            end = self._held_at + len(self._held) + self._skipped
            yield Token(Kind.TRUNCATED, bytes(self._held), self._held_at, end, self._skipped > 0)
            self._held_at = end
            self._held.clear()
        self._missing = self._skipped = self._repeats_left = 0
        self._repeat = None
        self._star_raster = False

    def _finish(self) -> Token:
        end = self._held_at + len(self._held) + self._skipped
        token = Token(self._kind, bytes(self._held), self._held_at, end, self._skipped > 0)
        self._held.clear()
        self._held_at, self._skipped = end, 0
        self._after(token)
        return token

    def _scan(self, buffer: bytes) -> Iterator[Token]:
        base, at, size = self._held_at, 0, len(buffer)
        rules, entering = self._rules, self._entering
        while at < size:
            if self._repeats_left == 0 and not self._star_raster:
                key = buffer[at : at + 2]
                if buffer[at] in _TEXT_BEGINS or key in self._looks:
                    lines = self._lines and self._lines.match(buffer, at)
                    found = lines or self._text.match(buffer, at)
                    if found:
                        end = found.end()
                        kind = Kind.LINES if lines else Kind.TEXT
                        yield Token(kind, found[0], base + at, base + end)
                        at = end
                        continue
                rule = rules.get(key)
                if rule is not None and key not in entering:
                    length = rule if isinstance(rule, int) else rule(buffer, at)
                    end = at + length
                    if length and end <= size and length <= PAYLOAD_MAX:
                        yield Token(Kind.COMMAND, buffer[at:end], base + at, base + end)
                        at = end
                        continue
            kind, length = self._measure(buffer, at)
            if length == 0 or at + length > size:
                self._hold(buffer[at:], base + at, kind, length)
                return
            kept = buffer[at : at + min(length, PAYLOAD_MAX)]
            token = Token(kind, kept, base + at, base + at + length, length > PAYLOAD_MAX)
            self._after(token)
            yield token
            at += length
        self._held_at = base + size

    def _hold(self, rest: bytes, at: int, kind: Kind, length: int) -> None:
        self._held += rest[:PAYLOAD_MAX]
        self._skipped = max(0, len(rest) - PAYLOAD_MAX)
        self._held_at, self._kind = at, kind
        self._missing = length - len(rest) if length else 0

    def _measure(self, buffer: bytes, at: int) -> tuple[Kind, int]:
        """Return what starts at `at` and its length, 0 when more bytes must tell."""
        if self._repeats_left and self._repeat is not None:
            return Kind.PART, self._repeat.rule(buffer, at)
        first = buffer[at]
        if self._star_raster and first in b"bk":
            return Kind.STAR_ROWS, _star_rows(buffer, at)
        if first not in self._prefixes:
            return Kind.CONTROL, 1
        key = buffer[at : at + 2]
        if len(key) < 2:
            return Kind.COMMAND, 0
        rule = self._rules.get(key)
        if rule is None:
            return Kind.UNKNOWN, 2 if first in b"\x1b\x1c\x1d\x10" else 1
        return Kind.COMMAND, rule if isinstance(rule, int) else rule(buffer, at)

    def _after(self, token: Token) -> None:
        """Enter or leave the states in which bytes are measured in another way."""
        if token.kind is Kind.PART:
            self._repeats_left -= 1
        elif token.kind is Kind.COMMAND:
            follow = self._dialect.repeats.get(token.data[:2])
            if follow is not None:
                self._repeat = follow(token.data)
                self._repeats_left = self._repeat.count if self._repeat else 0
            elif self._dialect.star and token.data[:4] in (b"\x1b*rA", b"\x1b*rB"):
                self._star_raster = token.data[3:] == b"A"


def _star_rows(buffer: bytes, at: int) -> int:
    """Return the length of the whole rows `b nL nH data` at `at` that are of one width."""
    if len(buffer) - at < 3:
        return 0
    stride = 3 + int.from_bytes(buffer[at + 1 : at + 3], "little")
    found = _rows_alike(buffer[at : at + 3], stride - 3).match(buffer, at)
    return found.end() - at if found else stride


@lru_cache(maxsize=16)
def _rows_alike(head: bytes, width: int) -> re.Pattern[bytes]:
    row = re.escape(head) + b".{%d}" % width
    return re.compile(b"(?:%b){1,%d}" % (row, STAR_ROWS_MAX), re.DOTALL)
