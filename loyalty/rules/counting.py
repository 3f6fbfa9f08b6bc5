"""What receipts share: caps of a member's day, of a member, of a campaign's budget, firsts.

Counters are named here and kept by central, in the order of the ledger. A till does not have them:
what it promised stands, and what is beyond a cap is booked as overrun (SYNC 2.8).
"""

from collections.abc import Callable, Mapping
from datetime import date

from msgspec import Struct

from loyalty.rules.book_types import RuleBook
from loyalty.rules.campaigns import Campaign
from loyalty.rules.earning import PARTS, Award, cap_key

#: Returns what a counter has come to, 0 for one that was never used.
Used = Callable[[str], int]

#: What rounding left over is counted under this and the member.
REST = "rest//"


class Counter(Struct, frozen=True, gc=False):
    """A cap that several receipts share: as the award asks for it, its counter, and the most."""

    asked: str
    name: str
    most: int


def shares_anything(book: RuleBook) -> bool:
    """Tell whether awards under this book depend on other receipts at all."""
    return bool(book.cap_day) or any(_is_shared(one) for one in book.campaigns)


def counters(book: RuleBook, member: str, day: date) -> tuple[Counter, ...]:
    """Return the counters that a receipt of a member on a day of the mall may use."""
    found = []
    if book.cap_day:
        name = f"day//{member}/{day.isoformat()}"
        found.append(Counter(cap_key("day", ""), name, book.cap_day))
    seen = set()
    for one in book.campaigns:
        stack = one.stack()
        if stack in seen:
            continue
        seen.add(stack)
        for what, most, name in (
            ("day", one.cap_day, f"day/{stack}/{member}/{day.isoformat()}"),
            ("member", one.cap_member, f"member/{stack}/{member}"),
            ("budget", one.budget, f"budget/{stack}"),
        ):
            if most:
                found.append(Counter(cap_key(what, stack), name, most))
    return tuple(found)


def first_name(campaign_id: str, member: str) -> str:
    """Return the counter of a member's first purchase for a campaign."""
    return f"first/{campaign_id}/{member}"


def left(known: tuple[Counter, ...], used: Used) -> dict[str, int]:
    """Return what is left of each cap, by the key that an award asks with."""
    return {one.asked: max(one.most - used(one.name), 0) for one in known}


def had(book: RuleBook, member: str, used: Used) -> frozenset[str]:
    """Return the campaigns for a first purchase that a member has had."""
    firsts = (one.id for one in book.campaigns if one.first_purchase)
    return frozenset(each for each in firsts if used(first_name(each, member)))


def stack_of(name: str) -> str | None:
    """Return whose cap a counter of an award is: a group's, "" for the whole day's; else None."""
    what, _, of = name.partition("/")
    if what not in _BEHIND:
        return None
    return of.rsplit("/", _BEHIND[what])[0]


def left_then(book: RuleBook, moved: Mapping[str, int]) -> dict[str, int]:
    """Return what was left of each cap for an award that moved counters so: what it used."""
    used = {}
    for name, points in moved.items():
        stack = stack_of(name)
        if stack is not None:
            used[cap_key(name.partition("/")[0], stack)] = points
    return {one.asked: used.get(one.asked, 0) for one in counters(book, "", date.min)}


def room(book: RuleBook, moved: Mapping[str, int], used: Used) -> dict[str, int]:
    """Return what is left of each cap whose counter an award moved, by the counter's name."""
    most = {one.asked: one.most for one in counters(book, "", date.min)}
    found = {}
    for name in moved:
        stack = stack_of(name)
        if stack is not None:
            asked = cap_key(name.partition("/")[0], stack)
            found[name] = max(most.get(asked, 0) - used(name), 0)
    return found


def uses(given: Award, known: tuple[Counter, ...], member: str) -> dict[str, int]:
    """Return by how much an award moves each counter."""
    by_stack = {share.stack: share.points for share in given.shares}
    moved = {}
    for one in known:
        stack = one.asked.partition(":")[2]
        points = by_stack.get(stack, 0) if stack else given.points
        if points:
            moved[one.name] = points
    moved |= {first_name(each, member): 1 for each in given.firsts}
    return moved


def carried(book: RuleBook, given: Award, member: str, used: Used) -> tuple[int, dict[str, int]]:
    """Return the points that an award's remainder completes, and by how much it moves its counter.

    Only central carries: a till promises what is sure, and the completed point is a true-up. A
    counter is below nothing when what completed a point was refunded; it takes no point for that.
    """
    if book.remainder != "carry":
        return 0, {}
    name = rest_name(member)
    extra = max(used(name) + given.rest, 0) // PARTS
    moved = given.rest - extra * PARTS
    return extra, {name: moved} if moved else {}


def rest_name(member: str) -> str:
    """Return the counter of what rounding left over of a member's awards, in parts of a point."""
    return f"{REST}{member}"


#: How many steps stand behind the group in the name of a cap's counter: a member, a day.
_BEHIND = {"day": 2, "member": 1, "budget": 0}


def _is_shared(one: Campaign) -> bool:
    return bool(one.cap_day or one.cap_member or one.budget or one.first_purchase)
