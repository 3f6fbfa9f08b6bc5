"""A drawing is the paper itself: every glyph at its column, every code readable, nothing alive."""

import base64
import io
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from paper.encode import PAPER_58MM, PAPER_80MM, PrinterProfile, encode_slip
from paper.layout import QR, Blank, Cut, Pair, Slip, Text
from receipts.stream.drawing import COLUMN, LINE, MARGIN, draw, draw_elements
from receipts.stream.elements import Align, Code, Feed, Line, Picture, Run, Style

SVG = "{http://www.w3.org/2000/svg}"
VOUCHER = "TPV1.AAAAAZ0GZ8Yq7n3mJ2bD4kQxw0c5h1u9-0lBq3sVYtRrO5mWm8sN2EoVd6PjXzL4aTgKfHnUc7"
SLIP: Slip = (
    Text("兑换凭条", "centre", bold=True, size=2),
    Pair("会员", "王* 6789"),
    Blank(),
    QR(VOUCHER),
    Blank(),
    Cut(),
)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing, and no entity in it


def words(svg: str) -> list[tuple[str, int, int]]:
    """Return every stretch of glyphs with its left edge and its length in dots."""
    found = []
    for text in parsed(svg).iter(f"{SVG}text"):
        place = re.match(
            r"translate\((\d+) \d+\)(?: scale\((\d+) \d+\))?", text.attrib["transform"]
        )
        assert place
        across = int(place[2] or 1)
        left = int(place[1]) - MARGIN
        found.append((text.text or "", left, int(text.attrib["textLength"]) * across))
    return found


def painted(svg: str) -> Image.Image:
    """Return the dots of a drawing, painted from its paths alone."""
    root = parsed(svg)
    _, _, width, height = (int(part) for part in root.attrib["viewBox"].split())
    picture = Image.new("L", (width, height), 255)
    brush = ImageDraw.Draw(picture)
    for path in root.iter(f"{SVG}path"):
        for x, y, across, down in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path.attrib["d"]):
            left, top = int(x), int(y)
            brush.rectangle((left, top, left + int(across) - 1, top + int(down) - 1), fill=0)
    return picture


def text_line(text: str, **style: object) -> Line:
    return Line((Run(text, 0, Style(**style), "gb18030"),), text)  # type: ignore[arg-type]


def test_every_stretch_of_glyphs_is_as_wide_as_its_columns() -> None:
    (svg,) = draw_elements([text_line("合计  12.50元")], 32)
    assert words(svg) == [
        ("合计", 0, 4 * COLUMN),
        ("12.50", 6 * COLUMN, 5 * COLUMN),
        ("元", 11 * COLUMN, 2 * COLUMN),
    ]


def test_double_size_covers_twice_the_columns_and_twice_the_height() -> None:
    (svg,) = draw_elements([text_line("合AB", width=2, height=2)], 32)
    assert words(svg) == [("合", 0, 4 * COLUMN), ("AB", 4 * COLUMN, 4 * COLUMN)]
    (single,) = draw_elements([text_line("合AB")], 32)
    assert int(parsed(svg).attrib["height"]) > int(parsed(single).attrib["height"])


@pytest.mark.parametrize(
    ("align", "left"), [(Align.LEFT, 0), (Align.CENTRE, 168), (Align.RIGHT, 336)]
)
def test_alignment_moves_the_line_on_the_paper(align: Align, left: int) -> None:
    line = Line((Run("ABCD", 0),), "ABCD", align)
    (svg,) = draw_elements([line], 32)
    assert words(svg) == [("ABCD", left, 48)]


def test_a_line_wider_than_the_paper_goes_on_in_the_next_line() -> None:
    (svg,) = draw_elements([text_line("A" * 40)], 32)
    assert words(svg) == [("A" * 32, 0, 384), ("A" * 8, 0, 96)]


def test_a_line_in_the_small_font_fits_more_columns() -> None:
    (svg,) = draw_elements([Line((Run("A" * 42, 0, Style(font="B")),), "A" * 42)], 32)
    assert words(svg) == [("A" * 42, 0, 378)]


def test_latin_of_a_single_byte_page_takes_one_column_each() -> None:
    (svg,) = draw_elements([Line((Run("éé£", 0, encoding="cp858"),), "éé£")], 32)
    assert words(svg) == [("éé£", 0, 3 * COLUMN)]


def test_inverse_and_underlined_text_gets_its_bar() -> None:
    (inverse,) = draw_elements([text_line("桌 8", inverse=True)], 32)
    (bar,) = parsed(inverse).iter(f"{SVG}rect")
    assert bar.attrib["width"] == str(4 * COLUMN)
    (under,) = draw_elements([text_line("合计", underline=True)], 32)
    (bar,) = parsed(under).iter(f"{SVG}rect")
    assert bar.attrib["height"] == "2"


def test_paper_is_one_drawing_for_each_piece_between_cuts() -> None:
    pieces = draw(b"\x1b@first\n\x1dV\x00second\n\x1dVB\x10\x1b@", 32)
    assert [words(piece)[0][0] for piece in pieces] == ["first", "second"]


def test_paper_with_nothing_on_it_is_not_drawn() -> None:
    assert draw(b"\x1b@\n\n\x1bd\x05\x1dV\x00", 32) == []
    assert draw(b"", 32) == []


def test_feeding_makes_the_paper_longer() -> None:
    heights = [
        int(parsed(draw_elements([text_line("A"), Feed(lines=lines)], 32)[0]).attrib["height"])
        for lines in (0, 4)
    ]
    assert heights[1] - heights[0] == 4 * LINE // 2


def test_cut_paper_has_teeth_and_hanging_paper_has_a_straight_edge() -> None:
    (cut,) = draw(b"A\n\x1dV\x00", 32)
    (hanging,) = draw(b"A\n", 32)
    assert cut.count("l-6 ") > 30
    assert "l-6 " not in hanging


@pytest.mark.parametrize("profile", [PAPER_58MM, PAPER_80MM])
def test_the_code_of_a_slip_is_read_back_from_its_drawing(profile: PrinterProfile) -> None:
    (svg,) = draw(encode_slip(SLIP, profile).data, profile.columns)
    (code,) = zxingcpp.read_barcodes(painted(svg))
    assert code.text == VOUCHER


def test_a_large_picture_is_a_png_of_the_same_dots() -> None:
    width, rows = 384, 200
    bits = bytes(0xAA if (index // 48) % 2 else 0x55 for index in range(48 * rows))
    (svg,) = draw_elements([Picture(width, rows, bits)], 32)
    (image,) = parsed(svg).iter(f"{SVG}image")
    data = base64.b64decode(image.attrib["href"].removeprefix("data:image/png;base64,"))
    dots = (
        Image.open(io.BytesIO(data)).convert("RGBA").getchannel("A").point(lambda a: a // 255, "1")
    )
    assert dots.size == (width, rows)
    assert dots.tobytes() == bits


def test_strips_stand_close_below_each_other_as_on_paper() -> None:
    strip = b"\x1b*\x21\x08\x00" + b"\xff" * 24
    (svg,) = draw(strip + b"\n" + strip + b"\n\n" + strip + b"\nTotal\n\x1dV\x00", 32)
    paths = [each.attrib["d"] for each in parsed(svg).iter(f"{SVG}path")]
    tops = [re.match(r"M\d+ (\d+)h8v24", path) for path in paths]
    assert [int(found[1]) for found in tops if found] == [0, 24, 72]


def test_a_picture_wider_than_the_paper_is_cut_off_at_its_edge() -> None:
    (svg,) = draw_elements([Picture(800, 8, b"\xff" * 800)], 32)
    assert f"M{MARGIN} 0h384v8" in svg


@pytest.mark.parametrize(
    "element",
    [
        Picture(0, 0, b"", stored=True),
        Picture(576, 4000, b""),
        Code("code128", "690123"),
        Code("qr", "x" * 5000),
    ],
)
def test_what_cannot_be_shown_is_named_in_a_frame(element: Picture | Code) -> None:
    (svg,) = draw_elements([element], 32)
    (frame,) = parsed(svg).iter(f"{SVG}rect")
    assert frame.attrib["stroke-dasharray"]
    assert list(parsed(svg).iter(f"{SVG}text"))


def test_text_that_looks_like_markup_is_only_text() -> None:
    hostile = "<script>alert(1)</script>\"&'"
    (svg,) = draw(hostile.encode() + b"\n", 48)
    tags = {element.tag.removeprefix(SVG) for element in parsed(svg).iter()}
    assert tags <= {"svg", "g", "path", "rect", "text", "image"}
    assert parsed(svg).attrib["aria-label"] == hostile


def test_a_drawing_asks_for_no_style_no_script_and_no_address() -> None:
    (svg,) = draw(encode_slip(SLIP, PAPER_58MM).data, 32)
    rest = svg.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"style|script|url\(|http|\bon\w+=|id=", rest)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ValueError, match="klingon"):
        draw(b"A", dialect="klingon")


commands = st.sampled_from(
    [
        b"A" * 30,
        "合计".encode("gb18030") * 9,
        b" ",
        b"\n",
        b"\t",
        b"\x1b$\x40\x01",  # ESC $: far right
        b"\x1b$\x20\x00",  # ESC $: back to the left
        b"\x1d!\x11",  # GS !: double
        b"\x1d!\x77",  # GS !: eight times
        b"\x1b!\x01",  # ESC !: small font
        b"\x1ba\x02",  # ESC a: right
        b"\x1dB\x01",  # GS B: inverse
        b"\x1b{\x01",  # ESC {: upside down
    ]
)


@given(st.lists(commands, max_size=12).map(b"".join), st.sampled_from([32, 42, 48]))
def test_no_glyph_ever_stands_beside_the_paper(raw: bytes, columns: int) -> None:
    for svg in draw(raw, columns):
        assert all(left >= 0 and left + wide <= columns * COLUMN for _, left, wide in words(svg))


@given(st.binary(max_size=300))
def test_any_bytes_at_all_make_well_formed_drawings(raw: bytes) -> None:
    for svg in draw(raw):
        assert parsed(svg).tag == f"{SVG}svg"


@pytest.mark.browser
@pytest.mark.parametrize("profile", [PAPER_58MM, PAPER_80MM])
def test_a_browser_shows_the_code_so_that_it_can_be_scanned(
    profile: PrinterProfile, tmp_path: Path
) -> None:
    (svg,) = draw(encode_slip(SLIP, profile).data, profile.columns)
    (tmp_path / "paper.svg").write_text(svg, encoding="utf-8")
    subprocess.run(
        [
            "/usr/bin/chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}/profile",
            f"--screenshot={tmp_path}/paper.png",
            "--window-size=400,600",
            (tmp_path / "paper.svg").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    (code,) = zxingcpp.read_barcodes(Image.open(tmp_path / "paper.png"))
    assert code.text == VOUCHER
