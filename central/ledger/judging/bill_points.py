"""Points that paid a part of a bill: kept with it, given back with their lots by its refunds.

The last to end go back first. What the house had paid itself goes back to the house.
"""

from msgspec import UNSET, structs

from central.ledger.judging.accounts import OFFLINE_LOSS, Code, holder_of, settlement_id
from central.ledger.judging.entry import Entry, Impossible
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.redemption_rows import BillPart, PaidBill, Redemption, Returned
from central.ledger.judging.rows import Lease
from central.ledger.judging.wallets import pay_debt
from loyalty.bills import points_back
from loyalty.rules import lots

_NO_BILL = PaidBill()
_NOTHING = Redemption()


def bill_of(entry: Entry, fingerprint: bytes) -> tuple[bytes, PaidBill]:
    """Return what is known of a receipt's bill, and the key under which that stands."""
    key, bill = fingerprint, entry.state.bills.get(fingerprint) or _NO_BILL
    if bill.under:
        key = hash_of(bill.under)
        bill = entry.state.bills.get(key) or _NO_BILL
    return key, bill


def paid_for(entry: Entry, lease_id: str, fingerprint: str) -> bool:
    """Tell whether a lease's points have paid for this very bill."""
    if not fingerprint:
        return False
    _, bill = bill_of(entry, hash_of(fingerprint))
    return any(one.lease_id == lease_id for one in bill.parts)


def paid(entry: Entry, lease: Lease, fingerprint: str, *, ours: bool) -> None:
    """Keep which bill it was that points paid a part of, as far as it has not come back.

    `ours`: a bill before it has the member's points, and the house paid for this one.
    """
    kept = entry.state.redemptions.get(lease.lease_id) or _NOTHING
    if kept.tender is UNSET or not fingerprint:
        return
    key, bill = bill_of(entry, hash_of(fingerprint))
    paid_fen = kept.tender.bill.paid_fen
    part = BillPart(lease.lease_id, kept.tender.shop_id, paid_fen, ours=ours)
    entry.state.bills.put(key, bill.plus(back(entry, part, bill.refunds)))


def back(entry: Entry, part: BillPart, refunds: tuple[Returned, ...]) -> BillPart:
    """Give back what each of the refunds does, at once: one event moves points a few times only."""
    lease = entry.state.leases.get(part.lease_id)
    if lease is None:
        raise Impossible("a bill that a lease paid which does not exist")
    there = part.back
    for came in refunds:
        of = (came.returned_fen, came.owed_fen)
        there += points_back(lease.spent, part.paid_fen, there, came.named_fen, of)
    if there != part.back:
        _give_back(entry, lease, part, there - part.back)
    return structs.replace(part, back=there)


def _give_back(entry: Entry, lease: Lease, part: BillPart, points: int) -> None:
    kept = entry.state.redemptions.get(lease.lease_id) or _NOTHING
    shop = settlement_id(part.shop_id)
    if kept.ours or part.ours:
        entry.move(shop, OFFLINE_LOSS, points, Code.PAID_BACK, lease.lease_id)
        return
    wallet, holder = lease.account_id, holder_of(lease.account_id)
    pieces, rest = lots.last_to_end(kept.drawn, points)
    if sum(one.left for one in pieces) != points:
        raise Impossible("the lots that paid for this bill are not known")
    entry.move(shop, wallet, points, Code.PAID_BACK, lease.lease_id)
    there = entry.state.lots.get(wallet) or ()
    entry.state.lots.put(wallet, lots.put_back(there, pieces))
    entry.state.redemptions.put(lease.lease_id, structs.replace(kept, drawn=rest))
    if holder is not None:
        pay_debt(entry, holder, lease.lease_id)
