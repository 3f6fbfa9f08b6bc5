"""Activities of the rule book: when stamps, spending and receipts count."""

import pytest
from msgspec import structs

from loyalty.rules.activities import Activity
from tests.loyalty.test_activity_codes import the_book


def of_kind(kind: str) -> Activity:
    return next(one for one in the_book().activities if one.kind == kind)


@pytest.mark.parametrize(("stamps", "rounds"), [(0, 0), (9, 0), (10, 1), (19, 1), (25, 2)])
def test_a_punch_card_fills_with_its_last_stamp_and_begins_again(stamps: int, rounds: int) -> None:
    assert of_kind("punch_card").rounds_due(stamps, 0) == rounds


@pytest.mark.parametrize(
    ("spent_fen", "rounds"), [(999_999, 0), (1_000_000, 1), (1_000_001, 1), (9_000_000, 1)]
)
def test_a_milestone_is_reached_once(spent_fen: int, rounds: int) -> None:
    assert of_kind("milestone").rounds_due(50, spent_fen) == rounds


@pytest.mark.parametrize(
    ("left_fen", "counted"), [(2_000, (1, 2_000)), (1_999, (0, 1_999)), (0, (0, 0)), (-5, (0, 0))]
)
def test_a_receipt_counts_for_what_is_left_of_it(left_fen: int, counted: tuple[int, int]) -> None:
    card = structs.replace(of_kind("punch_card"), minimum_fen=2_000)
    assert card.counted(left_fen) == counted
