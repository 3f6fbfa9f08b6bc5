"""Width in columns is what the printer's grid uses, whatever the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper.width import centre, columns, fit, left, right, settle, wrap

anything = st.text(st.characters(codec="utf-8"), max_size=60)


def test_ascii_takes_one_column_and_han_two() -> None:
    assert columns("TOTAL 12.50") == 11
    assert columns("合计") == 4
    assert columns("合计 12.50") == 10


@pytest.mark.parametrize("char", ["é", "·", "α", "Я", "─", "“", "…", "€", "（", "　"])
def test_what_gb18030_keeps_in_two_bytes_takes_two_columns(char: str) -> None:
    assert len(char.encode("gb18030")) == 2
    assert columns(char) == 2


@pytest.mark.parametrize("char", ["\u0301", "\u200d", "\u200b", "\ufe0f", "\ufeff", "\x1b", "\n"])
def test_what_has_no_width_takes_no_column_and_is_not_printed(char: str) -> None:
    assert columns(f"1{char}2") == 2
    assert settle(f"1{char}2") == "12"


def test_a_letter_and_its_accent_are_measured_as_the_letter_they_print_as() -> None:
    assert settle("cafe\u0301") == "café"
    assert columns("cafe\u0301") == columns("café") == 5


def test_half_width_currency_signs_become_their_two_byte_twins() -> None:
    assert settle("¥12 £3 ¢5") == "￥12 ￡3 ￠5"


def test_a_text_that_is_too_wide_is_cut_with_an_ellipsis() -> None:
    assert fit("太古里购物中心", 10) == "太古里购…"
    assert fit("太古里购物中心", 14) == "太古里购物中心"
    assert fit("Sunshine Plaza", 9) == "Sunshin…"
    assert fit("太古里", 2) == "太"
    assert fit("太古里", 1) == ""


def test_padding_fills_by_columns_and_not_by_characters() -> None:
    assert left("积分", 8) == "积分    "
    assert right("积分", 8) == "    积分"
    assert centre("积分", 7) == " 积分  "


def test_words_stay_whole_and_chinese_breaks_anywhere() -> None:
    assert wrap("Thank you for shopping", 12) == ["Thank you", "for shopping"]
    assert wrap("本次消费共得积分", 8) == ["本次消费", "共得积分"]
    assert wrap("会员卡VIP001积分", 8) == ["会员卡", "VIP001积", "分"]


def test_a_word_longer_than_the_paper_is_broken_rather_than_lost() -> None:
    assert wrap("ABCDEFGHIJ", 4) == ["ABCD", "EFGH", "IJ"]


def test_closing_punctuation_never_begins_a_line_and_opening_never_ends_one() -> None:
    assert wrap("积分到期。请用", 8) == ["积分到", "期。请用"]
    assert wrap("积分有（过期）", 8) == ["积分有", "（过期）"]


def test_line_breaks_in_the_text_are_kept() -> None:
    assert wrap("一\n\n二", 8) == ["一", "", "二"]
    assert wrap("", 8) == [""]


def test_a_width_that_holds_no_chinese_character_is_refused() -> None:
    with pytest.raises(ValueError, match="1 columns"):
        wrap("积分", 1)


@given(anything, st.integers(2, 48))
def test_no_wrapped_line_is_wider_than_the_paper_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(columns(line) <= width for line in lines)
    kept = "".join(settle(part) for part in text.splitlines())
    assert "".join(lines).replace(" ", "") == kept.replace(" ", "")


@given(anything, st.integers(0, 48))
def test_padded_text_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    for pad in (left, right, centre):
        assert columns(pad(text, width)) == width


@given(anything)
def test_settling_twice_changes_nothing(text: str) -> None:
    assert settle(settle(text)) == settle(text)
