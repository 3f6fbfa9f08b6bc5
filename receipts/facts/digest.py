"""The digest that a print, its reprint and its copies share.

Made of the folded lines without print times, copy and reprint marks and code pictures; it stands
in for the number of receipts that print none.
"""

import hashlib
import re

from receipts.text import lexicon
from receipts.text.rows import Row, is_code_mark

_PRINT_RANK = 3  # of the times in `paper_words.TIMES`
_PRINTED_AGAIN = re.compile(r"第\s?\d+\s?次打印|打印次数")


def text_digest(rows: list[Row]) -> str:
    """Return the digest of a paper's rows as 64 hex digits."""
    kept = []
    for row in rows:
        if is_code_mark(row.text) or ("打印" in row.text and _PRINTED_AGAIN.search(row.text)):
            continue
        if row.has_signs and lexicon.PRINTED_AGAIN.touches(row.upper):
            continue
        if row.stamps and _is_print_time(row.upper):
            continue
        kept.append("".join(row.upper.split()))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _is_print_time(upper: str) -> bool:
    ranks = [rank for _, rank in lexicon.TIMES.find(upper)]
    numbered = any(rank != "other" for _, rank in lexicon.NUMBERS.find(upper))
    return _PRINT_RANK in ranks and not numbered
