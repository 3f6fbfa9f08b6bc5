"""What time does to points: those whose last day is over leave their wallets.

A lease pins the lots that end soonest: they stay until they come back, and the next night takes
them (SYNC 2.5). And what was pending counts from its day on: it pays debts first, as points that
count at once do.
"""

from datetime import date

from central.ledger.judging.accounts import BREAKAGE, Code, pending_id, wallet_id
from central.ledger.judging.entry import Entry
from central.ledger.judging.rows import Judgement
from central.ledger.judging.wallets import add_lot, draw_lots, pay_debt
from loyalty.events import PointsExpired, PointsReleased
from loyalty.rules.lots import Lot
from loyalty.wire import Verdict

#: An expiry books one leg for each wallet; so many fit well into one event's body.
HOLDERS_MAX = 32


def expire(entry: Entry, body: PointsExpired) -> Judgement:
    """Move what is over out of the wallets; a wallet without any is left as it is."""
    entry.legs_max = HOLDERS_MAX
    day = date.fromisoformat(body.day)
    for holder in body.holders:
        wallet = wallet_id(holder)
        lots = entry.state.lots.get(wallet) or ()
        over = sum(lot.left for lot in lots if lot.expires_on < day)
        points = over - entry.account(wallet).held if over else 0
        if points <= 0:
            continue
        entry.move(wallet, BREAKAGE, points, Code.EXPIRED, body.day)
        if points == over:  # as a draw would find, without looking for an order
            left = tuple(lot for lot in lots if lot.expires_on >= day)
            entry.state.lots.put(wallet, left or None)
        else:
            draw_lots(entry, wallet, points)
    return Judgement(Verdict.APPLIED)


def release(entry: Entry, body: PointsReleased) -> Judgement:
    """Move what counts by `day` from pending into the wallets; what does not yet stays."""
    entry.legs_max = 2 * HOLDERS_MAX
    day = date.fromisoformat(body.day)
    for holder in body.holders:
        pending, wallet = pending_id(holder), wallet_id(holder)
        lots = entry.state.pending_lots.get(pending) or ()
        ripe = [lot for lot in lots if lot.counts_from <= day]
        points = sum(lot.left for lot in ripe)
        if points:
            entry.move(pending, wallet, points, Code.RELEASED, body.day)
            for lot in ripe:
                add_lot(entry, wallet, Lot(lot.lot_id, lot.expires_on, lot.left))
            later = tuple(lot for lot in lots if lot.counts_from > day)
            entry.state.pending_lots.put(pending, later or None)
            pay_debt(entry, holder, body.day)
    return Judgement(Verdict.APPLIED)
