"""What a refund leaves of an award, and of what it used of caps that receipts share.

A member keeps the rounded-down share of what is still bought, and no more than that earns by
itself: a bonus whose conditions the rest no longer meets goes. A cap gets back the room of the
points that went and no more, so buying, refunding and buying again neither gets around a cap nor
costs an honest buyer what the cap allows. Till and central work out the same.
"""

from collections.abc import Mapping
from typing import NamedTuple

from loyalty.products import Part
from loyalty.rules.basket import Basket, without
from loyalty.rules.book_types import RuleBook
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import Used, left_then, room, stack_of
from loyalty.rules.earning import Award, award
from loyalty.rules.spans import Span


class Kept(NamedTuple):
    """`points` of an award stay. `share` is the proportional part of them.

    `rest` is what would be earned by the `basket` that is still bought; None where no rule looks
    at that.
    """

    points: int
    share: int
    basket: Basket
    rest: Award | None

    def undoes_more(self, before: "Kept") -> bool:
        """Tell whether a refund took more than its share: bonuses that the rest does not meet."""
        return self.share - self.points > before.share - before.points


class Sold(NamedTuple):
    """An award with what it was worked out with; it `moved` counters and `uses` so much of them."""

    basket: Basket
    who: Who
    when: Span | None
    book: RuleBook
    moved: Mapping[str, int]
    uses: Mapping[str, int]


def left_of(
    basket: Basket,
    earned: int,
    refunded_fen: int,
    who: Who,
    when: Span | None,
    book: RuleBook,
    back: tuple[Part, ...] = (),
) -> Kept:
    """Return what stays of the `earned` points when so much of a receipt was refunded.

    Nothing stays when everything came back. Where it is known which goods came `back`, the share
    is that of what the others earn, less in proportion for what came back besides.
    """
    gone = min(max(refunded_fen, 0), basket.earning_fen)
    share = _kept(earned, basket.earning_fen, gone)
    goods = gone > 0 and bool(back) and bool(basket.parts)
    if not goods and (not book.campaigns or share == earned):
        return Kept(share, share, basket, None)
    still = without(basket, gone, back)
    rest = award(still, who, when, book)
    whole = award(basket, who, when, book).points if goods else 0
    if whole:
        told = min(sum(part.fen for part in back), gone)
        others = rest if told == gone else award(without(basket, told, back), who, when, book)
        share = earned * min(others.points, whole)
        if told < gone:  # what nobody told comes off the rest alike, whatever came back first
            share = share * (basket.earning_fen - gone) // (basket.earning_fen - told)
        share //= whole
    return Kept(min(share, rest.points), share, still, rest)


def kept(
    basket: Basket,
    earned: int,
    refunded_fen: int,
    who: Who,
    when: Span | None,
    book: RuleBook,
    back: tuple[Part, ...] = (),
) -> int:
    """Return how many points `left_of` leaves."""
    return left_of(basket, earned, refunded_fen, who, when, book, back).points


def still_used(
    moved: Mapping[str, int], given: Award, after: Kept, who: Who, when: Span | None, book: RuleBook
) -> dict[str, int]:
    """Return how much of each counter an award still uses of what it `moved` when it was `given`.

    What was promised beyond the caps goes first. Of a group's bonus the rounded-up share stays
    used, and more of it as far as the member keeps more than the rest could earn with that.
    """
    if not after.points:
        return {}
    due = min(after.points, given.points)
    used = {}
    most = dict(moved)
    for name, points in moved.items():
        stack = stack_of(name)
        if stack == "":
            used[name] = min(points, due)
        elif stack is None:
            used[name] = points
        else:
            if after.rest is not None:
                most[name] = min(points, _of_stack(after.rest, stack))
            used[name] = min(most[name], -(-points * due // given.points))
    if after.rest is not None:
        again = award(after.basket, who, when, book, left_then(book, used)).points
        _raise(used, most, after.points - again)
    return {name: points for name, points in used.items() if points}


def settled(sold: Sold, after: Kept, used: Used) -> tuple[Kept, dict[str, int]]:
    """Return what of an award stays, and how much of each counter it uses from now on.

    What an earlier refund had freed and another receipt has taken since does not come back, even
    where one bonus now fills the place of another that the refund undoes: then less stays.
    """
    given = award(sold.basket, sold.who, sold.when, sold.book, left_then(sold.book, sold.moved))
    now = still_used(sold.moved, given, after, sold.who, sold.when, sold.book)
    there = room(sold.book, sold.moved, used)
    beyond: dict[str, int] = {}
    for name, points in now.items():
        if stack := stack_of(name):
            more = points - sold.uses.get(name, 0) - there[name]
            beyond[stack] = max(more, beyond.get(stack, 0))
    if not any(beyond.values()):
        return after, now
    after = after._replace(points=max(after.points - sum(beyond.values()), 0))
    fewer = {}
    for name, points in now.items():
        stack = stack_of(name)
        most = after.points if stack == "" else points - beyond.get(stack or "", 0)
        fewer[name] = max(min(points, most), 0)
    return after, {name: points for name, points in fewer.items() if points}


def _raise(used: dict[str, int], most: Mapping[str, int], lacking: int) -> None:
    """Let groups use so many points more, each up to its most, in the order of the counters."""
    for stack in dict.fromkeys(stack_of(name) for name in used):
        names = [name for name in used if stack and stack_of(name) == stack]
        more = min(max((most[name] - used[name] for name in names), default=0), max(lacking, 0))
        lacking -= more
        for name in names:
            used[name] = min(most[name], used[name] + more)


def _of_stack(given: Award, stack: str) -> int:
    return sum(share.points for share in given.shares if share.stack == stack)


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
