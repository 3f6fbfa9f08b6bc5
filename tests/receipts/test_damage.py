"""A damaged paper is awarded its true amount, or a person is asked."""

import pytest

from tests.receipts.damage import HANDS, Hand, awards_after, whole_papers

SEED = 7
ROUNDS = 2
#: Damage that leaves no trace: every print of an amount misread alike, a column of digits gone from
#: the whole paper, the word that makes a sale a void torn off, or that of another left above it.
#: So many awards were wrong when this
#: was written; it may only become less.
TRACELESS = {
    "same_digit_everywhere": 54, "one_shape_everywhere": 37, "lost_digits": 5, "lost_lines": 1,
    "worn_words": 4, "middle_gone": 1, "right_edge_gone": 1, "faint_column": 1,
    "another_below": 1, "another_above": 2,
}  # fmt: skip
PAPERS = whole_papers(None)


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.__name__)
def test_a_damaged_paper_is_awarded_its_true_amount_or_none(hand: Hand):
    wrong = [case for case, _, wrong in awards_after(PAPERS, hand, ROUNDS, SEED) if wrong]
    assert len(wrong) <= TRACELESS.get(hand.__name__, 0), wrong
