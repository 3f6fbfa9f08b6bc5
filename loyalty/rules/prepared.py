"""A rule book made ready to be asked thousands of times a second: integers, and few candidates.

Every rate and factor is brought to a common denominator once, so that an award is integer
arithmetic. Which campaigns can count in a shop on a day is worked out once as well.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from math import lcm

from loyalty.rules.book_types import Rate, RuleBook, Tier, fraction
from loyalty.rules.campaigns import Campaign
from loyalty.rules.spans import WEEKDAYS, Span

_DAYS_KEPT = 4096


#: The goods of a bonus that is for the whole receipt; no campaign for goods names these.
_ALL = frozenset(("",))


class Stack:
    """The campaigns of one stacking group that may count; their factors over the common `scale`.

    `goods` are those that any campaign of the whole group names, as what it gives can be for any.
    """

    __slots__ = (
        *("campaigns", "capped", "factors", "goods", "id"),
        *("multiplies", "products", "scale", "shared"),
    )

    def __init__(self, campaigns: tuple[Campaign, ...], scale: int, goods: frozenset[str]) -> None:
        self.id = campaigns[0].stack()
        self.multiplies = bool(campaigns[0].times)
        self.campaigns = campaigns
        self.scale = scale
        self.goods = goods
        self.shared = campaigns[0]  # its caps and expiry are everybody's
        self.capped = _has_caps(self.shared)
        factors = [fraction(one.times) if one.times else fraction("1") for one in campaigns]
        self.factors = tuple(one.numerator * (scale // one.denominator) for one in factors)
        self.products = tuple(frozenset(one.products) for one in campaigns)

    def best(self, places: list[int], goods: frozenset[str], *, every: bool) -> int | None:
        """Return which of the campaigns multiplies these goods most; None if none does.

        A campaign counts that is for one of the goods, or, where that is asked, for `every` one.
        """
        best, most = None, self.scale
        for place in places:
            if self.factors[place] > most:
                products = self.products[place]
                if not products or (goods <= products if every else not goods.isdisjoint(products)):
                    best, most = place, self.factors[place]
        return best


class Prepared:
    """One rule book, ready."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        goods = any(rate.products for rate in book.rates)
        caps = book.cap_receipt or book.cap_day
        self.plain = not (book.campaigns or goods or caps or book.remainder == "carry")
        self.scale = lcm(*(rate.per_fen for rate in book.rates))
        self.tiers = {tier.id: (tier, tier.factor()) for tier in reversed(book.tiers)}
        self.first_tier = (book.tiers[0], book.tiers[0].factor())
        self._stacks: dict[str, list[Campaign]] = {}
        for one in book.campaigns:
            self._stacks.setdefault(one.stack(), []).append(one)
        self._scales = {
            name: lcm(*(fraction(one.times).denominator for one in stack if one.times), 1)
            for name, stack in self._stacks.items()
        }
        self._goods = {name: _goods_of(stack) for name, stack in self._stacks.items()}
        self._order = sorted(self._stacks, key=self._rank)  # equal ranks keep the book's order
        self._rates: dict[tuple[str, str], tuple[Rate, tuple[Rate, ...]]] = {}
        self._ready: dict[tuple[str, str, date | None], tuple[Stack, ...]] = {}

    def tier(self, tier_id: str) -> tuple[Tier, int, int]:
        """Return a tier, the first one for an id the book does not know, and its factor."""
        tier, factor = self.tiers.get(tier_id) or self.first_tier
        return tier, factor.numerator, factor.denominator

    def rates(self, shop_id: str, category: str) -> tuple[Rate, tuple[Rate, ...]]:
        """Return the rate of a shop, and the rates of goods that count there."""
        place = (shop_id, category)
        known = self._rates.get(place)
        if known is None:
            goods = tuple(
                rate
                for rate in self.book.rates
                if rate.products
                and rate.category in ("*", category)
                and (not rate.shops or shop_id in rate.shops)
            )
            known = self._rates[place] = (self.book.rate_for(category, shop_id), goods)
        return known

    def stacks(self, shop_id: str, category: str, when: Span | None) -> tuple[Stack, ...]:
        """Return the groups that may count in a shop at a time, in the order in which they do."""
        day = when.first.date() if when is not None else None
        if when is not None and when.last.date() != day:
            day = None
        place = (shop_id, category, day)
        known = self._ready.get(place)
        if known is None:
            if len(self._ready) >= _DAYS_KEPT:
                self._ready.clear()
            known = self._ready[place] = tuple(self._find(shop_id, category, day))
        return known

    def _find(self, shop_id: str, category: str, day: date | None) -> Iterable[Stack]:
        for name in self._order:
            here = (one for one in self._stacks[name] if one.in_shop(shop_id, category))
            chosen = tuple(one for one in here if day is None or _may_run(one, day))
            if chosen:
                yield Stack(chosen, self._scales[name], self._goods[name])

    def _rank(self, name: str) -> tuple[bool, bool, int, bool]:
        """Return what orders the groups: of the book alone, whatever counts here and now."""
        first, goods = self._stacks[name][0], self._goods[name]
        return not first.times, goods == _ALL, len(goods), not _has_caps(first)


def _goods_of(campaigns: list[Campaign]) -> frozenset[str]:
    if any(not one.products for one in campaigns):
        return _ALL
    return frozenset(each for one in campaigns for each in one.products)


def _has_caps(one: Campaign) -> bool:
    return bool(one.cap_receipt or one.cap_day or one.cap_member or one.budget)


def _may_run(one: Campaign, day: date) -> bool:
    if one.from_day is not None and day < one.from_day:
        return False
    if one.until_day is not None and day > one.until_day:
        return False
    return not one.weekdays or WEEKDAYS[day.weekday()] in one.weekdays


@lru_cache(maxsize=64)
def prepared(book: RuleBook) -> Prepared:
    """Return a rule book made ready."""
    return Prepared(book)
