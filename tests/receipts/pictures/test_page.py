"""A receipt that is a picture is put together whatever commands drew it, and read or reviewed."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from receipts.pictures.page import Page, is_picture, page_of
from receipts.reading import papers_of, read_job
from receipts.stream.decoder import Decoder
from receipts.stream.dialects import DIALECTS, sniff
from receipts.stream.elements import Element
from receipts.stream.lexer import Lexer
from receipts.stream.segmenter import split
from tests.receipts.raster import (
    WAYS,
    expected_of,
    gs_v_0,
    job_of,
    le,
    page_of_case,
    raster_names,
    rows,
    shop_names,
    template_of,
    text_of,
    told,
)

CASE = "raster_escpos_raster_58_zh_1"
CUT = b"\x1dV\x00"


def decode(raw: bytes, *cuts: int) -> list[Element]:
    decoder = Decoder()
    out: list[Element] = []
    for start, end in zip((0, *cuts), (*cuts, len(raw)), strict=True):
        out += decoder.feed(raw[start:end])
    return out + decoder.close()


def page(raw: bytes) -> Page:
    (document,) = split(decode(raw))
    return page_of(document.elements)


def inked(page: Page) -> bytes:
    """The dots without the blank paper above and below, which some commands pad."""
    return page.bits.strip(b"\x00")


@pytest.mark.parametrize("way", WAYS)
def test_every_command_draws_the_same_page(way):
    original = page_of_case(CASE)
    again = page(WAYS[way](original) + CUT)
    assert (again.width, inked(again)) == (original.width, inked(original))


def test_there_are_pictures_of_both_widths_by_six_ways_of_independent_encoders():
    assert len(raster_names()) >= 20
    assert len(shop_names()) == 6
    assert {page_of_case(case).width for case in raster_names()} == {384, 576}


def test_density_doubles_dots_both_ways():
    dots = b"\xa0\x01" + b"\x00\x80"
    small = page(b"\x1dv0\x03" + le(2, 2) + dots + CUT)
    wide = [b"\xcc\x00\x00\x03", b"\x00\x00\xc0\x00"]
    assert (small.width, small.bits) == (32, wide[0] * 2 + wide[1] * 2)


def test_a_strip_of_eight_dots_is_three_rows_to_each_dot():
    strip = page(b"\x1b*\x01\x08\x00" + bytes([0x80, 0, 0, 0, 0, 0, 0, 0x01]) + b"\n" + CUT)
    assert strip.bits == b"\x80" * 3 + b"\x00" * 18 + b"\x01" * 3


def test_a_narrow_picture_stands_where_it_is_aligned():
    wide = b"\x1dv0\x00" + le(6, 1) + b"\xff" * 6
    narrow = b"\x1dv0\x00" + le(2, 1) + b"\xff" * 2
    joined = page(wide + b"\x1ba\x01" + narrow + b"\x1ba\x02" + narrow + CUT)
    assert [rows(joined, y, 1).hex(" ", 2) for y in range(3)] == [
        "ffff ffff ffff",
        "0000 ffff 0000",
        "0000 0000 ffff",
    ]


def test_a_blank_line_between_strips_is_a_blank_strip():
    strip = b"\x1b*\x21\x01\x00\xff\xff\xff\n"
    assert inked(page(strip + b"\n" + strip + CUT)) == b"\x80" * 24 + bytes(24) + b"\x80" * 24


@pytest.mark.parametrize(("fed", "gap"), [(24, 0), (48, 0), (34, 10), (8, 0)])
def test_a_feed_by_dots_feeds_the_line_of_strips_too(fed, gap):
    strip = b"\x1b*\x21\x01\x00\xff\xff\xff"
    feed = b"\x1bJ" + bytes([fed])
    assert inked(page(strip + feed + strip + feed + CUT)) == (
        b"\x80" * 24 + bytes(gap) + b"\x80" * 24
    )


def test_a_logo_does_not_make_a_receipt_a_picture():
    logo = gs_v_0(page_of_case(CASE))
    (document,) = split(decode(logo + text_of(CASE).encode("gb18030") + CUT))
    assert not is_picture(document)
    (reading,) = read_job(logo + text_of(CASE).encode("gb18030") + CUT)
    assert reading.decision == "award"


def test_an_address_in_text_above_a_receipt_in_dots_does_not_hide_the_receipt():
    address = b"GREEN BAMBOO RESTAURANT\n12 Lakeside Road, Level 2\nTel 555 0100\n"
    (reading,) = read_job(address + gs_v_0(page_of_case(CASE)) + CUT)
    assert (reading.decision, [why.code for why in reading.why]) == ("review", ["picture_only"])
    template = structs.replace(template_of("escpos_raster_58_zh"), header=())
    (reading,) = read_job(address + gs_v_0(page_of_case(CASE)) + CUT, template=template)
    assert (told(reading)["total"], reading.decision) == (expected_of(CASE)["total"], "award")


def test_a_queue_ticket_with_a_tall_logo_is_not_a_picture():
    logo = gs_v_0(Page(384, page_of_case(CASE).bits[: 48 * 300]))
    ticket = "排队号 A017\n前面还有 5 桌\n请留意叫号 过号请重新取号 谢谢您的光临，祝您用餐愉快\n"
    (reading,) = read_job(logo + ticket.encode("gb18030") + CUT)
    assert reading.decision == "ignore"


def test_a_few_printed_words_stay_at_their_height_among_the_dots():
    dots = gs_v_0(page_of_case(CASE))
    (paper,) = papers_of(b"No. 17\n" + dots + b"Bye\n" + CUT)
    assert paper.page is not None
    assert [(top, line.text) for top, line in paper.page.texts] == [
        (0, "No. 17"),
        (30 + page_of_case(CASE).height, "Bye"),
    ]


@pytest.mark.parametrize("case", raster_names())
def test_a_picture_that_nothing_can_read_goes_to_a_person(case):
    (reading,) = read_job(job_of(case))
    assert (reading.decision, reading.owed_fen) == ("review", None)
    assert [why.code for why in reading.why] == ["picture_only"]


def test_a_picture_too_large_to_keep_goes_to_a_person():
    raw = b"\x1dv0\x00" + le(600, 8000) + bytes(600 * 8000) + CUT
    (reading,) = read_job(raw)
    assert (reading.decision, [why.code for why in reading.why]) == ("review", ["picture_only"])


SIZES = st.integers(0, 80) | st.sampled_from([255, 2048, 65535])
COMMANDS = st.one_of(
    st.tuples(st.sampled_from([b"\x1dv0\x00", b"\x1dv0\x03"]), SIZES, SIZES).map(
        lambda each: each[0] + le(each[1], each[2]) + bytes([0x5A]) * (each[1] * each[2] % 9000)
    ),
    st.tuples(st.sampled_from([0, 1, 32, 33]), SIZES, st.binary(max_size=300)).map(
        lambda each: b"\x1b*" + bytes([each[0]]) + le(each[1]) + each[2]
    ),
    st.tuples(st.sampled_from([b"p", b"q"]), SIZES, SIZES, st.binary(max_size=300)).map(
        lambda each: (
            b"\x1d8L"
            + (10 + len(each[3])).to_bytes(4, "little")
            + b"0"
            + each[0]
            + b"0\x02\x011"
            + le(each[1], each[2])
            + each[3]
            + b"\x1d(L\x02\x0002"
        )
    ),
    SIZES.map(lambda at: b"\x1b$" + le(at)),
    st.sampled_from(
        [b"\n", b"\x1bJ\xff", b"\x1ba\x01", b"\x1d*\x02\x01" + b"\xaa" * 16, b"\x1d/\x03"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(COMMANDS, max_size=12))
def test_pictures_of_any_size_and_place_are_joined_or_left_out(commands):
    raw = b"".join(commands)
    readings = read_job(raw, template=template_of("escpos_raster_58_zh"))
    assert all(reading.decision != "award" for reading in readings)
    for document in split(decode(raw)):
        joined = page_of(document.elements)
        assert joined.height <= 65535 + 16_000
        assert len(joined.bits) == joined.stride * joined.height


def boundaries(raw: bytes) -> list[int]:
    lexer = Lexer(DIALECTS[sniff(raw[:16])])
    return [token.end for token in [*lexer.feed(raw), *lexer.close()]]


@pytest.mark.parametrize("case", raster_names())
def test_cutting_a_raster_job_anywhere_changes_nothing(case):
    raw = job_of(case)
    whole = decode(raw)
    near = {end + by for end in boundaries(raw) for by in range(-8, 9)}
    anywhere = random.Random(case).sample(range(1, len(raw)), 200)
    for cut in sorted({at for at in near if 0 < at < len(raw)} | set(anywhere)):
        assert decode(raw, cut) == whole


@pytest.mark.parametrize("way", WAYS)
def test_every_command_may_be_cut_anywhere(way):
    page = page_of_case(CASE)
    top = Page(page.width, rows(page, 0, 60))
    raw = WAYS[way](top) + CUT
    whole = decode(raw)
    assert all(decode(raw, cut) == whole for cut in range(1, len(raw), 7))
