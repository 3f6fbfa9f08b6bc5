"""Slips drawn as dots stand on the same columns as printed ones."""

import pytest

from edge_agent.devices.printer_font import FontMissingError, Pen, find_font
from paper.encode import PrinterProfile, encode
from paper.layout import QR, Cut, Line
from paper.picture import STAR_BEGIN, STAR_CUT, STAR_END

PEN = Pen(find_font(), 32, 384)


def inked(line, pen=PEN):
    """Return the first and the last dot of ink, and how many rows there are."""
    rows = pen.draw(line).rows
    row = 0
    for each in rows:
        row |= int.from_bytes(each, "big")
    bits = f"{row:0{8 * len(rows[0])}b}"
    return bits.find("1"), bits.rfind("1"), len(rows)


def test_a_character_stands_in_its_cell():
    for column in (0, 7, 30):
        first, last, _ = inked(Line("积", indent=column))
        assert column * 12 <= first
        assert last < column * 12 + 25  # one dot over is the font's own
    first, last, _ = inked(Line("a" * 31 + "W"))
    assert last < 384


def test_double_size_is_twice_as_wide_and_high():
    _, narrow, rows = inked(Line("分"))
    _, wide, doubled = inked(Line("分", size=2))
    assert abs(wide - 2 * narrow) <= 3
    assert (rows, doubled) == (24 + 6, 48 + 6)


def test_what_the_font_lacks_becomes_a_box_and_is_counted():
    assert PEN.draw(Line("1\U0001f3812")).replaced == 1
    assert PEN.draw(Line("积分 ￥8")).replaced == 0
    assert PEN.draw(Line("\U0001f381")).rows == PEN.draw(Line("□")).rows


def test_without_a_font_the_package_is_named(tmp_path):
    with pytest.raises(FontMissingError, match="apt install fonts-wqy-microhei"):
        find_font(places=[tmp_path / "none.ttf"])
    with pytest.raises(FontMissingError, match=r"mine\.ttf"):
        find_font(str(tmp_path / "mine.ttf"))


def test_a_picture_goes_out_in_the_printer_s_own_manner():
    lines = (Line("积分"), QR("TP"), Cut())
    epson = PrinterProfile(columns=32, dots=384, encoding="picture")
    data = encode(lines, epson, PEN.draw).data
    assert data.startswith(b"\x1b@\x1dv0\x00\x06\x00\x1e\x00")  # 48 dots wide, 30 rows
    assert data.endswith(b"\x1dVB\x60\x1b@")
    star = PrinterProfile(columns=32, dots=384, encoding="picture", raster="star")
    data = encode(lines, star, PEN.draw).data
    assert data.startswith(b"\x1b@" + STAR_BEGIN + b"b")
    assert data.endswith(STAR_CUT + STAR_END + b"\x1b@")


def test_a_picture_without_a_font_is_refused():
    with pytest.raises(ValueError, match="no font to draw with"):
        encode((Line("积分"),), PrinterProfile(encoding="picture"))


@pytest.mark.parametrize("size", [1, 2])
def test_bold_is_as_much_thicker_as_the_letters_are_larger(size):
    pen = Pen(find_font(), 32, 384)
    plain, bold = (
        sum(byte.bit_count() for row in pen.draw(line).rows for byte in row)
        for line in (Line("I", size=size), Line("I", size=size, bold=True))
    )
    # A stem that is `size` dots wider: the more rows, the more dots.
    assert bold - plain >= 10 * size * size
