"""Takes out of print data what belongs to a person: card numbers, payment codes, phones, names.

A job that leaves the till's sealed spool for the journal or for central goes through here (P10).
What is masked stays as long as it was, so that bytes of commands, pictures and columns keep their
places. Masking too much is the safe mistake: the facts of the receipt are kept beside the paper.
"""

import re
from collections.abc import Callable, Collection

from loyalty.codes import PaymentCode, classify

_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){10,23}(?![0-9])")
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_MONEY = re.compile(r"\s*[-+]?(?:RMB|CNY|\$)?\s*[0-9,]+(?:\.[0-9]{1,2})?\s*$")
_SHOWN = 4  # the last digits of a card or a phone, as slips show them
#: Labels behind which a person stands. The longest come first.
_PEOPLE = (
    "会员姓名", "客户姓名", "顾客姓名", "會員姓名", "客戶姓名", "顧客姓名", "会员手机", "手机号码",
    "收货人", "收貨人", "持卡人", "联系人", "聯絡人", "会员名", "手机号", "姓名", "手机", "會員",
    "会员", "顾客", "客户", "Cardholder", "Customer Name", "Member Name", "Customer", "Member",
    "Mobile", "Name",
)  # fmt: skip
_ENCODINGS = ("gb18030", "big5hkscs", "utf-8")
#: What a till prints between a label and its value: a colon, half or full width.
_COLONS = (":", "：")


def masked(text: str, keep: Collection[str] = ()) -> str:
    """Return printed text without what belongs to a person; numbers in `keep` stay readable."""
    return _masked(text, _TEXT_LABELS, keep)


def masked_job(raw: bytes, keep: Collection[str] = ()) -> bytes:
    """Return a print job without what belongs to a person, byte for byte as long as it was."""
    # Latin-1 is a text whose characters are the bytes; a label is looked for in each encoding.
    return _masked(raw.decode("latin-1"), _JOB_LABELS, keep).encode("latin-1")


def _labels(spell: Callable[[str], set[str]]) -> re.Pattern[str]:
    names = sorted({form for word in _PEOPLE for form in spell(word)}, key=len, reverse=True)
    colons = sorted({form for word in _COLONS for form in spell(word)}, key=len, reverse=True)
    either, colon = ("|".join(map(re.escape, words)) for words in (names, colons))
    return re.compile(rf"((?:{either})\s*(?:{colon}))([^\x00-\x1f]+)", re.IGNORECASE)


def _bytes_of(word: str) -> set[str]:
    forms = set()
    for encoding in _ENCODINGS:
        try:
            forms.add(word.encode(encoding).decode("latin-1"))
        except UnicodeEncodeError:
            continue  # no printer of that encoding can have printed this word
    return forms


_TEXT_LABELS = _labels(lambda word: {word})
_JOB_LABELS = _labels(_bytes_of)


def _masked(text: str, labels: re.Pattern[str], keep: Collection[str]) -> str:
    kept = {re.sub(r"[ -]", "", number) for number in keep}
    text = labels.sub(lambda found: found[1] + _person(found[2], kept), text)
    return _DIGITS.sub(lambda found: _number(found[0], kept), text)


def _person(value: str, kept: set[str]) -> str:
    """Mask what stands behind a label, but not a price (`会员: 12.00`) or a number to keep."""
    if _MONEY.match(value) or value.strip() in kept:
        return value
    return re.sub(r"\S", "*", value)


def _number(found: str, kept: set[str]) -> str:
    digits = re.sub(r"[ -]", "", found)
    if digits in kept:
        return found
    if not (_PHONE.fullmatch(digits) or isinstance(classify(digits), PaymentCode)):
        return found
    hidden = len(digits) - _SHOWN
    seen = 0
    out = []
    for sign in found:
        seen += sign.isdigit()
        out.append("*" if sign.isdigit() and seen <= hidden else sign)
    return "".join(out)
