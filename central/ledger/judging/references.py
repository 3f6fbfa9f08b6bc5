"""What an event can wait for, as the bytes under which it is found again.

A reference names something that is not here yet. Whoever brings it wakes the events that wait.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from loyalty.receipt import Receipt, fingerprint

_YEARS = range(2000, 2100)
#: The reason of an event that waits for a rule book.
BOOK_UNKNOWN = "rule_book_unknown"


class Print(NamedTuple):
    """The key of a receipt in the ledger: the day printed on it, and its fingerprint.

    The fingerprint tells of that day, so one receipt has one key. The day stands first because
    receipts of one day come together: by fingerprint alone, each would land on a page of its own
    in a large ledger.
    """

    printed_on: str
    fingerprint: bytes


# A turn asks twice for each receipt: which rows it leads to, and when it is judged.
@lru_cache(maxsize=16_384)
def print_of(receipt: Receipt, discriminator: str) -> Print:
    """Return the key of a receipt. Raises ValueError as `fingerprint` does."""
    printed_on = (receipt.printed_at or "")[:10]
    return Print(day_of_key(printed_on), fingerprint(receipt, discriminator))


@lru_cache(maxsize=1_024)
def day_of_key(printed_on: str) -> str:
    """Return the day under which a receipt is kept: none if what is printed is no day.

    Papers say what they like, and a search by fingerprint alone looks at one day after the other:
    so there are as many days as a century has, and no more.
    """
    try:
        day = date.fromisoformat(printed_on)
    except ValueError:
        return ""
    return printed_on if day.year in _YEARS and day.isoformat() == printed_on else ""


def to_receipt(fingerprint: bytes) -> bytes:
    """Return the reference to the sale with this fingerprint."""
    return b"receipt:" + fingerprint


def to_own(device_id: bytes, fingerprint: bytes) -> bytes:
    """Return the reference to what becomes of a device's own sale with this fingerprint."""
    return b"own:" + device_id + fingerprint


def to_claim(claim_hash: bytes) -> bytes:
    """Return the reference to the sale whose claim code has this hash."""
    return b"claim:" + claim_hash


def to_number(shop_id: str, number: str) -> bytes:
    """Return the reference to a sale by its shop and its normalised number."""
    return b"number:" + shop_id.encode() + b"\0" + number.encode()


def to_lease(lease_id: str) -> bytes:
    """Return the reference to a lease."""
    return b"lease:" + lease_id.encode()


def to_voucher(code: str) -> bytes:
    """Return the reference to a voucher."""
    return b"voucher:" + code.encode()


def to_voucher_back(code: str) -> bytes:
    """Return the reference to a voucher that was used up and is good again."""
    return b"voucher back:" + code.encode()


def to_paid_bill(lease_id: str) -> bytes:
    """Return the reference to a person's word about the bill that a lease paid a part of."""
    return b"paid bill:" + lease_id.encode()


def to_review(review_id: str) -> bytes:
    """Return the reference to a paper in review."""
    return b"review:" + review_id.encode()


def to_decision(review_id: str) -> bytes:
    """Return the reference to the decision about a paper in review."""
    return b"decision:" + review_id.encode()


def to_made(review_id: str) -> bytes:
    """Return the reference to the sale or refund that a decision about a paper makes."""
    return b"made:" + review_id.encode()


def to_batch(batch: str) -> bytes:
    """Return the reference to the activity codes that were made together."""
    return b"activity codes:" + batch.encode()


def to_rule_book(version: str) -> bytes:
    """Return the reference to a rule book."""
    return b"rule book:" + version.encode()
