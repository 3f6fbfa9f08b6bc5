"""The bytes we send print what was laid out, on every kind of printer we know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper.encode import (
    PAPER_58MM,
    PAPER_80MM,
    Encoded,
    PrinterProfile,
    encode,
    encode_slip,
    encode_text,
)
from paper.layout import QR, Cut, Line, Text
from paper.width import columns

ENCODINGS = ["gb18030", "gbk", "utf-8"]
VOUCHER = "TPV1." + "A7" * 90  # about as long as a signed voucher is


def test_every_slip_begins_and_ends_with_a_reset_printer() -> None:
    data = encode_slip((Text("积分"),), PAPER_80MM).data
    assert data == b"\x1b@" + "积分".encode("gb18030") + b"\n\x1b@"


def test_a_printer_that_wakes_up_in_single_byte_mode_is_told_to_leave_it() -> None:
    chinese = PrinterProfile(kanji_mode=True)
    assert encode_slip((), chinese).data == b"\x1b@\x1c&\x1b@"
    unicode = PrinterProfile(kanji_mode=True, encoding="utf-8")
    assert encode_slip((), unicode).data == b"\x1b@\x1c(C\x02\x000\x02\x1b@"


def test_style_is_switched_on_for_its_line_only_and_not_for_its_indent() -> None:
    data = encode((Line("A", indent=2, bold=True, size=2), Line("B")), PAPER_80MM).data
    assert data == b"\x1b@  \x1d!\x11\x1bE\x01A\x1bE\x00\x1d!\x00\nB\n\x1b@"


def test_double_size_on_a_kanji_mode_printer_sets_the_chinese_size_too() -> None:
    data = encode((Line("积", size=2),), PrinterProfile(kanji_mode=True)).data
    assert b"\x1c!\x0c\x1d!\x11" in data
    assert b"\x1d!\x00\x1c!\x00" in data


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_yen_sign_is_right_in_every_encoding(encoding: str) -> None:
    assert encode_text("¥12 ￥3", encoding) == ("￥12 ￥3".encode(encoding), 0)


@pytest.mark.parametrize("encoding", ["gb18030", "gbk"])
@pytest.mark.parametrize("char", ["🎁", "㐀", "𠮷", "ñ", "\ue000", "ｱ"])
def test_what_a_printer_lacks_becomes_a_box_and_is_counted(char: str, encoding: str) -> None:
    assert encode_text(f"1{char}2{char}", encoding) == ("1□2□".encode("gb18030"), 2)


def test_a_utf8_printer_gets_every_character_of_the_basic_plane() -> None:
    assert encode_text("ñ🎁", "utf-8") == ("ñ□".encode(), 1)


def test_boxes_are_counted_over_the_whole_slip() -> None:
    assert encode_slip((Text("🎁"), Text("礼物🎁🎁")), PAPER_80MM).replaced == 3


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from(["gb18030", "gbk"]))
def test_a_text_takes_as_many_bytes_as_columns(text: str, encoding: str) -> None:
    data, _ = encode_text(text, encoding)
    assert len(data) == columns(text)
    data.decode("gbk" if encoding == "gbk" else "gb18030")


def test_paper_is_cut_where_there_is_a_cutter_and_fed_where_there_is_none() -> None:
    assert encode((Cut(),), PAPER_80MM).data == b"\x1b@\x1dVB\x60\x1b@"
    assert encode((Cut(),), PAPER_58MM).data == b"\x1b@\x1bd\x04\x1b@"


def test_a_native_qr_is_stored_and_printed_in_the_middle() -> None:
    data = encode((QR("TP"),), PAPER_80MM).data
    assert data.startswith(b"\x1b@\x1ba\x01\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06")
    assert b"\x1d(k\x05\x001P0TP\x1d(k\x03\x001Q0" in data
    assert data.endswith(b"\x1ba\x00\x1b@")


@pytest.mark.parametrize("profile", [PAPER_58MM, PAPER_80MM])
def test_a_slip_with_a_signed_voucher_stays_under_four_kibibytes(profile: PrinterProfile) -> None:
    lines = tuple(Line("一" * (profile.columns // 2)) for _ in range(20))
    assert len(encode((*lines, QR(VOUCHER), Cut()), profile).data) < 4096


def test_a_qr_code_too_large_for_the_paper_is_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"1500 characters .* 384 dots"):
        encode((QR("a" * 1500),), PAPER_58MM)


def test_nothing_to_print_replaces_nothing() -> None:
    assert encode((), PAPER_80MM) == Encoded(b"\x1b@\x1b@", 0)
