"""What a receipt earns, and what a refund takes back, each with its explanation.

Exact arithmetic: amounts are integer fen, rates and multipliers are fractions, and rounding
happens once, at the end of the sum, by the rule book's stated rounding.
"""

from fractions import Fraction

from msgspec import Struct

from loyalty.receipt import EARNING_KINDS, Kind, Receipt
from loyalty.rulebook import UNEARNING_TENDERS, Rounding, RuleBook


class Reason(Struct, frozen=True):
    """One step of an explanation: a code worded by `loyalty.wording` and its values as text."""

    code: str
    values: dict[str, str] = {}


class Award(Struct, frozen=True):
    """The points of one receipt and the steps that lead to them."""

    points: int
    eligible_fen: int
    reasons: tuple[Reason, ...]


def eligible_fen(receipt: Receipt, unearning: tuple[str, ...] = UNEARNING_TENDERS) -> int:
    """Return the part of the receipt that earns (negative: that takes back), in fen.

    What was owed, less tenders that are not the member's money here, less stored value that was
    sold on the receipt, plus a deposit paid earlier that this bill used up. Reprints and the
    kinds that never earn give 0.
    """
    if receipt.reprint or receipt.kind not in EARNING_KINDS:
        return 0
    if receipt.kind in (Kind.REFUND, Kind.VOID):
        return min(receipt.owed_fen - _unearning(receipt, unearning), 0)
    topups = sum(item.amount_fen for item in receipt.items if item.topup)
    earning = receipt.owed_fen + receipt.deposit_used_fen - _unearning(receipt, unearning) - topups
    return max(earning, 0) if receipt.owed_fen >= 0 else min(earning, 0)


def _unearning(receipt: Receipt, kinds: tuple[str, ...]) -> int:
    return sum(tender.amount_fen for tender in receipt.tenders if tender.kind in kinds)


def points(earning_fen: int, category: str, tier_id: str, book: RuleBook) -> int:
    """Return the points for an amount spent in a shop of `category` by a member of `tier_id`."""
    rate, factor = book.rate_for(category), book.tier(tier_id).factor()
    exact = max(earning_fen, 0) * rate.points * factor.numerator
    return rounded(exact, rate.per_fen * factor.denominator, book.rounding)


def award(earning_fen: int, category: str, tier_id: str, book: RuleBook) -> Award:
    """Return what `points` returns, with its explanation."""
    rate, tier = book.rate_for(category), book.tier(tier_id)
    reasons = [
        Reason("eligible", {"amount": money(earning_fen), "currency": book.currency}),
        Reason(
            "rate",
            {
                "zh": rate.name_zh,
                "en": rate.name_en,
                "per": money(rate.per_fen),
                "points": str(rate.points),
            },
        ),
    ]
    if tier.factor() != 1:
        values = {"zh": tier.name_zh, "en": tier.name_en, "times": plain(tier.factor())}
        reasons.append(Reason("tier", values))
    earned = points(earning_fen, category, tier_id, book)
    return Award(points=earned, eligible_fen=earning_fen, reasons=tuple(reasons))


def take_back(earned: int, eligible: int, refunded_before: int, refund: int) -> int:
    """Return the points a refund takes back, in proportion and never more than was earned.

    `earned` points were given for `eligible` fen; `refunded_before` fen of them came back
    earlier, `refund` fen come back now (both positive). The member keeps the rounded-down share
    of what is still bought, so refunding everything, in any steps, takes back exactly `earned`.
    """
    if eligible <= 0 or earned <= 0:
        return 0
    before = min(refunded_before, eligible)
    after = min(refunded_before + refund, eligible)
    return _kept(earned, eligible, before) - _kept(earned, eligible, after)


def _kept(earned: int, eligible: int, refunded: int) -> int:
    return earned * (eligible - refunded) // eligible


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return a fraction that is not negative as an integer by the stated rounding."""
    whole, rest = divmod(numerator, denominator)
    if rounding == "floor":
        return whole
    up = rest > 0 if rounding == "ceil" else 2 * rest >= denominator
    return whole + 1 if up else whole


def money(fen: int) -> str:
    """Return an amount in minor units as a decimal string, 12345 -> 123.45."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def plain(value: Fraction) -> str:
    """Return a fraction as people write a multiplier: 2, 1.5, 4/3."""
    if 1000 % value.denominator:
        return f"{value.numerator}/{value.denominator}"
    return f"{float(value):g}"
