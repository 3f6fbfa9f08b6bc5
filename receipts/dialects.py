"""How long each printer command is, per dialect: the tables that keep a byte stream in step.

A table maps a command's prefix (two bytes, or one for the odd single-byte family) to its length
rule. It owns lengths only; what a command means is the decoder's business. Sources: Epson ESC/POS
application programming guide, Star line-mode specification, "80mm series printer command set" of
the generic Chinese makers, SPRT and ZKC manuals, and a Chinese Wi-Fi printer firmware.
"""

from collections.abc import Callable

from msgspec import Struct

ESC, FS, GS, DLE, US, DC2 = b"\x1b", b"\x1c", b"\x1d", b"\x10", b"\x1f", b"\x12"

#: A rule gives a command's total length from `(buffer, start)`; 0 means "more bytes are needed".
Rule = int | Callable[[bytes, int], int]

#: No list or terminated field in any manual is longer; beyond it the stream is not what we think.
FIELD_MAX = 512


class Repeat(Struct, frozen=True):
    """`count` further parts, each measured by `rule`, follow a command (FS q, ESC &)."""

    count: int
    rule: Callable[[bytes, int], int]


class Dialect(Struct, frozen=True):
    """One printer language. `repeats` gives the parts that follow some commands.

    `star` selects Star's meaning of shared command letters; `label` is a label language, which
    never carries a receipt; `chinese` says that double-byte decoding is on after power-up.
    """

    name: str
    rules: dict[bytes, Rule]
    repeats: dict[bytes, Callable[[bytes], Repeat | None]] = {}
    star: bool = False
    label: bool = False
    chinese: bool | None = None
    pages: dict[int, str] = {}

    @property
    def prefixes(self) -> frozenset[int]:
        """The bytes that open a command."""
        return frozenset(key[0] for key in self.rules)


def _need(buffer: bytes, start: int, count: int) -> bool:
    return len(buffer) - start < count


def _le(buffer: bytes, at: int, size: int = 2) -> int:
    return int.from_bytes(buffer[at : at + size], "little")


def counted(at: int, base: int, size: int = 2) -> Callable[[bytes, int], int]:
    """Return a rule: `base` bytes plus the little-endian count that stands at offset `at`."""

    def rule(buffer: bytes, start: int) -> int:
        if _need(buffer, start, at + size):
            return 0
        return base + _le(buffer, start + at, size)

    return rule


def raster(base: int) -> Callable[[bytes, int], int]:
    """Return a rule: xL xH yL yH in the last four of `base` header bytes, then x*y bytes."""

    def rule(buffer: bytes, start: int) -> int:
        if _need(buffer, start, base):
            return 0
        return base + _le(buffer, start + base - 4) * _le(buffer, start + base - 2)

    return rule


def by_third(lengths: dict[int, Rule], other: int) -> Callable[[bytes, int], int]:
    """Return a rule chosen by the third byte; `other` is the length for any other value."""

    def rule(buffer: bytes, start: int) -> int:
        if _need(buffer, start, 3):
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


def _bit_image(buffer: bytes, start: int) -> int:  # ESC * m nL nH
    if _need(buffer, start, 5):
        return 0
    deep = buffer[start + 2] in (32, 33, 38, 39, 40)
    return 5 + _le(buffer, start + 3) * (3 if deep else 1)


def _tabs(buffer: bytes, start: int) -> int:  # ESC D n1 .. nk 00
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


def _barcode(buffer: bytes, start: int) -> int:  # GS k
    if _need(buffer, start, 4):
        return 0
    system = buffer[start + 2]
    if system == 97:  # QR of many Chinese printers: GS k 61 v r nL nH d..
        return counted(5, 7)(buffer, start)
    if 65 <= system <= 96:
        return 4 + buffer[start + 3]
    return until(0, 3)(buffer, start)


def _download_bmp(buffer: bytes, start: int) -> int:  # GS D m fn a kc1 kc2 b c + BMP file
    return counted(11, 9, 4)(buffer, start)


def _counter_text(buffer: bytes, start: int) -> int:  # GS C ; five decimal fields, each ended by ;
    at = start + 3
    for _ in range(5):
        at = buffer.find(b";", at, start + FIELD_MAX) + 1
        if at == 0:
            return 3 if len(buffer) - start >= FIELD_MAX else 0
    return at - start


def _glyphs(command: bytes) -> Repeat | None:  # ESC & y c1 c2, then c2-c1+1 times x, y*x bytes
    depth, first, last = command[2], command[3], command[4]

    def part(buffer: bytes, start: int) -> int:
        return 0 if _need(buffer, start, 1) else 1 + depth * buffer[start]

    return Repeat(last - first + 1, part) if last >= first else None


def _nv_image(command: bytes) -> Repeat | None:  # FS q n, then n images
    def part(buffer: bytes, start: int) -> int:
        if _need(buffer, start, 4):
            return 0
        return 4 + _le(buffer, start) * _le(buffer, start + 2) * 8

    return Repeat(command[2], part) if command[2] else None


def _private(buffer: bytes, start: int) -> int:  # 1F 1B 1F fn .. of Xprinter/Gprinter
    if _need(buffer, start, 4):
        return 0
    return {0x91: 11, 0x80: 7, 0xFF: 7}.get(buffer[start + 3], 6)


def _table(prefix: bytes, lengths: dict[int, str]) -> dict[bytes, Rule]:
    return {
        prefix + second.encode("latin-1"): total
        for total, seconds in lengths.items()
        for second in seconds
    }


_DLE: dict[bytes, Rule] = {
    b"\x10\x04": by_third({0: 4, 7: 4, 8: 4, 18: 4}, 3),  # DLE EOT n [a]
    b"\x10\x05": 3,  # DLE ENQ n
    b"\x10\x14": by_third({1: 5, 2: 5, 3: 8, 7: 4, 8: 10}, 5),  # DLE DC4 fn ..
}

_ESC = _table(ESC, {
    2: "\x0c2<@LSimqv",
    3: " !%-3=?CEFGJKMRTUVadertu{A+lPx\x19",
    4: "$\\cfB",
    5: "p7",
    10: "W",
})

_FS = _table(FS, {2: "&.Lbc\x0e\x14", 3: "!-CW", 4: "?Sp"})

_GS = _table(GS, {
    2: ":c\x0c",
    3: "!/BEHITabfhjrw|xZ#",
    4: "$LPW\\",
    5: "^z",
})

_EPSON: dict[bytes, Rule] = {
    **_DLE,
    **_ESC,
    **_FS,
    **_GS,
    b"\x1b&": 5,  # ESC & y c1 c2, glyphs follow
    b"\x1b*": _bit_image,
    b"\x1bD": _tabs,
    b"\x1b(": counted(3, 5),  # ESC ( f pL pH
    b"\x1bZ": counted(5, 7),  # ESC Z m n k dL dH: QR on 80 mm clones, no Epson meaning
    b"\x1bN": 4,  # ESC N n m: store a setting (ZKC), no Epson meaning
    b"\x1b8": 4,  # ESC 8 nL nH: sleep (58 mm modules), no Epson meaning
    b"\x1b4": 2,
    b"\x1b5": 2,
    b"\x1b\x0e": 2,
    b"\x1b\x14": 2,
    b"\x1b'": until(0x0D, 3),  # curve plotting (SPRT)
    b"\x1d'": until(0x0D, 2),
    b'\x1d"': until(0x0D, 2),
    b"\x1ca": by_third({0: 4}, 3),
    b"\x1cg": by_third({1: counted(8, 10), 2: 10}, 10),
    b"\x1cq": 3,  # FS q n, images follow
    b"\x1c2": 76,  # FS 2 c1 c2 + 72 bytes: 24x24 dots
    b"\x1c(": counted(3, 5),
    b"\x1c\x7d": 4,  # FS } 60 n: auto cut on kiosk printers
    b"\x1d(": counted(3, 5),
    b"\x1d8": counted(3, 7, 4),  # GS 8 L p1..p4
    b"\x1dv": raster(8),
    b"\x1dQ": raster(8),
    b"\x1d*": lambda b, s: 0 if _need(b, s, 4) else 4 + b[s + 2] * b[s + 3] * 8,
    b"\x1dD": _download_bmp,
    b"\x1dC": by_third({0x30: 5, 0x31: 9, 0x32: 5, 0x3B: _counter_text}, 5),
    b"\x1dV": by_third(dict.fromkeys((65, 66, 97, 98, 103, 104), 4), 3),
    b"\x1dg": 6,
    b"\x1dk": _barcode,
    b"\x1dU": 5,
    b"\x1dS": 2,
    b"\x1f\x1b": by_third({0x1F: _private}, 2),
    b"\x12T": 2,
    b"\x12#": 3,
    b"\x12*": lambda b, s: 0 if _need(b, s, 4) else 4 + b[s + 2] * b[s + 3],
    b"\x12V": lambda b, s: 0 if _need(b, s, 4) else 4 + _le(b, s + 2) * 48,
}

_REPEATS: dict[bytes, Callable[[bytes], Repeat | None]] = {b"\x1b&": _glyphs, b"\x1cq": _nv_image}


_SPRT: dict[bytes, Rule] = {
    **_EPSON,
    b"\x1bW": 3,
    b"\x1bK": counted(2, 4),
    b"\x1bL": counted(2, 4),
}
_GPRINTER: dict[bytes, Rule] = {**_EPSON, b"\x1bC": 5, b"\x1bq": 5, b"\x1cb": 3, b"\x1dT": 2}
_ZKC: dict[bytes, Rule] = {**_EPSON, b"\x1bC": 5, b"\x1bW": 3}


def _star_gs(buffer: bytes, start: int) -> int:  # ESC GS x ..
    if _need(buffer, start, 3):
        return 0
    kind = buffer[start + 2]
    if kind in b"AR":
        return 5
    if kind == 0x53:  # ESC GS S n xL xH yL yH 0 + x*y
        return 0 if _need(buffer, start, 9) else (
            9 + _le(buffer, start + 4) * _le(buffer, start + 6)
        )
    if kind == 0x79:  # ESC GS y: QR
        return _star_qr(buffer, start)
    return 6 if kind == 0x03 else 4


def _star_qr(buffer: bytes, start: int) -> int:
    if _need(buffer, start, 5):
        return 0
    if buffer[start + 3] == 0x53:
        return 6
    if buffer[start + 3] == 0x44 and buffer[start + 4] in (1, 0x31):
        return counted(6, 8)(buffer, start)
    return 4


def _star_raster(buffer: bytes, start: int) -> int:  # ESC * r letter digits 00
    if _need(buffer, start, 4):
        return 0
    if buffer[start + 2] != 0x72:
        return 5
    return 4 if buffer[start + 3] in b"AB" else until(0, 4)(buffer, start)


_STAR: dict[bytes, Rule] = {
    **{key: rule for key, rule in _EPSON.items() if key[0] in (0x10, 0x1D)},
    **_table(ESC, {
        2: "@EF450i23MPpn\x0e\x14<\x19\x07",
        3: "dWh-_zRlQ$aBCDINJyU",
        4: "s",
    }),
    b"\x1bi": 4,
    b"\x1b\x07": 4,
    b"\x1b\x1e": 4,  # ESC RS x n
    b"\x1b\x1d": _star_gs,
    b"\x1b*": _star_raster,
    b"\x1bb": until(0x1E, 6),  # ESC b n1 n2 n3 n4 data RS
    b"\x1bK": lambda b, s: 0 if _need(b, s, 4) else 4 + b[s + 2],
    b"\x1bL": lambda b, s: 0 if _need(b, s, 4) else 4 + b[s + 2],
    b"\x1bk": lambda b, s: 0 if _need(b, s, 4) else 4 + 24 * b[s + 2],
    b"\x1bX": lambda b, s: 0 if _need(b, s, 4) else 4 + 24 * b[s + 2],
    b"\x1b\x0c": 3,  # ESC FF 00
    b"\x1cp": 4,
}

_STAR_PAGES = {0: "cp437", 1: "cp437", 4: "cp858", 5: "cp852", 6: "cp860", 7: "cp861", 8: "cp863",
               9: "cp865", 10: "cp866", 32: "cp1252"}

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("epson", _EPSON, _REPEATS),
        Dialect("clone80", _EPSON, _REPEATS, chinese=True),
        Dialect("clone58", _EPSON, _REPEATS, chinese=True),
        Dialect("sprt", _SPRT, _REPEATS, chinese=True),
        Dialect("gprinter", _GPRINTER, _REPEATS, chinese=True),
        Dialect("zkc", _ZKC, _REPEATS, chinese=True),
        Dialect("star", _STAR, star=True, pages=_STAR_PAGES),
        Dialect("label", {}, label=True),
    )
}

#: Tried in this order when the usual table loses step and nobody named the dialect.
ALTERNATIVES = ("epson", "sprt", "gprinter", "zkc")

SNIFF_BYTES = 16


def sniff(head: bytes) -> str:
    """Return the dialect that the first bytes of a job speak (`SNIFF_BYTES` are enough)."""
    start = head.lstrip(b"\x00")
    body = start.removeprefix(b"\x1b@").lstrip(b"\x00\r\n")
    if body.startswith((b"\x1b\x1ea", b"\x1b\x1eF", b"\x1b\x1d", b"\x1b*rA", b"\x1b*rR")):
        return "star"
    label = (b"SIZE ", b"! 0", b"! U1", b"^XA", b"~JA", b"CLS\r\n", b"DENSITY ")
    return "label" if body.startswith(label) else "epson"
