"""The facts around the money: shop, branch, numbers, time and currency.

Each is taken by the words in front of it, best label first; a fact that is not printed stays None.
"""

import re

from msgspec import Struct

from loyalty.receipt import Kind
from paper.width import columns
from receipts.text import lexicon
from receipts.text.fold import RULE
from receipts.text.money import MARKS
from receipts.text.paper_words import BRANCH
from receipts.text.rows import Row, is_code_mark

HEADER_ROWS = 7
NEAR_ROWS = 3
#: Numbers of so many digits are cut by the edge of the paper.
LONG_NUMBER_MIN = 12

_VALUE = re.compile(
    r"\s?(?:NO|N0|N°|NUM|NUMBER|ID|编号|号码)?\s?[.:：#\[(\-]*\s{0,12}#?"
    r"(?P<value>(?:\d[\d]*(?: \d{3,})+|[A-Z0-9]*[A-Z0-9/_\-.]*\d[A-Z0-9/_\-.]*))"
)
#: Labels whose number may stand alone on the row below.
_LABELS_ALONE = (
    "单号",
    "編號",
    "编号",
    "小票号",
    "單號",
    "RECEIPT NO",
    "INVOICE NO",
    "BILL NO",
    "INV NO",
)
_LONE_NUMBER = re.compile(r"^(?=.*\d)[A-Z0-9][A-Z0-9/_-]{2,}$")
_HASHED = re.compile(r"^\W*#\s?(?P<value>\d{2,})\W*$")
_TAIWAN_INVOICE = re.compile(r"^\s*[A-Z]{2}-\d{8}\s*$")
_SHORT_DATE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}$")
_PRICE = re.compile(r"(?:RM)?\d+\.\d\d$")
_DIGITS_ONLY = re.compile(r"^\d+$")
_NAME = re.compile(r"[^\W\d_]{2,}")
_PERSONAL = re.compile(r"^\(?\s*\d{5,}[-\s]?[A-Z0-9]{0,2}\s*\)?$|^\W*\d+\W*$")
_MERCHANT_LABEL = re.compile(
    r"(?:商户名称|商戶名稱|商户|店名|门店|MERCHANT NAME|MERCHANT)\s*:\s*(.+)$", re.IGNORECASE
)


class Numbers(Struct, frozen=True):
    """The receipt's own number and the one it refers to.

    `again_row` is where the label of the own number stands once more with another value: a second
    receipt may have begun there, None when there is no such place.
    """

    own: str | None
    original: str | None
    again_row: int | None = None
    own_row: int | None = None


def numbers_of(rows: list[Row]) -> Numbers:
    """Return the numbers on the paper; a number cut by the paper's edge is joined again."""
    best: dict[str, tuple[str, int]] = {}
    own: dict[str, str] = {}
    again: int | None = None
    for at, row in enumerate(rows):
        below = rows[at + 1].text.strip() if at + 1 < len(rows) else ""
        labelled = _labelled(_without_times(row)) if row.has_signs else []
        for term, rank, value, end in labelled:
            if (
                rank != "original"
                and term != "NO"
                and own.setdefault(term, value) != value
                and again is None
            ):
                again = row.index
            wraps = end == len(row.upper.rstrip()) and _DIGITS_ONLY.match(below)
            cut = wraps and (
                _is_full(row, rows) or _goes_on_below(value, below, rows[at + 2 : at + 3])
            )
            whole = value + below if cut else value
            best.setdefault(rank, (whole, row.index))
        if row.upper.rstrip(" :：.#").endswith(_LABELS_ALONE) and _LONE_NUMBER.match(below):
            best.setdefault("own", (below, row.index))
        elif _TAIWAN_INVOICE.match(row.upper):
            best.setdefault("own", (row.upper.strip(), row.index))
        elif hashed := _HASHED.match(row.upper):
            best.setdefault("hashed", (hashed["value"], row.index))
    ranked = (best.get(rank) for rank in ("own", "order", "hashed"))
    number, at_row = next(filter(None, ranked), (None, None))
    original, _ = best.get("original") or (None, None)
    return Numbers(number, original, again, at_row)


def _goes_on_below(value: str, below: str, next_rows: list[Row]) -> bool:
    """Return whether digits under a long number end it: goods with a code have a price below."""
    priced = any(row.exact_amounts or not row.has_signs for row in next_rows)
    return len(value) >= LONG_NUMBER_MIN and len(below) < len(value) and not priced


def _is_full(row: Row, rows: list[Row]) -> bool:
    return columns(row.text) >= max(columns(each.text) for each in rows)


def _without_times(row: Row) -> str:
    """Blank out printed times; eight or fourteen bare digits may well be a number."""
    text = row.upper
    for stamp in row.stamps:
        if not text[stamp.start : stamp.end].isdigit():
            text = text[: stamp.start] + " " * (stamp.end - stamp.start) + text[stamp.end :]
    return text


def _labelled(text: str) -> list[tuple[str, str, str, int]]:
    """Return the labelled numbers on a line: label, rank, value and where the value ends."""
    found = []
    at = 0
    for term, rank in lexicon.NUMBERS.find(text):
        start = text.find(term, at)
        at = start + len(term)
        if rank == "other":
            continue
        match = _VALUE.match(text, at)
        if match is None or not any(char.isdigit() for char in match["value"]):
            continue
        value = match["value"].replace(" ", "").strip("-./_")
        if len(value) >= 2 and not (_SHORT_DATE.match(value) or _PRICE.match(value)):
            found.append((term, str(rank), value, match.end()))
    return found


def time_of(rows: list[Row]) -> tuple[str | None, int | None]:
    """Return the receipt's own date and time and the row of its date, None when none is printed."""
    dated: list[tuple[int, int, str, str | None]] = []
    clocks: list[tuple[int, int, str]] = []
    for at, row in enumerate(rows):
        cursor = 0
        for stamp in row.stamps:
            label = row.upper[cursor : stamp.start]
            cursor = stamp.end
            rank = _time_rank(label)
            if rank is None:
                continue
            if stamp.date is not None:
                dated.append((rank, at, stamp.date, stamp.time))
            elif stamp.time is not None:
                clocks.append((rank, at, stamp.time))
    if not dated:
        return None, None
    rank, at, date, clock = min(dated, key=lambda each: (each[0], each[3] is None, each[1]))
    if clock is None:
        clock = next((time for _, _, day, time in dated if day == date and time), None)
    if clock is None:
        near = [each for each in clocks if abs(each[1] - at) <= NEAR_ROWS or each[0] <= 1]
        clock = min(near, key=lambda each: (abs(each[1] - at), each[0]))[2] if near else "00:00:00"
    return f"{date}T{clock}", rows[at].index


def _time_rank(label: str) -> int | None:
    """Return how good the label before a time is, None for a time that is not the receipt's."""
    hits = lexicon.TIMES.find(label)
    if not hits:
        return 2
    ranks = [rank for _, rank in hits]
    if None in ranks:
        return None
    return min(rank for rank in ranks if isinstance(rank, int))


def merchant_of(
    rows: list[Row], headings: tuple[int, ...], kind: Kind
) -> tuple[str | None, str | None, int | None]:
    """Return the shop's name, its branch, and the name's row at the head of the paper."""
    for row in rows if kind in (Kind.PAYMENT_SLIP, Kind.INVOICE_SLIP) else ():
        labelled = _MERCHANT_LABEL.search(row.text)
        if labelled:
            return labelled[1].strip(), None, row.index
    head = rows[:HEADER_ROWS]
    for at, row in enumerate(head):
        text = row.text.strip()
        if _is_labelled(row):
            break
        if row.index in headings or not _NAME.search(text) or not _is_name(row):
            continue
        below = head[at + 1] if at + 1 < len(head) else None
        return text, _branch(below, headings), row.index
    return None, None, None


def _is_labelled(row: Row) -> bool:
    """The header with the shop's name ends at the first number, table or time of the sale."""
    return bool(row.stamps) or (":" in row.text and bool(lexicon.NUMBERS.find(row.upper)))


def _is_name(row: Row) -> bool:
    text = row.text.strip()
    if row.stamps or row.exact_amounts or _PERSONAL.match(text) or RULE.match(text):
        return False
    if is_code_mark(text) or text[:1] in "【*=#[":
        return False
    marks = lexicon.PRINTED_AGAIN.find(row.upper)
    if ":" in text or any(len(text) < len(mark) + 5 or value == "reprint" for mark, value in marks):
        return False
    if lexicon.HEADINGS.find(row.upper) and not text.isascii():
        return False
    if not lexicon.NOT_A_SHOP.find(row.upper):
        return True
    return text.isascii() and not lexicon.SALE_HEADINGS.find(row.upper)


def _branch(row: Row | None, headings: tuple[int, ...]) -> str | None:
    if row is None or row.index in headings or row.stamps or row.exact_amounts:
        return None
    text = row.text.strip()
    if text.isascii() or ":" in text or lexicon.SALE_HEADINGS.find(row.upper):
        return None
    return text.strip("()") if BRANCH.search(text) else None


#: Words that name a currency anywhere on the paper, behind the letters that must be there at all.
_CUES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("MYR", ("BHD", "RM", "MYR", "RINGGIT", "TNG", "SST", "DUITNOW", "TUNAI"),
     re.compile(r"\bSDN\.?\s*BHD\b|(?<![A-Z])RM(?![A-Z])|\bMYR\b|RINGGIT|\bTNG\b|\bSST\b|DUITNOW"
                r"|\bTUNAI\b")),
    ("SGD", ("LTD", "S$", "SGD", "PAYNOW", "9%", "PAYLAH", "NETS"),
     re.compile(r"\bPTE\.?\s*LTD\b|(?<![A-Z])S\$|\bSGD\b|PAYNOW|PAYLAH|\b9% ?GST|GST ?9%"
                r"|\bNETS\b")),
    ("HKD", ("HK", *"枱續贖埋", "茶芥", "八達通", "轉數快", "香港", "加一", "九龍", "新界"),
     re.compile(r"HK\$|八達通|轉數快|\bHKD\b|香港|找續|找贖|加一|茶芥|枱|埋單|九龍|新界")),
    ("TWD", ("NT", "統一", "TWD", "發票", "載具", "悠遊"),
     re.compile(r"NT\$|統一編號|統一發票|\bTWD\b|\bNTD\b|電子發票|載具|悠遊")),
    ("MOP", ("MOP", "澳門"), re.compile(r"\bMOP\b|澳門")),
    ("CNY", ("¥", "RMB", "CNY", "元"), re.compile(r"¥|\bRMB\b|\bCNY\b|元")),
)  # fmt: skip

#: A mark of a currency on the line of the total, also where blanks part it from the amount.
_MARK = re.compile(
    "|".join(
        rf"(?<![A-Z]){re.escape(mark)}(?![A-Z])" for mark, currency in MARKS.items() if currency
    )
)
_KANA = re.compile("[\u3041-\u30fa]")
KANA_ROWS_MIN = 3
_ANY_CUE = re.compile("|".join(re.escape(each) for _, letters, _ in _CUES for each in letters))


def currency_of(rows: list[Row], default: str, total_row: int | None) -> str:
    """Return the currency the paper names, else `default`.

    The mark on the total itself decides; else a default that is named too wins.
    """
    kana = sum(1 for row in rows if _KANA.search(row.text)) >= KANA_ROWS_MIN
    yen = {"CNY": "JPY"} if kana or default == "JPY" else {}  # both are written ¥
    total = [row for row in rows if row.index == total_row]
    own = {MARKS[mark] for row in total for mark in _MARK.findall(row.upper) if MARKS[mark]}
    if len(own) == 1:
        named_there = own.pop()
        return yen.get(str(named_there), str(named_there))
    marks = {amount.mark for row in rows for amount in row.amounts if amount.mark}
    marks = {yen.get(mark, mark) for mark in marks}
    if default in marks:
        return default
    if len(marks) == 1:
        return next(iter(marks))
    text = "\n".join(row.upper for row in rows)
    named = [
        currency
        for currency, letters, cue in (_CUES if _ANY_CUE.search(text) else ())
        if any(each in text for each in letters) and cue.search(text)
    ]
    if named and default not in named:
        return named[0]
    # A paper in Latin letters with bare dollars and nothing Chinese or Malay is American.
    dollars = "$" in text and text.isascii()
    return "USD" if not named and dollars and default == "CNY" else default
