"""What a member buys counts for: whether they are new, with referrals; punch cards, milestones.

What a sale counts for hangs on the sale as it stands alone, so a refund or a correction takes away
exactly what the sale brought, and points that it thereby had no ground for (P7: owed, if spent).
"""

from collections.abc import Iterator
from datetime import date

from msgspec import structs

from central.ledger.judging import referrals
from central.ledger.judging.accounts import wallet_id
from central.ledger.judging.activity_points import affords, credit, debit
from central.ledger.judging.activity_rows import Doing
from central.ledger.judging.entry import Entry
from central.ledger.judging.rows import Sale, SaleState
from loyalty.events import Holder
from loyalty.rules.activities import BY_BUYING, Activity
from loyalty.rules.rulebook import RuleBook

_NOTHING = Doing()
#: Who a sale counts for, and its stamps and spending.
_Share = tuple[str, int, int]


def count(entry: Entry, before: Sale | None, after: Sale) -> None:
    """Count a sale that changed from `before` (None: it is new) to `after`."""
    _count_purchase(entry, before, after)
    book = entry.state.books.get(after.book)
    if book is None or not book.activities:
        return
    for activity in _counting(book, after):
        was, now = _share(activity, before), _share(activity, after)
        if was == now:
            continue
        if was is not None and now is not None and was[0] == now[0]:
            _move(entry, activity, book, (now[0], now[1] - was[1], now[2] - was[2]))
            continue
        if was is not None:
            _move(entry, activity, book, (was[0], -was[1], -was[2]))
        if now is not None:
            _move(entry, activity, book, now)


def _count_purchase(entry: Entry, before: Sale | None, after: Sale) -> None:
    """Count for a member a sale of which something is kept, whatever its book and its points."""
    was, now = _kept_by(before), _kept_by(after)
    if was == now:
        return
    for member, count in ((was, entry.gave_back), (now, entry.bought)):
        if member is not None and count(wallet_id(Holder("member", member)), after.sold_on):
            referrals.settle(entry, member)


def _kept_by(sale: Sale | None) -> str | None:
    """Return the member who keeps some of what earns of a sale; None for nobody."""
    if sale is None or sale.holder is None or sale.eligible_fen <= sale.refunded_fen:
        return None
    return _buyer(sale)


def _counting(book: RuleBook, sale: Sale) -> Iterator[Activity]:
    """Yield the activities of a book for which a sale can count."""
    sold_on = date.fromisoformat(sale.sold_on)
    for activity in book.activities:
        if activity.kind in BY_BUYING and activity.runs_on(sold_on):
            yield activity


def _share(activity: Activity, sale: Sale | None) -> _Share | None:
    """Return what a sale as it stands counts for, and for whom; None for nobody."""
    member = _buyer(sale) if sale is not None else None
    if sale is None or member is None:
        return None
    return (member, *activity.counted(sale.eligible_fen - sale.refunded_fen))


def _buyer(sale: Sale) -> str | None:
    """Return the member for whom a sale counts; None for nobody.

    What was bought with a card that was nobody's then never counts, though its points follow.
    """
    if sale.holder is None or sale.state is not SaleState.AWARDED:
        return None
    return sale.holder.key if sale.holder.kind == "member" else None


def _move(entry: Entry, activity: Activity, book: RuleBook, moved: _Share) -> None:
    """Change what a member has bought, then give or take back what that makes due."""
    member, stamps, fen = moved
    key = (activity.id, member)
    before = entry.state.doings.get(key) or _NOTHING
    doing = structs.replace(
        before,
        stamps=max(before.stamps + stamps, 0),
        spent_fen=max(before.spent_fen + fen, 0),
    )
    due = activity.rounds_due(doing.stamps, doing.spent_fen)
    had = activity.rounds_due(before.stamps, before.spent_fen)
    more = due - doing.rounds
    # Rounds of another book's terms stay: a refund takes those that its own stamps had brought.
    more = max(more, 0) if fen > 0 else min(max(more, due - had), 0)
    points = more * activity.points
    if more > 0 and affords(entry.state, activity, points):
        credit(entry, activity, member, points, entry.last_day(), book)
    elif more < 0:
        debit(entry, activity, member, -points)
    else:
        more = points = 0
    doing = structs.replace(doing, rounds=doing.rounds + more, points=doing.points + points)
    entry.state.doings.put(key, doing)
