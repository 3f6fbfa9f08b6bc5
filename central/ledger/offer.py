"""What the records say about a reward, weighed with what the ledger knows under its lock.

Price, tier, limit and stock are decided in the turn that grants: two screens that want the last
piece, or one member's last one, get different answers.
"""

from collections.abc import Iterable

from msgspec import Struct

from central.ledger.judging import stock
from central.ledger.judging.state import State
from central.ledger.writing.wants import Want
from loyalty.catalogue import Asking, Details, had_name, stock_name, why_not, why_not_inside
from loyalty.events import Bill, Moment
from loyalty.rules.earning import Reason


class Stocked(Struct, frozen=True):
    """A reward of which there are only so many: `each` for one piece of the offer.

    `supplied` are the pieces that each place ever got.
    """

    reward_id: str
    each: int
    supplied: dict[str, int]


class Inside(Struct, frozen=True):
    """A part of a bundle: `each` for one piece of it, under its own terms."""

    reward_id: str
    each: int
    details: Details


class Offer(Struct, frozen=True):
    """A reward as the records have it; `limit` is the most points without a proof.

    `points` are the price of all `pieces` on `day`, the mall's; `agreed` what the member was shown,
    0 if that is not told. `near` is the shop of the device that asks. Where points are money, they
    pay a part of the `bill` at that shop. `spare`: for no reward yet, so that a member can redeem
    while central is away; at most `points`, and no more than half of what is available. What is
    `inside` a bundle keeps its limits and tiers.
    """

    points: int
    limit: int
    home_device: str | None
    valid_until: str
    ttl_s: int
    reward_id: str = ""
    details: Details = Details()
    day: str = ""
    pieces: int = 1
    agreed: int = 0
    stocked: tuple[Stocked, ...] = ()
    near: str = ""
    bill: Bill | None = None
    spare: bool = False
    inside: tuple[Inside, ...] = ()


class Choice(Struct, frozen=True):
    """Where the pieces come from, and by how much that moves the shared counters."""

    place: str
    counted: dict[str, int]


def wants(offer: Offer) -> Iterable[Want]:
    """Return the counters that a choice reads, but for the member's own."""
    for one in offer.stocked:
        for place in one.supplied:
            name = stock_name(one.reward_id, place)
            yield from (("uses", name), ("reserved", name))


def choose(offer: Offer, member: str, device: str, state: State, at: Moment) -> Choice | Reason:
    """Return where a member gets the reward now, or why they do not."""
    known = state.members.get(member)
    own = had_name(offer.reward_id, member, offer.details, offer.day)
    free = free_by_place(offer, device, state, at)
    asking = Asking(
        pieces=offer.pieces,
        day=offer.day,
        tier_id=known.tier_id if known is not None else "",
        had=stock.used(state, own) if own else 0,
        left=max(free.values(), default=0) if offer.stocked else None,
    )
    refusal = why_not(offer.details, asking)
    refusal = refusal or _why_not_inside(offer, member, asking.tier_id, state)
    if refusal is not None:
        return refusal
    if offer.agreed not in (0, offer.points):
        return Reason("price_changed", {"was": str(offer.agreed), "points": str(offer.points)})
    near_first = sorted(free, key=lambda place: (place != offer.near, -free[place], place))
    place = next((one for one in near_first if free[one] >= offer.pieces), "")
    place = offer.near if offer.bill is not None else place
    counted = {stock_name(one.reward_id, place): one.each * offer.pieces for one in offer.stocked}
    if own:
        counted[own] = offer.pieces
    for one in offer.inside:
        name = had_name(one.reward_id, member, one.details, offer.day)
        if name:
            counted[name] = counted.get(name, 0) + one.each * offer.pieces
    return Choice(place, counted)


def _why_not_inside(offer: Offer, member: str, tier_id: str, state: State) -> Reason | None:
    """Return why a member may not have what is inside a bundle, None if they may."""
    for one in offer.inside:
        own = had_name(one.reward_id, member, one.details, offer.day)
        had = stock.used(state, own) if own else 0
        asking = Asking(one.each * offer.pieces, offer.day, tier_id, had)
        refusal = why_not_inside(one.details, asking)
        if refusal is not None:
            return refusal
    return None


def free_by_place(offer: Offer, device: str, state: State, at: Moment) -> dict[str, int]:
    """Return how many pieces each place could hand out, if everything of them is there."""
    if not offer.stocked:
        return {}
    places = set.intersection(*(set(one.supplied) for one in offer.stocked))
    return {
        place: min(_free(one, place, device, state, at) for one in offer.stocked)
        for place in sorted(places)
    }


def _free(one: Stocked, place: str, device: str, state: State, at: Moment) -> int:
    name = stock_name(one.reward_id, place)
    gone = stock.used(state, name) + stock.kept_for_others(state, name, device, at)
    return (one.supplied[place] - gone) // one.each
