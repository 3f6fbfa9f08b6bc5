"""What the slips at a till and kiosk say, in Chinese and in English.

Owns the wording and the order of things on paper: a slip's facts, as plain values, become a
layout document. It must never compute points, look anything up or know where the facts come from;
what is handed in is printed. Names and card numbers come in masked.
"""

from collections.abc import Iterator

from msgspec import Struct

from edge_agent.slips.parts import Origin, balance_of, code_of
from edge_agent.slips.vouchers import (
    CancellationSlip,
    ParkingSlip,
    RedemptionSlip,
    cancellation,
    parking,
    redemption,
)
from edge_agent.slips.words import say
from loyalty.rules.reasons import Reason
from loyalty.wording import say as worded
from paper.layout import Cut, Element, Pair, Rule, Slip, Text
from paper.marker import COPY_BANNER, HEADINGS, OWN_PRINT_MARK, Lang


class Receipt(Struct, frozen=True):
    """The receipt a slip speaks of: its own number and local time as printed, and its amount.

    What could not be read is left off the slip: an empty number, an amount of None.
    """

    number: str
    time: str
    amount_fen: int | None
    currency: str = "CNY"


class Expiring(Struct, frozen=True):
    """Points that lapse after the local date `on`."""

    points: int
    on: str


class AwardSlip(Struct, frozen=True, tag="award"):
    """Points earned. `balance` is None until central has answered; a new card has no member yet.

    They count until the local date `expires_on`; where the day is not sure, for `months`. `later`
    says from when they count, if not at once; the balance does not have them then.
    """

    origin: Origin
    receipt: Receipt
    member: str
    points: int
    explanation: tuple[str, ...]
    balance: int | None = None
    expires_on: str = ""
    months: int = 0
    member_known: bool = True
    later: str = ""


class ClaimSlip(Struct, frozen=True, tag="claim"):
    """Points nobody has been scanned for: who brings this slip in time gets them.

    That is up to the local date `until`; where the day is not sure, within `days`.
    """

    origin: Origin
    receipt: Receipt
    points: int
    code: str
    qr: str
    until: str
    where: str
    days: int = 0


class RefundSlip(Struct, frozen=True, tag="refund"):
    """Points taken back for returned goods; a balance below zero is a debt, and is explained.

    `points` is None where only central knows what the original sale earned.
    """

    origin: Origin
    receipt: Receipt
    member: str
    points: int | None
    explanation: tuple[str, ...]
    balance: int | None = None


class ReviewSlip(Struct, frozen=True, tag="review"):
    """A receipt that a person must look at before it can earn.

    `code` claims its points afterwards when no `member` was scanned.
    """

    origin: Origin
    reason: str
    receipt: Receipt | None = None
    member: str = ""
    code: str = ""
    qr: str = ""
    where: str = ""


class ActivitySlip(Struct, frozen=True, tag="activity"):
    """An activity was registered while central could not be asked: no points are promised yet."""

    origin: Origin
    member: str
    activity: str


class BalanceSlip(Struct, frozen=True, tag="balance"):
    """What a member has, as central knew it at the local time `as_of`."""

    origin: Origin
    member: str
    tier: str
    balance: int
    as_of: str
    expiring: tuple[Expiring, ...] = ()


AnySlip = (
    AwardSlip
    | ClaimSlip
    | RefundSlip
    | RedemptionSlip
    | ParkingSlip
    | CancellationSlip
    | ReviewSlip
    | ActivitySlip
    | BalanceSlip
)


def compose(slip: AnySlip, lang: Lang = "zh", *, copy: bool = False) -> Slip:
    """Return the layout document of `slip`; `copy` marks a slip that may be on paper already."""
    match slip:
        case AwardSlip():
            body = _award(slip, lang)
        case ClaimSlip():
            body = _claim(slip, lang)
        case RefundSlip():
            body = _refund(slip, lang)
        case RedemptionSlip():
            body = redemption(slip, lang)
        case ParkingSlip():
            body = parking(slip, lang)
        case CancellationSlip():
            body = cancellation(slip, lang)
        case ReviewSlip():
            body = _review(slip, lang)
        case ActivitySlip():
            body = _activity(slip, lang)
        case BalanceSlip():
            body = _balance_slip(slip, lang)
    kind = slip.__struct_config__.tag
    return (*_head(str(kind), slip.origin, lang, copy=copy), *body, *_foot(slip.origin, lang))


def _head(kind: str, origin: Origin, lang: Lang, *, copy: bool) -> Iterator[Element]:
    yield Text(OWN_PRINT_MARK, "centre")
    if copy:
        yield Text(f"*** {COPY_BANNER} ***", "centre", bold=True)
    yield Text(HEADINGS[kind][lang], "centre", bold=True, size=2)
    yield Text(origin.mall, "centre")
    if copy:
        yield Text(say("copy", lang), "centre")
    yield Rule("=")


def _foot(origin: Origin, lang: Lang) -> Iterator[Element]:
    yield Rule()
    yield Pair(say("number", lang), origin.number)
    yield Pair(f"{say('till', lang)} {origin.till}", origin.printed_at)
    yield Cut()


def _award(slip: AwardSlip, lang: Lang) -> Iterator[Element]:
    yield from _receipt(slip.origin.shop, slip.receipt, lang, amount="amount")
    yield Pair(say("member", lang), slip.member)
    yield Rule()
    yield Pair(say("earned", lang), f"{slip.points:+,}", bold=True, size=2)
    yield from (Text(line) for line in slip.explanation)
    yield Rule()
    yield from balance_of(slip.balance, lang)
    if slip.later:
        yield Text(slip.later)
    if slip.expires_on:
        yield Pair(say("expires", lang), slip.expires_on)
    elif slip.months:
        yield Pair(say("last", lang), say("months", lang, months=str(slip.months)))
    if not slip.member_known:
        yield Text(say("new card", lang))
    elif slip.balance is None:
        yield Text(say("offline", lang))


def _claim(slip: ClaimSlip, lang: Lang) -> Iterator[Element]:
    yield from _receipt(slip.origin.shop, slip.receipt, lang, amount="amount")
    yield Rule()
    yield Pair(say("to claim", lang), f"{slip.points:,}", bold=True, size=2)
    yield Rule()
    yield from code_of(say("code", lang), slip.code, slip.qr)
    until = slip.until or say("days", lang, days=str(slip.days))
    yield Pair(say("until", lang), until, bold=True)
    yield Text(say("how to claim", lang, where=slip.where))


def _refund(slip: RefundSlip, lang: Lang) -> Iterator[Element]:
    yield from _receipt(slip.origin.shop, slip.receipt, lang, amount="refunded")
    yield Pair(say("member", lang), slip.member)
    yield Rule()
    back = say("syncing", lang) if slip.points is None else f"{-slip.points:,}"
    yield Pair(say("taken back", lang), back, bold=True, size=2)
    yield from (Text(line) for line in slip.explanation)
    yield Rule()
    yield from balance_of(slip.balance, lang)
    if slip.balance is not None and slip.balance < 0:
        yield Text(worded(Reason("owed", {"points": f"{-slip.balance:,}"}), lang))


def _review(slip: ReviewSlip, lang: Lang) -> Iterator[Element]:
    if slip.receipt:
        yield from _receipt(slip.origin.shop, slip.receipt, lang, amount="amount")
    else:
        yield Pair(say("shop", lang), slip.origin.shop)
    if slip.member:
        yield Pair(say("member", lang), slip.member)
    yield Pair(say("reason", lang), slip.reason, bold=True)
    yield Rule()
    if slip.code:
        yield from code_of(say("code", lang), slip.code, slip.qr)
        yield Text(say("how to claim later", lang, where=slip.where))
    yield Text(say("review", lang))


def _activity(slip: ActivitySlip, lang: Lang) -> Iterator[Element]:
    yield Pair(say("activity", lang), slip.activity, bold=True)
    yield Pair(say("member", lang), slip.member)
    yield Rule()
    yield Text(say("activity later", lang))


def _balance_slip(slip: BalanceSlip, lang: Lang) -> Iterator[Element]:
    yield Pair(say("member", lang), slip.member)
    yield Pair(say("tier", lang), slip.tier)
    yield Rule()
    yield Pair(say("balance", lang), f"{slip.balance:,}", bold=True, size=2)
    for lot in slip.expiring:
        yield Pair(say("expiring", lang, on=lot.on), f"{lot.points:,}")
    yield Pair(say("as of", lang), slip.as_of)


def _receipt(shop: str, receipt: Receipt, lang: Lang, *, amount: str) -> Iterator[Element]:
    yield Pair(say("shop", lang), shop)
    if receipt.number:
        yield Pair(say("receipt", lang), receipt.number)
    if receipt.time:
        yield Pair(say("time", lang), receipt.time)
    if receipt.amount_fen is not None:
        yield Pair(say(amount, lang), _money(receipt.amount_fen, receipt.currency))


def _money(amount_fen: int, currency: str) -> str:
    mark = "￥" if currency == "CNY" else f"{currency} "
    sign = "-" if amount_fen < 0 else ""
    return f"{sign}{mark}{abs(amount_fen) // 100:,}.{abs(amount_fen) % 100:02d}"
