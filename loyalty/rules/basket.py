"""What of a receipt the rules ask for: how much earns, where it was spent, on which goods.

A till makes it of the whole receipt and sends it with the sale, so that central works out the same
sum without ever seeing a line of goods.
"""

from msgspec import Struct, structs

from loyalty.products import Part, parts_of
from loyalty.receipt import EARNING_KINDS, Item, Kind, Receipt
from loyalty.rules.book_types import RuleBook


class Basket(Struct, frozen=True, gc=False):
    """`earning_fen` (negative: taken back) were spent in a shop, `parts` of it on named goods."""

    earning_fen: int
    shop_id: str
    category: str
    parts: tuple[Part, ...] = ()


def basket_of(receipt: Receipt, category: str, book: RuleBook) -> Basket:
    """Return what a receipt of a shop of `category` has for the rules of `book`."""
    earning, parts = _earning(receipt, book)
    return Basket(earning, receipt.shop_id, category, parts if earning > 0 else ())


def goods_back(receipt: Receipt, book: RuleBook) -> tuple[Part, ...]:
    """Return what a refund gave back of which goods, those of no group last.

    Nothing where its lines do not tell all of it: then nobody knows what came back.
    """
    earning, parts = _earning(receipt, book)
    told = sum(item.amount_fen for item in _lines(receipt, -1) if not item.topup)
    if not book.products or earning >= 0 or told < -receipt.owed_fen:
        return ()
    others = -earning - sum(part.fen for part in parts)
    return (*parts, Part((), others)) if others else parts


def _earning(receipt: Receipt, book: RuleBook) -> tuple[int, tuple[Part, ...]]:
    """Return what of a receipt earns, below nothing if it takes back, and on which goods."""
    earning = eligible_fen(receipt, book.unearning_tenders)
    sign = -1 if earning < 0 else 1
    parts = parts_of(_lines(receipt, sign), earning * sign, book.products)
    if book.unearning_products and parts:
        unearning = set(book.unearning_products)
        not_earning = sum(part.fen for part in parts if not unearning.isdisjoint(part.products))
        earning -= sign * not_earning
        parts = tuple(part for part in parts if unearning.isdisjoint(part.products))
    return earning, parts


def _lines(receipt: Receipt, sign: int) -> tuple[Item, ...]:
    """Return the lines; some papers print what comes back as positive, others as negative."""
    if sign > 0 or sum(item.amount_fen for item in receipt.items) > 0:
        return receipt.items
    return tuple(structs.replace(item, amount_fen=-item.amount_fen) for item in receipt.items)


def without(basket: Basket, refunded_fen: int, back: tuple[Part, ...] = ()) -> Basket:
    """Return what is left of a basket when so much was refunded.

    What is known to have come `back` comes off its goods, the rest of the money off all alike.
    """
    left = max(basket.earning_fen - max(refunded_fen, 0), 0)
    if left >= basket.earning_fen:
        return basket
    goods = {part.products: part.fen for part in basket.parts}
    goods[()] = basket.earning_fen - sum(goods.values())
    for part in back:
        goods[part.products] = max(goods.get(part.products, 0) - part.fen, 0)
    there = max(sum(goods.values()), 1)
    shares = ((products, fen * left // there) for products, fen in goods.items() if products)
    parts = tuple(Part(products, fen) for products, fen in shares if fen)
    return structs.replace(basket, earning_fen=left, parts=parts)


def eligible_fen(receipt: Receipt, unearning: tuple[str, ...]) -> int:
    """Return the part of the receipt that earns (negative: that takes back), in fen.

    What was owed, less tenders that are not the member's money here, less stored value that was
    sold on the receipt, plus a deposit paid earlier that this bill used up. Reprints and the
    kinds that never earn give 0.
    """
    if receipt.reprint or receipt.kind not in EARNING_KINDS:
        return 0
    if receipt.kind in (Kind.REFUND, Kind.VOID):
        return min(receipt.owed_fen - _unearning(receipt, unearning), 0)
    topups = sum(item.amount_fen for item in receipt.items if item.topup)
    earning = receipt.owed_fen + receipt.deposit_used_fen - _unearning(receipt, unearning) - topups
    return max(earning, 0) if receipt.owed_fen >= 0 else min(earning, 0)


def _unearning(receipt: Receipt, kinds: tuple[str, ...]) -> int:
    return sum(tender.amount_fen for tender in receipt.tenders if tender.kind in kinds)
