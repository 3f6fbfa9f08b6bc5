"""The readable cases of tests/cases/rules that are about activities, step by step at central.

A step may say what is `refused` or the `reason` of what is taken, the `points` of it, and the words
in zh and en; `after` is what the members own in the end. Without more a step is for member a. What
is sold `before_the_book` is sold under one that has none of the case's rules.
"""

from datetime import date
from decimal import Decimal

import pytest

from central import schema
from central.activities.records import ranking
from central.ledger.activity_commands import CloseActivity, IssueCodes, RecordActivity, SignedUp
from loyalty.activity_codes import find, names
from loyalty.events import ActivityDone
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import version
from loyalty.wire import Verdict
from loyalty.wording import say
from tests.central.programme import DAY_MS, member
from tests.loyalty.rules import rule_cases

CASES = [path for path in rule_cases.cases() if path.stem.startswith("activity-")]
POINTS = "points"


class Play:
    """A mall in which the steps of a case are done one after the other."""

    def __init__(self, programme, book):
        self.programme, self.book, self.version = programme, book, version(book)
        self.before = rule_cases.book_of({})
        programme.add_book(self.before)
        programme.add_book(book, effective_ms=1)
        for name in "abc":
            programme.add_member(name, tier="ordinary")
        self.sales = {}

    def do(self, step):
        """Do a step and return the reason code, the points told, and the reason's values."""
        return getattr(self, f"_{step['do']}")(step)

    def _codes(self, step):
        issue = IssueCodes(
            batch=step.get("batch", "b1"),
            activity_id=step["activity"],
            book=self.version,
            valid_until=date.fromisoformat(step.get("until", "2026-12-31")),
            staff="li",
            count=step.get("count", 0),
            result=step.get("result", 0),
            member=step.get("only", ""),
            brought_by=step.get("brought_by", ""),
        )
        assert not isinstance(self.programme.service.run(issue), Reason)

    def _scan(self, step):
        device = self.programme.other if step.get("at") == "other" else self.programme.till
        body = ActivityDone(
            at=device.moment(),
            holder=member(step.get("member", "a")),
            activity_id=step["activity"],
            batch=step.get("batch", "b1"),
            number=step.get("number", 0),
            book=self.version,
        )
        ((verdict, reason, points),) = device.push(body)
        assert verdict is (Verdict.REFUSED_FINAL if step.get("refused") else Verdict.APPLIED)
        return reason, points

    def _record(self, step):
        name, activity = step.get("member", "a"), step["activity"]
        before = self.programme.balance(member(name))
        told = self.programme.service.run(
            RecordActivity(activity, name, self.version, "li", step.get("result", 0))
        )
        reason = told.code if isinstance(told, Reason) else ""
        return reason, self.programme.balance(member(name)) - before

    def _sell(self, step):
        fen = int(Decimal(step["amount"]) * 100)
        book = version(self.before) if step.get("before_the_book") else self.version
        sale = self.programme.till.sale(member(), fen, points=fen // 100, book=book)
        self.programme.till.push(sale)
        self.sales[step.get("name")] = sale

    def _refund(self, step):
        sale = self.sales[step["name"]]
        fen = int(Decimal(step["amount"]) * 100) if "amount" in step else sale.eligible_fen
        self.programme.till.push(self.programme.till.refund(sale, fen, points=fen // 100))

    def _correct(self, step):
        till, sale = self.programme.till, self.sales[step["name"]]
        till.push(till.correct(sale, member(step["to"]), sale.points))

    def _join(self, step):
        self.programme.service.run(SignedUp(step.get("member", "a"), self.version))

    def _wait(self, step):
        self.programme.now_ms += step.get("days", 0) * DAY_MS + step.get("minutes", 0) * 60_000

    def _close(self, step):
        places = self.programme.read(ranking, step["activity"], 2)
        winners = tuple(one.member for one in places)
        assert winners == tuple(step["winners"].split())
        end = CloseActivity(step["activity"], self.version, "li", winners)
        assert not isinstance(self.programme.service.run(end), Reason)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_case_goes_as_it_says(programme, path):
    case = rule_cases.read(path)
    book = rule_cases.book_of(case)
    play = Play(programme, book)
    for step in case["steps"]:
        told = play.do(step)
        if told is None:
            continue
        reason, points = told
        assert reason == step.get("refused", step.get("reason", "")), step
        assert points == step.get(POINTS, 0), step
        values = {**names(find(book, step["activity"])), POINTS: str(points)}
        for lang in ("zh", "en"):
            if lang in step:
                assert say(Reason(reason or "activity", values), lang) == step[lang], step
    owned = {name: programme.balance(member(name)) for name in case["after"][POINTS]}
    assert owned == case["after"][POINTS]
    refused = any("refused" in step for step in case["steps"])
    assert programme.rows(schema.activity_doing) or refused or "sign" in path.stem
    programme.check()


def test_every_kind_of_activity_has_a_case():
    kinds = {
        one.kind for path in CASES for one in rule_cases.book_of(rule_cases.read(path)).activities
    }
    assert len(kinds) == 11
