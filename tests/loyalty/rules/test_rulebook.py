"""The rule book: one spelling, one version, and errors that name the place."""

import pytest

from loyalty.rules import rulebook
from loyalty.rules.rulebook import RuleBook, RuleBookError, from_canonical, from_toml, version
from loyalty.rules.tiers import tier_for
from tests.loyalty.rules.conftest import TOML


def test_a_rule_book_survives_its_canonical_bytes_with_the_same_version(book: RuleBook) -> None:
    again = from_canonical(rulebook.canonical(book))
    assert again == book
    assert version(again) == version(book)


def test_any_change_is_another_version(book: RuleBook) -> None:
    assert version(from_toml(TOML.replace("claim_days = 7", "claim_days = 8"))) != version(book)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rounding =", "roundng =", "roundng: there is no such key; did you mean 'rounding'?"),
        ("per_fen = 100\n", "per_fen = 0\n", "rate 'dining' needs points >= 0 and per_fen > 0"),
        ('category = "*"', 'category = "x"', "exactly one rate with category '*'"),
        ('category = "dining"', 'category = "*"', "exactly one rate with category '*'"),
        ('multiplier = "3/2"', 'multiplier = "1.5x"', "tier 'gold': multiplier '1.5x'"),
        ('multiplier = "3/2"', 'multiplier = "0"', "tier 'gold': multiplier must be more than 0"),
        ("from_points = 0", "from_points = 1", "first tier must start at from_points = 0"),
        ("from_points = 1001", "from_points = 0", "tiers must rise in from_points"),
        ("claim_days = 7", "claim_days = 0", "claim_days must be more than 0"),
        ('rounding = "floor"', 'rounding = "down"', "rounding"),
        ("claim_days = 7", 'claim_days = "7"', "claim_days"),
        ("[[rates]]", "[[rates", "line"),
    ],
)
def test_what_is_wrong_with_a_rule_book_is_said_with_its_place(
    old: str, new: str, said: str
) -> None:
    assert old in TOML
    with pytest.raises(RuleBookError) as caught:
        from_toml(TOML.replace(old, new, 1))
    assert said in str(caught.value)


def test_a_member_has_the_highest_tier_they_have_reached(book: RuleBook) -> None:
    reached = [tier_for(points, book).id for points in (-5, 0, 1000, 1001, 99999)]
    assert reached == ["basic", "basic", "basic", "gold", "gold"]
