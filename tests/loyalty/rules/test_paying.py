"""Points as money: what a book says of them, and how many may pay for a bill."""

import pytest

from loyalty.rules.paying import Payable, payable, why_not
from loyalty.rules.rulebook import RuleBookError, from_canonical, from_toml
from loyalty.rules.rulebook import canonical as spelled
from loyalty.rules.tender import Paying
from loyalty.wording import say
from tests.loyalty.rules.conftest import TOML

PAYING = Paying(points_per_yuan=100, from_fen=20_000, share_percent_max=30, step_points=500)
SECTION = """
[tender]
points_per_yuan = 100
from_fen = 20000
share_percent_max = 30
step_points = 500
"""


def with_section(section: str = SECTION) -> str:
    return TOML.replace("[[rates]]", f"{section}\n[[rates]]", 1)


def test_a_book_without_the_section_has_no_points_as_money_and_its_bytes_stay() -> None:
    book = from_toml(TOML)
    assert book.tender is None
    assert b'tender":' not in spelled(book)
    assert payable(book.tender, 100_000, 10**6).code == "paying_off"  # type: ignore[union-attr]


def test_a_book_with_the_section_needs_the_grammar_that_has_it() -> None:
    book = from_toml(with_section())
    assert (book.tender, book.grammar) == (PAYING, 4)
    assert from_canonical(spelled(book)) == book


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("share_percent_max = 30", "share_percent_max = 101", "from 1 to 100"),
        ("points_per_yuan = 100", "points_per_yuan = 0", "from 1 to 1000000"),
        ("step_points = 500", "step_points = -1", "step_points must be from 0"),
        ("from_fen = 20000", "from_yuan = 200", "from_yuan: there is no such key"),
        ("points_per_yuan = 100\n", "", "points_per_yuan"),
        ("points_per_yuan = 100", "points_per_yuan = 300", "500 points are no whole fen"),
    ],
)
def test_what_is_wrong_with_the_section_is_said_with_its_line(
    old: str, new: str, said: str
) -> None:
    text = with_section(SECTION.replace(old, new))
    with pytest.raises(RuleBookError) as caught:
        from_toml(text)
    (problem,) = caught.value.problems
    assert said in str(problem)
    assert "[tender]" in "\n".join(text.splitlines()[problem.line - 6 : problem.line])


def test_what_points_pay_must_not_earn() -> None:
    text = with_section().replace('["mall_points", ', "[")
    with pytest.raises(RuleBookError, match="must name mall_points"):
        from_toml(text)


@pytest.mark.parametrize(
    ("bill_fen", "points", "pays", "code"),
    [
        (19_999, 10**6, None, "paying_from"),
        (20_000, 10**6, (6_000, 6_000), "paying_share"),
        (20_000, 6_000, (6_000, 6_000), "paying_share"),
        (20_000, 5_999, (5_500, 5_500), "paying_balance"),
        (20_000, 499, None, "paying_too_few"),
        (20_000, -50, None, "paying_too_few"),
        (33_333, 10**6, (9_500, 9_500), "paying_share"),
    ],
)
def test_so_many_points_may_pay_and_this_is_why_not_more(
    bill_fen: int, points: int, pays: tuple[int, int] | None, code: str
) -> None:
    found = payable(PAYING, bill_fen, points)
    reason = found.why if isinstance(found, Payable) else found
    assert reason.code == code
    assert (found.points, found.amount_fen) == pays if isinstance(found, Payable) else pays is None
    assert say(reason, "zh") != say(reason, "en")


def test_a_share_below_one_step_pays_nothing() -> None:
    found = payable(Paying(100, share_percent_max=10, step_points=1_000), 9_999, 10**6)
    assert not isinstance(found, Payable)
    assert found.code == "paying_too_small"


def test_only_whole_steps_within_the_share_may_pay() -> None:
    told = {points: why_not(PAYING, 20_000, points) for points in (500, 6_000, 6_500, 750, 0)}
    codes = {points: why.code if why else None for points, why in told.items()}
    assert codes == {
        500: None, 6_000: None, 6_500: "paying_most", 750: "paying_most", 0: "paying_too_few"
    }  # fmt: skip


@pytest.mark.parametrize("per_yuan", [1, 3, 7, 100, 130])
def test_what_is_paid_never_exceeds_share_bill_or_balance(per_yuan: int) -> None:
    for step in (0, per_yuan, 3 * per_yuan):
        paying = Paying(per_yuan, share_percent_max=37, step_points=step)
        for bill_fen in range(1, 30_000, 487):
            for points in range(0, 20_000, 1_511):
                found = payable(paying, bill_fen, points)
                if isinstance(found, Payable):
                    assert 0 < found.points <= points
                    assert found.points % paying.step == 0
                    assert found.amount_fen * per_yuan == found.points * 100
                    assert found.amount_fen * 100 <= bill_fen * 37
