"""The readable cases of tests/cases/rules about refunds and shared caps, step by step at central.

A step sells, refunds, lets days pass or points expire, and says what its member owns then. `after`
is what the statement of member a says of it all, in zh and en.
"""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from central.desk.account import read_account
from central.jobs.expiry import Expire
from loyalty.rules.rulebook import version
from tests.central.programme import DAY_MS, member
from tests.loyalty.rules import rule_cases

CASES = [path for path in rule_cases.cases() if "steps" in rule_cases.read(path)]
CASES = [path for path in CASES if not path.stem.startswith("activity-")]


class Play:
    """A mall in which the steps of a case are done one after the other."""

    def __init__(self, programme, book):
        self.programme, self.version = programme, version(book)
        programme.add_book(book, effective_ms=1)
        for name in "ab":
            programme.add_member(name, tier="ordinary")
        self.sales = {}

    def do(self, step):
        getattr(self, f"_{step['do']}")(step)
        return self.programme.balance(member(step.get("member", "a")))

    def _sell(self, step):
        till, fen = self.programme.till, int(Decimal(step["amount"]) * 100)
        holder, promised = member(step.get("member", "a")), step.get("promised", 0)
        sale = till.sale(holder, fen, points=promised, book=self.version)
        till.push(sale)
        self.sales[step.get("name")] = sale

    def _refund(self, step):
        till, fen = self.programme.till, int(Decimal(step["amount"]) * 100)
        till.push(till.refund(self.sales[step["name"]], fen))

    def _wait(self, step):
        self.programme.now_ms += step["days"] * DAY_MS

    def _expire(self, step):
        self.programme.service.run(Expire(step["day"], (member(),)))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_case_goes_as_it_says(programme, path):
    case = rule_cases.read(path)
    play = Play(programme, rule_cases.book_of(case))
    for step in case["steps"]:
        owned = play.do(step)
        assert owned == step.get("balance", owned), step
    programme.check()
    if "after" in case:
        days = (date(2026, 1, 1), date(2099, 1, 1))
        account = programme.read(read_account, "a", *days, ZoneInfo("Asia/Shanghai"))
        said = [why for line in account.lines for why in line.why]
        assert [zh for zh, _ in said] == case["after"]["zh"]
        assert [en for _, en in said] == case["after"]["en"]
