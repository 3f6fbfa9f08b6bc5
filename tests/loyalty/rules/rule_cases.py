"""The readable cases of `tests/cases/rules`: a rule book, a member and a receipt, and the award.

A case is one TOML file. Its rules stand behind those of `base.toml` (`top`: in place of or beside
the keys at the top of that book). What a till cannot know is left out of `member`.
"""

import re
import tomllib
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from loyalty.products import Part
from loyalty.receipt import Item, Kind, Receipt, Tender
from loyalty.rules.basket import Basket, basket_of, goods_back
from loyalty.rules.campaigns import Who
from loyalty.rules.rulebook import RuleBook, from_toml
from loyalty.rules.spans import Span

FOLDER = Path(__file__).parent.parent.parent / "cases" / "rules"
BASE = FOLDER / "base.toml"
_MARK = "#-- what a case sets at the top of the book stands here\n"


def cases() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.toml") if path != BASE)


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def text_of_book(case: dict[str, Any]) -> str:
    head, tail = BASE.read_text(encoding="utf-8").split(_MARK)
    for key in tomllib.loads(case.get("top", "")):
        head = re.sub(rf"(?m)^{key} = .*\n", "", head)
    return head + case.get("top", "") + tail + case.get("rules", "")


def book_of(case: dict[str, Any]) -> RuleBook:
    return from_toml(text_of_book(case))


def fen(text: str) -> int:
    return int(Decimal(text) * 100)


def basket(case: dict[str, Any], book: RuleBook) -> Basket:
    return basket_of(receipt_of(case["receipt"]), case["receipt"]["category"], book)


def receipt_of(given: dict[str, Any]) -> Receipt:
    items = tuple(
        Item(name, "1", fen(amount), topup=bool(more))
        for name, amount, *more in given.get("items", [])
    )
    tenders = tuple(Tender(kind, fen(amount)) for kind, amount in given.get("tenders", []))
    return Receipt(
        shop_id=given.get("shop", "s1"),
        kind=Kind(given.get("kind", "sale")),
        number="1",
        printed_at=None,
        currency="CNY",
        owed_fen=fen(given["owed"]),
        items=items,
        tenders=tenders,
        deposit_used_fen=fen(given.get("deposit_used", "0")),
        reprint=given.get("reprint", False),
    )


def back_of(refund: dict[str, Any], book: RuleBook) -> tuple[Part, ...]:
    """What a refund's lines tell of the goods that came back; `refunded` is the sum of all."""
    paper = receipt_of({"owed": f"-{refund['refunded']}", "kind": "refund", **refund})
    return goods_back(paper, book)


def who(case: dict[str, Any]) -> Who:
    given = case.get("member", {})
    labels, had = given.get("labels"), given.get("had")
    return Who(
        tier_id=given.get("tier", ""),
        labels=None if labels is None else frozenset(labels),
        birth_month=given.get("birth_month"),
        had=None if had is None else frozenset(had),
    )


def when(case: dict[str, Any]) -> Span | None:
    """The receipt's time: one moment, two between which it lies, or none that anybody knows."""
    given = case["receipt"].get("at")
    if given is None:
        return None
    moments = [given] if isinstance(given, str) else given
    first, last = (datetime.fromisoformat(moments[place]) for place in (0, -1))
    return Span(first, last)
