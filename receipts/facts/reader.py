"""What one paper says: its kind and its facts, with amounts settled by arithmetic.

Owns the order in which the parts of this room are asked. It decides nothing about points.
"""

import re

from msgspec import Struct, structs

from loyalty.receipt import EARNING_KINDS, Item, Kind, Tender
from paper.marker import is_own_print
from receipts.facts.classifier import Classified, classify
from receipts.facts.digest import text_digest
from receipts.facts.fields import currency_of, merchant_of, numbers_of, time_of
from receipts.facts.objections import Objection, deposit_alone, objection_of
from receipts.facts.torn import another_below, has_lost_digit, lost_amount
from receipts.stream.segmenter import Document
from receipts.sums.settle import Settlement, settle
from receipts.sums.sheet import Sheet
from receipts.sums.tally import sheet_of
from receipts.text import lexicon
from receipts.text.amount_words import Role
from receipts.text.paper_words import WEAK_PRE_BILL
from receipts.text.rows import Figure, Row, rows_of

_WITH_GOODS = EARNING_KINDS | {Kind.TRAINING, Kind.DELIVERY_ORDER, Kind.PRE_BILL, Kind.ON_ACCOUNT}
_NO_AMOUNT = {Kind.REPORT, Kind.KITCHEN_TICKET, Kind.REDEMPTION_SLIP}
_UNPAID = re.compile("OUTSTANDING|UNPAID|OWING|未付|待付|欠")
_DEPOSIT = re.compile("[定订訂押]金|DEPOSIT")
_BACK = re.compile("REFUND|^退|退[款回还還]")
#: So many sums without their amounts make a receipt that was printed badly.
BARE_LABELS_MIN = 2
#: Currencies of places that write the day first.
DAY_FIRST = frozenset({"HKD", "MOP", "MYR", "SGD", "GBP", "EUR", "AUD"})
_SHORT_DATE = re.compile(r"(?<!\d)\d{1,2}[/.-]\d{1,2}[/.-]\d{2}(?!\d)")
_NO_NUMBER = {Kind.PAYMENT_SLIP, Kind.REPORT, Kind.REDEMPTION_SLIP}


class Source(Struct, frozen=True):
    """The line that a fact was read from, counted from 0."""

    field: str
    line: int


class Facts(Struct, frozen=True):
    """The facts of a paper. `currency` is None where no amount is printed."""

    classified: Classified
    kind: Kind
    settled: Settlement | None
    items: tuple[Item, ...]
    merchant: str | None
    branch: str | None
    number: str | None
    original_number: str | None
    printed_at: str | None
    currency: str | None
    text_digest: str
    another_below: bool  # a second receipt seems to begin below the sums
    takes_back: str | None  # words of a refund or void on what looks like a sale
    objection: str | None = None  # words that say it is no completed sale of goods
    lost_amount: str | None = None  # the label of a sum that has lost its amount
    cents: bool = False  # amounts are printed with cents
    worn: bool = False  # some number is damaged: letters, blanks or a missing digit in it
    ends_row: int = 0  # the last row that says anything
    sources: tuple[Source, ...] = ()
    off_fen: tuple[int, ...] = ()  # each amount that something takes off


def facts_of(document: Document, currency: str, date_order: str) -> Facts:
    """Return what the paper says; `currency` where it names none, `date_order` for short dates."""
    lines = document.lines
    rows = rows_of(lines, date_order)
    if date_order == "ymd" and _is_day_first(rows, currency):
        rows = rows_of(lines, "dmy")
    sheet = sheet_of(rows)
    classified = classify(rows)
    if is_own_print([line.text for line in lines]):
        classified = structs.replace(classified, kind=Kind.REDEMPTION_SLIP)
    settled = settle(sheet, classified.kind)
    numbers = numbers_of(rows)
    kind = _kind(classified, settled, sheet)
    objection = _objection(kind, rows, sheet, settled, numbers.own)
    if objection is not None:
        kind = objection.kind or kind
    settled = _signed(kind, settled, sheet)
    merchant, branch, name_row = merchant_of(rows, classified.headings, kind)
    number = None if kind in _NO_NUMBER else numbers.own
    printed_at, time_row = time_of(rows)
    sums_end = settled.row if settled else 0
    origins = {
        "merchant": name_row, "number": numbers.own_row if number else None, "time": time_row,
        "total": settled.row if settled else None,
    }  # fmt: skip
    money = settled is not None or any(row.exact_amounts for row in rows)
    return Facts(
        classified=classified,
        kind=kind,
        settled=settled,
        items=_signed_items(sheet.goods.items, kind) if kind in _WITH_GOODS else (),
        merchant=merchant,
        branch=branch,
        number=number,
        original_number=numbers.original or (number if kind is Kind.VOID else None),
        printed_at=printed_at,
        currency=currency_of(rows, currency, settled.row if settled else None) if money else None,
        text_digest=text_digest(rows),
        another_below=another_below(rows, sums_end, name_row, numbers.again_row),
        takes_back=_takes_back(classified, sheet),
        objection=objection.words if objection else None,
        lost_amount=lost_amount(rows),
        cents=sheet.cents,
        worn=any(row.worn or (sheet.cents and has_lost_digit(row)) for row in rows),
        ends_row=rows[-1].index if rows else 0,
        sources=tuple(Source(field, row) for field, row in origins.items() if row is not None),
        off_fen=tuple(abs(f.fen) for f in sheet.of(Role.DISCOUNT) if f.exact and f.fen),
    )


def _is_day_first(rows: list[Row], currency: str) -> bool:
    """Return whether a paper with a date of three short numbers is of a place that writes 8/11/25.

    Years first is the habit of China and Taiwan, and the order when nobody named another.
    """
    short = any(row.stamps and _SHORT_DATE.search(row.text) for row in rows)
    return short and currency_of(rows, currency, None) in DAY_FIRST


def _objection(
    kind: Kind, rows: list[Row], sheet: Sheet, settled: Settlement | None, number: str | None
) -> Objection | None:
    if kind is not Kind.SALE or settled is None:
        return None
    goods, paid = sheet.goods, bool(settled.tenders)
    said = objection_of(rows, goods.items, goods.last_row, number=number, paid=paid)
    said = said or deposit_alone(rows, settled.owed_fen) or _given_back(sheet, settled)
    said = said or _still_owed(sheet)
    return said or _unused_discount(sheet, settled)


def _still_owed(sheet: Sheet) -> Objection | None:
    """Return the label of what is left to pay, not of what others at the table pay."""
    rest = [] if sheet.of(Role.WHOLE) else sheet.of(Role.NOT_MONEY)
    left = (each for each in rest if each.exact and each.fen > 0)
    label = next((each.label for each in left if _UNPAID.search(each.label)), None)
    return Objection(label) if label is not None else None


def _given_back(sheet: Sheet, settled: Settlement) -> Objection | None:
    """Return the label by which all of the amount went back to the customer."""
    refunds = [each for each in sheet.of(Role.REFUND) if each.exact and not _is_term(each)]
    tenders = sheet.of(Role.TENDER)
    if tenders and all(_BACK.search(each.label) for each in tenders):
        refunds += tenders
    if not tenders:
        refunds += [each for each in sheet.of(Role.CHANGE) if _BACK.search(each.label)]
    label = next((each.label for each in refunds if abs(each.fen) == settled.owed_fen), None)
    return Objection(label, Kind.REFUND) if label is not None else None


def _unused_discount(sheet: Sheet, settled: Settlement) -> Objection | None:
    """Return what was taken off and is not in the amount, where no payment proves the amount.

    A figure of the amount may be damaged into the sum of the goods.
    """
    if "tender" in settled.checks or settled.owed_fen != sheet.goods.sum_fen:
        return None
    steps = settled.chain.steps_fen if settled.chain else ()
    off = (each for each in sheet.of(Role.DISCOUNT) if each.fen < 0 and each.exact)
    label = next((each.label for each in off if each.fen not in steps), None)
    return Objection(label) if label is not None else None


def _takes_back(classified: Classified, sheet: Sheet) -> str | None:
    refunds = [item.name for item in sheet.goods.items if _is_returned(item)]
    refunds += [each.label for each in sheet.of(Role.REFUND) if each.exact or not _is_term(each)]
    tenders = (figure.label for figure in sheet.of(Role.TENDER))
    refunds += [label for label in tenders if _BACK.search(label)]
    return classified.against or next(iter(refunds), None)


def _is_term(figure: Figure) -> bool:
    """`退款将于3日内退回` has a number and is no sum."""
    return lexicon.FOOTERS.touches(figure.label)


def _is_returned(item: Item) -> bool:
    """A negative count of goods at a price that is not negative: a sign is lost."""
    return item.quantity.startswith("-") and item.amount_fen > 0


def _kind(classified: Classified, settled: Settlement | None, sheet: Sheet) -> Kind:
    """Return the kind after the money has spoken."""
    kind = classified.kind
    if kind is Kind.PRE_BILL and classified.word in WEAK_PRE_BILL and settled is not None:
        return Kind.SALE if "tender" in settled.checks else kind
    if kind is not Kind.SALE:
        return kind
    if settled is None:
        return (
            Kind.SALE
            if sheet.goods.items or len(sheet.bare_labels) >= BARE_LABELS_MIN
            else Kind.OTHER
        )
    tenders = {tender.kind for tender in settled.tenders}
    value = _stored_value(sheet, settled)
    if value is not None:
        return value
    if tenders == {"on_account"}:
        return Kind.ON_ACCOUNT
    if (tenders or {sheet.named_tender or ""}) == {"platform_online"}:
        return Kind.DELIVERY_ORDER
    return Kind.REFUND if settled.owed_fen < 0 else Kind.SALE


def _stored_value(sheet: Sheet, settled: Settlement) -> Kind | None:
    """Return what it is when all that was sold is stored value or a deposit."""
    sold = [item for item in sheet.goods.items if item.amount_fen > 0]
    if not sold or not all(item.topup for item in sold) or "goods" not in settled.checks:
        return None
    taken = any(_DEPOSIT.search(item.name.upper()) for item in sold)
    return Kind.DEPOSIT if taken else Kind.TOPUP


def _signed(kind: Kind, settled: Settlement | None, sheet: Sheet) -> Settlement | None:
    """Refunds and voids are negative whatever sign was printed; reports owe nothing."""
    if settled is None or kind in _NO_AMOUNT:
        return None
    refunded = any(figure.row == settled.row for figure in sheet.of(Role.REFUND))
    takes_back = kind in (Kind.REFUND, Kind.VOID) or (kind is Kind.EXCHANGE and refunded)
    if not takes_back or settled.owed_fen <= 0:
        return settled
    tenders = tuple(Tender(each.kind, -abs(each.amount_fen)) for each in settled.tenders)
    return structs.replace(settled, owed_fen=-settled.owed_fen, tenders=tenders)


def _signed_items(items: tuple[Item, ...], kind: Kind) -> tuple[Item, ...]:
    if kind not in (Kind.REFUND, Kind.VOID):
        return items
    return tuple(structs.replace(item, amount_fen=-abs(item.amount_fen)) for item in items)
