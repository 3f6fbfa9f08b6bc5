"""Whose a card was when: what happened with it goes by that, whenever central hears of it.

Whose a card is now (`State.cards`) is another question: only that opens anything. Here a card that
was taken from a member stays theirs until somebody else has it, because a till that was cut off may
still tell of what they bought.
"""

from central.ledger.judging.member_rows import Owner
from central.ledger.judging.state import State
from loyalty.events import Holder


def had(state: State, tag: str, member: str, since_ms: int) -> None:
    """Note that a card is a member's from a moment on."""
    owners = state.owners.get(tag) or ()
    if not owners or owners[-1].member != member:
        state.owners.put(tag, (*owners, Owner(since_ms, member)))


def holder_at(state: State, holder: Holder, moment_ms: int) -> Holder:
    """Return who a holder was at a moment: a card's member, or the card as long as it was nobody's.

    Ask for the earliest moment at which an event can have been: central hears of nothing before it
    happened, so this says the same of it before and after a card becomes somebody's.
    """
    owners = (state.owners.get(holder.key) or ()) if holder.kind == "card" else ()
    since = (one.member for one in reversed(owners) if one.since_ms <= moment_ms)
    member = next(since, None)
    return holder if member is None else Holder("member", member)


def keeper(state: State, holder: Holder) -> Holder:
    """Return who has the points of such a holder: a card's went to the first member who had it."""
    owners = (state.owners.get(holder.key) or ()) if holder.kind == "card" else ()
    return Holder("member", owners[0].member) if owners else holder
