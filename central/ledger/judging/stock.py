"""Pieces of rewards: how many are handed out or set aside, and who is just deciding.

Counters are those of `loyalty.catalogue`, kept beside the ones that awards share. How many pieces
there ever were is the mall's record and not the ledger's.
"""

from collections.abc import Mapping

from central.ledger.judging.entry import Entry, bounded
from central.ledger.judging.redemption_rows import Reservations, Reserved
from central.ledger.judging.rows import Judgement
from central.ledger.judging.state import State
from loyalty.events import Moment, StockReserved
from loyalty.wire import Verdict


def reserve(entry: Entry, body: StockReserved) -> Judgement:
    """Keep pieces for whoever decides at a device, instead of those it kept before."""
    for name, pieces in body.pieces.items():
        _keep(entry, name, body.device, bounded("pieces", pieces), body.at, body.until_ms)
    return Judgement(Verdict.APPLIED)


def decided(entry: Entry, counted: Mapping[str, int], device: str, at: Moment) -> None:
    """Let go of what a device kept: it has what it wanted."""
    for name in counted:
        if entry.state.reserved.get(name) is not None:
            _keep(entry, name, device, 0, at, 0)


def take(entry: Entry, counted: Mapping[str, int]) -> None:
    """Count what a redemption takes."""
    for name, pieces in counted.items():
        entry.state.uses.put(name, used(entry.state, name) + bounded("pieces", pieces, 1))


def put_back(entry: Entry, counted: Mapping[str, int]) -> None:
    """Count back what a redemption had taken."""
    for name, pieces in counted.items():
        entry.state.uses.put(name, max(used(entry.state, name) - pieces, 0) or None)


def used(state: State, name: str) -> int:
    """Return what a counter has come to."""
    return state.uses.get(name) or 0


def kept_for_others(state: State, name: str, device: str, at: Moment) -> int:
    """Return how many pieces others than this device have set aside at that moment."""
    kept = state.reserved.get(name)
    by = kept.by if kept is not None else ()
    return sum(one.pieces for one in by if one.device != device and one.until_ms > at.wall_ms)


def _keep(entry: Entry, name: str, device: str, pieces: int, at: Moment, until_ms: int) -> None:
    """Write what a device keeps; what lapsed goes with it."""
    kept = entry.state.reserved.get(name)
    before = kept.by if kept is not None else ()
    by = [one for one in before if one.device != device and one.until_ms > at.wall_ms]
    if pieces:
        by.append(Reserved(device, pieces, until_ms))
    entry.state.reserved.put(name, Reservations(tuple(by)) if by else None)
