"""Which sale a refund is of that says no more of it than its number: shops start these again.

It comes out of the last sale before it that has so much left. Tills are cut off for days, and such
a sale may be heard of behind its refund, which has come out of an older one by then. Nothing moves
what was booked: people see what both papers say, and are asked.
"""

from collections.abc import Callable

from central.ledger.judging import references
from central.ledger.judging.entry import Entry
from central.ledger.judging.refund_rows import NumberRefund, NumberRefunds
from central.ledger.judging.rows import DAY_LETTERS, Sale
from loyalty.events import Refund
from loyalty.receipt import Receipt

#: Why a person must look at a sale or a refund: its number does not say which belong together.
SAME_NUMBER = "same_number"
_NONE = NumberRefunds()
#: A refund that does not say when it was printed comes after every sale that is here.
_LAST = "9999"
_Rank = tuple[bool, bool, str]


def sale_of(entry: Entry, shop_id: str, number: str, body: Refund) -> Sale | None:
    """Return the sale of this number that a refund comes out of, if there is one up to its day."""
    found = _fitting(entry, (shop_id, number), body, _left)
    return max(found, key=lambda one: one.fingerprint, default=None)


def is_unsure(entry: Entry, sale: Sale, body: Refund) -> bool:
    """Keep what a refund comes out of; return whether it can be of another sale as well.

    By a fingerprint it cannot, but a refund by number may have come out of its sale.
    """
    if sale.number is None:
        return False
    key = references.to_number(sale.shop_id, sale.number)
    before, fen = entry.state.number_refunds.get(key) or _NONE, -body.eligible_fen
    covered = _left(sale) >= fen
    if body.original is not None:
        return not covered and any(one.sale == sale.fingerprint for one in before.told)
    printed_at = body.receipt.printed_at or entry.last_day().isoformat()
    told = NumberRefund(printed_at, fen, sale.fingerprint, sale.printed_on, covered)
    entry.state.number_refunds.put(key, NumberRefunds((*before.told, told)))
    place = (sale.shop_id, sale.number)
    return _fitting(entry, place, body, _whole) != [sale] or not _was_before(entry, sale, body)


def came_late(entry: Entry, sale: Sale, receipt: Receipt) -> bool:
    """Return whether a refund by number would have come out of this sale, had it been here."""
    if sale.number is None:
        return False
    key = references.to_number(sale.shop_id, sale.number)
    refunds = entry.state.number_refunds.get(key) or _NONE
    return any(
        _is_before(receipt.printed_at or "", one.printed_at)
        and (sale.eligible_fen >= one.fen, sale.printed_on) >= (one.covered, one.printed_on)
        for one in refunds.told
    )


def _fitting(
    entry: Entry, number: tuple[str, str], body: Refund, has: Callable[[Sale], int]
) -> list[Sale]:
    """Return the last sales up to a refund's day, first of those before it and that have enough."""

    def rank(one: Sale) -> _Rank:
        return _was_before(entry, one, body), has(one) >= -body.eligible_fen, one.printed_on

    day = (body.receipt.printed_at or _LAST)[:DAY_LETTERS]
    keys = entry.state.numbers.get(number) or ()
    sales = [sale for key in keys if (sale := entry.state.sales.get(key)) is not None]
    ranked = [(rank(one), one) for one in sales if one.printed_on <= day]
    best = max((its for its, _ in ranked), default=None)
    return [one for its, one in ranked if its == best]


def _was_before(entry: Entry, sale: Sale, body: Refund) -> bool:
    """Tell whether a sale was before a refund; what is printed is looked up where its day won't."""
    refunded_at = body.receipt.printed_at or _LAST
    if not refunded_at.startswith(sale.printed_on or _LAST):
        return sale.printed_on < refunded_at
    return _is_before(entry.state.printed.get(sale.origin) or "", refunded_at)


def _is_before(printed_at: str, refunded_at: str) -> bool:
    """Compare what papers say, as far as both say it."""
    return printed_at[: len(refunded_at)] <= refunded_at


def _left(sale: Sale) -> int:
    return sale.eligible_fen - sale.refunded_fen


def _whole(sale: Sale) -> int:
    return sale.eligible_fen
