"""What a reader of pictures misspelt on a line, set right where only one reading is possible.

Letters that look alike are one to it (`T0TAI`, `GASH`), digits in dates become letters
(`23/I0/2017`), and words lose the blank between them (`GRANDTOTAL`). It must never touch an amount
or a word that the vocabulary knows, and only blanks are ever added.
"""

import re

from receipts.text.glued_words import KNOWN as GLUED

#: The labels that sums hang on. Shorter or rarer words would be made of other words.
_LABELS = """
    TOTAL SUBTOTAL CASH CHANGE ROUNDING AMOUNT DISCOUNT PAYMENT TENDERED TENDER RECEIVED BALANCE
    PAYABLE INVOICE RECEIPT CREDIT GRAND SERVICE CHARGE SUMMARY JUMLAH TUNAI REFUND VOIDED
    INCLUSIVE REPRINT DUPLICATE DEPOSIT
"""
_ALIKE = str.maketrans("0DQ1LT!|4587GFMHV96", "OOOIIIIIASBICENNUCC")
_WORD = re.compile(r"(?<![\w.,/])(?:[A-Z0-9!|]{4,}|[A-Z](?=[a-z]*[0-9|!])[a-z0-9!|]{3,})(?![\w/])")
_DATE = re.compile(
    r"(?<![A-Za-z0-9])[0-9OoQDIlSB]{1,4}([/-])[0-9OoQDIlSB]{1,2}\1[0-9OoQDIlSB]{2,4}(?![A-Za-z0-9])"
)
_DIGITS = str.maketrans("OoQDIlSB", "00001158")
_DATE_DIGITS_MIN = 3


def _seen(word: str) -> str:
    return word.translate(_ALIKE)


_BY_LOOK = {_seen(word): word for word in _LABELS.split()}
#: Words that look like a label and are none.
_OTHERS = frozenset({"CHANCE", "GRANO", "TOTTA"})


def spelt(line: str) -> str:
    """Return the line with its labels and dates spelt as they were printed."""
    if not line.isascii():
        return line
    return _DATE.sub(_date, _WORD.sub(_word, line))


def _word(found: re.Match[str]) -> str:
    word = found[0].upper()
    if word in GLUED:
        return GLUED[word]
    if sum(map(str.isalpha, word)) * 2 <= len(word) or word in _OTHERS:
        return found[0]
    return _BY_LOOK.get(_seen(word), found[0])


def _date(found: re.Match[str]) -> str:
    if sum(map(str.isdigit, found[0])) < _DATE_DIGITS_MIN:
        return found[0]
    return found[0].translate(_DIGITS)
