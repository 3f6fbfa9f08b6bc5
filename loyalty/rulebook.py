"""The rule book: how a programme turns spending into points, as one immutable, hashed document.

People write it as TOML; tills and central hold it as canonical JSON whose SHA-256 is its version.
Every event names the version it was computed with, so any sum can be computed again.
"""

import hashlib
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import Struct

from loyalty.settings import SettingsError, parse

Rounding = Literal["floor", "half_up", "ceil"]


class RuleBookError(ValueError):
    """The rule book does not say what it must; the message names the place and the reason."""


class Rate(Struct, frozen=True, forbid_unknown_fields=True):
    """`points` for every `per_fen` spent in shops of one category ("*" is every other shop)."""

    category: str
    points: int
    per_fen: int
    name_zh: str
    name_en: str


class Tier(Struct, frozen=True, forbid_unknown_fields=True):
    """A member tier: reached at `from_points`, multiplying points by `multiplier` ("3/2")."""

    id: str
    name_zh: str
    name_en: str
    from_points: int
    multiplier: str

    def factor(self) -> Fraction:
        """Return the multiplier as an exact fraction."""
        return _fraction(self.multiplier)


class RuleBook(Struct, frozen=True, forbid_unknown_fields=True):
    """One programme's rules. Amounts in fen, days in calendar days of the mall's zone."""

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

    def rate_for(self, category: str) -> Rate:
        """Return the rate of a shop category, else the rate of every other shop."""
        for rate in self.rates:
            if rate.category == category:
                return rate
        return next(rate for rate in self.rates if rate.category == "*")

    def tier(self, tier_id: str) -> Tier:
        """Return a tier by its id; an id this book does not know counts as the first tier."""
        for tier in self.tiers:
            if tier.id == tier_id:
                return tier
        return self.tiers[0]


@lru_cache(maxsize=1024)  # a ledger asks for the same few with every event
def _fraction(text: str) -> Fraction:
    return Fraction(text)


#: Policy P0: what did not cost the member money in this shop does not earn.
UNEARNING_TENDERS = ("mall_points", "mall_voucher", "platform_voucher", "platform_online")


def canonical(book: RuleBook) -> bytes:
    """Return the one spelling of a rule book: deterministic JSON, UTF-8."""
    return msgspec.json.encode(book, order="deterministic")


def version(book: RuleBook) -> str:
    """Return the content hash that names this rule book, 64 hex digits."""
    return hashlib.sha256(canonical(book)).hexdigest()


def from_canonical(data: bytes) -> RuleBook:
    """Return the rule book of canonical bytes. Raises RuleBookError if they are not one."""
    try:
        book = msgspec.json.decode(data, type=RuleBook)
    except msgspec.DecodeError as error:
        raise RuleBookError(f"rule book: {error}") from error
    _check(book)
    return book


def from_toml(text: str) -> RuleBook:
    """Return the rule book a person wrote. Raises RuleBookError naming the place and reason."""
    try:
        book = parse(text, RuleBook)
    except SettingsError as error:
        raise RuleBookError(f"rule book: {error}") from error
    _check(book)
    return book


def _check(book: RuleBook) -> None:
    """Refuse what types cannot: exactly one fallback rate, positive rates, rising tiers."""
    categories = [rate.category for rate in book.rates]
    if categories.count("*") != 1:
        raise RuleBookError("rule book: rates must hold exactly one rate with category '*'")
    if len(set(categories)) != len(categories):
        raise RuleBookError("rule book: two rates name the same category")
    for rate in book.rates:
        if rate.points < 0 or rate.per_fen <= 0:
            raise RuleBookError(
                f"rule book: rate {rate.category!r} needs points >= 0 and per_fen > 0"
            )
    if not book.tiers or book.tiers[0].from_points != 0:
        raise RuleBookError("rule book: the first tier must start at from_points = 0")
    if [t.from_points for t in book.tiers] != sorted({t.from_points for t in book.tiers}):
        raise RuleBookError("rule book: tiers must rise in from_points")
    for tier in book.tiers:
        _check_multiplier(tier)
    for name in ("expiry_months", "claim_days", "voucher_days", "redeem_limit_points"):
        if getattr(book, name) <= 0:
            raise RuleBookError(f"rule book: {name} must be more than 0")


def _check_multiplier(tier: Tier) -> None:
    try:
        factor = tier.factor()
    except (ValueError, ZeroDivisionError) as error:
        raise RuleBookError(
            f"rule book: tier {tier.id!r}: multiplier {tier.multiplier!r} is no fraction like 3/2"
        ) from error
    if factor <= 0:
        raise RuleBookError(f"rule book: tier {tier.id!r}: multiplier must be more than 0")
