"""How long a command is when its own bytes say so: the length rules that the dialects share.

A rule looks at a command's first bytes and returns its total length, or 0 when more bytes must
come before that is known. Sources as in `dialects`.
"""

from collections.abc import Callable

from msgspec import Struct

#: A rule gives a command's total length from `(buffer, start)`; 0 means "more bytes are needed".
Rule = int | Callable[[bytes, int], int]

#: No list or terminated field in any manual is longer; beyond it the stream is not what we think.
FIELD_MAX = 512


class Repeat(Struct, frozen=True):
    """`count` further parts, each measured by `rule`, follow a command (FS q, ESC &)."""

    count: int
    rule: Callable[[bytes, int], int]


def short(buffer: bytes, start: int, count: int) -> bool:
    """Return whether fewer than `count` bytes of the command are there."""
    return len(buffer) - start < count


def little(buffer: bytes, at: int, size: int = 2) -> int:
    """Return the little-endian number at an offset."""
    return int.from_bytes(buffer[at : at + size], "little")


def counted(at: int, base: int, size: int = 2) -> Callable[[bytes, int], int]:
    """Return a rule: `base` bytes plus the little-endian count that stands at offset `at`."""

    def rule(buffer: bytes, start: int) -> int:
        if short(buffer, start, at + size):
            return 0
        return base + little(buffer, start + at, size)

    return rule


def raster(base: int) -> Callable[[bytes, int], int]:
    """Return a rule: xL xH yL yH in the last four of `base` header bytes, then x*y bytes."""

    def rule(buffer: bytes, start: int) -> int:
        if short(buffer, start, base):
            return 0
        return base + little(buffer, start + base - 4) * little(buffer, start + base - 2)

    return rule


def by_third(lengths: dict[int, Rule], other: int) -> Callable[[bytes, int], int]:
    """Return a rule chosen by the third byte; `other` is the length for any other value."""

    def rule(buffer: bytes, start: int) -> int:
        if short(buffer, start, 3):
            return 0
        found = lengths.get(buffer[start + 2], other)
        return found if isinstance(found, int) else found(buffer, start)

    return rule


def until(stop: int, header: int) -> Callable[[bytes, int], int]:
    """Return a rule: `header` bytes, then a field that ends with the byte `stop`."""

    def rule(buffer: bytes, start: int) -> int:
        at = buffer.find(stop, start + header, start + header + FIELD_MAX)
        if at >= 0:
            return at + 1 - start
        return header if len(buffer) - start >= header + FIELD_MAX else 0

    return rule


def bit_image(buffer: bytes, start: int) -> int:
    """Measure ESC * m nL nH."""
    if short(buffer, start, 5):
        return 0
    deep = buffer[start + 2] in (32, 33, 38, 39, 40)
    return 5 + little(buffer, start + 3) * (3 if deep else 1)


def italics(buffer: bytes, start: int) -> int:
    """Measure ESC 4 and ESC 5, which some send with a number (00 or 01) and some without."""
    if short(buffer, start, 3):
        return 0
    return 3 if buffer[start + 2] < 2 else 2


def pulse(buffer: bytes, start: int) -> int:
    """Measure ESC p m t1 t2; one wide-spread library forgets the times."""
    if short(buffer, start, 5):
        return 0
    return 3 if buffer[start + 3] == 0x1B and buffer[start + 4] in b"@adimp" else 5


def tab_list(buffer: bytes, start: int) -> int:
    """Measure ESC D n1 .. nk 00."""
    last = 0
    for at in range(start + 2, start + 2 + 33):
        if at >= len(buffer):
            return 0
        if buffer[at] == 0:
            return at + 1 - start
        if buffer[at] <= last:  # ends before a byte that does not ascend
            return at - start
        last = buffer[at]
    return 2 + 32


def barcode(buffer: bytes, start: int) -> int:
    """Measure GS k."""
    if short(buffer, start, 4):
        return 0
    system = buffer[start + 2]
    if system == 97:  # QR of many Chinese printers: GS k 61 v r nL nH d..
        return counted(5, 7)(buffer, start)
    if 65 <= system <= 96:
        return 4 + buffer[start + 3]
    return until(0, 3)(buffer, start)


def download_bmp(buffer: bytes, start: int) -> int:
    """Measure GS D m fn a kc1 kc2 b c + BMP file."""
    return counted(11, 9, 4)(buffer, start)


def counter_text(buffer: bytes, start: int) -> int:
    """Measure GS C ; five decimal fields, each ended by ;."""
    at = start + 3
    for _ in range(5):
        at = buffer.find(b";", at, start + FIELD_MAX) + 1
        if at == 0:
            return 3 if len(buffer) - start >= FIELD_MAX else 0
    return at - start


def glyphs(command: bytes) -> Repeat | None:
    """Return the parts behind ESC & y c1 c2, then c2-c1+1 times x, y*x bytes."""
    depth, first, last = command[2], command[3], command[4]

    def part(buffer: bytes, start: int) -> int:
        return 0 if short(buffer, start, 1) else 1 + depth * buffer[start]

    return Repeat(last - first + 1, part) if last >= first else None


def nv_image(command: bytes) -> Repeat | None:
    """Return the parts behind FS q n, then n images."""

    def part(buffer: bytes, start: int) -> int:
        if short(buffer, start, 4):
            return 0
        return 4 + little(buffer, start) * little(buffer, start + 2) * 8

    return Repeat(command[2], part) if command[2] else None


_PRIVATE = {0x50: 5, 0x80: 7, 0x83: 8, 0x91: 11, 0xB3: 11, 0xFE: 5, 0xFF: 7}


def private_setup(buffer: bytes, start: int) -> int:
    """Measure 1F 1B 1F fn .. of Xprinter, Gprinter and Rongta."""
    if short(buffer, start, 4):
        return 0
    return _PRIVATE.get(buffer[start + 3], 6)


def star_group(buffer: bytes, start: int) -> int:
    """Measure ESC GS x ..."""
    if short(buffer, start, 3):
        return 0
    kind = buffer[start + 2]
    if kind in b"AR":
        return 5
    if kind == 0x53:  # ESC GS S n xL xH yL yH 0 + x*y
        return (
            0
            if short(buffer, start, 9)
            else (9 + little(buffer, start + 4) * little(buffer, start + 6))
        )
    if kind == 0x79:  # ESC GS y: QR
        return star_qr(buffer, start)
    return 6 if kind == 0x03 else 4


def star_qr(buffer: bytes, start: int) -> int:
    """Measure ESC GS y ..: Star's QR."""
    if short(buffer, start, 5):
        return 0
    if buffer[start + 3] == 0x53:
        return 6
    if buffer[start + 3] == 0x44 and buffer[start + 4] in (1, 0x31):
        return counted(6, 8)(buffer, start)
    return 4


def star_raster(buffer: bytes, start: int) -> int:
    """Measure ESC * r letter digits 00."""
    if short(buffer, start, 4):
        return 0
    if buffer[start + 2] != 0x72:
        return 5
    return 4 if buffer[start + 3] in b"AB" else until(0, 4)(buffer, start)
