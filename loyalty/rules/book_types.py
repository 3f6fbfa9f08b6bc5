"""What a rule book consists of, and what can be wrong with one: types without reading or writing.

`loyalty.rules.rulebook` reads and writes them; which combinations are wrong says
`loyalty.rules.book_checks`.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from msgspec import Struct, structs

from loyalty.products import Products
from loyalty.rules.activities import Activity
from loyalty.rules.campaigns import Campaign
from loyalty.rules.tender import Paying

Rounding = Literal["floor", "half_up", "ceil"]
#: The newest grammar that this software reads. A book says the oldest one that has all it uses.
GRAMMAR = 5
#: Policy P0: what did not cost the member money in this shop does not earn.
UNEARNING_TENDERS = ("mall_points", "mall_voucher", "platform_voucher", "platform_online")


class Problem(Struct, frozen=True):
    """One thing that is wrong: `line` of the file (0: not known), which rule, and what."""

    line: int
    rule: str
    zh: str
    en: str

    def __str__(self) -> str:
        """Return the problem as one line for staff, in both languages."""
        return f"line {self.line}: {self.said()}" if self.line else self.said()

    def said(self) -> str:
        """Return which rule is wrong and how, without its line."""
        return f"{self.rule}: {self.zh} / {self.en}" if self.rule else f"{self.zh} / {self.en}"


class RuleBookError(ValueError):
    """The rule book does not say what it must; each problem names the place and the reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class NewerRuleBook(RuleBookError):
    """A rule book of a later version of the software: nothing may be worked out with it here."""

    def __init__(self, grammar: int) -> None:
        zh = f"此规则需要更新的软件（语法 {grammar}，本机 {GRAMMAR}）"
        en = f"this rule book needs newer software (grammar {grammar}, here {GRAMMAR})"
        super().__init__((Problem(0, "", zh, en),))


class Rate(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """`points` for every `per_fen` spent in shops of one category ("*" is every other shop).

    A rate that names `shops` goes before their category's. One that names `products` is for these
    goods alone, in its shops and its category ("*": everywhere); of several the first counts.
    """

    category: str
    points: int
    per_fen: int
    name_zh: str
    name_en: str
    shops: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


class Benefit(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What a tier brings besides points, as data for those who hand it over."""

    kind: Literal["parking_hours", "gift_wrap", "early_rewards_days", "exclusive_rewards"]
    amount: int = 0


class Tier(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A member tier: reached at `from_points`, multiplying points by `multiplier` ("3/2").

    `expiry_months` is how long its members' points count, 0 for as long as the book says.
    """

    id: str
    name_zh: str
    name_en: str
    from_points: int
    multiplier: str
    expiry_months: int = 0
    benefits: tuple[Benefit, ...] = ()

    def factor(self) -> Fraction:
        """Return the multiplier as an exact fraction."""
        return fraction(self.multiplier)


class RuleBook(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, cache_hash=True, gc=False
):
    """One programme's rules. Amounts in fen, days in calendar days of the mall's zone.

    `cap_receipt` and `cap_day` are the most points of one receipt and of one member's day; 0 is
    none. `pending_days` is how long points wait before they can be spent. `tier_basis` is what
    tiers are reached by: the balance, or what was earned in the last `tier_months`. `remainder` is
    what becomes of what rounding down leaves over: dropped, or carried to the next award.

    Members are reminded so many days before points end, so many points below a tier or a reward;
    0 is never. Statements are due on `statement_day` of a month. `tender` is how points pay at a
    till; None: they do not. `offline_points` are the most that a device may have set aside for a
    member who stands at it, to be redeemed there should central be away; 0: nothing.
    """

    name: str
    currency: str
    rounding: Rounding
    expiry_months: int
    claim_days: int
    voucher_days: int
    redeem_limit_points: int
    rates: tuple[Rate, ...]
    tiers: tuple[Tier, ...]
    unearning_tenders: tuple[str, ...]
    grammar: int = 1
    unearning_products: tuple[str, ...] = ()
    products: tuple[Products, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    activities: tuple[Activity, ...] = ()
    cap_receipt: int = 0
    cap_day: int = 0
    pending_days: int = 0
    expiry_to: Literal["day", "month_end", "year_end"] = "day"
    tier_basis: Literal["balance", "rolling"] = "balance"
    tier_months: int = 12
    tier_grace_days: int = 0
    remainder: Literal["drop", "carry"] = "drop"
    remind_expiry_days: tuple[int, ...] = ()
    remind_tier_points: int = 0
    remind_reward_points: int = 0
    statement_day: int = 0
    tender: Paying | None = None
    offline_points: int = 0

    def rate_for(self, category: str, shop_id: str = "") -> Rate:
        """Return the rate of a shop, else of its category, else of every other shop."""
        plain = [rate for rate in self.rates if not rate.products]
        for rate in plain:
            if shop_id and shop_id in rate.shops:
                return rate
        for rate in plain:
            if rate.category == category and not rate.shops:
                return rate
        return next(rate for rate in plain if rate.category == "*" and not rate.shops)

    def tier(self, tier_id: str) -> Tier:
        """Return a tier by its id; an id this book does not know counts as the first tier."""
        for tier in self.tiers:
            if tier.id == tier_id:
                return tier
        return self.tiers[0]


@lru_cache(maxsize=1024)  # a ledger asks for the same few with every event
def fraction(text: str) -> Fraction:
    """Return what a person wrote as a number, 2, 1.5 or 3/2. Raises ValueError or ZeroDivision."""
    if not _NUMBER.fullmatch(text):  # 1e400 is a fraction too, and awards that no ledger can hold
        raise ValueError(f"{text!r} is no number like 2, 1.5 or 3/2")
    return Fraction(text)


def grammar_of(book: RuleBook) -> int:
    """Return the oldest grammar that has everything the book uses."""
    if book.offline_points:
        return 5
    if book.tender is not None:
        return 4
    if any(getattr(book, name) for name in _SINCE_3) or book.remainder != "drop":
        return 3
    own = (field for field in structs.fields(book) if not field.required)
    newer = any(getattr(book, field.name) != field.default for field in own if field.name != _SELF)
    newer = newer or any(rate.shops or rate.products for rate in book.rates)
    newer = newer or any(tier.expiry_months or tier.benefits for tier in book.tiers)
    return 2 if newer else 1


_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,6}(\.[0-9]{1,6}|/[0-9]{1,6})?\s*")
_SELF = "grammar"
_SINCE_3 = ("remind_expiry_days", "remind_tier_points", "remind_reward_points", "statement_day")
