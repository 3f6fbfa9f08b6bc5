"""How points come into a holder's wallet and out of it, with their lots and debts.

Nothing clamps (P7): what cannot be taken from a wallet is owed, and later points pay the debt
first. The sum of a wallet's lots is what is posted on it, always; the same goes for pending points.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date

from msgspec import structs

from central.ledger.judging.accounts import (
    ISSUER,
    Code,
    debt_id,
    holder_of,
    pending_id,
    wallet_id,
)
from central.ledger.judging.entry import AMOUNT_MAX, POINTS_MAX, Entry, Impossible
from central.ledger.judging.owners import holder_at, keeper
from central.ledger.judging.rows import Identity
from loyalty.events import Holder
from loyalty.rules.lots import Draw, Lot, PendingLot, draw

#: Tags and pseudonyms are 16 digits; so much is left for what may come, and fits every event.
_KEY = re.compile(r"[0-9A-Za-z_-]{1,64}")


def is_key(key: str) -> bool:
    """Tell whether a member or a card may be called so; what a device wrote may say anything."""
    return _KEY.fullmatch(key) is not None


def scanned(entry: Entry, holder: Holder) -> Holder:
    """Return who was scanned for the event: a card's member of then, the card while nobody's.

    Raises Impossible for a key that is nobody's.
    """
    if not is_key(holder.key):
        raise Impossible(f"a {holder.kind} whose key has {len(holder.key)} characters, or odd ones")
    return holder_at(entry.state, holder, entry.event.earliest_ms)


def resolve(entry: Entry, holder: Holder) -> Holder:
    """Return whose wallet the points of whoever was scanned for the event are in."""
    return keeper(entry.state, scanned(entry, holder))


def same_wallet(entry: Entry, known: Holder | None, holder: Holder | None) -> bool:
    """Tell whether whoever was `scanned` is the known holder, or both are nobody."""
    had = known and keeper(entry.state, known)
    return had == (holder and resolve(entry, holder))


def tier_of(entry: Entry, holder: Holder) -> str:
    """Return the tier central knows for a resolved holder; empty for the first tier."""
    if holder.kind == "card":
        return ""
    member = entry.state.members.get(holder.key)
    return member.tier_id if member is not None else ""


def give(
    entry: Entry,
    holder: Holder,
    parts: tuple[tuple[int, Code], ...],
    subject: str,
    until: date,
    apart: tuple[tuple[int, date], ...] = (),
    counts_from: date | None = None,
) -> None:
    """Post points that count until `until` to a resolved holder; debts are paid out of them.

    `apart` are those of them that count until another day; a debt takes these last. Before the
    day `counts_from` they are pending and pay nothing. Raises Impossible for more than a mall gives
    for a receipt, or a holder has.
    """
    waits = counts_from is not None and counts_from > entry.last_day()
    wallet, debt = wallet_id(holder), debt_id(holder)
    account = pending_id(holder) if waits else wallet
    points = 0
    for amount, code in parts:
        if amount:
            points += amount
            if points > POINTS_MAX or entry.account(account).posted > AMOUNT_MAX:
                raise Impossible(f"{points} points for one receipt")
            entry.move(ISSUER, account, amount, code, subject)
    if counts_from is not None and waits:
        lots = tuple(
            PendingLot(lot.lot_id, counts_from, lot.expires_on, lot.left, subject)
            for lot in _lots_of(entry, points, until, apart)
        )
        _add_pending(entry, account, lots)
        return
    pays = min(points, -entry.account(debt).posted)
    if pays:
        entry.move(wallet, debt, pays, Code.DEBT_PAID, subject)
    for lot in _lots_of(entry, points - pays, until, apart):
        add_lot(entry, wallet, lot)


def take(entry: Entry, holder: Holder, points: int, subject: str, codes: tuple[Code, Code]) -> None:
    """Take points back from a resolved holder; what is not there any more is owed.

    What the same receipt gave and is still pending goes first.
    """
    points -= _take_pending(entry, holder, points, subject, codes[0])
    wallet = wallet_id(holder)
    there = min(points, entry.account(wallet).available)
    if there:
        entry.move(wallet, ISSUER, there, codes[0], subject)
        draw_lots(entry, wallet, there)
    if points > there:
        entry.move(debt_id(holder), ISSUER, points - there, codes[1], subject)


def draw_lots(entry: Entry, wallet: bytes, points: int) -> tuple[Draw, ...]:
    """Take points out of a wallet's lots, soonest expiry first."""
    lots = entry.state.lots.get(wallet) or ()
    draws = draw(lots, points)
    if sum(part.points for part in draws) != points:
        raise Impossible(f"the lots hold fewer than {points} points")
    taken = {part.lot_id: part.points for part in draws}
    left = (structs.replace(lot, left=lot.left - taken.get(lot.lot_id, 0)) for lot in lots)
    entry.state.lots.put(wallet, tuple(lot for lot in left if lot.left) or None)
    return draws


def move_card(entry: Entry, tag: str, member: str) -> None:
    """Move what is on a card, points with their lots and debts, to its member."""
    card, holder = Holder("card", tag), Holder("member", member)
    points = entry.account(wallet_id(card)).posted
    if points:
        entry.move(wallet_id(card), wallet_id(holder), points, Code.CARD_MOVED, tag)
        for lot in entry.state.lots.get(wallet_id(card)) or ():
            add_lot(entry, wallet_id(holder), lot)
        entry.state.lots.put(wallet_id(card), None)
    pending = entry.state.pending_lots.get(pending_id(card)) or ()
    if pending:
        moved = sum(lot.left for lot in pending)
        entry.move(pending_id(card), pending_id(holder), moved, Code.CARD_MOVED, tag)
        entry.state.pending_lots.put(pending_id(card), None)
        _add_pending(entry, pending_id(holder), pending)
    owed = -entry.account(debt_id(card)).posted
    if owed:
        entry.move(debt_id(holder), debt_id(card), owed, Code.DEBT_MOVED, tag)


def pay_debt(entry: Entry, holder: Holder, subject: str) -> None:
    """Pay what a holder owes out of what is available in the wallet."""
    wallet, debt = wallet_id(holder), debt_id(holder)
    pays = min(entry.account(wallet).available, -entry.account(debt).posted)
    if pays:
        entry.move(wallet, debt, pays, Code.DEBT_PAID, subject)
        draw_lots(entry, wallet, pays)


def free(entry: Entry, wallet: bytes, points: int, subject: str) -> None:
    """Let points that were set aside be a wallet's own again: they pay first what is owed."""
    if points:
        entry.hold(wallet, -points)
        holder = holder_of(wallet)
        if holder is not None:
            pay_debt(entry, holder, subject)


def _take_pending(entry: Entry, holder: Holder, points: int, subject: str, code: Code) -> int:
    """Take back what a receipt gave and is still pending; return how many points that was."""
    account = pending_id(holder)
    lots = entry.state.pending_lots.get(account) or ()
    left, kept = points, []
    for lot in lots:
        gone = min(lot.left, left) if lot.subject == subject else 0
        left -= gone
        if lot.left > gone:
            kept.append(structs.replace(lot, left=lot.left - gone))
    if left != points:
        entry.move(account, ISSUER, points - left, code, subject)
        entry.state.pending_lots.put(account, tuple(kept) or None)
    return points - left


def _add_pending(entry: Entry, account: bytes, lots: tuple[PendingLot, ...]) -> None:
    known = entry.state.pending_lots.get(account) or ()
    every = sorted((*known, *lots), key=lambda lot: lot.lot_id)
    entry.state.pending_lots.put(account, tuple(every) or None)


def _lots_of(
    entry: Entry, points: int, until: date, apart: tuple[tuple[int, date], ...]
) -> Iterator[Lot]:
    """Yield the lots that so many points of the event are, those with an own last day first."""
    lot_id = _lot_id(entry.event.identity)
    for place, (own, own_until) in enumerate(apart, 1):
        if own_points := min(own, points):
            points -= own_points
            yield Lot(lot_id + bytes([place]), own_until, own_points)
    if points:
        yield Lot(lot_id, until, points)


def add_lot(entry: Entry, wallet: bytes, lot: Lot) -> None:
    """Put a lot into a wallet. Raises Impossible if it is there."""
    lots = entry.state.lots.get(wallet) or ()
    place = bisect_left(lots, lot.lot_id, key=lambda known: known.lot_id)
    if place < len(lots) and lots[place].lot_id == lot.lot_id:
        raise Impossible("the same lot twice in one wallet")
    entry.state.lots.put(wallet, (*lots[:place], lot, *lots[place:]))


def _lot_id(identity: Identity) -> bytes:
    return identity.device_id + identity.epoch.to_bytes(8, "big") + identity.seq.to_bytes(8, "big")
