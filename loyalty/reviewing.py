"""Papers in review between agents and central: feed rows, the upload, and what decides about them.

Papers travel beside the chain, redacted and compressed, named by the SHA-256 of what they unpack
to. An upload goes on where it stopped, and comes after everything else that is to be sent.
"""

import hashlib
import re
from typing import Literal

from msgspec import Struct

from loyalty.events import Believed
from loyalty.receipt import Receipt

PAPER_PATH = "/api/1/paper"
PAPER_BYTES_MAX = 1 << 20
#: One call carries so much of it.
PAPER_CHUNK_MAX = 128 << 10
#: How long a paper is kept behind the decision about it.
PAPER_DAYS = 30

Decision = Literal["accepted", "corrected", "rejected"]
_STAFF = re.compile(r"[0-9A-Za-z_.-]{1,32}")


class ReviewRow(Struct, frozen=True):
    """A paper of this device was decided, and by whom; a decision made here as well gave way.

    `fingerprint` is that of the sale it made, empty when it made none.
    """

    review_id: str
    decision: Decision
    staff: str
    decided: Believed | None = None
    fingerprint: str = ""


class TemplateRow(Struct, frozen=True):
    """What is known of one shop's papers, as the reader's data; `version` is its SHA-256."""

    shop_id: str
    version: str
    canonical: bytes


class PaperRequest(Struct, frozen=True):
    """A piece of a compressed paper from `offset` on; without data it only asks how far it is."""

    paper_hash: str
    total: int
    offset: int
    data: bytes = b""


class PaperAnswer(Struct, frozen=True):
    """How many bytes central holds. `wanted` is False for a paper that no review here names."""

    held: int
    wanted: bool = True


def review_id(shop_id: str, job_hash: str, place: int) -> str:
    """Return the name of the paper at `place` (from 0) of a job, the same whenever it is printed.

    A receipt whose very bytes come again is one receipt (promise P3).
    """
    parts = f"tillpoints review 1 {shop_id} {job_hash} {place}"
    return hashlib.sha256(parts.encode()).hexdigest()


def is_staff(text: str) -> bool:
    """Tell whether a text can name the person who decides: letters, digits, `.`, `-`, `_`."""
    return _STAFF.fullmatch(text) is not None


def believed(receipt: Receipt) -> Believed:
    """Return what is decided about a paper when this receipt is taken from it."""
    return Believed(
        kind=receipt.kind.value,
        number=receipt.number,
        printed_at=receipt.printed_at,
        currency=receipt.currency,
        owed_fen=receipt.owed_fen,
        shop_id=receipt.shop_id,
    )
