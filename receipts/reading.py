"""The door of this room: a print job or a text in, readings with their decisions out.

A reading never awards on words alone: an amount must be supported by arithmetic on the paper, or a
person is asked. Everything here is a pure function of the job and the options.
"""

import hashlib
import re

from msgspec import Struct, structs

from loyalty.earning import eligible_fen
from loyalty.receipt import EARNING_KINDS, Item, Kind, Receipt, Tender
from paper.marker import is_own_print
from receipts import lexicon
from receipts.amount_words import Role
from receipts.classifier import Classified, classify
from receipts.decoder import Decoder
from receipts.dialects import ALTERNATIVES
from receipts.elements import Doubt, Element, Line, Run
from receipts.fields import KNOWN_CURRENCIES, currency_of, merchant_of, numbers_of, time_of
from receipts.fold import RULE, close_up, fold
from receipts.items import Goods, goods_of
from receipts.money import decimal, in_words
from receipts.reasons import Reason, reason
from receipts.rows import Figure, Row, is_code_mark, rows_of
from receipts.segmenter import Document, split
from receipts.settle import Settlement, Sheet, settle

AWARD_SCORE_MIN = 4
JOB_MAX = 4 << 20
TOO_LARGE_FEN = 50_000_000
CUT_MARK = re.compile(r"^\[\[CUT\]\]\s*$", re.MULTILINE)


class Reading(Struct, frozen=True):
    """What one paper says, what is to be done with it, and why."""

    kind: Kind
    merchant: str | None
    branch: str | None
    number: str | None
    printed_at: str | None
    currency: str | None
    owed_fen: int | None
    eligible_fen: int | None
    items: tuple[Item, ...]
    tenders: tuple[Tender, ...]
    deposit_used_fen: int
    original_number: str | None
    reprint: bool
    copy: bool
    text_digest: str
    confidence: float
    decision: str
    why: tuple[Reason, ...]
    lines: tuple[str, ...]

    def receipt(self, shop_id: str) -> Receipt:
        """Return the receipt of a shop's till. Raises ValueError when no amount owed was read."""
        if self.owed_fen is None or self.currency is None:
            raise ValueError("no amount owed was read from this paper")
        return Receipt(
            shop_id, self.kind, self.number, self.printed_at, self.currency, self.owed_fen,
            self.items, self.tenders, self.deposit_used_fen, self.original_number, self.reprint,
            self.text_digest,
        )  # fmt: skip


def read_job(
    raw: bytes, *, currency: str = "CNY", date_order: str = "ymd", dialect: str | None = None
) -> list[Reading]:
    """Return the readings of a print job, one per paper; never raises for any bytes.

    `currency` is taken where the paper names none, `date_order` (ymd, dmy, mdy) settles dates like
    08/11/25. Raises ValueError for a dialect that does not exist.
    """
    elements = _decode(raw[:JOB_MAX], dialect)
    return _read(split(elements), currency, date_order)


def read_text(text: str, *, currency: str = "CNY", date_order: str = "ymd") -> list[Reading]:
    """Return the readings of decoded text, papers parted by form feeds or `[[CUT]]` lines."""
    papers = re.split("\f", CUT_MARK.sub("\f", text[:JOB_MAX]))
    documents = [
        Document(tuple(Line((Run(line, 0),) if line.strip() else (), line)
                       for line in paper.splitlines()))
        for paper in papers if paper.strip()
    ]
    return _read(documents, currency, date_order)


def _decode(raw: bytes, dialect: str | None) -> list[Element]:
    """Decode with the dialect asked for, else with the one that leaves the fewest doubts."""
    elements = _decoded(raw, dialect)
    if dialect is not None or _doubts(elements) == 0:
        return elements
    others = [_decoded(raw, name) for name in ALTERNATIVES[1:]]
    return min([elements, *others], key=_doubts)


def _decoded(raw: bytes, dialect: str | None) -> list[Element]:
    decoder = Decoder(dialect)
    return decoder.feed(raw) + decoder.close()


def _doubts(elements: list[Element]) -> int:
    return sum(1 for element in elements if isinstance(element, Doubt))


def _read(documents: list[Document], currency: str, date_order: str) -> list[Reading]:
    readings: list[Reading] = []
    seen: set[str] = set()
    for document in documents:
        reading = _read_document(document, currency, date_order)
        again = (reading.text_digest in seen and reading.kind in EARNING_KINDS
                 and reading.owed_fen is not None)
        seen.add(reading.text_digest)
        if again:
            reading = structs.replace(
                reading, copy=True, decision="ignore", why=(reason("second_copy"),)
            )
        readings.append(reading)
    return readings


def _read_document(document: Document, currency: str, date_order: str) -> Reading:
    lines = document.lines
    rows = rows_of(lines, date_order)
    sheet = _sheet(rows)
    classified = classify(rows)
    if is_own_print([line.text for line in lines]):
        classified = structs.replace(classified, kind=Kind.REDEMPTION_SLIP)
    settled = settle(sheet, classified.kind)
    kind = _kind(classified.kind, settled, sheet)
    settled = _signed(kind, settled, sheet)
    merchant, branch = merchant_of(rows, classified.headings, kind)
    widest = max((len(row.text.encode("gb18030", "replace")) for row in rows), default=0)
    numbers = numbers_of(rows, widest)
    own = None if kind in (Kind.PAYMENT_SLIP, Kind.REPORT, Kind.REDEMPTION_SLIP) else numbers.own
    money = any(row.exact_amounts for row in rows)
    goods = sheet.goods.items if kind in _WITH_GOODS else ()
    reading = Reading(
        kind=kind,
        merchant=merchant,
        branch=branch,
        number=own,
        printed_at=time_of(rows),
        currency=currency_of(rows, currency) if money or settled else None,
        owed_fen=settled.owed_fen if settled else None,
        eligible_fen=None,
        items=_signed_items(goods, kind),
        tenders=settled.tenders if settled else (),
        deposit_used_fen=settled.deposit_used_fen if settled else 0,
        original_number=numbers.original or (own if kind is Kind.VOID else None),
        reprint=classified.reprint,
        copy=False,
        text_digest=_digest(lines),
        confidence=0.0,
        decision="review",
        why=(),
        lines=tuple(line.text for line in lines),
    )
    return _decide(reading, settled, classified, document, currency)


_WITH_GOODS = EARNING_KINDS | {Kind.TRAINING, Kind.DELIVERY_ORDER, Kind.PRE_BILL, Kind.ON_ACCOUNT}
_NO_AMOUNT = {Kind.REPORT, Kind.KITCHEN_TICKET, Kind.REDEMPTION_SLIP, Kind.OTHER}


def _sheet(rows: list[Row]) -> Sheet:
    header = next((at for at, row in enumerate(rows) if row.exact_amounts), len(rows))
    goods = goods_of(rows, max(0, header - 1))
    figures = tuple(
        figure for row in rows for figure in row.figures
        if not (goods.first_row <= row.index < goods.end_row and _as_goods(figure, goods))
    )
    words = next((fen for row in rows if (fen := in_words(row.text)) is not None), None)
    named = next((row.label[1] for row in rows if row.label and row.label[0] is Role.TENDER), None)
    return Sheet(figures, goods, words, named)


def _as_goods(figure: Figure, goods: Goods) -> bool:
    return figure not in goods.among and any(
        item.amount_fen == figure.fen and figure.label.strip().startswith(item.name.upper())
        for item in goods.items
    )


def _kind(kind: Kind, settled: Settlement | None, sheet: Sheet) -> Kind:
    """Return the kind after the money has spoken."""
    if kind is not Kind.SALE:
        return kind
    if settled is None:
        return Kind.SALE if sheet.goods.items else Kind.OTHER
    if settled.tenders and all(tender.kind == "on_account" for tender in settled.tenders):
        return Kind.ON_ACCOUNT
    if settled.tenders and all(tender.kind == "platform_online" for tender in settled.tenders):
        return Kind.DELIVERY_ORDER
    return Kind.REFUND if settled.owed_fen < 0 else Kind.SALE


def _signed(kind: Kind, settled: Settlement | None, sheet: Sheet) -> Settlement | None:
    """Refunds and voids are negative whatever sign was printed; reports owe nothing."""
    if settled is None or kind in _NO_AMOUNT:
        return None
    takes_back = kind in (Kind.REFUND, Kind.VOID) or (
        kind is Kind.EXCHANGE and _is_refund(settled, sheet)
    )
    if not takes_back or settled.owed_fen <= 0:
        return settled
    tenders = tuple(Tender(each.kind, -abs(each.amount_fen)) for each in settled.tenders)
    return structs.replace(settled, owed_fen=-settled.owed_fen, tenders=tenders)


def _is_refund(settled: Settlement, sheet: Sheet) -> bool:
    return any(figure.row == settled.row for figure in sheet.of(Role.REFUND))


def _signed_items(items: tuple[Item, ...], kind: Kind) -> tuple[Item, ...]:
    if kind not in (Kind.REFUND, Kind.VOID):
        return items
    return tuple(structs.replace(item, amount_fen=-abs(item.amount_fen)) for item in items)


def _decide(
    reading: Reading,
    settled: Settlement | None,
    classified: Classified,
    document: Document,
    currency: str,
) -> Reading:
    """Fill in eligibility, confidence, decision and reasons."""
    if reading.owed_fen is None:
        eligible = 0 if reading.kind not in EARNING_KINDS else None
    else:
        eligible = eligible_fen(reading.receipt(""))
    reading = structs.replace(reading, eligible_fen=eligible)
    doubts = _reasons_to_ask(reading, settled, classified, document, currency)
    confidence = _confidence(settled, doubts)
    decision, why = _decision(reading, settled, classified, document, doubts)
    return structs.replace(reading, confidence=confidence, decision=decision, why=why)


def _decision(
    reading: Reading,
    settled: Settlement | None,
    classified: Classified,
    document: Document,
    doubts: list[Reason],
) -> tuple[str, tuple[Reason, ...]]:
    kind = reading.kind
    if kind not in EARNING_KINDS:
        return _unearning(reading, classified, document)
    if reading.reprint:
        return "ignore", (reason("reprint"),)
    if reading.owed_fen is None:
        return "review", tuple(doubts) or (reason("no_total"),)
    if reading.owed_fen == 0 and settled is not None and settled.checks and not reading.tenders:
        return "ignore", (reason("zero_amount"),)
    if doubts:
        return "review", tuple(doubts)
    if reading.eligible_fen == 0:
        return "ignore", (reason("nothing_earns"),)
    checks = tuple(reason(check) for check in settled.checks) if settled else ()
    lead = (reason(str(kind)),) if kind is not Kind.SALE else ()
    return "award", (*lead, *checks)


def _unearning(
    reading: Reading, classified: Classified, document: Document
) -> tuple[str, tuple[Reason, ...]]:
    kind = reading.kind
    if any(doubt.code == "label" for doubt in document.doubts):
        return "ignore", (reason("label"),)
    if kind is Kind.OTHER:
        if document.pictures and not any(reading.lines):
            return "review", (reason("picture_only"),)
        if document.doubts:
            return "review", (reason("uncertain_bytes"),)
        return "ignore", (reason("not_a_receipt"),)
    contradicted = kind in (Kind.PRE_BILL, Kind.KITCHEN_TICKET) and reading.tenders
    if contradicted:
        word = classified.word or str(kind)
        return "review", (reason("contradiction", word=word), reason(str(kind)))
    return "ignore", (reason(str(kind)),)


def _reasons_to_ask(
    reading: Reading,
    settled: Settlement | None,
    classified: Classified,
    document: Document,
    currency: str,
) -> list[Reason]:
    asks: list[Reason] = []
    if settled is None:
        asks.append(reason("no_total"))
    else:
        strong = {"tender", "sum", "goods", "words"} & set(settled.checks)
        if not strong or settled.score < AWARD_SCORE_MIN:
            asks.append(reason("no_check"))
        if settled.rival_fen is not None:
            asks.append(reason("rival", other=decimal(settled.rival_fen)))
        if settled.unpaid_gap:
            asks.append(reason("payment_gap"))
        if abs(settled.owed_fen) > TOO_LARGE_FEN:
            asks.append(reason("too_large"))
        if reading.kind is Kind.SALE and not (
            settled.tenders or settled.handed_over or classified.sale_heading
        ):
            asks.append(reason("no_sale_words"))
    if reading.currency not in KNOWN_CURRENCIES | {currency}:
        asks.append(reason("foreign_currency", currency=str(reading.currency)))
    if reading.number is None and reading.printed_at is None:
        asks.append(reason("no_identity"))
    if any(doubt.code != "label" for doubt in document.doubts):
        asks.append(reason("uncertain_bytes"))
    if not all(run.certain or run.text.isascii() for line in document.lines for run in line.runs):
        asks.append(reason("lost_text"))
    return asks


def _confidence(settled: Settlement | None, doubts: list[Reason]) -> float:
    if settled is None:
        return 0.0
    base = 1.0 - 0.5 ** (1 + max(0, settled.score) / 2)
    return round(base * 0.6 ** len(doubts), 3)


def _digest(lines: list[Line]) -> str:
    """Digest what the print, its reprint and its copies share."""
    kept = []
    for line in lines:
        text = close_up(fold(line.text))
        upper = text.upper()
        if not text.strip() or RULE.match(text) or is_code_mark(text):
            continue
        if lexicon.PRINTED_AGAIN.find(upper) or re.search(r"第\s?\d+\s?次打印", text):
            continue
        if _is_print_time(upper):
            continue
        kept.append("".join(upper.split()))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _is_print_time(upper: str) -> bool:
    ranks = [rank for _, rank in lexicon.TIMES.find(upper)]
    return 3 in ranks and not lexicon.NUMBERS.find(upper)
