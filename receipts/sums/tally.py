"""The sheet of a paper, made of its rows: the figures that are sums, the goods, how it was paid.

Owns which of the labelled amounts belong to the sums and which to the goods. It adds nothing up.
"""

import re

from receipts.sums.items import Goods, goods_of
from receipts.sums.sheet import Sheet
from receipts.sums.taxes import taxes_of
from receipts.text.amount_words import Role
from receipts.text.labels import role_of
from receipts.text.money import in_words
from receipts.text.rows import Figure, Row

_BEHIND = re.compile(r"元?\s*\(([^()]{2,12})\)\s*$")
#: A field that says how it was paid.
_PAYMENT_FIELD = re.compile(
    r"^\W*(?:(?:支付|付款|结账|結帳|收款|结算|缴费|买单)(?:方式|渠道|类型)"
    r"|PAYMENT (?:METHOD|MODE|TYPE)|PAYMENT|PAID (?:BY|VIA|WITH)|TENDER TYPE|MODE OF PAYMENT)"
    r"\W{0,3}\S{1,16}$"
)
#: A label with no more letters left may have been that of a sum.
WORN_LETTERS_MAX = 4
_MONEY_LABELS = {Role.SUBTOTAL, Role.TOTAL, Role.OWED, Role.RECEIVED, Role.CHANGE}


def sheet_of(rows: list[Row]) -> Sheet:
    """Return all that arithmetic needs of a document."""
    first_money = next((at for at, row in enumerate(rows) if row.exact_amounts), len(rows))
    goods = goods_of(rows, max(0, first_money - 1))
    figures = tuple(
        figure
        for row in rows
        for figure in row.figures
        if not (goods.first_row <= row.index < goods.end_row and _names_goods(figure, goods))
    )
    figures += _worn_labels(rows)
    words = next((fen for row in rows if (fen := in_words(row.text)) is not None), None)
    named = [row for row in rows if row.label is not None and row.label[0] is Role.TENDER]
    told = [way for row in rows if (way := _way_told(row)) is not None]
    ways = [*told, *(row.label[1] for row in named if row.label)]
    bare = [row for row in rows if row.label and row.label[0] in _MONEY_LABELS]
    labels_alone = tuple(row.text.strip() for row in bare)
    unlabelled = tuple(row.index for row in rows if is_unlabelled(row))
    cents = any(map(_has_cents, rows))
    taxes = taxes_of(rows)
    return Sheet(
        figures, goods, words, next(iter(ways), None), labels_alone, taxes, unlabelled, cents,
        bool(told),
    )  # fmt: skip


def _way_told(row: Row) -> str | None:
    """Return the way of payment that a field names, or that stands behind the amount paid."""
    if row.label is not None and row.label[0] is Role.TENDER:
        return row.label[1] if _PAYMENT_FIELD.match(row.upper) else None
    if not any(each.role in (Role.PAID, Role.OWED, Role.TOTAL) for each in row.figures):
        return None
    behind = _BEHIND.match(row.upper, row.amounts[-1].end)
    meaning = role_of(behind[1]) if behind else None
    return meaning[1] if meaning is not None and meaning[0] is Role.TENDER else None


def is_unlabelled(row: Row) -> bool:
    """Return whether a row holds money of which no label tells what it is."""
    return not (row.figures or row.in_tax_table or row.stamps) and bool(row.exact_amounts)


def _has_cents(row: Row) -> bool:
    """Return whether the row ends in money with cents; a price per litre is none."""
    last = row.amounts[-1] if row.amounts and not row.in_tax_table else None
    told = any(each.role in (Role.NOT_MONEY, Role.COUNT, Role.TAX) for each in row.figures)
    ends = last is not None and not row.text[last.end :].strip()
    return last is not None and not told and (last.decimals == 2 or (ends and last.decimals == 1))


def _worn_labels(rows: list[Row]) -> tuple[Figure, ...]:
    """Return the amounts below a subtotal whose labels are worn to a few letters (`T L  94.00`)."""
    sums = [row.index for row in rows for figure in row.figures if figure.role is Role.SUBTOTAL]
    if not sums:
        return ()
    return tuple(
        Figure(Role.BARE, "", row.exact_amounts[0].fen, row.index, "")
        for row in rows
        if row.index > sums[0] and not row.figures and len(row.exact_amounts) == 1
        and len(row.amounts) == 1 and not row.in_tax_table
        and sum(map(str.isalpha, row.text[: row.amounts[0].start])) <= WORN_LETTERS_MAX
    )  # fmt: skip


def _names_goods(figure: Figure, goods: Goods) -> bool:
    return figure not in goods.among and any(
        item.amount_fen == figure.fen and figure.label.strip().startswith(item.name.upper())
        for item in goods.items
    )
