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
    "US$": "USD", "¥": "CNY", "$": None, "元": "CNY",
}  # fmt: skip

_MARK = "|".join(re.escape(mark) for mark in MARKS)
_NUMBER = re.compile(
    rf"""
    (?P<open>\()?\s?
    (?P<sign>[-+])?\s?
    (?P<mark>(?<![A-Z])(?:{_MARK}))?[\s:]{{0,3}}
    (?P<sign2>[-+])?\s?
    (?P<digits>
        \d{{1,3}}(?:,\s?\d{{3}})+(?:\s?\.\s?\d{{1,4}})?    # 1,477.00
      | \d{{1,7}}\s?[.]\s?\d{{2,4}}(?!\d)                  # 98.00, 12 .50
      | \d{{1,7}}\.\d(?!\d)                                # 12.5
      | \d{{1,7}},\d{{2}}(?!\d)                            # 12,50
      | (?<![\d.])\.\d{{2}}(?!\d)                        # .05
      | \d{{1,9}}(?!\d)
    )
    (?P<close>\))?
    (?P<after>-(?![\w]))?
    (?P<yuan>元)?
    """,
    re.VERBOSE,
)
_OCR_TOKEN = re.compile(r"(?<![A-Za-z])[0-9OolISBDQ]{1,6}[.,]\s?[0-9OolISBDQ]{2}(?![A-Za-z0-9])")
_OCR_DIGITS = str.maketrans("OoDQlIS", "0000115")

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
    """Return the line with letters that OCR put for digits inside amounts turned back."""
    if "." not in line and "," not in line:
        return line
    return _OCR_TOKEN.sub(_digits, line)


def _digits(token: re.Match[str]) -> str:
    if not any(char.isdigit() for char in token[0]):
        return token[0]
    return token[0].translate(_OCR_DIGITS)


def amounts(line: str) -> list[Amount]:
    """Return the amounts on a folded line, left to right; percentages and codes are left out."""
    found = []
    for match in _NUMBER.finditer(line):
        amount = _amount(line, match)
        if amount is not None:
            found.append(amount)
    return found


def _amount(line: str, match: re.Match[str]) -> Amount | None:
    start, end = match.start("digits"), match.end("digits")
    before, after = line[start - 1 : start], line[end : end + 1]
    marked = match["mark"] or match["yuan"]
    if before.isalnum() and not match["mark"] and before.isascii():
        return None  # the tail of a code
    if (after in "%％折" and after) or re.match(r"\s?%", line[end : end + 2]):
        return None
    if after.isascii() and after.isalpha() and not _unit_after(line, end):
        return None
    if before and before in "/#.'" or _goes_on(line, end):
        return None  # a part of a date, a time or a code
    fen, decimals = _value(match["digits"])
    if before == "*" and not decimals:
        return None  # the end of a masked number
    if fen > AMOUNT_MAX_FEN:
        return None
    negative = "-" in (match["sign"], match["sign2"]) or bool(match["after"])
    if match["open"] and match["close"] and decimals:
        negative = True
    glued = line[match.start("sign") - 1 : match.start("sign")].isalnum()
    if match["sign"] == "-" and glued and not decimals:
        return None  # 12-34: a code
    exact = decimals == 2 or marked is not None
    mark = MARKS.get(match["mark"] or "元") if marked else None
    left = next(
        at for at in (match.start("sign"), match.start("mark"), match.start("sign2"), start)
        if at >= 0
    )
    return Amount(-fen if negative else fen, left, match.end(), exact, mark, decimals)


def _goes_on(line: str, end: int) -> bool:
    return line[end : end + 1] in ("/", ":") and line[end + 1 : end + 2].isdigit()


def _unit_after(line: str, end: int) -> bool:
    """Tax codes (`75.00SR`, `19.80 S`) and `x` may stand right behind an amount."""
    return re.match(r"(?:[xX]\s?\d|(?:SR|ZRL|ZR|TX|S|Z|T|E|A|B)\b)", line[end:]) is not None


def _value(digits: str) -> tuple[int, int]:
    plain = digits.replace(" ", "")
    if re.fullmatch(r"\d{1,7},\d{2}", plain):
        plain = plain.replace(",", ".")
    whole, _, part = plain.replace(",", "").partition(".")
    fen = int(whole or 0) * 100 + int((part + "00")[:2])
    return fen, len(part)


_CAPITALS = {char: value for value, chars in enumerate(
    ("零〇", "壹一", "贰貳二", "叁參三", "肆四", "伍五", "陆陸六", "柒七", "捌八", "玖九")
) for char in chars}  # fmt: skip
_SCALES = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}
IN_WORDS = re.compile("[零〇壹贰貳叁參肆伍陆陸柒捌玖拾佰仟万萬元圆圓角分整正]{3,}")


def in_words(text: str) -> int | None:
    """Return the fen of an amount in Chinese capitals (壹仟伍佰元整), None if it is none."""
    found = IN_WORDS.search(text)
    if found is None or not re.search("[元圆圓]", found[0]):
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
