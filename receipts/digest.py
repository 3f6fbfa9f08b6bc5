"""The digest that a print, its reprint and its copies share.

Made of the folded lines without print times, copy and reprint marks and code pictures; it stands
in for the number of receipts that print none.
"""

import hashlib
import re

from receipts import lexicon
from receipts.elements import Line
from receipts.fold import RULE, close_up, fold
from receipts.rows import ROW_TEXT_MAX, ROWS_MAX, is_code_mark

_PRINT_RANK = 3  # of the times in `paper_words.TIMES`
_PRINTED_AGAIN = re.compile(r"第\s?\d+\s?次打印|打印次数")


def text_digest(lines: list[Line]) -> str:
    """Return the digest of a paper's lines as 64 hex digits."""
    kept = []
    for line in lines[:ROWS_MAX]:
        text = close_up(fold(line.text[:ROW_TEXT_MAX]))
        upper = text.upper()
        if not text.strip() or RULE.match(text) or is_code_mark(text):
            continue
        if lexicon.PRINTED_AGAIN.find(upper) or _PRINTED_AGAIN.search(text):
            continue
        if _is_print_time(upper):
            continue
        kept.append("".join(upper.split()))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _is_print_time(upper: str) -> bool:
    ranks = [rank for _, rank in lexicon.TIMES.find(upper)]
    return _PRINT_RANK in ranks and not lexicon.NUMBERS.find(upper)
