"""Which rows the fold will ask for, so that a turn can read them in a few set-based statements.

Only speed depends on this page: a row that is not named here is loaded when the fold asks for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET

from central.ledger.judging import references
from central.ledger.judging.accounts import (
    BREAKAGE,
    ISSUER,
    OFFLINE_LOSS,
    REDEMPTION,
    debt_id,
    holder_of,
    pending_id,
    wallet_id,
)
from central.ledger.judging.rows import (
    CENTRAL_DEVICE,
    Identity,
    Lease,
    Pending,
    Sale,
    Unreadable,
    Voucher,
)
from loyalty import events
from loyalty.chain import DEVICE_BYTES
from loyalty.events import Holder, Origin
from loyalty.receipt import Kind, Receipt, normalise_number

#: The name of a table of `central.ledger.judging.state.State`, and a key in it.
Want = tuple[str, Any]


def of_body(
    body: events.Body | Unreadable, device_id: bytes = CENTRAL_DEVICE, *, waiting: bool = True
) -> Sequence[Want]:
    """Return what judging a device's body reads; nothing for one that cannot be judged.

    Without `waiting` a sale's lack the events that wait for it, for a ledger where none do.
    """
    try:
        if isinstance(body, events.Sale):  # most of them
            return _of_sale(body, waiting=waiting)
        return [*_of_body(body), *_of_named(device_id, body)]
    except ValueError:
        return ()  # the fold will say what is wrong with it


def _of_named(device_id: bytes, body: events.Body | Unreadable) -> Iterator[Want]:
    """Yield what tells which sale a device means by a fingerprint."""
    match body:
        case events.Correction(fingerprint=digits) | events.Refund(original=str(digits)):
            yield "copies", (device_id, bytes.fromhex(digits))
        case _:
            return


def of_origin(device_id: bytes, origin: Origin) -> Iterator[Want]:
    """Yield what tells whether an event that is written again is known already."""
    yield "seen", Identity(device_id, origin.epoch, origin.seq)
    yield "rehomed", (device_id, origin.epoch, origin.hash)
    yield "heads", (device_id, origin.epoch)


def of_reference(reference: bytes) -> Want:
    """Return what an event waits for, as `references` names it."""
    name, _, key = reference.partition(b":")
    match name:
        case b"receipt" | b"claim":
            return ("sales" if name == b"receipt" else "claims"), key
        case b"own":
            return "copies", (key[:DEVICE_BYTES], key[DEVICE_BYTES:])
        case b"number":
            shop_id, _, number = key.decode().partition("\0")
            return "numbers", (shop_id, number)
        case b"decision" | b"made":
            return "reviews", key.decode()
        case _:
            return _NAMED[name], key.decode()


_NAMED = {
    b"lease": "leases",
    b"voucher": "vouchers",
    b"voucher back": "vouchers",
    b"paid bill": "redemptions",
    b"review": "reviews",
    b"activity codes": "batches",
    b"rule book": "books",
}


def of_rows(table: str, rows: Mapping[Any, Any]) -> list[Want]:
    """Return what the fold reads next once it has these rows (None: there is no such row)."""
    if table not in _LEADING:
        return []
    return [want for key, row in rows.items() for want in _of_row(table, key, row)]


def _of_row(table: str, key: Any, row: Any) -> Iterator[Want]:
    if table == "accounts":
        if (row is None or not row.purchases) and key.startswith(_MEMBERS):
            yield "profiles", key.removeprefix(_MEMBERS).decode()
    elif table == "pending_lots":
        yield "accounts", key
    elif table == "cards":
        if row is not None:
            yield "members", row
        yield from _purse(Holder("card", key))
    elif table == "owners":
        yield from (("members", one.member) for one in row or ())
        yield from _purse(Holder("card", key))
    elif table == "members":
        yield from _purse(Holder("member", key))
        yield from (("cards", tag) for tag in row.tags) if row is not None else ()
    elif table in _NEXT and row is not None:
        next_table, several = _NEXT[table]
        yield from ((next_table, one) for one in (row if several else [row]))
    elif row is not None:
        yield from _of_struct(row)


#: Where the rows that are only keys of other rows lead, and whether they are several.
_NEXT = {
    "requests": ("leases", False),
    "waiting": ("pending", True),
}
#: A first purchase asks who brought the member.
_MEMBERS = wallet_id(Holder("member", ""))
#: The tables whose rows make the fold read others.
_LEADING = {
    *_NEXT,
    "accounts",
    "cards",
    "owners",
    "sales",
    "leases",
    "vouchers",
    "pending",
    "members",
    "pending_lots",
}


def _of_struct(row: Any) -> Iterator[Want]:
    match row:
        case Sale():
            yield "books", row.book
            yield from of_holder(row.holder)
        case Lease():
            yield "accounts", row.account_id
            yield "arms", (row.device_id, row.epoch)
            yield "lots", row.account_id
            holder = holder_of(row.account_id)
            if holder is not None:
                yield "accounts", debt_id(holder)
            yield "vouchers", row.voucher_code
            yield "redemptions", row.lease_id
        case Voucher():
            yield "leases", row.lease_id
        case Pending():
            yield from of_body(row.event.body, row.event.identity.device_id)
        case _:
            return


def of_holder(holder: Holder | None) -> Sequence[Want]:
    """Return what leads to all that giving points to a holder, or taking them, reads."""
    if holder is None:
        return ()
    return (("owners" if holder.kind == "card" else "members", holder.key),)


def _purse(holder: Holder) -> list[Want]:
    accounts = (ISSUER, wallet_id(holder), debt_id(holder))  # a wallet's lots come with it
    return [*(("accounts", one) for one in accounts), ("pending_lots", pending_id(holder))]


def _of_body(body: events.Body | Unreadable) -> Iterator[Want]:
    match body:
        case events.Claim():
            yield "claims", bytes.fromhex(body.claim_hash)
            yield from of_holder(body.holder)
        case events.Correction():
            yield "sales", bytes.fromhex(body.fingerprint)
            yield from of_holder(body.holder)
        case events.Refund():
            yield from _of_refund(body)
        case events.Redeem() | events.LeaseClose():
            yield "leases", body.lease_id
            if isinstance(body, events.Redeem) and body.pieces is not UNSET:
                yield "terms", body.reward_id
            yield "accounts", REDEMPTION
            yield "accounts", OFFLINE_LOSS
        case events.LeaseRelease():
            yield "leases", body.lease_id
        case events.VoucherUse() | events.TenderChecked() | events.CouponChecked():
            yield "vouchers", body.voucher_code
            if body.fingerprint:
                yield "bills", bytes.fromhex(body.fingerprint)
        case events.LeaseRefused():
            yield "requests", (bytes.fromhex(body.device), body.request_id)
            yield "refusals", (bytes.fromhex(body.device), body.request_id)
        case events.LeaseRemade():
            yield from _of_lease(body)
        case events.MemberSet():
            yield "members", body.member
            yield from ((table, tag) for tag in body.tags for table in ("cards", "owners"))
        case events.Rejudge() | events.CaseClosed() | events.CaseAccepted():
            yield "pending", Identity(bytes.fromhex(body.device), body.epoch, body.seq)
        case _:
            yield from _of_review(body)
            yield from _of_rewards(body)
            yield from _of_rules(body)


def _of_review(body: events.Body | Unreadable) -> Iterator[Want]:
    match body:
        case events.ReviewOpened():
            yield "reviews", body.review_id
            yield from of_holder(body.holder)
            yield "waiting", references.to_review(body.review_id)
        case events.ReviewHeld():
            yield "reviews", body.review_id
            yield from of_holder(body.holder)
        case events.ReviewDecided():
            yield "reviews", body.review_id
            yield "waiting", references.to_decision(body.review_id)
        case _:
            return


def _of_rewards(body: events.Body | Unreadable) -> Iterator[Want]:
    """Yield what central's own events about rewards read, and what tells of one of them."""
    match body:
        case events.LeaseGrant():
            yield "arms", (bytes.fromhex(body.device), body.epoch)
            yield "requests", (bytes.fromhex(body.device), body.request_id)
            yield "redemptions", body.lease_id
            yield from _of_lease(body)
            for name in body.counted:
                yield from (("uses", name), ("reserved", name))
        case events.VoucherReturned() | events.VoucherCancelled():
            yield "vouchers", body.voucher_code
            yield "accounts", REDEMPTION
        case events.StockReserved():
            yield from (("reserved", name) for name in body.pieces)
        case _:
            return


def _of_lease(body: events.LeaseGrant | events.LeaseRemade) -> Iterator[Want]:
    yield "leases", body.lease_id
    yield "vouchers", body.voucher_code
    yield "waiting", references.to_lease(body.lease_id)
    yield "waiting", references.to_voucher(body.voucher_code)
    yield from of_holder(body.holder)


def _of_rules(body: events.Body | Unreadable) -> Iterator[Want]:
    """Yield what central's own events about rules read."""
    match body:
        case events.MemberFacts():
            yield "profiles", body.member
        case events.TierSet():
            yield from (("members", body.member), ("profiles", body.member))
        case events.PointsExpired():
            yield "accounts", BREAKAGE
            for holder in body.holders:
                yield "accounts", wallet_id(holder)
                yield "lots", wallet_id(holder)
        case events.PointsReleased():
            for holder in body.holders:
                yield from _purse(holder)
        case events.Recalculated():
            yield "sales", bytes.fromhex(body.fingerprint)
        case _:
            yield from _of_activity(body)


def _of_activity(body: events.Body | Unreadable) -> Iterator[Want]:
    match body:
        case events.ActivityDone():
            yield from (("batches", body.batch), ("books", body.book))
            yield "doings", (body.activity_id, body.holder.key)
            yield from of_holder(body.holder)
        case events.ActivityRecorded():
            yield from (("books", body.book), ("doings", (body.activity_id, body.member)))
            yield from of_holder(Holder("member", body.member))
        case events.ActivityIssued():
            yield from (("batches", body.batch), ("waiting", references.to_batch(body.batch)))
        case _:
            return


def _of_sale(body: events.Sale, *, waiting: bool) -> list[Want]:
    key = references.print_of(body.receipt, body.discriminator)
    wanted: list[Want] = [("receipts", key), ("books", body.book), *of_holder(body.holder)]
    if body.claim_hash is not None:
        wanted.append(("claims", bytes.fromhex(body.claim_hash)))
    if body.receipt.number is not None:
        shop_id, normal = body.receipt.shop_id, normalise_number(body.receipt.number)
        wanted.append(("number_refunds", references.to_number(shop_id, normal)))
    if waiting:
        wanted.append(("waiting", references.to_rule_book(body.book)))
        wanted.append(("waiting", references.to_receipt(key.fingerprint)))
        if body.claim_hash is not None:
            wanted.append(("waiting", references.to_claim(bytes.fromhex(body.claim_hash))))
        wanted += [("waiting", key) for name, key in wanted if name == "number_refunds"]
    return wanted


def _of_refund(body: events.Refund) -> Iterator[Want]:
    yield "receipts", references.print_of(body.receipt, body.discriminator)
    if body.original is not None:
        yield "bills", bytes.fromhex(body.original)
    # Whatever knows the original's fingerprint had it from its number, which is sooner found.
    if body.receipt.original_number is not None:
        yield from _number(body.receipt, body.receipt.original_number)
    elif body.receipt.kind is Kind.VOID and body.receipt.number is not None:
        yield from _number(body.receipt, body.receipt.number)
    elif body.original is not None:
        yield "sales", bytes.fromhex(body.original)


def _number(receipt: Receipt, number: str) -> list[Want]:
    shop_id, normal = receipt.shop_id, normalise_number(number)
    reference = references.to_number(shop_id, normal)
    return [("numbers", (shop_id, normal)), ("number_refunds", reference)]
