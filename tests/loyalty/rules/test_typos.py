"""A book that uses every field, and a slip of the finger in each of them."""

import re
from pathlib import Path

import pytest

from loyalty.receipt import TENDER_KINDS
from loyalty.rules.book_types import Benefit, Rate, RuleBook, Tier
from loyalty.rules.campaigns import Campaign
from loyalty.rules.rulebook import RuleBookError, from_toml, strange
from receipts.text.amount_words import TENDERS

BOOK = (Path(__file__).parent / "full_book.toml").read_text(encoding="utf-8")
LINES = BOOK.splitlines()
ENTRY = re.compile(r"(\w+) = (.*)")
#: Whatever stands in these can be meant; where the mall has no such shop, `rules check` says so.
FREE = {"name", "name_zh", "name_en", "id", "words", "shops", "categories", "labels", "group"}
FREE |= {"category", "codes"}


def slips(key: str, value: str) -> list[str]:
    """Ways to write a value wrong."""
    found = [f"{key}x = {value}"]
    if value.startswith('"'):
        found += [f"{key} = 7", f'{key} = " "']
        found += [] if key in FREE else [f'{key} = "zzz"', f'{key} = ""']
    elif value.startswith('["'):
        found += [f"{key} = 7", f'{key} = [""]', f"{key} = [{value[1:-1]}, {value[1:-1]}]"]
        found += [] if key in FREE else [f'{key} = ["zzz"]']
    elif value.startswith("["):
        found += [f'{key} = "x"', f"{key} = [-1]", f"{key} = [99999999999999999]"]
    elif value in ("true", "false"):
        found += [f'{key} = "yes"']
    elif "-" in value:
        found += [f'{key} = "soon"', f"{key} = 2026-02-30", f"{key} = 1926-01-01"]
    else:
        found += [f'{key} = "x"', f"{key} = -1", f"{key} = 99999999999999999", f"{key} = 1.5"]
    return found


ENTRIES = [number for number, line in enumerate(LINES, 1) if ENTRY.fullmatch(line)]


@pytest.mark.parametrize("number", ENTRIES)
def test_a_typo_in_any_field_is_told_with_its_line_and_its_rule(number: int) -> None:
    table = [line for line in LINES[:number] if line.startswith("[")]
    name = re.sub(r"[\[\]]", "", table[-1]).partition(".")[0] if table else ""
    entry = ENTRY.fullmatch(LINES[number - 1])
    assert entry
    for typo in slips(entry[1], entry[2]):
        with pytest.raises(RuleBookError) as caught:
            from_toml("\n".join([*LINES[: number - 1], typo, *LINES[number:]]))
        mine = [one for one in caught.value.problems if one.line == number]
        assert mine, (typo, str(caught.value))
        assert all(one.rule.startswith(name) and one.zh and one.en for one in mine), typo


def test_the_book_uses_every_field_there_is() -> None:
    written = {entry[1] for line in LINES if (entry := ENTRY.fullmatch(line))}
    tables = {"rates", "tiers", "products", "campaigns", "activities", "tender", "benefits"}
    for kind in (RuleBook, Rate, Tier, Benefit, Campaign):
        assert set(kind.__struct_fields__) <= written | tables | {"grammar"}


def test_names_that_the_mall_does_not_have_are_told_with_their_line_and_rule() -> None:
    found = strange(BOOK, from_toml(BOOK), ["s2"], ["dinning", "fashion"])
    assert [(one.line, one.rule) for one in found] == [
        (31, "rates[1] “餐饮”"),
        (43, "rates[2] “茶”"),
        (95, "campaigns[1] “双倍日”"),
        (96, "campaigns[1] “双倍日”"),
    ]
    assert (found[0].zh, found[0].en) == (
        "没有“dining”，是否为“dinning”？",
        "there is no 'dining'; did you mean 'dinning'?",
    )


def test_a_group_that_is_spelled_almost_like_another_one_is_asked_about() -> None:
    one = '[[campaigns]]\nid = "{}"\nname_zh = "甲"\nname_en = "A"\npoints = 5\ngroup = "{}"\n'
    names = (("a", "festival"), ("b", "festival"), ("c", "festval"))
    text = "\n".join((BOOK, *(one.format(*names_) for names_ in names)))
    with pytest.raises(RuleBookError, match="did you mean 'festival'"):
        from_toml(text)


def test_the_ways_to_pay_are_those_that_receipts_are_read_as() -> None:
    assert set(TENDERS) == TENDER_KINDS
