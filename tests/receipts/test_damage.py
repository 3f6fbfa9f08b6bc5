"""A damaged paper is awarded its true amount, or a person is asked."""

import pytest

from tests.receipts.damage import HANDS, Hand, awards_after, whole_papers

SEED = 7
ROUNDS = 2
#: Damage that leaves no trace: every print of an amount misread alike, a column of digits gone from
#: the whole paper, the word that makes a sale a void torn off, or that of another left above it.
#: What share of the tries was awarded wrongly when this was written, rounded up.
TRACELESS = {
    "same_digit_everywhere": 0.18, "one_shape_everywhere": 0.13, "lost_digits": 0.02,
    "lost_lines": 0.01, "worn_words": 0.02, "middle_gone": 0.01, "right_edge_gone": 0.01,
    "faint_column": 0.01, "another_below": 0.01, "another_above": 0.01,
}  # fmt: skip
PAPERS = whole_papers(None)


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.__name__)
def test_a_damaged_paper_is_awarded_its_true_amount_or_none(hand: Hand):
    wrong = [case for case, _, wrong in awards_after(PAPERS, hand, ROUNDS, SEED) if wrong]
    tries = len(PAPERS) * ROUNDS
    assert len(wrong) <= tries * TRACELESS.get(hand.__name__, 0.0), wrong
