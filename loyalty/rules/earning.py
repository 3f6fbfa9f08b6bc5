"""What a receipt earns, with its explanation.

Exact arithmetic: amounts are integer fen, rates and factors are fractions over one denominator,
and rounding happens once, at the end of the sum, by the rule book's stated rounding; what it
leaves over is told, and central carries it if the book says so. In this order: the rates, the
tier, the groups that multiply, the groups that add, the caps of receipt and day. Groups multiply
one after the other what stands, bonuses before them with it, and each bonus is cut to its own
group's caps before the next group multiplies: those for the fewest goods first, those for the
whole receipt last, of these the ones with caps first, else as the book names them. A cap takes
only from what its own group gives, and a capped bonus is multiplied only by campaigns for all
goods that it can be for, so more spending never earns less.
"""

from collections.abc import Mapping
from fractions import Fraction

from msgspec import Struct

from loyalty.receipt import Receipt
from loyalty.rules import reasons
from loyalty.rules.basket import Basket
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
        self.goods = [frozenset(part.products) for part in basket.parts]
        amounts = [part.fen for part in basket.parts]
        rest = self.earning - sum(amounts)
        if rest or not amounts:
            self.goods.append(frozenset())
            amounts.append(rest)
        self.amounts = amounts
        self.covered: dict[frozenset[str], int] = {frozenset(): self.earning}
        self.exact = self._rates()
        #: What groups with caps gave, and for which goods it can be.
        self.capped: list[tuple[frozenset[str], int]] = []
        self.added = 0

    def result(self) -> Award:
        """Apply tier, groups and caps, then round."""
        tier, times, per = self.ready.tier(self.who.tier_id)
        if times != per:
            self.exact = [one * times for one in self.exact]
            self.unit *= per
            self.reasons.append(reasons.of_tier(tier))
        place = (self.basket.shop_id, self.basket.category)
        for stack in self.ready.stacks(*place, self.when):
            if stack.multiplies:
                self._multiply(stack)
            else:
                self._add(stack)
        total = sum(self.exact) + sum(gain for _, gain in self.capped) + self.added
        whole = rounded(total, self.unit, self.ready.book.rounding)
        points = self._capped_receipt(whole)
        rest = (total - points * self.unit) * PARTS // self.unit if points == whole else 0
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
                found = (one for one in goods_rates if not goods.isdisjoint(one.products))
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
        """Multiply each of the amounts that stand by the best factor of a group."""
        met = self._met(stack)
        if not met:
            return
        best = [stack.best(met, goods, every=False) for goods in self.goods]
        best += [stack.best(met, goods, every=True) for goods, _ in self.capped]
        stand = [*self.exact, *(gain for _, gain in self.capped)] if self.capped else self.exact
        gains: list[int] = []
        by_place: dict[int, int] = {}
        left_out = False
        for place, one in zip(best, stand, strict=True):
            gain = 0
            if place is None:
                left_out = left_out or bool(one)
            elif one:
                gain = one * (stack.factors[place] - stack.scale)
                by_place[place] = by_place.get(place, 0) + gain
            gains.append(gain)
        if not by_place:
            return
        self.unit *= stack.scale
        part = left_out or len(by_place) > 1
        for place, gain in by_place.items():
            times = Fraction(stack.factors[place], stack.scale)
            more = Fraction(gain, self.unit) if part else None
            self.reasons.append(reasons.of_times(stack.campaigns[place], times, more))
        if stack.capped:  # for which goods it is hangs on no amount: see the module's order
            stand = [one * stack.scale for one in stand]
        else:
            stand = [one * stack.scale + gain for one, gain in zip(stand, gains, strict=True)]
        count = len(self.exact)
        self.exact, rest = stand[:count], stand[count:]
        self.capped = [(goods, one) for (goods, _), one in zip(self.capped, rest, strict=True)]
        used = [stack.campaigns[place] for place in by_place]
        gain = self._share(stack, used, sum(by_place.values()))
        if stack.capped:
            self.capped.append((stack.goods, gain))

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
            self.added += self._share(stack, [best], most * self.unit)

    def _share(self, stack: Stack, used: list[Campaign], gain: int) -> int:
        """Return what a group gives, `gain` over the unit, as far as its caps let it; note it."""
        name, most = self._least_cap(stack)
        if most is not None and gain > most * self.unit:
            gain = most * self.unit
            self.reasons.append(reasons.of_cap(used[0], name, most))
        self.firsts += [one.id for one in used if one.first_purchase]
        shared = stack.shared
        if shared.expiry_months or shared.cap_day or shared.cap_member or shared.budget:
            points = -(-gain // self.unit)
            self.shares.append(Share(stack.id, points, shared.expiry_months))
        return gain

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


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return a fraction that is not negative as an integer by the stated rounding."""
    whole, rest = divmod(numerator, denominator)
    if rounding == "floor":
        return whole
    up = rest > 0 if rounding == "ceil" else 2 * rest >= denominator
    return whole + 1 if up else whole
