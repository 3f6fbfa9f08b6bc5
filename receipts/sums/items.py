"""The lines of goods: name, quantity and line amount, in the layouts that tills print.

Owns finding where the goods stand and pairing names with numbers over one or two lines. It never
decides what was owed.
"""

import re
from itertools import pairwise

from msgspec import Struct, structs

from loyalty.receipt import Item
from receipts.text import lexicon
from receipts.text.amount_words import Role
from receipts.text.money import Amount, amounts
from receipts.text.paper_words import ITEM_HEADS, TOPUP_ITEM
from receipts.text.rows import Figure, Row

ITEMS_MAX = 500

_END = {
    Role.SUBTOTAL, Role.TOTAL, Role.OWED, Role.NET, Role.PAID, Role.CHANGE, Role.WHOLE,
    Role.RECEIVED, Role.DEPOSIT_USED,
}  # fmt: skip
_SUMS = {Role.SUBTOTAL, Role.TOTAL, Role.OWED, Role.CHANGE}
#: `3 x 16.00`, `45.00x2`: which of the two counts is told by the decimals.
_PRODUCT = re.compile(
    r"(?<![\w.])(-?\d+(?:\.\d+)?)\s{0,3}[Xx×*@]\s{0,3}[¥$RM]{0,2}\s?(\d+(?:\.\d+)?)"
)
#: `x3` on its own, `2 X` before the amount column.
_TIMES = re.compile(r"(?<=\s)[Xx×*]\s?(\d{1,4})(?![\w.])|(?<![\w.])(\d{1,4})\s?[Xx×](?=\s|$)")
_LEAD = re.compile(
    r"^(?:(?:品名|商品|名称)\s?:\s?|\d{1,3}[.)、]\s+|\d{2}-\d{2}\s+|换[入出]\s*|[*#]\s*)"
)
_EAN = re.compile(r"^\d{6,14}\s*")
_TAIL = re.compile(r"[\s:：@*×xX$¥()\-]+$|(?:\s(?:RM|HK\$|S\$))+$")
_TAIL_ENDS = (*":：@*×xX$¥(-", " RM")
_FACTOR = re.compile("[Xx×*@]")  # most rows have none, and are spared the two above
_CODE = re.compile(r"[A-Z]*\d")
_UNITS = re.compile("折|SR|RM")
_WORDED = re.compile(r"[^\W\d_]{2,}|[\u4e00-\u9fff(){}]")
_COUNT_BEHIND = re.compile(r"(?<=\s)[Xx×*]\s?\d+\s*$")
_LONG_DECIMALS = re.compile(r"\d+\.\d\d+$")
_PRICE_ALONE = re.compile(r"\w.*\s?@\s?(?:RM|[$¥])?\s?\d+\.\d\d\s*$")
_WORDS_BETWEEN = re.compile(r"\s{2,}[\u4e00-\u9fff]{2,}.*\s")
_HAN = re.compile("[\u4e00-\u9fff]")
#: Words before a number that is no money, and things that are sold.
_THING = re.compile(r"^\W*(?:\w+ )?(?:PHONE|TABLE) [A-Z]{3,}")
_LETTER = re.compile(r"[^\W\d_]")
_NAME = re.compile(r"[^\W\d_]{2,}|[\u4e00-\u9fff]")


class Goods(Struct, frozen=True):
    """What was sold, and the figures (discounts per line) that stand among the goods.

    `last_row` is the row of the last of the goods, `sum_fen` the sum of their amounts.
    """

    items: tuple[Item, ...]
    first_row: int
    end_row: int
    among: tuple[Figure, ...]
    last_row: int = 0
    sum_fen: int = 0

    @property
    def holds_a_sum(self) -> bool:
        """Whether a line is the sum of those above it: a total whose label is worn."""
        above = 0
        for item in self.items:
            if above and item.amount_fen == above:
                return True
            above += item.amount_fen
        return False


def goods_of(rows: list[Row], head_end: int) -> Goods:
    """Return the goods of a document whose header ends before row number `head_end`."""
    start = _start(rows, head_end)
    items: list[Item] = []
    among: list[Figure] = []
    pending: str | None = None
    end, last = len(rows), 0
    for at in range(start, len(rows)):
        row = rows[at]
        sums = [each for each in row.figures if each.role in _END and each.exact]
        figure = next(iter([*sums, *reversed(row.figures)]), None)
        if figure is not None and figure.exact and not _is_goods(row, figure):
            if figure.role is Role.SUBTOTAL and _goes_on(rows, at):
                pending = None
                continue  # of one kind of goods
            if figure.role in _END:
                end = at
                break
            if figure.role is Role.BARE and pending is None:
                continue
            if figure.role in (Role.DISCOUNT, Role.CHARGE, Role.TAX, Role.ROUNDING):
                among.append(figure)
            pending = None
            continue
        if not row.exact_amounts:
            pending = row.text.strip() if _NAME.search(row.text) and not row.stamps else pending
            continue
        if row.in_tax_table or (row.stamps and row.stamps[0].time):
            continue
        if "@" in row.text and len(row.exact_amounts) == 1 and _PRICE_ALONE.search(row.text):
            pending = row.text.strip()  # the line below has the count and the amount
            continue
        if items and _only_counts(row, items[-1]):
            continue
        if len(items) < ITEMS_MAX:
            items += [_item(part, pending) for part in _beside(row)]
            last = row.index
        pending = None
    return Goods(
        tuple(items),
        rows[start].index if start < len(rows) else 0,
        rows[end].index if end < len(rows) else 1 << 30,
        tuple(among),
        last,
        sum(item.amount_fen for item in items),
    )


def _goes_on(rows: list[Row], at: int) -> bool:
    """Return whether more goods stand between a subtotal and the next one."""
    listed = False
    for row in rows[at + 1 :]:
        if any(each.role in _END for each in row.figures):
            return any(each.role is Role.SUBTOTAL for each in row.figures) and listed
        listed |= bool(row.exact_amounts) and not (row.figures or row.in_tax_table)
    return False


def _start(rows: list[Row], head_end: int) -> int:
    """Return the row below the column heads, which stand above every sum."""
    sums = (at for at, row in enumerate(rows) if any(f.role in _SUMS for f in row.figures))
    above = rows[: next(sums, len(rows))]
    heads = (at for at, row in enumerate(above) if not row.amounts)
    return next((at + 1 for at in heads if ITEM_HEADS.search(rows[at].upper)), head_end)


def _only_counts(row: Row, last: Item) -> bool:
    """`@2 X RM 6.79` below a line of 13.58 explains that line and is no other one."""
    factors = _PRODUCT.search(row.text) if _FACTOR.search(row.text) else None
    if factors is None or row.text[factors.end() :].strip(" .:SZRL"):
        return False
    values = [amount.fen for amount in row.amounts]
    return len(values) == 2 and values[0] * values[1] == last.amount_fen * 100


def _is_goods(row: Row, figure: Figure) -> bool:
    """A label word inside a product's name does not make the line a sum."""
    if figure.role in _END:
        return False
    if figure.role is Role.BARE:
        return True
    if figure.role is Role.DISCOUNT:
        return figure.fen > 0 and len(row.amounts) > 2
    if figure.role is Role.CHARGE:
        return _PRODUCT.search(row.text) is not None
    if figure.role is Role.TENDER:
        words = figure.label.replace(" ", "")
        of_the_mall = figure.kind == "mall_voucher" and TOPUP_ITEM.search(figure.label) is not None
        sold = (
            of_the_mall or figure.kind == "tenant_stored_value"
        )  # a card sold, for nothing is owed yet
        return sold or (figure.kind == "on_account" and len(words) > 4) or _is_product(figure.label)
    if figure.role is Role.TOPUP:
        return True
    if figure.role not in (Role.NOT_MONEY, Role.COUNT):
        return False
    named = _is_product(figure.label) or _THING.search(figure.label) is not None
    return len(row.exact_amounts) > 1 or (figure.fen > 0 and named)


def _beside(row: Row) -> list[Row]:
    """Return the row, or its parts when two goods stand side by side, each with its amount."""
    if row.figures or row.text.isascii():
        return [row]
    parts = []
    start = 0
    for amount, after in pairwise(row.exact_amounts):
        between = row.text[amount.end : after.start]
        if not between.isspace() and _WORDS_BETWEEN.match(between):
            parts.append((start, amount.end))
            start = amount.end
    if not parts:
        return [row]
    texts = [row.text[begin:end] for begin, end in [*parts, (start, len(row.text))]]
    return [_part(row, text) for text in texts]


def _part(row: Row, text: str) -> Row:
    found = tuple(amounts(text))
    exact = tuple(amount for amount in found if amount.exact)
    return structs.replace(row, text=text, upper=text.upper(), amounts=found, exact_amounts=exact)


def _is_product(label: str) -> bool:
    """A label that is the smaller part of a name is none (`桂花糯米藕`, `CASH BOX STEEL`)."""
    hits = lexicon.AMOUNTS.find(label)
    told = sum(len(_LETTER.findall(term)) for term, _ in hits)
    whole = len(_HAN.findall(label)) or len(_LETTER.findall(label))
    return len(hits) == 1 and whole >= max(4, 2 * told)


def _item(row: Row, pending: str | None) -> Item:
    amount = row.exact_amounts[-1]
    columns = _numeric_tail(row)
    own = _clean(row.text[: columns[0].start] if columns else row.text)
    if pending is not None and (not own or not _NAME.search(own) or _CODE.match(own)):
        own = _clean(pending)
    name = own or _clean(pending or "") or row.text.strip()
    quantity = _quantity(row, columns, amount)
    return Item(name, quantity, amount.fen, TOPUP_ITEM.search(name) is not None)


def _numeric_tail(row: Row) -> list[Amount]:
    """Return the amounts at the end of the line with nothing worded between them."""
    tail: list[Amount] = []
    for amount in reversed(row.amounts):
        if tail:
            between = row.text[amount.end : tail[0].start]
            if not between.isspace() and _WORDED.search(_UNITS.sub("", between)):
                break
        tail.insert(0, amount)
    return tail


def _clean(name: str) -> str:
    text = _LEAD.sub("", name.strip())
    without_code = _EAN.sub("", text)
    text = without_code if without_code is text or _NAME.search(without_code) else text
    text = _COUNT_BEHIND.sub("", text)
    text = text.strip()
    return _TAIL.sub("", text).strip() if text.endswith(_TAIL_ENDS) else text


def _quantity(row: Row, columns: list[Amount], amount: Amount) -> str:
    factored = _FACTOR.search(row.text) is not None
    factors = _PRODUCT.search(row.text) if factored else None
    if factors:
        first, second = factors.groups()
        return second if _LONG_DECIMALS.match(first) and "." not in second else first
    times = _TIMES.search(row.text) if factored else None
    if times:
        return times[1] or times[2]
    others = [column for column in columns if column is not amount]
    units = [column.fen for column in others if column.exact]
    for column in others:
        if column.decimals == 2 and len(others) > 1 and column.fen % 100:
            continue
        value = row.text[column.start : column.end].strip("$¥RM ")
        product = [unit * column.fen / 100 for unit in units if unit != column.fen] or [0.0]
        if any(abs(abs(each) - abs(amount.fen)) <= 1 for each in product):
            return value
    whole = [column for column in others if column.decimals != 2]
    if whole:
        return row.text[whole[-1].start : whole[-1].end].strip("$¥RM ")
    return "1"
