"""The receipt that a person takes a paper in review for: as it was read, or as they typed it.

Pure, and the same at the till and at the desk. What cannot be taken is said by a stable code:
`review_amount`, `review_time`, `review_kind`, `review_currency`, `review_identity`.
"""

import re
from datetime import datetime

from msgspec import Struct, structs

from loyalty.receipt import EARNING_KINDS, Kind, Receipt
from receipts.kept_paper import KeptPaper

_AMOUNT = re.compile(r"-?[0-9]{1,8}(?:[.][0-9]{1,2})?")
_NUMBER_MAX = 40


class Typed(Struct, frozen=True):
    """What a person typed; what is empty was not printed."""

    amount: str
    number: str
    printed_at: str
    kind: str


def as_read(paper: KeptPaper, review_id: str, shop_id: str, currency: str) -> Receipt | str:
    """Return the receipt that the reader believed, or why it cannot be taken as it is."""
    reading = paper.reading
    if reading is None or reading.owed_fen is None:
        return "review_amount"
    if reading.kind not in EARNING_KINDS:
        return "review_kind"
    if reading.currency != currency:
        return "review_currency"
    receipt = structs.replace(reading.receipt(shop_id), reprint=False)
    return _identified(receipt, paper, review_id)


def as_typed(
    paper: KeptPaper, typed: Typed, review_id: str, shop_id: str, currency: str
) -> Receipt | str:
    """Return the receipt that a person says it is, or what is wrong with what was typed."""
    if not _AMOUNT.fullmatch(typed.amount.strip()):
        return "review_amount"
    owed_fen = _fen(typed.amount.strip())
    printed_at = _moment(typed.printed_at)
    if printed_at == "":
        return "review_time"
    if typed.kind not in EARNING_KINDS:
        return "review_kind"
    kind = Kind(typed.kind)
    reading = paper.reading
    takes_back = kind in (Kind.REFUND, Kind.VOID)
    receipt = Receipt(
        shop_id=shop_id,
        kind=kind,
        number=typed.number.strip()[:_NUMBER_MAX] or None,
        printed_at=printed_at,
        currency=currency,
        owed_fen=-abs(owed_fen) if takes_back else owed_fen,
        tenders=reading.tenders if reading else (),
        deposit_used_fen=reading.deposit_used_fen if reading else 0,
        original_number=reading.original_number if reading and takes_back else None,
        text_digest=reading.text_digest if reading else None,
    )
    return _identified(receipt, paper, review_id)


def _identified(receipt: Receipt, paper: KeptPaper, review_id: str) -> Receipt | str:
    """A paper of which no text was read has no digest of its lines that would tell it from others.

    With neither a number nor a time its next print could not be known as the same receipt.
    """
    lines = paper.reading.lines if paper.reading else ()
    if any(line.strip() for line in lines):
        return receipt
    if receipt.number is None and receipt.printed_at is None:
        return "review_identity"
    return structs.replace(receipt, text_digest=review_id)


def _fen(amount: str) -> int:
    whole, _, part = amount.lstrip("-").partition(".")
    fen = int(whole) * 100 + int((part + "00")[:2])
    return -fen if amount.startswith("-") else fen


def _moment(typed: str) -> str | None:
    """Return a typed time as receipts carry it, None for none, "" for one that is no time."""
    text = typed.strip().replace(" ", "T")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return at.replace(tzinfo=None, microsecond=0).isoformat()
