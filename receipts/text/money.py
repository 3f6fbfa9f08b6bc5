"""Amounts as they are printed, as integers of the minor unit. Never floats.

Owns the spellings: thousands commas, signs before and after, parentheses, currency marks, one
decimal, and the digit confusions of OCR (O for 0, l for 1) where a number is certain to stand.
"""

import re

from msgspec import Struct

#: Currency marks as printed; longer ones first. None: the mark names no single currency.
MARKS: dict[str, str | None] = {
    "HK$": "HKD", "NT$": "TWD", "MOP$": "MOP", "MOP": "MOP", "S$": "SGD", "SGD": "SGD",
    "HKD": "HKD", "TWD": "TWD", "MYR": "MYR", "RMB": "CNY", "CNY": "CNY", "RM": "MYR", "RN": "MYR",
    "US$": "USD", "USD": "USD", "EUR": "EUR", "€": "EUR", "GBP": "GBP", "£": "GBP", "JPY": "JPY",
    "THB": "THB", "AUD": "AUD", "KRW": "KRW", "¥": "CNY", "$": None, "元": "CNY",
}  # fmt: skip

_MARK = "|".join(re.escape(mark) for mark in MARKS)
_NUMBER = re.compile(
    r"""
    (?P<digits>
        \d{1,3}(?:,\s?\d{3})+(?:\s?\.\s?\d{1,4})?    # 1,477.00
      | \d{1,3}(?:\.\d{3})+[.,]\d{2}(?!\d)           # 1.477,00
      | \d{1,7}\s?\.{1,2}\s?\d{2,4}(?!\d)             # 98.00, 12 .50, 12..50
      | \d{1,7}\.\d(?!\d)                            # 12.5
      | \d{1,7},\d{2}(?!\d)                          # 12,50
      | (?<![\d.])\.\d{2}(?!\d|\.\d)                 # .05
      | \d{1,9}(?!\d)
    )
    (?P<close>\))?
    (?P<after>-(?![\w]))?
    (?P<yuan>元)?
    """,
    re.VERBOSE,
)
#: What may stand in front of the digits: parenthesis, sign, currency mark, sign again.
_LEAD = re.compile(
    rf"(?P<open>\()?\s?(?P<sign>[-+])?\s?"
    rf"(?P<mark>(?<![A-Z])(?:{_MARK}))?[\s:.]{{0,3}}(?P<sign2>[-+])?\s?$"
)
_LEAD_MAX = 12
#: A lead ends in one of these; for any other character in front the search is spared.
_LEAD_ENDS = frozenset("(-+:." + "".join(mark[-1] for mark in MARKS))
_DIGIT = re.compile(r"\d")
_PER_CENT = re.compile(r"\s?%|[％折]")
#: A price per weight, piece or hour is no amount.
_PER_UNIT = re.compile(
    r"元?\s?/\s?(?:[\u4e00-\u9fff]"
    r"|\d{0,4}\s?(?:KG|G|L|ML|LTR|LITRE|LB|LBS|PCS?|EA|HR|HOUR|DAY)\b)",
    re.IGNORECASE,
)
_OCR_TOKEN = re.compile(
    r"(?:(?<![A-Za-z])|(?<=RM))[0-9OolISBDQ]{1,6}[.,]\s?[0-9OolISBDQ]{2}(?![A-Za-z0-9])"
)
_OCR_LETTER = re.compile("[OolISBDQ]")
#: Two columns without the blank between them: `8.0016.00`.
_GLUED = re.compile(r"(?<![\d.])(\d{1,6}\.\d\d)(?=\d{2,6}\.\d\d(?![\d.]))")
#: A label without the blank behind it: `TOTAL22.00`.
_GLUED_LABEL = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{3,}$")
_OCR_DIGITS = str.maketrans("OoDQlIS", "0000115")

#: Tax codes (`75.00SR`, `19.80 S`) and `x` may stand right behind an amount.
_UNIT_AFTER = re.compile(r"[xX]\s?\d|(?:SR|ZRL|ZR|TX|[A-FH-KN-Z])\b")

#: No till receipt we read is larger (ten million units); beyond it a number is a code.
AMOUNT_MAX_FEN = 1_000_000_000


class Amount(Struct, frozen=True):
    """A number on a line: its value, where it stands, and whether it must be money.

    `exact` is True with two decimals or a currency mark; a plain integer may be a count.
    """

    fen: int
    start: int
    end: int
    exact: bool
    mark: str | None = None
    decimals: int = 0


def repair(line: str) -> str:
    """Return the line with its amounts parted and letters that OCR put for digits turned back."""
    if "." not in line and "," not in line:
        return line
    if line.count(".") > 1:
        line = _GLUED.sub(r"\1 ", line)
    return _OCR_TOKEN.sub(_digits, line) if _OCR_LETTER.search(line) else line


def _digits(token: re.Match[str]) -> str:
    if not any(char.isdigit() for char in token[0]):
        return token[0]
    return token[0].translate(_OCR_DIGITS)


def amounts(line: str) -> list[Amount]:
    """Return the amounts on a folded line, left to right; percentages and codes are left out."""
    found: list[Amount] = []
    if not _DIGIT.search(line):
        return found
    for match in _NUMBER.finditer(line):
        amount = _amount(line, match)
        if amount is not None:
            found.append(amount)
    return found


def _amount(line: str, match: re.Match[str]) -> Amount | None:
    digits, close, minus, yuan = match.groups()
    start, end = match.span("digits")
    before, after = line[start - 1 : start], line[end : end + 1]
    at, lead_mark, opened, negative = _lead(line, start)
    if not lead_mark and before.isascii() and before.isalnum():
        labelled = digits[-3:-2] == "." and _GLUED_LABEL.search(line, max(0, start - 20), start)
        if not labelled:
            return None  # the tail of a code
    if (before and before in "/#'") or (before == "." and not lead_mark):
        return None
    if _goes_on(line, end, after):
        return None  # a rate, or a part of a date, a time or a code
    if after.isascii() and after.isalpha() and not _UNIT_AFTER.match(line, end):
        return None
    fen, decimals = _value(digits)
    glued = negative and line[max(0, at - 1) : at].isalnum()
    mark = lead_mark or yuan
    coded = not decimals and (glued or _is_part_of_a_code(line, start, end))
    if fen > AMOUNT_MAX_FEN or coded:
        return None
    enclosed = opened and close is not None and decimals > 0
    return Amount(
        fen=-fen if negative or minus or enclosed else fen,
        start=at,
        end=match.end(),
        exact=decimals == 2 or (mark is not None and decimals < 3),
        mark=MARKS[mark] if mark else None,
        decimals=decimals,
    )


def _is_part_of_a_code(line: str, start: int, end: int) -> bool:
    """Return whether digits are of a number that counts nothing: `0451`, `** 1234`, `1234**`."""
    leading = line[start] == "0" and end - start > 2
    return leading or line[:start].rstrip().endswith("*") or line.startswith("**", end)


def _lead(line: str, start: int) -> tuple[int, str | None, bool, bool]:
    """Return where sign and mark begin, the mark, whether a parenthesis opens, and the sign."""
    lead_at = max(0, start - _LEAD_MAX)
    text = line[lead_at:start]
    if text.rstrip()[-1:] not in _LEAD_ENDS:
        return start, None, False, False
    lead = _LEAD.search(text)
    assert lead is not None  # every part of it may be absent
    opened, sign, mark, sign2 = lead.groups()
    at = next((lead.start(name) for name in ("sign", "mark", "sign2") if lead[name]), len(text))
    return lead_at + at, mark, opened is not None, "-" in (sign, sign2)


def _goes_on(line: str, end: int, after: str) -> bool:
    if after == "" or after in "\n)":
        return False
    if after == " ":
        return line.startswith("%", end + 1)
    if after == "元" and "/" in line:
        return _PER_UNIT.match(line, end) is not None
    if after in "/:":
        return line[end + 1 : end + 2].isdigit() or _PER_UNIT.match(line, end) is not None
    return _PER_CENT.match(line, end) is not None


def _value(digits: str) -> tuple[int, int]:
    whole, point, part = digits.partition(".")
    if whole.isdigit() and (part.isdigit() or not point):
        return int(whole) * 100 + int((part + "00")[:2]), len(part)
    plain = digits.replace(" ", "").replace("..", ".")
    if plain.count(".") > 1 or plain.rfind(",") > plain.find(".") >= 0:  # 1.250.00, 1.250,00
        plain = f"{plain[:-3].replace('.', '')}.{plain[-2:]}"
    elif "," in plain:
        cents = plain[-3:-2] == "," and plain.count(",") == 1 and "." not in plain
        plain = plain.replace(",", "." if cents else "")
    whole, _, part = plain.partition(".")
    fen = int(whole or 0) * 100 + int((part + "00")[:2])
    return fen, len(part)


_CAPITALS = {char: value for value, chars in enumerate(
    ("零〇", "壹一", "贰貳二", "叁參三", "肆四", "伍五", "陆陸六", "柒七", "捌八", "玖九")
) for char in chars}  # fmt: skip
_SCALES = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
IN_WORDS = re.compile("[零〇壹贰貳叁參肆伍陆陸柒捌玖拾佰仟万萬元圆圓角分整正]{3,}")


def in_words(text: str) -> int | None:
    """Return the fen of an amount in Chinese capitals (壹仟伍佰元整), None if it is none."""
    if not ("元" in text or "圆" in text or "圓" in text):
        return None
    found = IN_WORDS.search(text)
    if found is None or not any(char in "元圆圓" for char in found[0]):
        return None
    total = section = digit = 0
    for char in found[0]:
        if char in _CAPITALS:
            digit = _CAPITALS[char]
        elif char in _SCALES:
            section += (digit or 1) * _SCALES[char]
            digit = 0
        elif char in "万萬":
            total += (section + digit) * 10_000
            section = digit = 0
        elif char in "元圆圓":
            total = (total + section + digit) * 100
            section = digit = 0
        elif char == "角":
            total += digit * 10
            digit = 0
        elif char == "分":
            total += digit
            digit = 0
    return total


def decimal(fen: int) -> str:
    """Return an amount in minor units as a decimal string with two places."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"
