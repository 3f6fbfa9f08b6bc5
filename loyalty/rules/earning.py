"""What a receipt earns, and what a refund takes back, each with its explanation.

Exact arithmetic: amounts are integer fen, rates and factors are fractions over one denominator,
and rounding happens once, at the end of the sum, by the rule book's stated rounding; what it
leaves over is told, and central carries it if the book says so. In this order: the rates, the
tier, the multiplying groups in the order of the book, the adding groups, the caps of receipt and
day. A cap takes only from what its own group gives, so more spending never earns less.
"""

from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from loyalty.products import Part
from loyalty.receipt import Receipt
from loyalty.rules import reasons
from loyalty.rules.basket import Basket, without
from loyalty.rules.basket import eligible_fen as _eligible_fen
from loyalty.rules.book_types import UNEARNING_TENDERS, Rate, Rounding, RuleBook
from loyalty.rules.campaigns import Campaign, Met, Who
from loyalty.rules.prepared import Prepared, Stack, prepared
from loyalty.rules.reasons import Reason as Reason  # noqa: PLC0414  # named here for others
from loyalty.rules.reasons import money as money  # noqa: PLC0414
from loyalty.rules.reasons import plain as plain  # noqa: PLC0414
from loyalty.rules.spans import Span

#: What is left of caps that several receipts share, by `cap_key`; None: not known here, so what
#: a receipt is promised is not cut, and central books the excess as overrun.
Left = Mapping[str, int] | None
#: A remainder is counted in these parts of a point: a whole number of them for all that people
#: write (amounts in fen, rates and factors of primes up to 13).
PARTS = 2**6 * 3**4 * 5**6 * 7 * 11 * 13


class Share(Struct, frozen=True, gc=False):
    """`points` of an award that a stacking group gave, and how long they count (0: as usual)."""

    stack: str
    points: int
    expiry_months: int


class Award(Struct, frozen=True):
    """The points of one receipt and the steps that lead to them.

    `shares` are what groups with caps or an expiry of their own gave of them; `firsts` are the
    campaigns for a first purchase that counted. `rest` is what rounding down left over, in
    PARTS of a point; an award that a cap has cut leaves nothing.
    """

    points: int
    eligible_fen: int
    reasons: tuple[Reason, ...]
    shares: tuple[Share, ...] = ()
    firsts: tuple[str, ...] = ()
    rest: int = 0


def eligible_fen(receipt: Receipt, unearning: tuple[str, ...] = UNEARNING_TENDERS) -> int:
    """Return the part of a receipt that earns by policy P0, or by a book's list of tenders."""
    return _eligible_fen(receipt, unearning)


def cap_key(what: str, stack: str) -> str:
    """Return the key of a shared cap: `what` is day, member or budget; no stack: the whole day."""
    return f"{what}:{stack}"


def award(basket: Basket, who: Who, when: Span | None, book: RuleBook, left: Left = None) -> Award:
    """Return the points of a receipt, with their explanation.

    `when` is None where nobody is sure of the time: what depends on it is not promised.
    """
    return _Sum(basket, who, when, prepared(book), left).result()


def points(basket: Basket, who: Who, when: Span | None, book: RuleBook, left: Left = None) -> int:
    """Return the points that `award` returns; under a book of rates and tiers alone, at once."""
    ready = prepared(book)
    if not ready.plain:
        return award(basket, who, when, book, left).points
    rate, _ = ready.rates(basket.shop_id, basket.category)
    _, times, per = ready.tier(who.tier_id)
    exact = max(basket.earning_fen, 0) * rate.points * times
    return rounded(exact, rate.per_fen * per, book.rounding)


class _Sum:
    """One award being worked out: amounts of goods, in points over a common denominator."""

    def __init__(
        self, basket: Basket, who: Who, when: Span | None, ready: Prepared, left: Left
    ) -> None:
        self.basket, self.who, self.when, self.ready, self.left = basket, who, when, ready, left
        self.earning = max(basket.earning_fen, 0)
        currency = {"amount": money(basket.earning_fen), "currency": ready.book.currency}
        self.reasons = [Reason("eligible", currency)]
        self.shares: list[Share] = []
        self.firsts: list[str] = []
        self.unit = ready.scale
        self.goods = [part.products for part in basket.parts]
        amounts = [part.fen for part in basket.parts]
        rest = self.earning - sum(amounts)
        if rest or not amounts:
            self.goods.append(())
            amounts.append(rest)
        self.amounts = amounts
        self.covered: dict[frozenset[str], int] = {frozenset(): self.earning}
        self.exact = self._rates()
        self.total = sum(self.exact)

    def result(self) -> Award:
        """Apply tier, groups and caps, then round."""
        tier, times, per = self.ready.tier(self.who.tier_id)
        if times != per:
            self.exact = [one * times for one in self.exact]
            self.total, self.unit = self.total * times, self.unit * per
            self.reasons.append(reasons.of_tier(tier))
        place = (self.basket.shop_id, self.basket.category)
        for stack in self.ready.stacks(*place, self.when):
            if stack.multiplies:
                self._multiply(stack)
            else:
                self._add(stack)
        whole = rounded(self.total, self.unit, self.ready.book.rounding)
        points = self._capped_receipt(whole)
        rest = (self.total - points * self.unit) * PARTS // self.unit if points == whole else 0
        return Award(
            points=points,
            eligible_fen=self.basket.earning_fen,
            reasons=tuple(self.reasons),
            shares=self._within(points),
            firsts=tuple(self.firsts),
            rest=max(rest, 0),
        )

    def _rates(self) -> list[int]:
        plain_rate, goods_rates = self.ready.rates(self.basket.shop_id, self.basket.category)
        exact, used = [], dict[Rate, int]()
        for goods, fen in zip(self.goods, self.amounts, strict=True):
            rate = plain_rate
            if goods and goods_rates:
                known = set(goods)
                found = (one for one in goods_rates if not known.isdisjoint(one.products))
                rate = next(found, plain_rate)
            exact.append(fen * rate.points * (self.unit // rate.per_fen))
            used[rate] = used.get(rate, 0) + fen
        for rate, fen in used.items():
            self.reasons.append(reasons.of_rate(rate, fen, alone=len(used) == 1))
        return exact

    def _covered(self, products: frozenset[str]) -> int:
        """Return how much of what earns a campaign for these goods covers, in fen."""
        known = self.covered.get(products)
        if known is None:
            each = zip(self.goods, self.amounts, strict=True)
            known = sum(fen for goods, fen in each if not products.isdisjoint(goods))
            self.covered[products] = known
        return known

    def _met(self, stack: Stack) -> list[int]:
        """Return the places of the campaigns of a group that this receipt meets for sure."""
        met = []
        for place, one in enumerate(stack.campaigns):
            covered = self._covered(stack.products[place])
            if covered > 0 and one.met(covered, self.who, self.when) is Met.YES:
                met.append(place)
        return met

    def _multiply(self, stack: Stack) -> None:
        """Multiply each amount by the best factor of a group; its caps take from the gain."""
        met = self._met(stack)
        if not met:
            return
        gain, used = 0, dict[int, None]()
        exact = []
        for goods, one in zip(self.goods, self.exact, strict=True):
            factor, best = stack.scale, None
            for place in met:
                covers = not stack.products[place] or not stack.products[place].isdisjoint(goods)
                if covers and stack.factors[place] > factor:
                    factor, best = stack.factors[place], place
            if best is not None and one:
                used[best] = None
            gain += one * (factor - stack.scale)
            exact.append(one * factor)
        if not used:
            return
        self.exact = exact
        self.unit *= stack.scale
        self.total *= stack.scale
        for place in used:
            times = Fraction(stack.factors[place], stack.scale)
            self.reasons.append(reasons.of_times(stack.campaigns[place], times))
        self._take_share(stack, [stack.campaigns[place] for place in used], gain)

    def _add(self, stack: Stack) -> None:
        """Add the points of the campaign of a group that gives most here."""
        best, most = None, 0
        for place in self._met(stack):
            one = stack.campaigns[place]
            count = self._covered(stack.products[place]) // one.every_fen if one.every_fen else 1
            if one.points * count > most:
                best, most = one, one.points * count
        if best is not None:
            self.reasons.append(reasons.of_points(best, most))
            self._take_share(stack, [best], most * self.unit)

    def _take_share(self, stack: Stack, used: list[Campaign], gain: int) -> None:
        """Add what a group gives, `gain` over the unit, as far as its caps let it."""
        name, most = self._least_cap(stack)
        if most is not None and gain > most * self.unit:
            gain = most * self.unit
            self.reasons.append(reasons.of_cap(used[0], name, most))
        self.total += gain
        self.firsts += [one.id for one in used if one.first_purchase]
        shared = stack.shared
        if shared.expiry_months or shared.cap_day or shared.cap_member or shared.budget:
            points = -(-gain // self.unit)
            self.shares.append(Share(stack.id, points, shared.expiry_months))

    def _least_cap(self, stack: Stack) -> tuple[str, int | None]:
        """Return which cap of a group leaves least, and how many points that is."""
        shared = stack.shared
        caps = [("receipt", shared.cap_receipt)] if shared.cap_receipt else []
        for what, cap in (
            ("day", shared.cap_day),
            ("member", shared.cap_member),
            ("budget", shared.budget),
        ):
            if cap:
                known = cap if self.left is None else self.left.get(cap_key(what, stack.id), cap)
                caps.append((what, max(known, 0)))
        return min(caps, key=lambda one: one[1]) if caps else ("", None)

    def _capped_receipt(self, points: int) -> int:
        """Cut an award to the book's own caps of a receipt and of a member's day."""
        book = self.ready.book
        day = book.cap_day
        if day and self.left is not None:
            day = max(self.left.get(cap_key("day", ""), day), 0)
        for what, cap, set_ in (
            ("whole_receipt", book.cap_receipt, bool(book.cap_receipt)),
            ("whole_day", day, bool(book.cap_day)),
        ):
            if set_ and points > cap:
                self.reasons.append(Reason(f"cap_{what}", {"points": str(cap)}))
                points = cap
        return points

    def _within(self, points: int) -> tuple[Share, ...]:
        """Return the shares as far as the award, which caps and rounding may have cut, has them."""
        kept = []
        for share in self.shares:
            taken = min(share.points, points)
            points -= taken
            kept.append(Share(share.stack, taken, share.expiry_months))
        return tuple(kept)


def kept(
    basket: Basket,
    earned: int,
    refunded_fen: int,
    who: Who,
    when: Span | None,
    book: RuleBook,
    back: tuple[Part, ...] = (),
) -> int:
    """Return how many of the `earned` points stay when so much of a receipt was refunded.

    The rounded-down share of what is still bought, and no more than that earns by itself: a bonus
    whose conditions the rest no longer meets goes. Nothing stays when everything came back. Where
    it is known which goods came `back`, the share is that of what the others earn.
    """
    gone = min(max(refunded_fen, 0), basket.earning_fen)
    share = _kept(earned, basket.earning_fen, gone)
    goods = gone > 0 and bool(back) and bool(basket.parts)
    if not goods and (not book.campaigns or share == earned):
        return share
    rest = award(without(basket, gone, back), who, when, book).points
    whole = award(basket, who, when, book).points if goods else 0
    if whole:
        share = earned * min(rest, whole) // whole
    return min(share, rest)


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
    return earned * (eligible - refunded) // eligible if eligible > 0 else 0


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return a fraction that is not negative as an integer by the stated rounding."""
    whole, rest = divmod(numerator, denominator)
    if rounding == "floor":
        return whole
    up = rest > 0 if rounding == "ceil" else 2 * rest >= denominator
    return whole + 1 if up else whole
