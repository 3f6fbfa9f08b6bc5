"""Lines of text as rows: folded text, the labels on them, and the amount behind each label.

Owns the pairing of words with amounts and nothing of what they add up to.
"""

import re

from msgspec import Struct, structs

from receipts.stream.elements import Align, Line
from receipts.text import lexicon
from receipts.text.amount_words import Role
from receipts.text.dates import Stamp, stamps
from receipts.text.fold import RULE, close_up, fold
from receipts.text.labels import SUMS, TERMS, role_of
from receipts.text.misspelt import spelt
from receipts.text.money import Amount, amounts, repair
from receipts.text.paper_words import TAX_TABLE

ROWS_MAX = 2000
ROW_TEXT_MAX = 400

_LETTER = re.compile(r"[^\W\d_]")
_ONLY_MARKS = re.compile(
    r"^[\s:.()\-=*#]*(?:RM|HK\$|NT\$|S\$|MOP|RMB|CNY|MYR|SGD|HKD|\$|¥)?[\s:.()\-=*#]*$"
)
_ASIDE = re.compile(r"(?<!^)\([^()]*(?:[\u4e00-\u9fff]|[A-Z]{3,})[^()]*\)")
_UNITS = re.compile(r"\b(?:RM|X|SR|S|Z|ZRL|PCS|折)\b|[xX×]|折")
#: One line of goods with a label at each of its numbers.
_LABELLED_ITEM = re.compile("(?<![计总計總])(?:单价|數量|数量|單價).*(?:金额|小计|金額|小計)")
_SAVED = re.compile("SAVING|SAVED|省")
_CODE_MARK = re.compile(r"^\s*\[(?:QR|BARCODE|二维码|条码)\]", re.IGNORECASE)


class Figure(Struct, frozen=True):
    """An amount with the meaning of its label. `kind` is the tender's when `role` is TENDER."""

    role: Role
    kind: str
    fen: int
    row: int
    label: str
    exact: bool = True
    decimals: int = 2
    column: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """Where it is printed, for telling which of two comes first."""
        return self.row, self.column


class Row(Struct, frozen=True):
    """One printed line that says something, with its labels, amounts, dates and looks.

    `has_signs` is False where no word of `lexicon.SIGNS` is on it; `worn` is True where letters
    stood inside a number. `exact_amounts` are those that must be money.
    """

    index: int
    text: str
    upper: str
    amounts: tuple[Amount, ...]
    figures: tuple[Figure, ...]
    stamps: tuple[Stamp, ...]
    centred: bool = False
    large: bool = False
    label: tuple[Role, str] | None = None
    in_tax_table: bool = False
    has_signs: bool = True
    worn: bool = False
    exact_amounts: tuple[Amount, ...] = ()


def rows_of(lines: list[Line], date_order: str) -> list[Row]:
    """Return the rows of a document, without rules and blank lines; `index` counts all lines."""
    rows: list[Row] = []
    widest = max((len(line.text) for line in lines), default=0)
    tax_table = False
    for index, line in enumerate(lines[:ROWS_MAX]):
        printed = fold(line.text[:ROW_TEXT_MAX])
        text = spelt(repair(printed))
        if not text.strip() or RULE.match(text):
            continue
        row = _row(index, text, line, widest, date_order)
        if text != printed:
            row = structs.replace(row, worn=True)
        if not row.exact_amounts and TAX_TABLE.search(row.upper):
            tax_table = True
        elif tax_table and not (row.exact_amounts or "%" in row.text):
            tax_table = False
        if tax_table:
            row = _in_tax_table(row)
        rows.append(row)
    summed = any(figure.role in SUMS for row in rows for figure in row.figures)
    if summed and not any(amount.decimals for row in rows for amount in row.amounts):
        rows = _whole(rows)
    return _with_neighbours(rows)


def _row(index: int, text: str, line: Line, widest: int, date_order: str) -> Row:
    text = close_up(text)
    upper = searched = text.upper()
    found = stamps(text, date_order)
    for stamp in found:
        blank = " " * (stamp.end - stamp.start)
        searched = searched[: stamp.start] + blank + searched[stamp.end :]
    if "(" in searched:
        searched = _ASIDE.sub(lambda aside: " " * len(aside[0]), searched)
    if "满" in searched or "滿" in searched:
        searched = TERMS.sub(lambda terms: " " * len(terms[0]), searched)
    values = tuple(amounts(searched))
    figures, meaning = _figures(index, upper, values)
    if len(figures) > 1 and _LABELLED_ITEM.search(text):
        figures = ()
    left = len(text) - len(text.lstrip())
    right = max(0, widest - len(text))
    centred = line.align is Align.CENTRE or (left > 3 and abs(left - right) <= max(4, left // 2))
    return Row(
        index, text, upper, values, figures, tuple(found), centred, line.large, meaning,
        has_signs=lexicon.SIGNS.touches(upper),
        exact_amounts=tuple([amount for amount in values if amount.exact]),
    )  # fmt: skip


def _whole(rows: list[Row]) -> list[Row]:
    """Take the number that ends a row for money on a paper where no number has decimals.

    The header, where numbers are of many kinds, ends with the first date or labelled number.
    """
    headed = next((at for at, row in enumerate(rows) if _is_told(row)), -1)
    return [
        row if at <= headed or _is_told(row) else _with_whole_amount(row)
        for at, row in enumerate(rows)
    ]


def _is_told(row: Row) -> bool:
    """Return whether a row says when or under which number."""
    return bool(row.stamps) or (row.has_signs and bool(lexicon.NUMBERS.find(row.upper)))


def _with_whole_amount(row: Row) -> Row:
    last = row.amounts[-1] if row.amounts else None
    ends = last is not None and not _is_worded(row.text[last.end :])
    named = last is not None and _LETTER.search(row.text[: last.start]) is not None
    if last is None or last.exact or not (ends and named):
        return row
    values = (*row.amounts[:-1], structs.replace(last, exact=True))
    figures, label = _figures(row.index, row.upper, values)
    counted = any(each.role is Role.COUNT for each in figures)
    if counted:
        return row
    exact = tuple(each for each in values if each.exact)
    return structs.replace(row, amounts=values, figures=figures, label=label, exact_amounts=exact)


def _figures(
    index: int, text: str, values: tuple[Amount, ...]
) -> tuple[tuple[Figure, ...], tuple[Role, str] | None]:
    """Pair each label with the amounts behind it; a label without amounts is the row's own."""
    figures: list[Figure] = []
    label, start = "", 0
    groups: list[tuple[str, list[Amount]]] = []
    for amount in values:
        between = text[start : amount.start]
        if groups and (between.isspace() or not _is_worded(between)):
            groups[-1][1].append(amount)
        else:
            groups.append((between, [amount]))
        start = amount.end
    for label, group in _merged(groups):
        meaning = role_of(label)
        if meaning is None:
            continue
        exact = [amount for amount in group if amount.exact]
        chosen = exact[-1] if exact else _before_cents(text, group)
        if meaning[0] is Role.NOT_MONEY and chosen.fen < 0 and _SAVED.search(label):
            meaning = Role.DISCOUNT, ""
        words = label.strip()
        figures.append(
            Figure(*meaning, chosen.fen, index, words, chosen.exact, chosen.decimals, chosen.start)
        )
    if not figures and len(values) == 1 and values[0].exact and _alone(text, values[0]):
        figures.append(Figure(Role.BARE, "", values[0].fen, index, "", decimals=values[0].decimals))
    rest = role_of(text[start:]) if not groups else None
    return tuple(figures), rest


def _before_cents(text: str, group: list[Amount]) -> Amount:
    """Return the last number, or the one before it when that looks like its cents (`28 00`)."""
    last = group[-1]
    cents = len(group) > 1 and last.end - last.start == 2 and last.start == group[-2].end + 1
    return group[-2] if cents and text[last.start : last.end].isdigit() else last


def _merged(groups: list[tuple[str, list[Amount]]]) -> list[tuple[str, list[Amount]]]:
    """Give a label followed by a code only (`VISA 6258 APP: 518361 52.80`) the amount behind."""
    out: list[tuple[str, list[Amount]]] = []
    for label, group in groups:
        waiting = out and role_of(out[-1][0]) and not any(each.exact for each in out[-1][1])
        if waiting and role_of(label) is None:
            out[-1] = (out[-1][0], out[-1][1] + group)
        else:
            out.append((label, group))
    return out


def _alone(text: str, amount: Amount) -> bool:
    return _ONLY_MARKS.match(text[: amount.start] + text[amount.end :]) is not None


def _is_worded(between: str) -> bool:
    """Return whether letters stand there that are no unit and no currency."""
    return bool(_LETTER.search(between) and _LETTER.search(_UNITS.sub("", between)))


def _in_tax_table(row: Row) -> Row:
    """Rows of the tax table repeat what was said; money rows among them keep their meaning."""
    kept = tuple(
        figure
        for figure in row.figures
        if figure.role in (Role.TENDER, Role.CHANGE, Role.RECEIVED, Role.OWED, Role.ROUNDING)
    )
    return structs.replace(row, figures=kept, in_tax_table=True, label=None)


def _with_neighbours(rows: list[Row]) -> list[Row]:
    """Give a label without an amount the lone amount on the row below it, or on the one above.

    Tills print the amount below; a scan that is askew puts it above. Where both rows hold one, the
    labels that have only one such neighbour show which way this paper goes.
    """
    waiting = [at for at, row in enumerate(rows) if row.label is not None and not row.amounts]
    if not waiting:
        return rows
    lone = {at for at, row in enumerate(rows) if _is_lone(row)}
    above = sum(1 for at in waiting if at - 1 in lone and at + 1 not in lone)
    below = sum(1 for at in waiting if at + 1 in lone and at - 1 not in lone)
    order = (-1, 1) if above > below else (1, -1)
    given: dict[int, int] = {}
    for at in waiting:
        for step in order:
            if at + step in lone and at + step not in given.values():
                given[at] = at + step
                break
    taken = set(given.values())
    return [
        _joined(row, rows[given[at]]) if at in given else row
        for at, row in enumerate(rows)
        if at not in taken
    ]


def _is_lone(row: Row) -> bool:
    """Return whether the row holds one amount of money and nothing else."""
    if len(row.amounts) != 1 or not row.amounts[0].exact:
        return False
    return _alone(row.upper, row.amounts[0])


def _joined(row: Row, lone: Row) -> Row:
    assert row.label is not None
    amount = lone.amounts[0]
    figure = Figure(*row.label, amount.fen, row.index, row.upper.strip(), decimals=amount.decimals)
    return structs.replace(
        row,
        text=f"{row.text} {lone.text.strip()}",
        amounts=lone.amounts,
        figures=(figure,),
        exact_amounts=lone.exact_amounts,
    )


def is_code_mark(text: str) -> bool:
    """Return whether a line only stands for a picture of a code."""
    return _CODE_MARK.match(text) is not None
