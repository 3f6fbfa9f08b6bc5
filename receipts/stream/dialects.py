"""How long each printer command is, per dialect: the tables that keep a byte stream in step.

A table maps a command's prefix (two bytes) to its length
rule. It owns lengths only; what a command means is the decoder's business. Sources: Epson ESC/POS
application programming guide, Star line-mode specification, "80mm series printer command set" of
the generic Chinese makers, SPRT and ZKC manuals, and a Chinese Wi-Fi printer firmware.
"""

from collections.abc import Callable

from msgspec import Struct

from receipts.stream.lengths import (
    Repeat,
    Rule,
    barcode,
    bit_image,
    by_third,
    counted,
    counter_text,
    download_bmp,
    glyphs,
    italics,
    little,
    nv_image,
    private_setup,
    pulse,
    raster,
    short,
    star_group,
    star_raster,
    tab_list,
    until,
)
from receipts.stream.looks import LOOKS, STAR_LOOKS, Looks
from receipts.stream.pages import STAR_PAGES

ESC, FS, GS = b"\x1b", b"\x1c", b"\x1d"


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
    def looks(self) -> Looks:
        """The commands that stand inside its lines."""
        return STAR_LOOKS if self.star else LOOKS

    @property
    def prefixes(self) -> frozenset[int]:
        """The bytes that open a command."""
        return frozenset(key[0] for key in self.rules)


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

_ESC = _table(
    ESC,
    {
        2: "\x0c012<@LSimqv",
        3: " !%-3=?CEFGJKMRTUVadertu{A+lPx\x19",
        4: "$\\cfB",
        5: "7",
        10: "W",
    },
)

_FS = _table(FS, {2: "&.Lbc\x0e\x14", 3: "!-CW", 4: "?Sp"})

_GS = _table(
    GS,
    {
        2: ":c\x0c",
        3: "!/BEHITabfhjrw|xZ#",
        4: "$LPW\\",
        5: "^z",
    },
)

_EPSON: dict[bytes, Rule] = {
    **_DLE,
    **_ESC,
    **_FS,
    **_GS,
    b"\x1bp": pulse,
    b"\x1b&": 5,  # ESC & y c1 c2, glyphs follow
    b"\x1b*": bit_image,
    b"\x1bD": tab_list,
    b"\x1b(": counted(3, 5),  # ESC ( f pL pH
    b"\x1bZ": counted(5, 7),  # ESC Z m n k dL dH: QR on 80 mm clones, no Epson meaning
    b"\x1bN": 4,  # ESC N n m: store a setting (ZKC), no Epson meaning
    b"\x1b8": 4,  # ESC 8 nL nH: sleep (58 mm modules), no Epson meaning
    b"\x1b4": italics,
    b"\x1b5": italics,
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
    b"\x1d*": lambda b, s: 0 if short(b, s, 4) else 4 + b[s + 2] * b[s + 3] * 8,
    b"\x1dD": download_bmp,
    b"\x1dC": by_third({0x30: 5, 0x31: 9, 0x32: 5, 0x3B: counter_text}, 5),
    b"\x1dV": by_third(dict.fromkeys((65, 66, 97, 98, 103, 104), 4), 3),
    b"\x1dg": 6,
    b"\x1dk": barcode,
    b"\x1dU": 5,
    b"\x1dS": 2,
    b"\x1f\x1b": by_third({0x1F: private_setup}, 2),
    b"\x12T": 2,
    b"\x12#": 3,
    b"\x12q": 3,  # DC2 q n: mark position of SII's mobile printers
    b"\x12*": lambda b, s: 0 if short(b, s, 4) else 4 + b[s + 2] * b[s + 3],
    b"\x12V": lambda b, s: 0 if short(b, s, 4) else 4 + little(b, s + 2) * 48,
}

_REPEATS: dict[bytes, Callable[[bytes], Repeat | None]] = {b"\x1b&": glyphs, b"\x1cq": nv_image}


_SPRT: dict[bytes, Rule] = {
    **_EPSON,
    b"\x1bW": 3,
    b"\x1bK": counted(2, 4),
    b"\x1bL": counted(2, 4),
}
_GPRINTER: dict[bytes, Rule] = {**_EPSON, b"\x1bC": 5, b"\x1bq": 5, b"\x1cb": 3, b"\x1dT": 2}
_ZKC: dict[bytes, Rule] = {**_EPSON, b"\x1bC": 5, b"\x1bW": 3}


_STAR: dict[bytes, Rule] = {
    **{key: rule for key, rule in _EPSON.items() if key[0] in (0x10, 0x1D)},
    **_table(
        ESC,
        {
            2: "@EF450i23MPpn:\x0e\x14<\x19\x07",
            3: " dWh-_zRlQ$aBCDINJyU\x06",
            4: "s",
        },
    ),
    b"\x1bi": 4,
    b"\x1b\x07": 4,
    b"\x1b\x1e": 4,  # ESC RS x n
    b"\x1b\x1d": star_group,
    b"\x1b*": star_raster,
    b"\x1bb": until(0x1E, 6),  # ESC b n1 n2 n3 n4 data RS
    b"\x1bK": lambda b, s: 0 if short(b, s, 4) else 4 + b[s + 2],
    b"\x1bL": lambda b, s: 0 if short(b, s, 4) else 4 + b[s + 2],
    b"\x1bk": lambda b, s: 0 if short(b, s, 4) else 4 + 24 * b[s + 2],
    b"\x1bX": lambda b, s: 0 if short(b, s, 4) else 4 + 3 * little(b, s + 2),  # 24-dot columns
    b"\x1b\x0c": 3,  # ESC FF 00
    b"\x1cp": 4,
}

DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("epson", _EPSON, _REPEATS),
        Dialect("clone80", _EPSON, _REPEATS, chinese=True),
        Dialect("clone58", _EPSON, _REPEATS, chinese=True),
        Dialect("sprt", _SPRT, _REPEATS, chinese=True),
        Dialect("gprinter", _GPRINTER, _REPEATS, chinese=True),
        Dialect("zkc", _ZKC, _REPEATS, chinese=True),
        Dialect("star", _STAR, star=True, pages=STAR_PAGES),
        Dialect("label", {}, label=True),
    )
}

#: Tried in this order when the usual table loses step and nobody named the dialect.
ALTERNATIVES = ("epson", "star", "sprt", "gprinter", "zkc")

SNIFF_BYTES = 16


def sniff(head: bytes) -> str:
    """Return the dialect that the first bytes of a job speak (`SNIFF_BYTES` are enough)."""
    start = head.lstrip(b"\x00")
    body = start.removeprefix(b"\x1b@").lstrip(b"\x00\r\n")
    star = (b"\x1b\x1ea", b"\x1b\x1eF", b"\x1b\x1d", b"\x1b*rA", b"\x1b*rR", b"\x18")
    if body.startswith(star):
        return "star"
    label = (b"SIZE ", b"! 0", b"! U1", b"^XA", b"~JA", b"CLS\r\n", b"DENSITY ")
    return "label" if body.startswith(label) else "epson"
