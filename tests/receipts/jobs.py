"""Print jobs made of a case's text, the way different tills would send the same paper."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

CASES = Path(__file__).parent.parent / "cases" / "receipts"
CUT = b"\x1dV\x00"
_CODE = re.compile(r"^\s*\[(QR|BARCODE)\]\s*")


def case_names() -> list[str]:
    """The cases whose paper is given as text, to be sent in many ways."""
    return sorted(each.parent.name for each in CASES.glob("*/input.txt"))


def captured_names() -> list[str]:
    """The cases given as the bytes of a print job, made by encoders that are not ours."""
    return sorted(each.parent.name for each in CASES.glob("[0-9]*/input.bin"))


def captured(case: str) -> bytes:
    return (CASES / case / "input.bin").read_bytes()


def text_of(case: str) -> str:
    return (CASES / case / "input.txt").read_text(encoding="utf-8")


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def papers_of(text: str) -> list[list[str]]:
    return [paper.strip("\n").splitlines() for paper in text.split("[[CUT]]")]


def _paper(text: str, line: Callable[[str], bytes], start: bytes) -> bytes:
    return b"".join(
        start + b"".join(line(each) for each in paper) + b"\x1bd\x03" + CUT
        for paper in papers_of(text)
    )


def plain(text: str, encoding: str, start: bytes = b"\x1b@", end: bytes = b"\n") -> bytes:
    """Lines as they are, in one encoding, with nothing said about it unless `start` does."""
    return _paper(text, lambda line: line.encode(encoding) + end, start)


def in_kanji_mode(text: str, encoding: str) -> bytes:
    """FS & before every stretch of Chinese and FS . after it, as careful libraries send it."""

    def line(line: str) -> bytes:
        parts = re.split(r"([^\x00-\x7f]+)", line)
        return (
            b"".join(
                part.encode() if part.isascii() else b"\x1c&" + part.encode(encoding) + b"\x1c."
                for part in parts
            )
            + b"\n"
        )

    return _paper(text, line, b"\x1b@\x1bt\x00")


def dressed(text: str, encoding: str) -> bytes:
    """Centred lines by ESC a, headings in double size, bold sums, the drawer kicked at the end."""

    def line(line: str) -> bytes:
        body = line.strip().encode(encoding)
        centred = len(line) - len(line.lstrip()) > 4 and not re.search(r"\d\.\d\d$", line)
        if centred:
            return b"\x1ba\x01\x1d!\x11" + body + b"\n\x1d!\x00\x1ba\x00"
        if re.search(r"\d\.\d\d$", line):
            return b"\x1bE\x01" + line.encode(encoding) + b"\x1bE\x00\r\n"
        return line.encode(encoding) + b"\r\n"

    return _paper(text, line, b"\x1b@\x1b3\x1e") + b"\x1bp\x00\x32\x32"


def at_positions(text: str, encoding: str) -> bytes:
    """Columns by ESC $ (absolute dots) instead of blanks."""

    def line(line: str) -> bytes:
        out, column = b"", 0
        for blanks, word in re.findall("( *)([^ ]+(?: [^ ]+)*)", line):
            column += len(blanks)
            if len(blanks) > 1:
                dots = column * 12
                out += b"\x1b$" + dots.to_bytes(2, "little")
            else:
                out += b" " * len(blanks)
            out += word.encode(encoding)
            column += width(word)
        return out + b"\n"

    return _paper(text, line, b"\x1b@")


def with_native_codes(text: str, encoding: str) -> bytes:
    """Codes as GS ( k and GS k commands, with ESC * logo strips and a polled status between."""

    def line(line: str) -> bytes:
        code = _CODE.match(line)
        if code is None:
            return line.encode(encoding) + b"\x10\x04\x01\n"
        rest = line[code.end() :].encode(encoding)
        if code[1] == "QR":
            stored = b"1P0https://example.invalid/?q=\x1b@1"
            size = len(stored).to_bytes(2, "little")
            return b"\x1d(k" + size + stored + b"\x1d(k\x03\x001Q0" + rest + b"\n"
        return b"\x1dkI" + bytes([len(rest)]) + rest + b"\n"

    logo = b"\x1b*\x21\x10\x00" + bytes(range(48)) + b"\n"
    return _paper(text, line, b"\x1b@" + logo)


#: Name -> how the paper is sent. Case 17 needs Big5-HKSCS, the English ones fit any code page.
CHINESE_JOBS: dict[str, Callable[[str], bytes]] = {
    "gb18030, clone default": lambda text: plain(text, "gb18030"),
    "gb18030, FS &": lambda text: in_kanji_mode(text, "gb18030"),
    "gb18030, dressed": lambda text: dressed(text, "gb18030"),
    "gb18030, positions": lambda text: at_positions(text, "gb18030"),
    "gb18030, native codes": lambda text: with_native_codes(text, "gb18030"),
    "gb18030, CR only": lambda text: plain(text, "gb18030", end=b"\r"),
    "utf-8": lambda text: plain(text, "utf-8"),
    "utf-8, FS ( C": lambda text: plain(text, "utf-8", b"\x1b@\x1c(C\x02\x00\x30\x02"),
    "utf-8, dressed": lambda text: dressed(text, "utf-8"),
}
HONG_KONG_JOBS: dict[str, Callable[[str], bytes]] = {
    "big5-hkscs": lambda text: plain(text, "big5hkscs"),
    "big5-hkscs, FS &": lambda text: in_kanji_mode(text, "big5hkscs"),
    "big5-hkscs, dressed": lambda text: dressed(text, "big5hkscs"),
    "big5-hkscs, positions": lambda text: at_positions(text, "big5hkscs"),
    "utf-8": lambda text: plain(text, "utf-8"),
    "gb18030": lambda text: plain(text, "gb18030"),
}
LATIN_JOBS: dict[str, Callable[[str], bytes]] = {
    "cp437": lambda text: plain(text, "cp437"),
    "cp1252, ESC t 16": lambda text: plain(text, "cp1252", b"\x1b@\x1bt\x10"),
    "cp437, FS .": lambda text: dressed(text, "cp437").replace(b"\x1b@", b"\x1b@\x1c."),
    "cp437, positions": lambda text: at_positions(text, "cp437"),
    "cp437, box rules": lambda text: plain(text, "cp437").replace(b"-" * 32, b"\xc4" * 32),
    "gb18030": lambda text: plain(text, "gb18030"),
}


def jobs_of(case: str) -> dict[str, bytes]:
    text = text_of(case)
    makers = CHINESE_JOBS
    if case.startswith("17_"):
        makers = HONG_KONG_JOBS
    elif text.isascii():
        makers = LATIN_JOBS
    return {name: make(text) for name, make in makers.items()}
