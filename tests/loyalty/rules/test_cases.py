"""Every case under tests/cases/rules comes out as it says."""

from datetime import date
from pathlib import Path

import pytest

from loyalty.rules.earning import award
from loyalty.rules.expiry import counts_from, last_day
from loyalty.rules.refunds import kept
from loyalty.rules.rulebook import RuleBookError
from loyalty.rules.tiers import Standing, reviewed, tier_for
from loyalty.wording import say
from tests.loyalty.rules import case_sections, rule_cases

ALL = rule_cases.cases()


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_the_case_comes_out_as_it_says(path: Path) -> None:
    case = rule_cases.read(path)
    expected = case["expected"]
    if "error" in expected:
        with pytest.raises(RuleBookError) as caught:
            rule_cases.book_of(case)
        said = [str(problem) for problem in caught.value.problems]
        assert [one.partition(": ")[2] for one in said] == expected["error"]
        lines = rule_cases.text_of_book(case).splitlines()
        assert [lines[one.line - 1] for one in caught.value.problems] == expected["at"]
        return
    book = rule_cases.book_of(case)
    if "receipt" in case:
        basket, who, when = (
            rule_cases.basket(case, book),
            rule_cases.who(case),
            rule_cases.when(case),
        )
        given = award(basket, who, when, book, case.get("left"))
        assert [say(reason, "zh") for reason in given.reasons] == expected["zh"]
        assert [say(reason, "en") for reason in given.reasons] == expected["en"]
        assert given.points == expected["points"]
        case_sections.check_rests(case, book, given)
        for refund in case.get("refunds", []):
            fen, back = rule_cases.fen(refund["refunded"]), rule_cases.back_of(refund, book)
            stays = kept(basket, given.points, fen, who, when, book, back)
            assert stays == refund["kept"], refund
    case_sections.check_others(case, book)
    for one in case.get("expiry", []):
        earned = date.fromisoformat(one["earned"])
        until = last_day(earned, book, one.get("tier", ""), one.get("months", 0))
        assert until.isoformat() == one["until"], one
        assert counts_from(earned, book).isoformat() == one.get("from", one["earned"]), one
    for one in case.get("tiers", []):
        assert tier_for(one["points"], book).id == one["tier"], one
    standing = Standing(case.get("standing", {}).get("tier", book.tiers[0].id))
    until = case.get("standing", {}).get("granted_until")
    standing = Standing(standing.tier_id, None, date.fromisoformat(until) if until else None)
    for one in case.get("reviews", []):
        day = date.fromisoformat(one["day"])
        standing = reviewed(standing, one["points"], day, book)
        assert standing.tier_id == one["tier"], one


def test_there_are_as_many_cases_as_were_promised() -> None:
    assert len(ALL) >= 120
