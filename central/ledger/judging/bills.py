"""What a refund undoes of a bill that points or coupons paid a part of.

Refunds and what paid come in any order: a refund at another till of the shop is judged right behind
the push with its sale, and the use of a coupon or a person's word about it may come with a later
one. So what refunds returned is kept of every bill, and gives back also what is said to have paid
for it later.
"""

from msgspec import structs

from central.ledger.judging import bill_coupons, bill_points
from central.ledger.judging.entry import Entry
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.redemption_rows import PaidBill, Returned
from central.ledger.judging.rows import Sale
from central.ledger.judging.state import State
from loyalty.bills import earning_back, named_fen, returned_fen
from loyalty.events import Refund

_NO_BILL = PaidBill()


def earning_part(entry: Entry, sale: Sale, refund: Refund, fen: int) -> int:
    """Return what of a refund takes back what earned, where its paper alone says `fen`."""
    _, bill = bill_points.bill_of(entry, sale.fingerprint)
    if not bill.parts:
        return fen
    returned = returned_fen(sale.owed_fen, bill.returned_fen, refund.receipt)
    came = (returned, sale.owed_fen)
    return earning_back(sale.eligible_fen, sale.refunded_fen, refund.receipt, fen, came)


def came_back(entry: Entry, sale: Sale, refund: Refund) -> None:
    """Give back what paid for a sale, as far as a refund returns it, and keep that refund."""
    key, bill = bill_points.bill_of(entry, sale.fingerprint)
    returned = returned_fen(sale.owed_fen, bill.returned_fen, refund.receipt)
    came = Returned(returned, sale.owed_fen, named_fen(refund.receipt))
    parts = []
    for part in bill.parts:
        if part.coupon:
            parts.append(bill_coupons.back(entry, part, (came,), key.hex()))
        else:
            parts.append(bill_points.back(entry, part, (came,)))
    bill = structs.replace(bill, parts=tuple(parts)).after(came)
    entry.state.bills.put(key, bill)
    if bill.is_back:
        entry.wakes += bill.wakes


def wake_with(state: State, key: bytes, reference: bytes) -> None:
    """Let a bill that comes back whole wake what waits for `reference`."""
    bill = state.bills.get(key) or _NO_BILL
    if reference not in bill.wakes:
        state.bills.put(key, structs.replace(bill, wakes=(*bill.wakes, reference)))


def keep_under(entry: Entry, key: bytes, read_as: str) -> None:
    """Let a corrected receipt keep what paid for it, which stands under what it was read as."""
    if hash_of(read_as) != key:
        entry.state.bills.put(key, PaidBill(under=read_as))
