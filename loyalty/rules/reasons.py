"""The steps of an explanation, and the words that rules put into them.

A reason is a code with values; `loyalty.wording` has the sentences. Values that differ by language
are named zh and en, or end in them.
"""

from fractions import Fraction

from msgspec import Struct

from loyalty.rules.book_types import Rate, RuleBook, Tier
from loyalty.rules.campaigns import Campaign


class Reason(Struct, frozen=True):
    """One step of an explanation: a code worded by `loyalty.wording` and its values as text."""

    code: str
    values: dict[str, str] = {}


_FOLD = {"2": ("双倍", "double"), "3": ("三倍", "triple")}
_MANY = ("加倍", "multiple")


def of_rate(rate: Rate, amount_fen: int, *, alone: bool) -> Reason:
    """Return what one rate gives; with the amount when others stand beside it."""
    values = {
        "zh": rate.name_zh,
        "en": rate.name_en,
        "per": money(rate.per_fen),
        "points": str(rate.points),
    }
    if alone:
        return Reason("rate", values)
    return Reason("rate_part", {**values, "amount": money(amount_fen)})


def of_tier(tier: Tier) -> Reason:
    """Return that a tier multiplies."""
    times = plain(tier.factor())
    return Reason("tier", {"zh": tier.name_zh, "en": tier.name_en, "times": times})


def of_tier_change(cause: str, tier: Tier, points: int, until: str, why: str) -> Reason | None:
    """Return why a tier is what it is; `until` is the day to which it stays, `why` a person's.

    None for a cause that says nothing to a member.
    """
    values = {"zh": tier.name_zh, "en": tier.name_en, "points": str(points)}
    if cause in ("up", "down"):
        return Reason(f"tier_{cause}", values)
    if cause == "set":
        return Reason("tier_set", {"zh": tier.name_zh, "en": tier.name_en})
    if cause == "grace":
        return Reason("tier_grace", {**values, "day": until})
    if cause == "grant":
        return Reason("tier_granted", {**values, "day": until, "why": why})
    return None


def of_benefits(tier: Tier, book: RuleBook) -> tuple[Reason, ...]:
    """Return what a tier brings: its multiplier, how long its points count, and what else."""
    found = []
    if tier.factor() != 1:
        found.append(Reason("benefit_times", {"times": plain(tier.factor())}))
    if tier.expiry_months and tier.expiry_months != book.expiry_months:
        found.append(Reason("benefit_months", {"months": str(tier.expiry_months)}))
    other = (Reason(f"benefit_{one.kind}", {"amount": str(one.amount)}) for one in tier.benefits)
    return (*found, *other)


def of_times(one: Campaign, factor: Fraction, more: Fraction | None = None) -> Reason:
    """Return that a campaign multiplies all that stands: 满额双倍 ×2 (周年庆).

    One that multiplies a part of it says how many points `more` that makes.
    """
    what_zh, what_en = _what(one)
    fold_zh, fold_en = _FOLD.get(plain(factor), _MANY)
    values = {
        "what_zh": what_zh + fold_zh,
        "what_en": f"{what_en} {fold_en}",
        "times": plain(factor),
        "zh": one.name_zh,
        "en": one.name_en,
    }
    if more is None:
        return Reason("campaign_times", values)
    return Reason("campaign_times_part", {**values, "points": _points(more)})


def of_points(one: Campaign, points: int) -> Reason:
    """Return that a campaign adds points: 满额加分 +50 (周年庆)."""
    what_zh, what_en = _what(one)
    values = {"points": str(points), "zh": one.name_zh, "en": one.name_en}
    values |= {"what_zh": f"{what_zh}加分", "what_en": f"{what_en} bonus"}
    if not one.every_fen:
        return Reason("campaign_points", values)
    each = {"per": money(one.every_fen), "each": str(one.points)}
    return Reason("campaign_every", {**values, **each})


def of_refund(refunded_fen: int, *, undone: bool) -> Reason:
    """Return what a refund takes back: its share, and bonuses that it has `undone` beyond that."""
    return Reason("refund_bonus" if undone else "refund", {"amount": money(refunded_fen)})


def of_cap(one: Campaign, what: str, left: int) -> Reason:
    """Return that a cap took some of what a campaign would give: `what` names the cap."""
    values = {"zh": one.name_zh, "en": one.name_en, "points": str(left)}
    return Reason(f"cap_{what}", values)


def _what(one: Campaign) -> tuple[str, str]:
    """Say in a word what a campaign asks for; the most particular condition speaks."""
    for asked, zh, en in (
        (one.first_purchase, "首购", "First purchase"),
        (one.birthday_month, "生日月", "Birthday month"),
        (one.labels, "专享", "Members-only"),
        (one.minimum_fen, "满额", "Minimum-spend"),
        (one.products, "指定商品", "Selected goods"),
        (one.shops or one.categories, "指定门店", "Selected shops"),
        (one.tiers, "等级", "Tier"),
        (one.hours or one.weekdays, "时段", "Happy-hour"),
    ):
        if asked:
            return zh, en
    return "活动", "Campaign"


def money(fen: int) -> str:
    """Return an amount in minor units as a decimal string, 12345 -> 123.45."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100}.{fen % 100:02d}"


def plain(value: Fraction) -> str:
    """Return a fraction as people write it: 2, 1.5, 4/3."""
    if 1000 % value.denominator:
        return f"{value.numerator}/{value.denominator}"
    whole, rest = divmod(value.numerator * (1000 // value.denominator), 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")


def _points(value: Fraction) -> str:
    """Return points and a part of one: 12, 12.5, 12 1/3."""
    whole, rest = divmod(value, 1)
    if not whole or not 1000 % value.denominator:
        return plain(value)
    return f"{whole} {plain(rest)}"
