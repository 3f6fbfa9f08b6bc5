"""What differs between two rule books, rule by rule, in words that staff read."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from loyalty.rules.book_types import RuleBook

#: The tables of a book and what a rule of each is called.
_TABLES = {
    "rates": ("计分", "rate"),
    "tiers": ("等级", "tier"),
    "products": ("商品组", "goods"),
    "campaigns": ("活动", "campaign"),
    "activities": ("互动", "activity"),
}


class Line(Struct, frozen=True):
    """One difference: `what` is added, removed, changed or moved; values as they are written.

    `rule` and `rule_en` are what the rule's writer calls it.
    """

    what: str
    table: str
    rule: str
    rule_en: str
    key: str = ""
    before: str = ""
    after: str = ""

    def words(self) -> tuple[str, str]:
        """Return the difference in zh and en."""
        zh, en = _TABLES.get(self.table, ("", ""))
        rule, rule_en = (f"“{name}”" if name else "" for name in (self.rule, self.rule_en))
        zh_what = {"added": "新增", "removed": "删去", "moved": "次序改变"}.get(self.what, "")
        if self.what == "changed":
            change = f"{self.key}: {self.before or '-'} → {self.after or '-'}"
            return f"{zh}{rule} {change}".strip(), f"{en} {rule_en} {change}".strip()
        return f"{zh}{rule} {zh_what}", " ".join(filter(None, (en, rule_en, self.what)))


def differences(before: RuleBook, after: RuleBook) -> list[Line]:
    """Return every difference, the top of the book first, then table by table."""
    old, new = (msgspec.to_builtins(book) for book in (before, after))
    found = [
        Line("changed", "", "", "", key, _said(old.get(key)), _said(new.get(key)))
        for key in {**old, **new}
        if key not in _TABLES and key != "grammar" and old.get(key) != new.get(key)
    ]
    for table in _TABLES:
        found += _rules(table, old.get(table, []), new.get(table, []))
    return found


def _rules(table: str, old: list[Any], new: list[Any]) -> Iterator[Line]:
    before, after = ({_name(table, one): one for one in rules} for rules in (old, new))
    for name, rule in before.items():
        if name not in after:
            yield Line("removed", table, *_label(rule))
    for name, rule in after.items():
        if name not in before:
            yield Line("added", table, *_label(rule))
            continue
        was = before[name]
        for key in {**was, **rule}:
            if was.get(key) != rule.get(key):
                pair = (_said(was.get(key)), _said(rule.get(key)))
                yield Line("changed", table, *_label(rule), key, *pair)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Line("moved", table, "", "")


def _name(table: str, rule: dict[str, Any]) -> tuple[object, ...]:
    if table == "rates":
        named = (tuple(rule.get(key, ())) for key in ("shops", "products"))
        return (rule["category"], *named)
    return (rule["id"],)


def _label(rule: dict[str, Any]) -> tuple[str, str]:
    return str(rule["name_zh"]), str(rule["name_en"])


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items())
    return str(value)
