"""Whether a device that was cut off took what the catalogue asked. Pure.

Central lent the points before anybody knew what for, so the spend alone says the reward and its
price. A till may rightly have used a catalogue that had changed meanwhile: any price counts that
the catalogue had while the till could hold it, by central's clock and never by the till's. What
never stood there is for a person to look at: the goods are gone, so the spend stands as it is.
"""

from collections.abc import Iterator
from itertools import product, zip_longest

from msgspec import UNSET

from central.ledger.judging.accounts import holder_of
from central.ledger.judging.entry import Entry, day_of
from central.ledger.judging.redemption_rows import Redemption
from central.ledger.judging.rows import Event, Lease
from central.ledger.judging.state import State
from loyalty.catalogue import Asking, Details, Terms, price, why_not, why_not_ahead
from loyalty.events import Redeem
from loyalty.rules.tender import TENDER_REWARD

#: Why a person must look at a spend.
OFF_CATALOGUE = "off_catalogue"
#: How old a catalogue may be in a device that has just been lent points: it pulls every few
#: seconds then, but after weeks without a network it may fetch a long feed first.
HELD_MS = 86_400_000


def off_catalogue(entry: Entry, lease: Lease, kept: Redemption, body: Redeem) -> bool:
    """Tell whether a spend that central did not price itself has a price that never was."""
    if kept.tier_id is UNSET or body.reward_id == TENDER_REWARD:
        return False
    tiers = {kept.tier_id, _tier_now(entry, lease)}
    first_ms, last_ms = kept.granted_ms, kept.granted_ms + lease.ttl_s * 1000
    if not first_ms:  # made again after a restore: when it was granted is lost
        first_ms, last_ms = entry.event.earliest_ms, entry.event.latest_ms
    history = entry.state.terms.get(body.reward_id) or ()
    held = list(_held(history, first_ms - HELD_MS, min(last_ms, entry.event.latest_ms)))
    days = {day_of(moment_ms, entry.state.zone).isoformat() for moment_ms in (first_ms, last_ms)}
    asked = product(held, sorted(days), sorted(tiers))
    return not any(_fits(terms, body, day, tier_id) for terms, day, tier_id in asked)


def as_bought(state: State, event: Event, spend: Redeem) -> tuple[int, Details, str]:
    """Return how many pieces a spend must have paid for, under which terms, on which day (ISO).

    For where a grant is lost that said it. What the catalogue never had is one piece on no terms.
    """
    day = day_of(event.earliest_ms, state.zone).isoformat()
    history = state.terms.get(spend.reward_id) or ()
    held = tuple(_held(history, event.earliest_ms - HELD_MS, event.latest_ms)) or history
    for terms in reversed(held):
        pieces, rest = divmod(spend.points, price(terms.points, terms.details, day))
        if not rest and 1 <= pieces <= terms.details.pieces_max:
            return pieces, terms.details, day
    return 1, held[-1].details if held else Details(), day


def _held(history: tuple[Terms, ...], first_ms: int, last_ms: int) -> Iterator[Terms]:
    """Yield what was in the catalogue at any time between two moments."""
    for terms, end_ms in zip_longest(history, [one.from_ms for one in history[1:]]):
        if terms.from_ms <= last_ms and (end_ms is None or end_ms > first_ms):
            yield terms


def _fits(terms: Terms, body: Redeem, day: str, tier_id: str) -> bool:
    """Tell whether a member of a tier could have it so, from a device that was cut off.

    A lease that was made again does not say how many pieces its online redemption had.
    """
    if not terms.offered:
        return False
    each = price(terms.points, terms.details, day)
    told = body.pieces is not UNSET
    pieces = body.pieces if body.pieces is not UNSET else max(body.points // each, 1)
    if each * pieces != body.points or (told and why_not_ahead(terms.details) is not None):
        return False
    return why_not(terms.details, Asking(pieces, day, tier_id)) is None


def _tier_now(entry: Entry, lease: Lease) -> str:
    holder = holder_of(lease.account_id)
    member = entry.state.members.get(holder.key) if holder is not None else None
    return member.tier_id if member is not None else ""
