"""The raster cases, and the ways in which printers are sent a page of dots."""

import json
import lzma
from collections.abc import Callable
from functools import cache

from receipts.lessons import Lesson, taught
from receipts.pictures.page import Page
from receipts.reading import Reading, papers_of, read_text
from receipts.templates import Template
from tests.receipts.jobs import CASES

#: The last receipt of each shop is read by what the others taught.
LAST = "4"


def raster_names() -> list[str]:
    return sorted(each.parent.name for each in CASES.glob("raster_*/job.bin.xz"))


def shop_of(case: str) -> str:
    return case.removeprefix("raster_").rsplit("_", 1)[0]


def shop_names() -> list[str]:
    return sorted({shop_of(case) for case in raster_names()})


def job_of(case: str) -> bytes:
    return lzma.decompress((CASES / case / "job.bin.xz").read_bytes())


def text_of(case: str) -> str:
    return (CASES / case / "text.txt").read_text(encoding="utf-8")


def expected_of(case: str) -> dict[str, str]:
    (document,) = json.loads((CASES / case / "expected.json").read_text("utf-8"))["documents"]
    return document


def page_of_case(case: str) -> Page:
    (paper,) = papers_of(job_of(case))
    assert paper.page is not None
    return paper.page


def told(reading: Reading) -> dict[str, str | None]:
    fen = reading.owed_fen
    return {
        "kind": reading.kind.value,
        "merchant": reading.merchant,
        "number": reading.number,
        "time": reading.printed_at,
        "total": None if fen is None else f"{fen // 100}.{fen % 100:02d}",
    }


@cache
def template_of(shop: str) -> Template:
    """What the shop's receipts but the last have taught."""
    cases = [f"raster_{shop}_{each}" for each in "123"]
    lessons = [Lesson(read_text(text_of(case))[0], page_of_case(case)) for case in cases]
    return taught(Template(shop=shop), lessons, "ymd")


# -- a page sent in every way ------------------------------------------------------------------


def le(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(2, "little") for number in numbers)


def rows(page: Page, top: int, count: int) -> bytes:
    return page.bits[top * page.stride : (top + count) * page.stride]


def bands(page: Page, tall: int) -> list[tuple[int, int]]:
    return [(top, min(tall, page.height - top)) for top in range(0, page.height, tall)]


def columns(page: Page, top: int, deep: int, left: int = 0, right: int | None = None) -> bytes:
    """Column-major bytes of `deep` * 8 rows, bit by bit: slow, and plain to check."""
    out = bytearray()
    for x in range(left, page.width if right is None else right):
        for band in range(deep):
            byte = 0
            for bit in range(8):
                y = top + band * 8 + bit
                at = y * page.stride + x // 8
                dot = at < len(page.bits) and page.bits[at] >> (7 - x % 8) & 1
                byte |= int(dot) << (7 - bit)
            out.append(byte)
    return bytes(out)


def gs_v_0(page: Page, tall: int = 97) -> bytes:
    parts = (
        b"\x1dv0\x00" + le(page.stride, count) + rows(page, top, count)
        for top, count in bands(page, tall)
    )
    return b"".join(parts)


def _graphics(page: Page, function: bytes, top: int, count: int) -> bytes:
    dots = rows(page, top, count) if function == b"p" else columns(page, top, count // 8)
    return b"0" + function + b"0\x01\x011" + le(page.width, count) + dots


def gs_l(page: Page, function: bytes = b"p") -> bytes:
    out = b""
    for top, count in bands(page, 64):
        full = count if function == b"p" else -(-count // 8) * 8
        body = _graphics(page, function, top, full)
        out += b"\x1d(L" + le(len(body)) + body + b"\x1d(L\x02\x0002"
    return out


def gs_8_l(page: Page) -> bytes:
    body = _graphics(page, b"p", 0, page.height)
    return b"\x1d8L" + len(body).to_bytes(4, "little") + body + b"\x1d8L\x02\x00\x00\x00\x302"


def strips(page: Page) -> bytes:
    parts = (
        b"\x1b*\x21" + le(page.width) + columns(page, top, 3) + b"\n" for top, _ in bands(page, 24)
    )
    return b"\x1b3\x18" + b"".join(parts)


def halved_strips(page: Page) -> bytes:
    """Each strip in two pieces, the right one placed by ESC $."""
    middle = page.width // 2 + 3
    out = b"\x1b3\x18"
    for top, _ in bands(page, 24):
        left = columns(page, top, 3, 0, middle)
        right = columns(page, top, 3, middle)
        out += b"\x1b*\x21" + le(middle) + left + b"\x1b$" + le(middle)
        out += b"\x1b*\x21" + le(page.width - middle) + right + b"\n"
    return out


def downloaded(page: Page) -> bytes:
    parts = (
        b"\x1d*" + bytes([page.stride, 3]) + columns(page, top, 3) + b"\x1d/\x00"
        for top, _ in bands(page, 24)
    )
    return b"".join(parts)


def gaps_fed(page: Page) -> bytes:
    """Bands of ink by GS v 0, the blank rows between them by ESC J."""
    blank, out, top = bytes(page.stride), b"", 0
    while top < page.height:
        white = rows(page, top, 1) == blank
        end = top
        while end < page.height and end - top < 200 and (rows(page, end, 1) == blank) == white:
            end += 1
        count = end - top
        if white:
            out += b"\x1bJ" + bytes([count])
        else:
            out += b"\x1dv0\x00" + le(page.stride, count) + rows(page, top, count)
        top = end
    return out


def star_raster(page: Page) -> bytes:
    """Rows by b nL nH; runs of blank rows by ESC * r Y."""
    blank, out, waiting = bytes(page.stride), b"\x1b*rA", 0
    for y in range(page.height):
        row = rows(page, y, 1)
        if row == blank:
            waiting += 1
            continue
        if waiting:
            out += b"\x1b*rY" + str(waiting).encode() + b"\x00"
            waiting = 0
        out += b"b" + le(page.stride) + row
    return out + b"\x1b\x0c\x00\x1b*rB"


def star_blocks(page: Page) -> bytes:
    parts = (
        b"\x1b\x1dS\x01" + le(page.stride, count) + b"\x00" + rows(page, top, count)
        for top, count in bands(page, 128)
    )
    return b"".join(parts)


WAYS: dict[str, Callable[[Page], bytes]] = {
    "GS v 0": gs_v_0,
    "GS v 0 with ESC J": gaps_fed,
    "GS ( L 112": gs_l,
    "GS ( L 113": lambda page: gs_l(page, b"q"),
    "GS 8 L 112": gs_8_l,
    "ESC * 33": strips,
    "ESC * 33 in two": halved_strips,
    "GS * and GS /": downloaded,
    "Star b": star_raster,
    "Star ESC GS S": star_blocks,
}
