"""Which receipt is that of a bill that points or a coupon paid, or what is wrong with it. Pure."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, structs

from loyalty.coupons import COUPON_KIND
from loyalty.events import Bill
from loyalty.receipt import Kind, Tender
from loyalty.rules.tender import TENDER_KIND
from loyalty.tender_events import CouponOutcome, Outcome
from receipts.coupon_line import read_as_payment
from receipts.reading import Reading

_VOUCHERS = (COUPON_KIND, "platform_voucher")
#: Payment lines that are the customer's own money, which no coupon is printed as.
_MONEY = (
    "cash", "wechat_pay", "alipay", "unionpay_card", "credit_card", "octopus", "fps", "e_wallet",
    "bank_transfer", "cheque", "medical_insurance", "digital_yuan", "paynow",
)  # fmt: skip


class Match(Struct, frozen=True):
    """The reading at `place` of a job is the receipt of a bill, or shows that something is not."""

    place: int
    outcome: Outcome


def match(readings: Sequence[Reading], bill: Bill) -> Match | None:
    """Return the receipt of a bill among those of a job; None if it is not among them.

    A payment line is known by its name or its amount. What was due may be typed before or after a
    voucher among the payments was keyed in. A receipt of another amount due is another
    customer's unless a line of it says points.
    """
    for place, reading in enumerate(readings):
        if not _is_new_sale(reading):
            continue
        named = [one for one in reading.tenders if one.kind == TENDER_KIND]
        line = _line(reading, bill) is not None
        if line and bill.due_fen == _after_vouchers_fen(reading):
            return Match(place, "matched")
        if reading.owed_fen == bill.due_fen:
            outcome: Outcome = "matched" if line else "other_amount" if named else "no_line"
            return Match(place, outcome)
        if named and line:
            return Match(place, "other_bill")
    return None


def as_paid(readings: tuple[Reading, ...], found: Match, bill: Bill) -> tuple[Reading, ...]:
    """Return the readings with the matched payment line as points, so that it earns nothing."""
    readings = _as_sale(readings, found.place)
    line = _line(readings[found.place], bill)
    if found.outcome != "matched" or line is None or line.kind == TENDER_KIND:
        return readings
    return _named(readings, found.place, line, TENDER_KIND)


def _is_new_sale(reading: Reading) -> bool:
    if reading.copy or reading.reprint:
        return False
    if reading.decision == "ignore" and not _earns_nothing(reading):
        return False
    read = reading.owed_fen is not None and reading.currency is not None
    return read and reading.kind in (Kind.SALE, Kind.EXCHANGE)


def _after_vouchers_fen(reading: Reading) -> int:
    """Return what a POS still shows as due once the vouchers on the paper are keyed in."""
    vouchers = (abs(one.amount_fen) for one in reading.tenders if one.kind in _VOUCHERS)
    return (reading.owed_fen or 0) - sum(vouchers)


def _earns_nothing(reading: Reading) -> bool:
    return any(one.code == "nothing_earns" for one in reading.why)


def _as_sale(readings: tuple[Reading, ...], place: int) -> tuple[Reading, ...]:
    """Return the readings with one that earns nothing as a sale all the same, for its refund."""
    if readings[place].decision != "ignore":
        return readings
    return _with(readings, place, structs.replace(readings[place], decision="award"))


def _line(reading: Reading, bill: Bill) -> Tender | None:
    """Return the line that the points paid: one that says so before one of the amount alone."""
    fitting = [one for one in reading.tenders if abs(one.amount_fen) == bill.paid_fen]
    return min(fitting, key=lambda one: one.kind != TENDER_KIND, default=None)


class CouponMatch(Struct, frozen=True):
    """The reading at `place` of a job is the receipt of a bill that a coupon was kept for."""

    place: int
    outcome: CouponOutcome | Literal["matched"]


def match_coupon(readings: Sequence[Reading], bill: Bill, valid_until: str) -> CouponMatch | None:
    """Return the receipt of a coupon's bill among those of a job; None if it is not among them.

    A POS takes the coupon off before the amount owed, or has it as a payment of the whole. Either
    way the bill before it must come to what was typed, so that another customer's is not taken.
    """
    for place, reading in enumerate(readings):
        if not _is_new_sale(reading) or reading.owed_fen is None:
            continue
        outcome = _coupon_outcome(reading, reading.owed_fen, bill)
        if outcome is None:
            continue
        if outcome == "matched" and (reading.printed_at or "")[:10] > valid_until:
            outcome = "too_late"
        return CouponMatch(place, outcome)
    return None


def as_taken_off(
    readings: tuple[Reading, ...], found: CouponMatch, bill: Bill
) -> tuple[Reading, ...]:
    """Return the readings with the coupon's payment line, if it is one, as a voucher."""
    readings = _as_sale(readings, found.place)
    reading = read_as_payment(readings[found.place], bill.paid_fen)
    readings = _with(readings, found.place, reading)
    line = _coupon_line(reading, bill) if reading.owed_fen == bill.due_fen else None
    return readings if line is None else _named(readings, found.place, line, COUPON_KIND)


def _coupon_outcome(
    reading: Reading, owed_fen: int, bill: Bill
) -> CouponOutcome | Literal["matched"] | None:
    vouchers = {abs(one.amount_fen) for one in reading.tenders if one.kind in _VOUCHERS}
    taken = {*reading.off_fen, *vouchers}
    if owed_fen == bill.due_fen:
        if bill.paid_fen in taken or _coupon_line(reading, bill) is not None:
            return "matched"
        return "other_amount" if taken else "no_line"
    if owed_fen == bill.due_fen - bill.paid_fen:
        return "matched" if bill.paid_fen in taken else "no_line"
    return "other_amount" if bill.due_fen - owed_fen in taken else None


def _coupon_line(reading: Reading, bill: Bill) -> Tender | None:
    """Return the payment line that the coupon is: one that says so before one of its amount."""
    fitting = [
        one
        for one in reading.tenders
        if abs(one.amount_fen) == bill.paid_fen and one.kind not in _MONEY
    ]
    return min(fitting, key=lambda one: one.kind not in _VOUCHERS, default=None)


def _named(
    readings: tuple[Reading, ...], place: int, line: Tender, kind: str
) -> tuple[Reading, ...]:
    """Return the readings with one payment line of one of them as of this kind."""
    reading = readings[place]
    at = reading.tenders.index(line)
    named = structs.replace(line, kind=kind)
    tenders = (*reading.tenders[:at], named, *reading.tenders[at + 1 :])
    return _with(readings, place, structs.replace(reading, tenders=tenders))


def _with(readings: tuple[Reading, ...], place: int, reading: Reading) -> tuple[Reading, ...]:
    return (*readings[:place], reading, *readings[place + 1 :])
