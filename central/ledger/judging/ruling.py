"""Awards under rule books that ask for more than an amount: time, goods, member, shared caps.

Central knows all of it, so it works out every award again (SYNC 2.8). What a till promised stands:
what goes beyond a cap that receipts share is booked as overrun of the campaign. Pure, like the
fold that calls it.
"""

from datetime import UTC, date, datetime

from msgspec import UNSET, Struct, structs

from central.ledger.judging.entry import Entry
from central.ledger.judging.member_rows import Profile
from central.ledger.judging.rows import Facts, Sale
from loyalty.events import Holder, Recalculated
from loyalty.events import Sale as SaleBody
from loyalty.products import Part
from loyalty.rules import earning, refunds
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import carried, counters, had, left, uses
from loyalty.rules.earning import Award
from loyalty.rules.expiry import counts_from, last_day
from loyalty.rules.prepared import prepared
from loyalty.rules.refunds import Kept
from loyalty.rules.rulebook import RuleBook
from loyalty.rules.spans import Span

#: Nobody asks for more than this of a plain book, and then there is no row.
NOTHING = Facts()
NOBODY = Profile()


class Ruled(Struct, frozen=True, gc=False):
    """What a sale gives its holder: `due` by the rules, `uncapped` but for caps receipts share.

    `gone` went with earlier refunds, of `due` or of what was promised beyond it. `apart` are points
    with an own last day. They are pending before the day `counts_from`.
    """

    due: int
    uncapped: int
    gone: int
    until: date
    counts_from: date
    apart: tuple[tuple[int, date], ...] = ()


def remember(entry: Entry, key: bytes, body: SaleBody, book: RuleBook) -> None:
    """Keep when a sale was and on which goods, if its book can ask for that."""
    if not prepared(book).plain:
        event = entry.event
        facts = Facts(body.parts, event.earliest_ms, event.latest_ms)
        entry.state.facts.put(key, facts)


def award(
    entry: Entry, sale: Sale, owner: Holder, tier_id: str, book: RuleBook, promised: int = 0
) -> Ruled:
    """Return what a sale gives a resolved holder, and count what it uses of shared caps."""
    earned_on = date.fromisoformat(sale.sold_on)
    until, begin = last_day(earned_on, book, tier_id), counts_from(earned_on, book)
    if prepared(book).plain:
        basket, who = Basket(sale.eligible_fen, sale.shop_id, sale.category), Who(tier_id)
        due = earning.points(basket, who, None, book)
        points = stays = max(due, promised)
        if sale.refunded_fen:
            stays = refunds.kept(basket, points, sale.refunded_fen, who, None, book)
        return Ruled(due, due, points - stays, until, begin)
    facts = entry.state.facts.get(sale.fingerprint) or NOTHING
    basket, when = _basket(sale, facts), span(entry, facts)
    known = counters(book, owner.key, earned_on)
    who = _who(entry, owner, tier_id, book)
    given = earning.award(basket, who, when, book, left(known, lambda name: used(entry, name)))
    uncapped = earning.award(basket, who, when, book)
    extra, rest = carried(book, given, owner.key, lambda name: used(entry, name))
    moved = uses(given, known, owner.key) | rest
    earned = given.points + extra
    _count(entry, moved)
    facts = structs.replace(
        facts,
        labels=tuple(sorted(who.labels or ())),
        birth_month=who.birth_month or 0,
        had=tuple(sorted(who.had or ())),
        moved=moved,
        freed=UNSET,
        undone=UNSET,
    )
    entry.state.facts.put(sale.fingerprint, facts)
    points, refunded_fen = max(earned, promised), sale.refunded_fen
    after = refunds.left_of(basket, points, refunded_fen, who, when, book, facts.back or ())
    if refunded_fen:
        _free(entry, sale.fingerprint, refunds.still_used(moved, given, after, who, when, book))
    apart = _apart(given, earned_on, book, tier_id)
    return Ruled(earned, uncapped.points + extra, points - after.points, until, begin, apart)


def refunded(
    entry: Entry, sale: Sale, refunded_fen: int, parts: tuple[Part, ...], book: RuleBook
) -> int:
    """Return how many of a sale's points stay once so much of it, `parts` now, was refunded.

    What went of caps that receipts share is given back to them.
    """
    before = _left_of(entry, sale, sale.refunded_fen, book)
    facts = entry.state.facts.get(sale.fingerprint) if not prepared(book).plain else None
    if facts is not None and facts.parts and parts:
        facts = structs.replace(facts, back=(*(facts.back or ()), *parts))
        entry.state.facts.put(sale.fingerprint, facts)
    after = kept(entry, sale, refunded_fen, book)
    facts = entry.state.facts.get(sale.fingerprint) if facts is not None else None
    if facts is not None and after.undoes_more(before):
        undone = (*(facts.undone or ()), entry.booked_by)
        entry.state.facts.put(sale.fingerprint, structs.replace(facts, undone=undone))
    return after.points


def kept(entry: Entry, sale: Sale, refunded_fen: int, book: RuleBook) -> Kept:
    """Return what of a sale's points stays when so much of it was refunded, and free caps."""
    after = _left_of(entry, sale, refunded_fen, book)
    facts = entry.state.facts.get(sale.fingerprint) if not prepared(book).plain else None
    if refunded_fen and facts is not None and facts.moved:
        basket, who, when = _asked(entry, sale, facts)
        sold = refunds.Sold(basket, who, when, book, facts.moved, facts.uses())
        after, now = refunds.settled(sold, after, lambda name: used(entry, name))
        _free(entry, sale.fingerprint, now)
    return after


def _left_of(entry: Entry, sale: Sale, refunded_fen: int, book: RuleBook) -> Kept:
    """Return what so much of a refund leaves; what went before does not come back with it."""
    if prepared(book).plain:
        basket = Basket(sale.eligible_fen, sale.shop_id, sale.category)
        return refunds.left_of(basket, sale.points, refunded_fen, Who(sale.tier_id), None, book)
    facts = entry.state.facts.get(sale.fingerprint) or NOTHING
    basket, who, when = _asked(entry, sale, facts)
    stays = refunds.left_of(basket, sale.points, refunded_fen, who, when, book, facts.back or ())
    return stays._replace(points=min(stays.points, sale.points - sale.taken_back))


def _asked(entry: Entry, sale: Sale, facts: Facts) -> tuple[Basket, Who, Span | None]:
    """Return what the rules asked of a sale when it was awarded."""
    who = Who(sale.tier_id, frozenset(facts.labels), facts.birth_month, frozenset(facts.had))
    return _basket(sale, facts), who, span(entry, facts)


def again(
    entry: Entry, sale: Sale, owner: Holder, body: Recalculated, book: RuleBook
) -> tuple[int, tuple[tuple[int, date], ...]]:
    """Let a sale count by another book from now on, as if it had been awarded by it.

    Return how many of its new points went with earlier refunds, and which have an own last day.
    """
    if body.moved is None:
        gone = refunds.take_back(body.points, sale.eligible_fen, 0, sale.refunded_fen)
        return gone, ()
    before = entry.state.books.get(sale.book)
    if before is not None:
        undo(entry, sale, before)
    sale = structs.replace(sale, points=body.points, taken_back=0)
    if prepared(book).plain:
        return body.points - kept(entry, sale, sale.refunded_fen, book).points, ()
    who = _who(entry, owner, sale.tier_id, book)
    facts = entry.state.facts.get(sale.fingerprint)
    if facts is None:  # its book asked for nothing that is kept
        labels, birth_month = tuple(sorted(who.labels or ())), who.birth_month or 0
        facts = Facts(labels=labels, birth_month=birth_month)
    facts = structs.replace(
        facts,
        parts=body.parts,
        earliest_ms=body.earliest_ms,
        latest_ms=body.latest_ms,
        had=tuple(sorted(who.had or ())),
        moved=body.moved,
        freed=UNSET,
    )
    _count(entry, facts.moved)
    entry.state.facts.put(sale.fingerprint, facts)
    who = structs.replace(who, labels=frozenset(facts.labels), birth_month=facts.birth_month)
    given = earning.award(_basket(sale, facts), who, span(entry, facts), book)
    apart = _apart(given, date.fromisoformat(sale.sold_on), book, sale.tier_id)
    return body.points - kept(entry, sale, sale.refunded_fen, book).points, apart


def undo(entry: Entry, sale: Sale, book: RuleBook) -> None:
    """Give back what an award used of shared caps: all of it was taken back."""
    if prepared(book).plain:
        return
    if entry.state.facts.get(sale.fingerprint) is not None:
        _free(entry, sale.fingerprint, {})


def used(entry: Entry, name: str) -> int:
    """Return what a counter has come to."""
    return entry.state.uses.get(name) or 0


def span(entry: Entry, facts: Facts) -> Span | None:
    """Return the mall's local time of a sale; None for one whose time was not kept."""
    if not facts.latest_ms:
        return None
    first, last = (_local(entry, moment_ms) for moment_ms in (facts.earliest_ms, facts.latest_ms))
    return Span(first, max(first, last))


def _local(entry: Entry, moment_ms: int) -> datetime:
    moment = datetime.fromtimestamp(moment_ms / 1000, tz=UTC)
    return moment.astimezone(entry.state.zone).replace(tzinfo=None)


def _basket(sale: Sale, facts: Facts) -> Basket:
    return Basket(sale.eligible_fen, sale.shop_id, sale.category, facts.parts)


def _who(entry: Entry, owner: Holder, tier_id: str, book: RuleBook) -> Who:
    profile = NOBODY
    if owner.kind == "member":
        profile = entry.state.profiles.get(owner.key) or NOBODY
    bought = had(book, owner.key, lambda name: used(entry, name))
    return Who(tier_id, frozenset(profile.labels), profile.birth_month, bought)


def _count(entry: Entry, moved: dict[str, int]) -> None:
    for name, points in moved.items():
        if points:
            entry.state.uses.put(name, used(entry, name) + points or None)


def _free(entry: Entry, key: bytes, used_: dict[str, int]) -> None:
    """Let an award use so much of each counter from now on."""
    facts = entry.state.facts.get(key) or NOTHING
    freed = {
        name: points - used_.get(name, 0)
        for name, points in facts.moved.items()
        if points != used_.get(name, 0)
    }
    now = structs.replace(facts, freed=freed or UNSET)
    if now != facts:
        before, after = facts.uses(), now.uses()
        _count(entry, {name: after[name] - before[name] for name in after})
        entry.state.facts.put(key, now)


def _apart(
    given: Award, earned_on: date, book: RuleBook, tier_id: str
) -> tuple[tuple[int, date], ...]:
    """Return the points of campaigns whose points count shorter or longer than others."""
    found: dict[date, int] = {}
    for share in given.shares:
        if share.expiry_months and share.points:
            until = last_day(earned_on, book, tier_id, share.expiry_months)
            found[until] = found.get(until, 0) + share.points
    return tuple((points, until) for until, points in sorted(found.items()))
