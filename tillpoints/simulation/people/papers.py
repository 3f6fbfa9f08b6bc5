"""What the reader makes of the receipts of a run: papers that say all of what they should."""

from loyalty.receipt import Receipt
from receipts.reading import Reading


def reading_of(receipt: Receipt, off_fen: tuple[int, ...] = ()) -> Reading:
    """Return what the reader makes of a receipt that says all of this, and what it takes off."""
    return Reading(
        kind=receipt.kind,
        merchant=None,
        branch=None,
        number=receipt.number,
        printed_at=receipt.printed_at,
        currency=receipt.currency,
        owed_fen=receipt.owed_fen,
        eligible_fen=receipt.owed_fen,
        items=(),
        tenders=receipt.tenders,
        deposit_used_fen=0,
        original_number=None,
        reprint=False,
        copy=False,
        text_digest=f"{receipt.number} {receipt.printed_at}",
        confidence=1.0,
        decision="award",
        why=(),
        lines=(),
        off_fen=off_fen,
    )
