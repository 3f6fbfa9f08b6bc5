"""No bytes and no text, however broken, make the reader fail or award."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receipts.reading import read_job, read_text
from tests.receipts.jobs import case_names, plain, text_of

AMOUNT = re.compile(r"\d+\.\d\d(?!\d)")
DECISIONS = {"award", "review", "ignore"}
WORDS = [
    "合计", "应收", "实收", "找零", "现金", "微信", "小计", "优惠", "单号", "退款", "TOTAL", "CASH",
    "CHANGE", "SUBTOTAL", "GST", "ROUNDING", "ITEM QTY RM", "12.00", "-3.50", "(1.00)", "1,234.5",
    "2 x 6.00", "2025-11-08", "10:02", "RM", "￥", ":", "\n", "  ", "％", "壹佰元整", "[[CUT]]\n",
]  # fmt: skip


@given(st.binary(max_size=600))
def test_random_bytes_are_never_awarded(raw):
    assert {reading.decision for reading in read_job(raw)} <= {"review", "ignore"}


@given(st.text(max_size=400))
def test_random_text_is_read_without_failing(text):
    assert {reading.decision for reading in read_text(text)} <= DECISIONS


@given(st.lists(st.sampled_from(WORDS), max_size=120))
def test_a_soup_of_receipt_words_is_read_without_failing(words):
    readings = read_text(" ".join(words))
    assert {reading.decision for reading in readings} <= DECISIONS


@given(st.sampled_from(case_names()), st.randoms(use_true_random=False))
def test_a_job_with_damaged_bytes_is_read_without_failing(case, chance: random.Random):
    raw = bytearray(plain(text_of(case), "gb18030"))
    for _ in range(chance.randrange(1, 10)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    assert {reading.decision for reading in read_job(bytes(raw))} <= DECISIONS


@given(st.sampled_from(case_names()), st.randoms(use_true_random=False))
def test_a_changed_digit_never_changes_what_is_awarded_unnoticed(case, chance: random.Random):
    """One wrong digit breaks a sum: the award stays the true one or a person is asked."""
    text = text_of(case)
    before = read_text(text)
    digits = [at for at, char in enumerate(text) if char.isdigit() and text[at - 1] == "."]
    if not digits:
        return
    at = chance.choice(digits)
    wrong = text[:at] + str((int(text[at]) + 1 + chance.randrange(8)) % 10) + text[at + 1 :]
    for true, read in zip(before, read_text(wrong), strict=True):
        if read.decision == "award":
            assert read.owed_fen == true.owed_fen


MISREADINGS = 24


def misread(text: str, chance: random.Random) -> str:
    """One digit of one amount is another, as a scanner or a worn print head gives it."""
    places = [at for match in AMOUNT.finditer(text) for at in range(*match.span())]
    at = chance.choice([at for at in places if text[at].isdigit()])
    return text[:at] + str((int(text[at]) + chance.randrange(1, 10)) % 10) + text[at + 1 :]


@pytest.mark.parametrize("case", [case for case in case_names() if AMOUNT.search(text_of(case))])
def test_a_misread_digit_never_awards_another_amount(case):
    chance = random.Random(case)
    text = text_of(case)
    true = read_text(text)
    for _ in range(MISREADINGS):
        wrong = misread(text, chance)
        for before, after in zip(true, read_text(wrong), strict=True):
            if after.decision == "award":
                assert after.owed_fen == before.owed_fen, wrong


def test_a_long_job_without_any_line_end_is_read():
    assert [reading.decision for reading in read_job(b"9.99 " * 200_000)] != []


def test_a_job_of_spread_characters_is_read():
    assert read_job(("合  " * 50_000).encode("gb18030"))


def test_ten_thousand_lines_of_amounts_are_read():
    text = "SHOP\nRECEIPT\n" + "Tea  1  3.00\n" * 10_000 + "TOTAL  30000.00\n"
    assert [reading.decision for reading in read_text(text)] == ["review"]
