"""What time does to points: those whose last day is over leave their wallets.

Points that a lease holds stay until they come back; the next night takes them (SYNC 2.5).
"""

from datetime import date

from central.ledger.judging.accounts import BREAKAGE, Code, wallet_id
from central.ledger.judging.entry import Entry
from central.ledger.judging.rows import Judgement
from central.ledger.judging.wallets import draw_lots
from loyalty.events import PointsExpired
from loyalty.rules.lots import expired
from loyalty.wire import Verdict

#: An expiry books one leg for each wallet; so many fit well into one event's body.
HOLDERS_MAX = 32


def expire(entry: Entry, body: PointsExpired) -> Judgement:
    """Move what is over out of the wallets; a wallet without any is left as it is."""
    entry.legs_max = HOLDERS_MAX
    day = date.fromisoformat(body.day)
    for holder in body.holders:
        wallet = wallet_id(holder)
        over = sum(lot.left for lot in expired(entry.state.lots.get(wallet) or (), day))
        points = min(over, entry.account(wallet).available)
        if points:
            entry.move(wallet, BREAKAGE, points, Code.EXPIRED, body.day)
            draw_lots(entry, wallet, points)
    return Judgement(Verdict.APPLIED)
