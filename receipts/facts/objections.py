"""Lines that say a paper is no completed sale of the shop's own goods.

An outcome (`PAYMENT FAILED`, `已退款`) is told from a shop's terms (`No refund without receipt`) by
its make: it is short, stands without an amount, and holds little besides what it is about. Owns no
decision: a line found here is a question for a person.
"""

import re

from msgspec import Struct

from loyalty.receipt import Item, Kind
from receipts.text import lexicon
from receipts.text.amount_words import Role
from receipts.text.rows import Row

HEADING_ROWS = 6
OUTCOME_WORDS_MAX = 6
OUTCOME_HAN_MAX = 10
HEADING_HAN_MAX = 10
HEADING_WORDS_MAX = 5

_HAN = re.compile("[\u4e00-\u9fff]")
_WORD = re.compile("[A-Z']+")
_NEGATED = re.compile(r"\bNOT (?:APPROVED|PAID|COMPLETED?|SUCCESSFUL|AUTHORI[SZ]ED|ACCEPTED)\b")
_OUTCOME = re.compile(
    "CANCEL|VOID(?:ED)?$|DECLIN|REFUND(?:ED)?$|FAIL|ABORT|PENDING|SPECIMEN|UNPAID|REVERS(?:AL|ED)"
    "|REJECT|SUSPENDED|INCOMPLETE|UNSUCCESSFUL|DIBATALKAN|GAGAL"
)
#: Also parts of names: nothing but words about the sale may stand beside them.
_OUTCOME_ALONE = re.compile("(?:RETURN(?:ED)?|TEST(?:ING)?|SAMPLE|INVALID|BATAL)$")
_SUBJECTS = frozenset(
    _WORD.findall(
        """
        ORDER SALE SALES TRANSACTION TRANS TRX TXN PAYMENT CARD RECEIPT BILL INVOICE FULLY FULL
        PARTIALLY GOODS ITEM ITEMS TYPE STATUS HAS BEEN WAS BY CUSTOMER IS THIS NOTE SLIP MODE PRINT
        DATA ONLY ON MEMO CREDIT TENDER CHEQUE AMOUNT PURCHASE"""
    )
)
#: Words of terms and conditions.
_TERMS = frozenset(
    _WORD.findall(
        """
        NO NON NOT IF WITHOUT WITHIN FOR MUST WILL PLEASE MAY CAN CANNOT SHOULD ARE POLICY DAYS
        DAY OR AND TO ONCE AFTER BEFORE WITH ALLOWED REFUNDS RETURNS ANY ALL UNLESS WHEN UPON"""
    )
)
_HAN_OUTCOME = re.compile(
    "取消|失败|失敗|关闭|關閉|退款|退货|退貨|撤销|撤銷|作废|作廢|冲正|支付中|处理中|未成功|不成功"
    "|未完成|未支付|未付|样张|樣張|试打|試打|测试|測試|无效小票|内购"
)
_HAN_SUBJECTS = re.compile(
    "订单|訂單|交易|支付|付款|全额|全額|成功|商品|本单|整单|状态|类型|类别|客户|顾客|全部|系统"
    "|自动|数据|打印|小票|模式|员工|已|单"
)
_HAN_TERMS = re.compile("[如请請须須可将將内凭憑不无無勿恕若概知明策天后後前以需支免费热电換换因]")
#: The first of two clauses; what goods may be brought back begins `退货`, too.
_CLAUSE = re.compile(r"([^-]+?) - |(?!退)([\u4e00-\u9fff]{4,}) +(?=[\u4e00-\u9fff])")
_REPORT_ENDS = frozenset(
    _WORD.findall(
        """
        REPORT READ READING READOUT OUT COUNT CLOSE CLOSING CHECKOUT BANKING LIFT DROP PICKUP SHIFT
        SUMMARY TOTALS DECLARATION FLOAT"""
    )
)
_PARCELLED = frozenset({"TAKE", "EAT", "DINE", "CARRY"})
_OFFICE = re.compile("(?:单|單|凭证|憑證|明细)$")
_REPORT = re.compile("(?:(?<![手钟怀仪电腕])表|统计|統計|汇总|彙總|排行榜?)$")
#: What a heading of a sale's paper speaks of.
_SALE_PAPER = re.compile(
    "销售(?:[单單票]|小票|凭证)|消费|購物|购物|购买|結|结账|结帐|结算|收银|收款|收费|交易|堂食"
    "|外带|自提|自取|打包|零售|提货|点单|销货|销貨|出货|门票|入场|停车|小票|商品|订单|菜单"
    "|账单|帳單|买单|缴费|服务|维修|保养|护理|洗|取衣|收衣|取件|取货|配镜|验光"
)
#: Money taken in for somebody else, by the make of its name.
_COLLECTED = re.compile(
    r"(?:[水电電燃气氣煤]|宽带|有线|取暖)费(?:缴|充|账|单|通知)|缴.{0,3}[水电燃气煤]费"
    r"|\bINSTALMENT \d"
)
#: A bill among the goods is another company's.
_BILL = re.compile(r"(?<!OF )(?<=\w )BILLS?\b(?! (?:BOOK|PAD|FOLD))|\bBILL \d")
#: What a bill has on it before the customer has paid: a blank to write the tip in.
TIP_BLANK = re.compile(r"(?:\bTIPS?\b|\bGRATUITY\b|小费|小費)[^A-Z0-9]*_{3,}")
#: What became of the sale, by words of its outcome; the first that is found counts.
_ENDS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(words))
    for kind, words in (
        (Kind.PRE_BILL, "UNPAID|NOT PAID|未支付|未付"),
        (Kind.OTHER, "FAIL|DECLIN|REJECT|PENDING|UNSUCCESSFUL|INCOMPLETE|NOT |SUSPEND|GAGAL"),
        (Kind.OTHER, "失败|失敗|支付中|处理中|未成功|不成功|未完成"),
        (Kind.TRAINING, "TEST|SAMPLE|SPECIMEN|测试|測試|样张|樣張|试打|試打"),
        (Kind.REFUND, "REFUND|RETURN|CREDIT|退款|退货|退貨"),
        (Kind.VOID, "VOID|CANCEL|REVERS|BATAL|INVALID|取消|撤销|撤銷|作废|作廢|冲正|关闭|關閉"),
    )
)
_CREDIT_TERMS = re.compile(r"\bTERMS?\b\W*(?:NET\s*)?\d+\s*DAYS?\b|账期|月结\d+天")


class Objection(Struct, frozen=True):
    """Words that speak against a sale, and what they say the paper is; None if a sale after all."""

    words: str
    kind: Kind | None = None


def objection_of(
    rows: list[Row], items: tuple[Item, ...], goods_end: int, *, number: str | None, paid: bool
) -> Objection | None:
    """Return how a paper says that it is no completed sale, None if nothing does.

    `goods_end` is the row of the last goods, whose names are not searched; `number` is the paper's
    own, which reports have none of; `paid` is whether a payment is printed.
    """
    named = (item.name for item in items if item.amount_fen > 0 and not item.topup)
    names = (name for name in named if _is_for_others(name.upper()) or _BILL.search(name.upper()))
    sold = next(names, None)
    if sold is not None:
        return Objection(sold)
    priced = next((row.index for row in rows if row.exact_amounts), 1 << 30)
    for at, row in enumerate(rows):
        money = any(amount.decimals or amount.fen < 0 for amount in row.amounts)
        if row.exact_amounts or money or priced < row.index <= goods_end:
            continue
        words = row.text.strip(" *=-#")
        paper = _named(row)
        if paper is not None:
            return Objection(words, paper)
        if at < HEADING_ROWS and row.index < priced and _is_office_heading(row, number):
            return Objection(words, Kind.REPORT if _is_report(row) else Kind.OTHER)
        if row.index < priced and _is_collecting(row):
            return Objection(words, Kind.OTHER)
        if not paid and _CREDIT_TERMS.search(row.upper):
            return Objection(words, Kind.ON_ACCOUNT)
        if is_outcome(row.upper):
            return Objection(words, _ended(row.upper))
        if not paid and TIP_BLANK.search(row.upper):
            return Objection(words, Kind.PRE_BILL)
    return None


def _named(row: Row) -> Kind | None:
    """Return what a line that says nothing but the name of a paper says it is."""
    text = row.upper.strip(" *=-#<>[]()【】")
    return next((Kind(kind) for term, kind in lexicon.NO_SALES.find(text) if term == text), None)


def _ended(upper: str) -> Kind | None:
    return next((kind for kind, words in _ENDS if words.search(upper)), None)


def deposit_alone(rows: list[Row], owed_fen: int) -> Objection | None:
    """Return the label of a deposit that is all that was paid for."""
    figures = (figure for row in rows for figure in row.figures if figure.role is Role.DEPOSIT)
    label = next((figure.label for figure in figures if figure.fen == owed_fen), None)
    return Objection(label, Kind.DEPOSIT) if label is not None else None


def is_outcome(upper: str) -> bool:
    """Return whether an upper-case line tells how a sale ended that did not stand."""
    if lexicon.FOOTERS.touches(upper):
        return False
    clause = _CLAUSE.match(upper.strip(" *=#<>"))
    if clause is not None and is_outcome(clause[1] or clause[2]):  # `PAYMENT FAILED - PLEASE RETRY`
        return True
    if _HAN.search(upper):
        return _is_chinese_outcome("".join(_HAN.findall(upper)))
    negated = _NEGATED.search(upper)
    words = _WORD.findall(_NEGATED.sub(" ", upper))
    if len(words) > OUTCOME_WORDS_MAX or _TERMS & set(words):
        return False
    if "CREDIT" in words and "MEMO" in words:
        return len(words) <= 3
    unknown = [word for word in words if word not in _SUBJECTS]
    told = [word for word in unknown if _OUTCOME.match(word)]
    alone = [word for word in unknown if _OUTCOME_ALONE.match(word)]
    if alone and len(alone) + len(told) == len(unknown):
        return True
    return bool(told or negated) and 2 * (len(unknown) - len(told)) <= len(words)


def _is_chinese_outcome(text: str) -> bool:
    if len(text) > OUTCOME_HAN_MAX or not _HAN_OUTCOME.search(text):
        return False
    rest = _HAN_SUBJECTS.sub("", _HAN_OUTCOME.sub("", text))
    return not rest or (len(rest) <= 2 and not _HAN_TERMS.search(rest) and "测试" not in text)


def _is_office_heading(row: Row, number: str | None) -> bool:
    """A paper of the office names itself: what a till prints for a sale has other headings."""
    text = row.text.strip(" *=-#【】[]<>()")
    if ":" in text or row.amounts:
        return False
    if _HAN.search(text):
        if len(text) > HEADING_HAN_MAX or _REPORT.search(text):
            return len(text) <= HEADING_HAN_MAX
        known = _SALE_PAPER.search(text) or lexicon.SALE_HEADINGS.touches(row.upper)
        return not known and _OFFICE.search(text) is not None
    words = _WORD.findall(row.upper)
    if number is not None or not words or len(words) > HEADING_WORDS_MAX:
        return False
    return (words[-1] in _REPORT_ENDS and not _PARCELLED & set(words)) or words[0] == "LAPORAN"


def _is_for_others(upper: str) -> bool:
    return lexicon.FOR_OTHERS.touches(upper) or _COLLECTED.search(upper) is not None


def _is_report(row: Row) -> bool:
    return _REPORT.search(row.text.strip(" *=-#【】[]<>()")) is not None or not _HAN.search(
        row.text
    )


def _is_collecting(row: Row) -> bool:
    return len(row.text.strip()) <= 24 and _is_for_others(row.upper)
