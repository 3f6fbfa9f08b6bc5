"""What a rule book would have given for receipts of the past, beside what they were given.

Pure: whoever calls brings the receipts, and the refunds between them, in the order of the ledger.
Shared caps count as they would have: the receipts of the trial use them up one after another, and
refunds free what they would have freed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct, structs

from loyalty.products import Part
from loyalty.rules.basket import Basket
from loyalty.rules.book_types import RuleBook
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import Used, carried, counters, had, left, uses
from loyalty.rules.earning import award
from loyalty.rules.refunds import Sold, left_of, settled
from loyalty.rules.spans import Span

LARGEST = 10


class Past(Struct, frozen=True):
    """A receipt of the past: its basket and time, whose it was, and the points it was given.

    `between_ms` is the same time in ms UTC. Of one that `comes_back` there are refunds.
    """

    fingerprint: str
    number: str
    member: str
    basket: Basket
    who: Who
    when: Span
    given: int
    between_ms: tuple[int, int] = (0, 0)
    comes_back: bool = False


class Back(Struct, frozen=True):
    """A refund of the past: with it so much of a receipt was back, these goods as far as told."""

    fingerprint: str
    refunded_fen: int
    goods: tuple[Part, ...] = ()


class Change(Struct, frozen=True):
    """One receipt that a book would have given other points; `moved` as in `counting.uses`."""

    past: Past
    points: int
    reasons: tuple[tuple[str, dict[str, str]], ...]
    moved: dict[str, int] = {}


class Sum(Struct):
    """Receipts of one kind: how many, what they were given, and what they would have been."""

    receipts: int = 0
    given: int = 0
    points: int = 0

    def add(self, given: int, points: int) -> None:
        """Count one receipt."""
        self.receipts += 1
        self.given += given
        self.points += points


class Explained(Struct, frozen=True):
    """How many receipts a campaign's explanation would have stood on, under its two names."""

    zh: str
    en: str
    receipts: int


class Trial(Struct, frozen=True):
    """What a book would have done: all together, by shop and by tier; more and less apart.

    `largest` are the receipts that differ most; `campaigns`, those on most receipts first.
    """

    whole: Sum
    more: Sum
    less: Sum
    members_more: int
    members_less: int
    shops: dict[str, Sum]
    tiers: dict[str, Sum]
    campaigns: tuple[Explained, ...]
    largest: tuple[Change, ...]


class _Counted(dict[str, int]):
    """What counters have come to in a trial; before it they stood where `begun` says."""

    def __init__(self, begun: Used) -> None:
        super().__init__()
        self._begun = begun

    def __missing__(self, name: str) -> int:
        self[name] = self._begun(name)
        return self[name]


def tried(book: RuleBook, past: Iterable[Past | Back], begun: Used) -> Trial:
    """Return what `book` would have given for each of these receipts.

    `begun` says where a counter that receipts share stood before the first of them.
    """
    whole, more, less = Sum(), Sum(), Sum()
    shops: dict[str, Sum] = defaultdict(Sum)
    tiers: dict[str, Sum] = defaultdict(Sum)
    campaigns: Counter[tuple[str, str]] = Counter()
    differs: dict[str, int] = defaultdict(int)
    changes: list[Change] = []
    for change in _each(book, past, begun):
        one, points = change.past, change.points
        for sums in (whole, shops[one.basket.shop_id], tiers[one.who.tier_id]):
            sums.add(one.given, points)
        for code, values in change.reasons:
            if code.startswith("campaign_"):
                campaigns[values["zh"], values["en"]] += 1
        if points == one.given:
            continue
        (more if points > one.given else less).add(one.given, points)
        differs[one.member] += points - one.given
        changes.append(change)
        if len(changes) > 50 * LARGEST:
            changes = _largest(changes)
    return Trial(
        whole=whole,
        more=more,
        less=less,
        members_more=sum(points > 0 for points in differs.values()),
        members_less=sum(points < 0 for points in differs.values()),
        shops=dict(shops),
        tiers=dict(tiers),
        campaigns=tuple(Explained(*names, count) for names, count in campaigns.most_common()),
        largest=tuple(_largest(changes)),
    )


def changes(book: RuleBook, past: Iterable[Past | Back], begun: Used) -> Iterator[Change]:
    """Yield every receipt to which `book` would have given other points; `begun` as in `tried`."""
    return (one for one in _each(book, past, begun) if one.points != one.past.given)


class _Kept(Struct, frozen=True):
    """A receipt that comes back: what the book gave for it, and what stays of that so far."""

    sold: Sold
    earned: int
    stays: int


def _each(book: RuleBook, past: Iterable[Past | Back], begun: Used) -> Iterator[Change]:
    used = _Counted(begun)
    kept: dict[str, _Kept] = {}
    for one in past:
        if isinstance(one, Past):
            sold, change = _again(book, one, used)
            if one.comes_back and sold.moved:
                kept[one.fingerprint] = _Kept(sold, change.points, change.points)
            yield change
        elif (known := kept.get(one.fingerprint)) is not None:
            kept[one.fingerprint] = _refunded(known, one, used)


def _refunded(known: _Kept, back: Back, used: dict[str, int]) -> _Kept:
    """Return what a refund leaves of a receipt; caps get back the room of what went."""
    sold = known.sold
    asked = (back.refunded_fen, sold.who, sold.when, sold.book, back.goods)
    after = left_of(sold.basket, known.earned, *asked)
    after = after._replace(points=min(after.points, known.stays))
    after, now = settled(sold, after, used.__getitem__)
    for name, points in sold.uses.items():
        used[name] += now.get(name, 0) - points
    return _Kept(sold._replace(uses=now), known.earned, after.points)


def _again(book: RuleBook, one: Past, used: dict[str, int]) -> tuple[Sold, Change]:
    day: date = one.when.last.date()
    known = counters(book, one.member, day)
    who = structs.replace(one.who, had=had(book, one.member, lambda name: used[name]))
    given = award(one.basket, who, one.when, book, left(known, lambda name: used[name]))
    extra, rest = carried(book, given, one.member, lambda name: used[name])
    moved = uses(given, known, one.member) | rest
    for name, points in moved.items():
        used[name] += points
    reasons = tuple((reason.code, reason.values) for reason in given.reasons)
    sold = Sold(one.basket, who, one.when, book, moved, moved)
    return sold, Change(one, given.points + extra, reasons, moved)


def _largest(changes: list[Change]) -> list[Change]:
    order = sorted(changes, key=lambda one: (-abs(one.points - one.past.given), one.past.number))
    return order[:LARGEST]
