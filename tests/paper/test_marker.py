"""Our own paper is known by its mark and heading, and nothing else is taken for it."""

import pytest

from paper.layout import Text, lay_out
from paper.marker import COPY_BANNER, HEADINGS, OWN_PRINT_MARK, is_own_print

ALL_HEADINGS = [words for heading in HEADINGS.values() for words in heading.values()]


@pytest.mark.parametrize("heading", ALL_HEADINGS)
def test_the_mark_with_any_of_our_headings_is_own_print(heading: str) -> None:
    assert is_own_print(["", f"  {OWN_PRINT_MARK}", COPY_BANNER, "星河广场", heading, "..."])


def test_neither_mark_nor_heading_alone_is_own_print() -> None:
    assert not is_own_print([OWN_PRINT_MARK, "结账单", "合计 12.00"])
    assert not is_own_print(["积分凭条", "合计 12.00"])
    assert not is_own_print([])


def test_a_receipt_that_mentions_us_further_down_is_not_own_print() -> None:
    body = [f"line {number}" for number in range(6)]
    assert not is_own_print([*body, OWN_PRINT_MARK, "积分凭条"])


@pytest.mark.parametrize("heading", ALL_HEADINGS)
def test_every_heading_fits_one_line_at_double_size_on_58_mm_paper(heading: str) -> None:
    assert len(lay_out((Text(heading, size=2),), 32)) == 1
