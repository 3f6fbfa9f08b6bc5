"""A paper whose coupon stands among the payments under a word that elsewhere takes money off.

Its till knows from its own coupon what the line is: so the paper is read again with that line as
the voucher it is, and stands or falls by its sums. Nothing else about it changes.
"""

import re

from msgspec import structs

from receipts.reading import Reading, read_text
from receipts.text.money import decimal

#: What a line that is taken for a discount leaves open; any other doubt is for a person.
_SUMS = {"no_check", "unfinished", "left_over", "payment_gap"}
_COUPON = re.compile(r"券|coupon|voucher", re.IGNORECASE)
#: A payment word that means nothing else on any paper.
_VOUCHER = "代金券"


def read_as_payment(reading: Reading, coupon_fen: int) -> Reading:
    """Return the reading with its coupon line of `coupon_fen` as a payment, if it is sure then.

    Else the reading as it is.
    """
    if reading.decision != "review" or not {one.code for one in reading.why} <= _SUMS:
        return reading
    amount = re.compile(rf"(?<![\d.,]){re.escape(decimal(coupon_fen))}(?!\d)")
    named = [at for at, line in enumerate(reading.lines) if _COUPON.search(line)]
    places = [at for at in named if amount.search(reading.lines[at])]
    if len(places) != 1:
        return reading
    lines = list(reading.lines)
    lines[places[0]] = f"{_VOUCHER}  {decimal(coupon_fen)}"
    again = read_text("\n".join(lines), currency=reading.currency or "CNY")
    if len(again) != 1 or not _same_paper(again[0], reading):
        return reading
    return structs.replace(again[0], lines=reading.lines, text_digest=reading.text_digest)


def _same_paper(again: Reading, reading: Reading) -> bool:
    """Tell whether a reading is sure, and of the facts that the paper is known by."""
    facts = [(one.kind, one.number, one.printed_at, one.owed_fen) for one in (again, reading)]
    return again.decision == "award" and facts[0] == facts[1]
