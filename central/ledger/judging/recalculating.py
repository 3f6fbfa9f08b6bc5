"""A sale of the past brought to what a corrected rule book gives."""

from datetime import date

from msgspec import structs

from central.ledger.judging import ruling
from central.ledger.judging.accounts import Code
from central.ledger.judging.entry import Entry, Impossible, bounded
from central.ledger.judging.hashes import hash_of
from central.ledger.judging.owners import keeper
from central.ledger.judging.rows import Judgement
from central.ledger.judging.sales import without_book
from central.ledger.judging.wallets import give, take
from loyalty.events import Recalculated
from loyalty.rules.expiry import counts_from, last_day
from loyalty.wire import Verdict


def recalculate(entry: Entry, body: Recalculated) -> Judgement:
    """Bring a sale of the past to what a corrected book gives, by a transfer that says why."""
    key = hash_of(body.fingerprint)
    sold = entry.state.sales.get(key)
    if sold is None or sold.holder is None:
        raise Impossible("there is no such sale, or nobody has it")
    book = entry.state.books.get(body.book)
    if book is None:
        return without_book(body.book)
    after = bounded("points", body.points)
    owner = keeper(entry.state, sold.holder)
    gone, apart = ruling.again(entry, sold, owner, body, book)
    more = after - gone - (sold.points - sold.taken_back)
    if more > 0:
        sold_on = date.fromisoformat(sold.sold_on)
        until, begin = last_day(sold_on, book, sold.tier_id), counts_from(sold_on, book)
        more_points = ((more, Code.RECALCULATED),)
        give(entry, owner, more_points, key.hex(), until, apart, begin)
    if more < 0:
        codes = (Code.RECALCULATED_BACK, Code.RECALCULATED_OWED)
        take(entry, owner, -more, key.hex(), codes)
    changed = structs.replace(sold, book=body.book, points=after, taken_back=gone)
    entry.state.put_sale(changed)
    return Judgement(Verdict.APPLIED)
