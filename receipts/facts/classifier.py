"""What kind of paper a document is: sale, refund, report, kitchen ticket, card slip and more.

Heading words count, footer words do not: "no refund" at the bottom makes no refund. A word is a
heading within the first lines, centred, large, wrapped in marks, or alone on its line. The order
of the tests is the vocabulary's; a kind that never earns is preferred to one that does.
"""

import re

from msgspec import Struct

from loyalty.receipt import Kind
from receipts.facts.objections import TIP_BLANK
from receipts.text import lexicon, paper_words
from receipts.text.amount_words import Role
from receipts.text.rows import Row

HEADING_ROWS = 6
SALE_HEADING_ROWS = 20
PAYMENT_FIELDS_MIN = 4
REPORT_FIELDS_MIN = 2
#: Ways of payment with a count of payments each make a report: a receipt has one of each.
COUNTED_TENDERS_MIN = 2
#: Alone on a line these speak for the whole paper, wherever the till printed them.
ALONE_ANYWHERE = frozenset({"void", "training"})

_WRAPPED = re.compile(r"^\s*([*=#\-<【\[(~]+).+[*=#\->】\])~]+\s*$")
_MASKED_CARD = re.compile(r"(?:\*{4}|X{4})[ -]?\d{4}\b")
_PAYMENTS = re.compile(r"\d\s?笔|笔数|筆|\bTXNS?\b|\bTRANS\b")
_PRINT_COUNT = re.compile(r"第\s?(\d+)\s?次打印|打印次数\D{0,2}(\d+)")
_VALUE = re.compile(r"[:：]\s*\S")
_ORDER = tuple(paper_words.HEADINGS)
_LATIN_LETTER = re.compile("[A-Z]")
#: Parts of a number, which share a line with a heading (`QUOTATION Q-1182`).
_CODE = re.compile(r"\b[A-Z]*[-/]?\d[A-Z0-9/-]*")
#: `充值500送100` at the head of a paper is an advertisement.
_OFFER = re.compile(r"[充存储].{0,6}\d+.{0,3}[送赠返享得]|[满滿]\s?\d+")
#: A field that names what the paper is of, and its value.
_TYPE = re.compile(
    r"^\W*(?:(?:TRANS(?:ACTION)?|TXN|TRX|SALES?|DOC(?:UMENT)?|RECEIPT|BILL)?\.?\s?TYPE|TRANSACTION"
    r"|(?:交易|业务|單據|单据|销售|訂單|订单)?[类類][型别別])\s?[:：]\s*(?P<value>\S.*)$"
)
#: The number of a paper names it: `退货单号:TH0012`.
_NUMBERED = re.compile(r"^\W*(?P<paper>[^:#]+?) ?(?:NO|NUMBER|#|号|號)[.:# ]+\S")
_OFFERS = frozenset({"QUOTATION", "PROFORMA", "PRO FORMA", "报价单", "報價單"})
_TYPED = frozenset({"refund", "void", "topup", "deposit", "training"})
#: So much of a line must be the word for it to say that the paper was printed before.
_REPRINT_WEAK = frozenset({"复印", "副本", "DUPLICATE"})
_REPRINT_SHARE = 0.5
_WORD_CHARACTER = re.compile(r"\w")
#: What a slip of a terminal calls the amounts that it adds up.
_SLIP_AMOUNT = re.compile(r"\b(?:SALE|PURCHASE|BASE|AMOUNT|AMT)\b|消费|消費|金额|金額|交易")
_TOTALS = frozenset({Role.TOTAL, Role.OWED, Role.PAID})


class Classified(Struct, frozen=True):
    """The kind, the word that gave it, whether this is a reprint, and what speaks against it."""

    kind: Kind
    word: str | None
    reprint: bool
    sale_heading: bool
    headings: tuple[int, ...] = ()
    against: str | None = None  # a void's or refund's word that is no heading


def classify(rows: list[Row]) -> Classified:
    """Return the kind of a document by its words; the money may still correct a sale."""
    found: dict[str, str] = {}
    headings: list[int] = []
    sale_heading = False
    signs = [(at, row) for at, row in enumerate(rows) if row.has_signs]
    priced = next((at for at, row in enumerate(rows) if row.exact_amounts), len(rows))
    for at, row in signs:
        taken_off = any(amount.fen < 0 for amount in row.amounts)
        taken_off |= any(figure.role is Role.REFUND for figure in row.figures)
        listed = taken_off or (at > priced and bool(row.amounts))  # `取消 咖啡 -1` among goods
        may_be = not listed and _may_be_heading(row, at, len(rows))
        footer = lexicon.FOOTERS.touches(row.upper)
        kinds = lexicon.HEADINGS.find(row.upper) if may_be and not footer else []
        for term, kind in kinds:
            said = term if not term.isascii() else " ".join(t for t, k in kinds if k == kind)
            if _is_heading(row, at, said) and not (kind == "topup" and _OFFER.search(row.upper)):
                found.setdefault(kind, term)
                headings.append(row.index)
        if at >= SALE_HEADING_ROWS or footer or row.index in headings:
            continue
        sale_words = lexicon.SALE_HEADINGS.find(row.upper)
        if sale_words and not lexicon.ANYWHERE.touches(row.upper):  # `仅供核对,以结账单为准`
            sale_heading = True
            if may_be and _is_heading(row, at, sale_words[0][0]):
                headings.append(row.index)
    for _, row in signs:
        for term, kind in [*lexicon.ANYWHERE.find(row.upper), *_typed(row)]:
            found.setdefault(str(kind), term)
    again = [row for row in rows if "打印" in row.text and _is_printed_again(row)]
    reprint = bool(again) or any(_is_reprint(row) for _, row in signs)
    kind, word = _decide([row for _, row in signs], rows, found)
    against = _against_a_sale(rows) if kind is Kind.SALE else None
    return Classified(kind, word, reprint, sale_heading, tuple(headings), against)


def _against_a_sale(rows: list[Row]) -> str | None:
    """Return the word by which a row beside the goods speaks of a void or a refund (`作废时间`)."""
    for row in rows:
        if not row.has_signs or not row.stamps or lexicon.FOOTERS.touches(row.upper):
            continue
        for term, kind in lexicon.HEADINGS.find(row.upper):
            if kind in ("void", "refund") and row.upper.lstrip().startswith(term):
                return term
    return None


def _decide(signs: list[Row], rows: list[Row], found: dict[str, str]) -> tuple[Kind, str | None]:
    if "payment_slip" not in found and _is_payment_slip(signs, rows):
        found = {**found, "payment_slip": ""}
    if "report" not in found and (_counts_payments(rows) or _is_report(signs)):
        found = {**found, "report": ""}
    for name in _ORDER:
        if name in found:
            return Kind(name), found[name] or None
    return Kind.SALE, None


def _may_be_heading(row: Row, at: int, count: int) -> bool:
    if (row.exact_amounts and not row.large) or _VALUE.search(row.text):
        return False
    if _WRAPPED.match(row.text) or _is_alone(row):
        return True
    return at < HEADING_ROWS or (row.large and at < count - 1 and not row.amounts)


def _is_alone(row: Row) -> bool:
    words = row.upper.strip()
    return any(
        term == words and kind in ALONE_ANYWHERE for term, kind in lexicon.HEADINGS.find(words)
    )


def _is_heading(row: Row, at: int, term: str) -> bool:
    """Latin words make a heading only when little else is on the line: shops have names too."""
    if not term.isascii():
        return len(row.text.strip()) <= 24
    letters = len(_LATIN_LETTER.findall(_CODE.sub(" ", row.upper))) or 1
    share = len(_LATIN_LETTER.findall(term)) / letters
    if at == 0 and not _WRAPPED.match(row.text):
        return share > 0.9
    return share >= 0.5


def _is_reprint(row: Row) -> bool:
    if row.exact_amounts:
        return False
    if row.upper.strip(" *=-#") == "COPY":
        return True
    again = [term for term, what in lexicon.PRINTED_AGAIN.find(row.upper) if what == "reprint"]
    told = sum(len(_WORD_CHARACTER.findall(term)) for term in again)
    most = told >= _REPRINT_SHARE * len(_WORD_CHARACTER.findall(row.upper))
    if most or set(again) - _REPRINT_WEAK:
        return bool(again) and not lexicon.FOOTERS.touches(row.upper)
    return False


def _typed(row: Row) -> list[tuple[str, str]]:
    """Return the kinds that a field such as `交易类型:退货` names."""
    if (field := _TYPE.match(row.upper)) is not None:
        value = field["value"].strip()
        terms = lexicon.HEADINGS.find(value)
        return [each for each in terms if each[1] in _TYPED and 2 * len(each[0]) >= len(value)]
    if (numbered := _NUMBERED.match(row.upper)) is not None:
        paper = numbered["paper"].strip()
        terms = [each for each in lexicon.HEADINGS.find(paper) if each[0] == paper]
        return [each for each in terms if each[1] == "refund" or paper in _OFFERS]
    return []


def _is_printed_again(row: Row) -> bool:
    count = _PRINT_COUNT.search(row.text)
    return count is not None and int(count[1] or count[2]) > 1 and not row.exact_amounts


def _counts_payments(rows: list[Row]) -> bool:
    counted = 0
    for row in rows:
        tender = any(figure.role is Role.TENDER for figure in row.figures)
        counted += tender and _PAYMENTS.search(row.upper) is not None
    return counted >= COUNTED_TENDERS_MIN


def _is_report(signs: list[Row]) -> bool:
    fields = {term for row in signs for term, _ in lexicon.REPORT_FIELDS.find(row.upper)}
    return len(fields) >= REPORT_FIELDS_MIN


def _end_of_sale(rows: list[Row]) -> int:
    """Return the row of a total that stands below goods, the last row of all if none does.

    A terminal may print its slip on the same paper below the sale.
    """
    goods = [
        row.index for row in rows
        if row.exact_amounts and not (row.figures or row.stamps or row.in_tax_table)
        and not _SLIP_AMOUNT.search(row.upper)
    ]  # fmt: skip
    totals = [row.index for row in rows if any(each.role in _TOTALS for each in row.figures)]
    below = (at for at in totals if goods and at > goods[0])
    return next(below, rows[-1].index if rows else 0)


def _is_payment_slip(signs: list[Row], rows: list[Row]) -> bool:
    end = _end_of_sale(rows)
    above = (row for row in signs if row.index <= end)
    fields = {term for row in above for term, _ in lexicon.PAYMENT_FIELDS.find(row.upper)}
    missing = PAYMENT_FIELDS_MIN - len(fields)
    if 0 < missing <= 2 and any(TIP_BLANK.search(row.upper) for row in rows):
        missing -= 1
    if missing > 1 or (missing and not any(_MASKED_CARD.search(row.upper) for row in rows)):
        return False
    sums = {figure.role for row in rows for figure in row.figures}
    return not sums & {Role.SUBTOTAL, Role.CHANGE}
