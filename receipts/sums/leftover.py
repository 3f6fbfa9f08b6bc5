"""What a settled amount leaves unsaid: printed sums and payments that no equation takes in.

On a whole receipt every total, payment and deposit follows from the others. One that follows from
nothing was misread, or is what is left of lines that are lost, and the amount may be wrong too.
Owns finding it; nothing here chooses an amount.
"""

import re

from msgspec import Struct

from receipts.sums.payment import change_of
from receipts.sums.sheet import Sheet, add_up, between, goods_explain
from receipts.text.amount_words import Role
from receipts.text.rows import Figure

_TOTALS = (Role.SUBTOTAL, Role.TOTAL, Role.OWED)
_PAYMENTS = (Role.TENDER, Role.RECEIVED, Role.PAID, Role.DEPOSIT_USED)
_CHANGING = (Role.DISCOUNT, Role.CHARGE, Role.TAX, Role.ROUNDING, Role.DEPOSIT_USED, Role.NOT_MONEY)
#: So few amounts without decimals among others with them are worn, and no habit of the shop.
DECIMALS_MIN = 2
#: A number so many times the amount has lost no point: it is a code beside the label.
CODE_RATIO = 1_000
#: Sums of prices that nobody paid.
_LIST_PRICE = re.compile("原价|原價|吊牌|市场价|零售价|标价|定价")
TOTAL_MIN_FEN = 2_000
#: No tax takes more than a fifth of the whole.
TAX_SHARE = 5


class Settled(Struct, frozen=True):
    """What was settled: the amount, its payment, and what its equations take in."""

    owed_fen: int
    row: int
    paid: tuple[Figure, ...]
    deposit_fen: int


def left_over(sheet: Sheet, settled: Settled) -> Figure | None:
    """Return the first total, payment or deposit that follows from nothing, None if all do."""
    known = _known_at_once(sheet, settled)
    unsaid = [each for each in _telling(sheet, settled) if abs(each.fen) not in known]
    if unsaid:
        known = _known(sheet, settled, known)
    return next((each for each in unsaid if abs(each.fen) not in known), None)


def _telling(sheet: Sheet, settled: Settled) -> list[Figure]:
    """Return the figures that must follow from the amount."""
    start = _first_sum(sheet)
    decimal = sum(1 for each in sheet.figures if each.decimals == 2) >= DECIMALS_MIN
    out = []
    for figure in sheet.of(*_TOTALS, *_PAYMENTS, Role.CHANGE):
        worn = decimal and ((figure.row >= start and _is_payment(figure)) or _is_total(figure))
        coded = not figure.exact and figure.fen > CODE_RATIO * max(settled.owed_fen, 100)
        if not figure.fen or coded or not (figure.exact or worn) or _among_goods(sheet, figure):
            continue
        listed = figure.role is Role.SUBTOTAL and _LIST_PRICE.search(figure.label)
        if not (listed or _is_deposit(figure, settled) or _is_tax(figure, settled)):
            out.append(figure)
    return out


def _is_payment(figure: Figure) -> bool:
    """Return whether the amount is what was paid; a member's card has a number on it."""
    return figure.role in _PAYMENTS and figure.kind != "tenant_stored_value"


def _is_total(figure: Figure) -> bool:
    """Return whether a number without decimals is a total; smaller ones count pieces."""
    return figure.role in (Role.TOTAL, Role.OWED) and figure.fen >= TOTAL_MIN_FEN


def _is_tax(figure: Figure, settled: Settled) -> bool:
    """The total of the taxes stands below the amount in a table of its own."""
    small = 0 < figure.fen * TAX_SHARE < settled.owed_fen
    return figure.role in _TOTALS and figure.row > settled.row and small


def _first_sum(sheet: Sheet) -> int:
    sums = sheet.of(*_TOTALS, Role.PAID, Role.REFUND)
    return min((each.row for each in sums if each.exact), default=1 << 30)


def _among_goods(sheet: Sheet, figure: Figure) -> bool:
    """A bill of a hotel lists what was put on the room."""
    goods = sheet.goods
    return figure.kind == "on_account" and goods.first_row <= figure.row < goods.end_row


def _is_deposit(figure: Figure, settled: Settled) -> bool:
    return figure.role is Role.DEPOSIT_USED and 0 < abs(figure.fen) <= settled.deposit_fen


def _known_at_once(sheet: Sheet, settled: Settled) -> set[int]:
    """Return the amount, what paid it and the change, without their signs."""
    owed = abs(settled.owed_fen)
    paid = [abs(each.fen) for each in settled.paid]
    change = change_of(sheet)
    return {owed, change, owed + change, sum(paid), abs(sum(paid) - change), *paid}


def _known(sheet: Sheet, settled: Settled, known: set[int]) -> set[int]:
    """Return the amounts that follow from the known ones, in as many steps as it takes."""
    owed = abs(settled.owed_fen)
    totals = [each for each in sheet.of(*_TOTALS, Role.PAID) if each.fen]
    parts = [each.fen for each in totals if each.role is Role.SUBTOTAL]
    known |= {each.fen for each in sheet.of(Role.TAX) if each.fen * TAX_SHARE < owed}
    if sheet.goods.items and goods_explain(sheet, settled.owed_fen):
        known |= {abs(each.fen) for each in totals if goods_explain(sheet, each.fen)}
    known |= {owed - each.fen for each in sheet.of(Role.NET)}
    known |= {owed + abs(each.fen) for each in sheet.of(Role.DEPOSIT_BACK)}
    while True:
        more = {abs(each.fen) for each in totals if _follows(sheet, each, totals, known)}
        if abs(sum(parts)) in known:
            more |= set(map(abs, parts))
        if more <= known:
            return known
        known |= more


def _follows(sheet: Sheet, figure: Figure, totals: list[Figure], known: set[int]) -> bool:
    """Return whether a total is one more step from a known one, up or down the paper."""
    steps = {abs(each.fen) for each in sheet.of(*_CHANGING)}
    for other in totals:
        if abs(other.fen) not in known or other.place == figure.place:
            continue
        first, second = sorted((figure, other), key=lambda each: each.place)
        changes = between(sheet, first.place, second.place)
        if add_up(first.fen, changes, second.fen) is not None:
            return True
        if abs(abs(figure.fen) - abs(other.fen)) in steps:
            return True
    return False
