"""A printer's page numbers, and what senders do in their own way, are read by what they give."""

import pytest

from receipts.stream.decoder import Decoder
from receipts.stream.elements import Cut, Doubt, Drawer, Element, Line
from receipts.stream.pages import PAGES, STAR_PAGES, decode


def elements(raw: bytes, dialect: str | None = None) -> list[Element]:
    decoder = Decoder(dialect)
    return decoder.feed(raw) + decoder.close()


def texts(raw: bytes, dialect: str | None = None) -> list[str]:
    return [each.text for each in elements(raw, dialect) if isinstance(each, Line) and each.text]


def sure(raw: bytes) -> bool:
    out = elements(raw)
    runs = [run for each in out if isinstance(each, Line) for run in each.runs]
    return not any(isinstance(each, Doubt) for each in out) and all(run.certain for run in runs)


@pytest.mark.parametrize("page", sorted({*PAGES.values(), *STAR_PAGES.values()}))
def test_every_page_that_is_named_can_be_read(page):
    assert len(decode(bytes(range(256)), page, "replace")) == 256


@pytest.mark.parametrize(
    ("number", "text", "codec"),
    [
        (13, "Döner 4,50 İçecek", "cp857"),
        (17, "Итого: 100.00 руб", "cp866"),
        (6, "Спасибо за покупку", "cp1251"),
        (7, "Итого за покупку", "cp866"),
        (28, "Спасибо за покупку", "cp1251"),
        (24, "Σύνολο αξία", "cp737"),
        (47, "Σύνολο αξία", "cp1253"),
        (2, "Crème brûlée", "cp850"),
        (2, "Kávé és žemle", "cp852"),
    ],
)
def test_a_page_number_means_what_its_letters_say(number, text, codec):
    raw = b"\x1b@\x1c.\x1bt" + bytes([number]) + f"{text}\n".encode(codec)
    assert texts(raw) == [text]
    assert sure(raw)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\x1bt\x0d\xd512,50", "€12,50"),
        (b"\x1bt\x0b\xa3\xe7\xe9", "ύνο"),
        (b"\x1bt\x01\xba\xb0\xcb\xb0", "ｺｰﾋｰ"),
    ],
)
def test_printers_have_characters_that_codecs_lack(raw, text):
    assert texts(b"\x1b@\x1c." + raw + b"\n") == [text]


@pytest.mark.parametrize(
    ("number", "raw", "text"),
    [(0, b"Cr\xb1me", "Crème"), (15, "Σύνολο".encode("cp737"), "Σύνολο"), (4, b"\xd55", "€5")],
)
def test_star_numbers_its_pages_in_its_own_way(number, raw, text):
    assert texts(b"\x1b@\x1b\x1dt" + bytes([number]) + raw + b"\n", "star") == [text]


def test_shift_jis_needs_no_kanji_mode_where_it_is_chosen():
    raw = b"\x1b@\x1c.\x1bt\x01\x1cC1\x1bR\x08" + "合計 コーヒー".encode("cp932") + b"\n"
    assert texts(raw) == ["合計 コーヒー"]


def test_italics_come_with_a_number_or_without():
    assert texts(b"\x1b@\x1b4\x01a\x1b4\x00b\x1b4c\x1b51\n") == ["abc1"]
    assert sure(b"\x1b@\x1b4\x01a\x1b4\x00b\n")


def test_a_drawer_opened_without_its_times_eats_no_command_behind_it():
    raw = b"\x1b@Total 5.00\n\x1bp\x00\x1bp\x01\x1bd\x04\x1dV\x00"
    out = elements(raw)
    assert [each.pin for each in out if isinstance(each, Drawer)] == [0, 1]
    assert any(isinstance(each, Cut) for each in out)
    assert sure(raw)


def test_star_marks_and_status_requests_are_no_text():
    raw = b"\x1b@\x1b\x1ea\x00Total 5.00\n\x1b\x06\x01\x1b\x1d\x03\x01\x00\x00\x04\x1bd3"
    assert texts(raw) == ["Total 5.00"]
    assert sure(raw)


def test_a_frame_of_box_characters_is_no_lost_text():
    frame = b"\xda" + b"\xc4" * 20 + b"\xbf\n"
    total = "合计金额: 25.00 找零 微信支付\n".encode("gb18030")
    assert sure(b"\x1b@" + total + frame + b"\xc0" + b"\xc4" * 20 + b"\xd9\n")
    assert not sure(b"\x1b@" + total + "金额".encode("gb18030")[1:] + b"\n")


def test_the_clones_own_command_switches_chinese_off_and_on():
    words = "Итого".encode("cp866") + b"\n\x1f\x1b\x1f\xfe\x00" + "金额".encode("gb18030") + b"\n"
    assert texts(b"\x1b@\x1f\x1b\x1f\xfe\x01\x1bt\x11" + words) == ["Итого", "金额"]


def test_the_newer_cut_command_ends_a_paper():
    out = elements(b"\x1b@a\n\x1d(V\x02\x000\x01b\n\x1d(V\x03\x001\x00\x10")
    assert [each.partial for each in out if isinstance(each, Cut)] == [True, False]
