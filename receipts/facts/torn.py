"""Signs that a paper is not whole, or more than one: lost amounts and digits, more goods below.

Owns finding them; what a sign means for an award is decided in `decision`.
"""

import re

from receipts.sums.tally import is_unlabelled
from receipts.text import lexicon
from receipts.text.amount_words import Role
from receipts.text.rows import Row

#: Labels that never head a column or a paragraph.
_LOSING = {Role.OWED, Role.CHANGE}
_PAYING = {Role.TENDER, Role.CHANGE, Role.RECEIVED}
_DUE = {Role.TOTAL, Role.OWED}
_MARKS = re.compile(r"\b(?:RM|MYR|SGD|HKD|RMB|CNY)\b|[^\w\s]")
_LOST_POINT = re.compile(r"\d (?:\.\s?)?\d\d(?: [A-Z]{1,2})?$|\d[.,] \d\d$|\d[.,]$")


def another_below(
    rows: list[Row], sums_end: int, name_row: int | None, number_again: int | None
) -> bool:
    """A second number, or the shop's name once more with money after it, begins another receipt."""
    if number_again is not None and number_again > sums_end:
        return True
    name = next((row.upper.strip() for row in rows if row.index == name_row), None)
    again = (row.index for row in rows if row.index > sums_end and row.upper.strip() == name)
    start = next(again, None)
    if start is not None and any(row.index > start and row.exact_amounts for row in rows):
        return True
    return _sold_below(rows, sums_end)


def _sold_below(rows: list[Row], sums_end: int) -> bool:
    """Return whether more goods and their total stand below the payment."""
    paid = [row.index for row in rows if any(each.role in _PAYING for each in row.figures)]
    end = next((at for at in paid if at >= sums_end), None)
    below = [row for row in rows if end is not None and row.index > end]
    goods = [row.index for row in below if is_unlabelled(row)]
    totals = (row.index for row in below if any(each.role in _DUE for each in row.figures))
    return len(goods) > 1 and any(at > goods[1] for at in totals)


def has_lost_digit(row: Row) -> bool:
    """Return whether the row ends in an amount with one decimal, or with a blank for its point."""
    last = row.amounts[-1] if row.amounts else None
    if last is None or last.decimals == 2 or row.stamps:
        return False
    ends = not row.text[last.end :].strip()
    return (last.decimals == 1 and ends) or _LOST_POINT.search(row.upper) is not None


def lost_amount(rows: list[Row]) -> str | None:
    """Return the label of a sum that stands on its line with nothing beside it."""
    for row in rows:
        if row.label is None or row.amounts or row.label[0] not in _LOSING:
            continue
        words = _MARKS.sub(" ", row.upper).strip()
        if any(term == words for term, _ in lexicon.AMOUNTS.find(words)):
            return row.text.strip()
    return None
