"""What a reader of pictures ran together, parted again where the vocabulary or the form is sure.

OCR drops narrow blanks: columns of amounts (`146.0046.00`), a date and its time, the words of a
label (`AMOUNTPAYABLE`); and it spreads full-width digits (`1 2 8 . 0 0`). It must never change a
digit or a letter, only the blanks between them.
"""

import re
from collections.abc import Iterable

from receipts.text import amount_words, paper_words

_AMOUNTS = re.compile(r"(\d\.\d\d)(?=-?\d{1,7}\.\d\d(?!\d))")
_TIME = re.compile(
    r"((?:20\d\d[-/.][01]\d[-/.][0-3]\d)|(?:[0-3]\d[-/.][01]\d[-/.]20\d\d))(?=[0-2]\d:[0-5]\d)"
)
_SPREAD = re.compile(r"(?<!\S)(?:[\d.,:/-]{1,2} ){3,}[\d.,:/-]{1,2}(?!\S)")
#: Shorter labels without their blank might be part of a word.
_LETTERS_MIN = 6
_SEVERAL = re.compile(r"[A-Z]+(?: [A-Z]+)+")


def parted(text: str) -> str:
    """Return the line with blanks where words or amounts touch, none where one was spread."""
    text = _SPREAD.sub(lambda spread: spread[0].replace(" ", ""), text)
    text = _TIME.sub(r"\1 ", _AMOUNTS.sub(r"\1 ", text))
    return _LABELS.sub(_with_blanks, text)


def _labels() -> dict[str, str]:
    """Return each label of several words under its letters alone."""
    vocabulary: Iterable[str] = (
        *amount_words.TENDERS.values(),
        *amount_words.ROLES.values(),
        *paper_words.HEADINGS.values(),
        *paper_words.NUMBERS.values(),
        *paper_words.TIMES.values(),
        paper_words.SALE_HEADINGS,
        paper_words.REPRINT,
        paper_words.OTHER_NUMBERS,
        paper_words.PAYMENT_FIELDS,
        paper_words.FOOTER_PHRASES,
    )
    terms = {term.strip() for words in vocabulary for term in re.split(r"[|\n]", words)}
    long = (each for each in terms if len(each) > _LETTERS_MIN and _SEVERAL.fullmatch(each))
    return {each.replace(" ", ""): each for each in long if each.replace(" ", "") not in terms}


#: Labels of several words, by their letters alone.
KNOWN = _labels()
_LABELS = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(sorted(KNOWN, key=len, reverse=True))})(?![A-Za-z])",
    re.IGNORECASE,
)


def _with_blanks(found: re.Match[str]) -> str:
    letters = iter(found[0])
    spelt = KNOWN[found[0].upper()]
    return "".join(" " if char == " " else next(letters) for char in spelt)
