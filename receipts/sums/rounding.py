"""Roundings: the total that was rounded, printed under another label or not at all.

Owns what a rounding line does to the sums of a sheet; adding up is in `sheet`.
"""

import re

from msgspec import structs

from receipts.sums.payment import change_of, tenders_of
from receipts.sums.sheet import SUMS, Sheet
from receipts.text.amount_words import Role
from receipts.text.rows import Figure

ROUNDING_MAX_FEN = 100
_ROUNDED = re.compile(r"\b(?:ROUND|RND|ADJ)|四舍|四捨|抹零|凑整")
_TOTALS = (Role.TOTAL, Role.OWED, Role.SUBTOTAL)


def rounded(sheet: Sheet) -> Sheet:
    """Return the sheet with every rounded total as a figure of its own."""
    return _with_rounding(_with_unprinted(_relabelled(sheet)))


def _relabelled(sheet: Sheet) -> Sheet:
    """`ROUNDING 72.75` under a total of 72.74 is the rounded total, not what was rounded off."""
    figures = []
    total: Figure | None = None
    for figure in sheet.figures:
        near = total is not None and abs(figure.fen - total.fen) <= ROUNDING_MAX_FEN
        if figure.role is Role.ROUNDING and near and figure.fen > ROUNDING_MAX_FEN:
            figures.append(structs.replace(figure, role=Role.OWED))
            continue
        if figure.role in _TOTALS:
            total = figure
        figures.append(figure)
    return structs.replace(sheet, figures=tuple(figures))


def _with_unprinted(sheet: Sheet) -> Sheet:
    """A Chinese shop that takes off the odd coins (抹零) may print no total after it.

    What was owed is then the total less the coins, when just that was paid. Elsewhere a rounding
    without its total is no habit but a line lost, and nothing is added.
    """
    roundings = [each for each in sheet.of(Role.ROUNDING) if each.fen and not each.label.isascii()]
    totals = [each for each in sheet.of(*_TOTALS) if each.exact]
    if len(roundings) != 1 or not totals:
        return sheet
    off = roundings[0]
    owed = totals[-1].fen - abs(off.fen)
    paid = sum(abs(each.fen) for each in tenders_of(sheet)) - change_of(sheet)
    if owed <= 0 or paid != owed or any(each.fen == owed for each in sheet.of(*SUMS)):
        return sheet
    figure = Figure(Role.OWED, "", owed, max(off.row, totals[-1].row), off.label)
    return structs.replace(sheet, figures=(*sheet.figures, figure))


def _with_rounding(sheet: Sheet) -> Sheet:
    """Put the rounding between a total and the rounded one where only the two are printed.

    A total says of itself that it was rounded; an amount received (实收) is one when just that was
    paid. Only then is a small difference no misread digit.
    """
    totals = [each for each in sheet.of(*_TOTALS) if each.exact]
    paid = sum(abs(each.fen) for each in tenders_of(sheet)) - change_of(sheet)
    if sheet.of(Role.ROUNDING) or not totals:
        return sheet
    for each in sheet.of(Role.OWED, Role.PAID):
        told = _ROUNDED.search(each.label) or (each.role is Role.PAID and change_of(sheet))
        above = [total for total in totals if total.place < each.place and total.fen != each.fen]
        if not (told and above and each.fen == paid):
            continue
        off = each.fen - above[-1].fen
        if abs(off) < ROUNDING_MAX_FEN:
            row, column = each.place
            step = Figure(Role.ROUNDING, "", off, row, each.label, column=column - 1)
            return structs.replace(sheet, figures=(*sheet.figures, step))
    return sheet
