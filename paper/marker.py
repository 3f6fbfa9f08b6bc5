"""The words by which our own paper is known, so that a tap never takes our slip for a sale.

Every paper of ours begins with `OWN_PRINT_MARK`, followed by one of `HEADINGS`. Whoever reads a
print job asks `is_own_print`; whoever lays out paper takes its heading from here.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Literal

Lang = Literal["zh", "en"]

_NAME = "TILLPOINTS"
OWN_PRINT_MARK = f"积分联 {_NAME}"
COPY_BANNER = "副本 COPY"

# Sixteen columns at most, so that a heading of double size stays in one line on 58 mm paper.
HEADINGS: dict[str, dict[Lang, str]] = {
    "award": {"zh": "积分凭条", "en": "POINTS SLIP"},
    "claim": {"zh": "积分认领凭条", "en": "CLAIM SLIP"},
    "refund": {"zh": "退货扣分凭条", "en": "REFUND SLIP"},
    "redemption": {"zh": "兑换凭条", "en": "REDEMPTION SLIP"},
    "parking": {"zh": "停车券", "en": "PARKING VOUCHER"},
    "cancellation": {"zh": "取消兑换凭条", "en": "CANCELLATION"},
    "review": {"zh": "待处理凭条", "en": "REVIEW NOTICE"},
    "activity": {"zh": "活动登记凭条", "en": "ACTIVITY SLIP"},
    "balance": {"zh": "积分余额", "en": "POINTS BALANCE"},
    "statement": {"zh": "积分对账单", "en": "POINTS STATEMENT"},
}

_WORDS = frozenset(words for heading in HEADINGS.values() for words in heading.values())
_HEAD_LINES = 6


def is_own_print(lines: Sequence[str]) -> bool:
    """Return whether paper with these text lines is ours: our name, and one of our headings.

    Only the Latin part of the mark is asked for: an English slip holds so little Chinese that a
    reader may take its encoding for another.
    """
    head = list(islice(filter(None, map(str.strip, lines)), _HEAD_LINES))
    named = any(_NAME in line.split() for line in head)
    return named and not _WORDS.isdisjoint(head)
