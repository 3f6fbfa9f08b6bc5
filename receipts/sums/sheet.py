"""The sums of a paper as arithmetic sees them: figures, goods, and what adds up to what.

Owns adding up. Which of the sums was owed is decided in `settle`.
"""

from itertools import product

from msgspec import Struct

from receipts.sums.items import Goods
from receipts.sums.taxes import Tax
from receipts.text.amount_words import Role
from receipts.text.rows import Figure

#: Row and column.
Place = tuple[int, int]

ADJUSTMENTS_MAX = 12
ROUNDING_BELOW_ROWS = 3

#: The roles of the amounts that may be what was owed.
SUMS = {Role.OWED, Role.TOTAL, Role.PAID, Role.SUBTOTAL, Role.REFUND, Role.BARE}
_ADJUSTING = {Role.DISCOUNT, Role.CHARGE, Role.TAX, Role.ROUNDING, Role.DEPOSIT_USED}


class Sheet(Struct, frozen=True):
    """All that arithmetic needs of a document."""

    figures: tuple[Figure, ...]
    goods: Goods
    words_fen: int | None = None
    named_tender: str | None = None  # a way of payment printed without an amount
    bare_labels: tuple[str, ...] = ()  # labels of sums whose amount is missing
    taxes: tuple[Tax, ...] = ()
    unlabelled: tuple[int, ...] = ()  # rows with money of which no label tells what it is
    cents: bool = False  # amounts are printed with cents
    payment_named: bool = False  # `支付方式:微信`

    def of(self, *roles: Role) -> list[Figure]:
        """Return the figures with one of the roles, in printed order."""
        return [figure for figure in self.figures if figure.role in roles]


def between(sheet: Sheet, start: Place, end: Place) -> list[Figure]:
    """Return what changes the sum between two places; a rounding may also stand just below."""
    below = (end[0] + ROUNDING_BELOW_ROWS, 0)
    figures = [
        f
        for f in sheet.of(*_ADJUSTING)
        if f.fen and start < f.place < (below if f.role is Role.ROUNDING else end)
    ]
    return figures[:ADJUSTMENTS_MAX]


def add_up(base: int, changes: list[Figure], target: int) -> tuple[int, ...] | None:
    """Return what must be added to the base to get the target, tax in or out; None if nothing."""
    tax = tuple(f.fen for f in changes if f.role is Role.TAX)
    rest = [f for f in changes if f.role is not Role.TAX]
    rounding = [f.fen for f in rest if f.role is Role.ROUNDING]
    fixed = tuple(_effect(f, base) for f in rest if f.role is not Role.ROUNDING)
    signs = (1, -1, 0) if rounding else (0,)
    for with_tax, sign in product((1, 0) if tax else (0,), signs):
        steps = (*fixed, *(tax if with_tax else ()), *((sign * rounding[-1],) if sign else ()))
        if base + sum(steps) == target:
            return steps
    return None


def _effect(figure: Figure, base: int) -> int:
    """Discounts and deposits take off, whatever sign is printed; on refunds they add."""
    if figure.role in (Role.DISCOUNT, Role.DEPOSIT_USED):
        return -abs(figure.fen) if base >= 0 else abs(figure.fen)
    return figure.fen


def goods_explain(sheet: Sheet, owed: int) -> bool:
    """Return whether the goods, with what is added and taken off, come to an amount."""
    goods = sheet.goods.sum_fen
    among = sheet.goods.among
    discounts = sum(_effect(f, goods) for f in among if f.role is Role.DISCOUNT)
    charges = sum(f.fen for f in among if f.role is Role.CHARGE)
    sums = {goods, goods + discounts, goods + charges, goods + discounts + charges}
    later = [f for f in sheet.of(*_ADJUSTING) if f.row >= sheet.goods.end_row and f.fen]
    later += [f for f in sheet.goods.among if f.role is Role.TAX and f.fen]
    return any(
        base == owed or add_up(base, later[:ADJUSTMENTS_MAX], owed) is not None for base in sums
    )
