"""Why a sale earned what it did and what its refunds undid, out of what central kept of it.

Reads only. The same arithmetic as on the till's slip, so the same sentences.
"""

from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central import schema
from central.ledger import past
from central.ledger.judging.rows import Facts, Identity, Sale, Unreadable, read_body
from central.ledger.shards import read_shard
from central.ledger.writing.bulk import by_key
from central.ledger.writing.loading import read
from central.ledger.writing.receipts import booked
from loyalty.chain import Frame
from loyalty.events import Body, CaseAccepted, Rejudge
from loyalty.events import Sale as SaleBody
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.rules.counting import REST, left_then
from loyalty.rules.earning import PARTS, award
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook

#: What a statement says of an award: not the amount and the plain rate, which stand there.
_TOLD = ("tier", "campaign_", "cap_", "carried")


class Told(NamedTuple):
    """The reasons of an award that stand beside its rate, and by which events bonuses went."""

    award: tuple[Reason, ...] = ()
    undone: tuple[Identity, ...] = ()


def of_sales(
    connection: Connection, shard_key: int, keys: Iterable[bytes], by: Iterable[Identity]
) -> dict[str, Told]:
    """Return what a slip tells of sales beside the rate, by fingerprint (hex).

    `by` are events that moved their points.
    """
    sales = booked(connection, shard_key, keys, by)
    facts = read(connection, shard_key, "facts", list(sales))
    known = list(sales.values())
    first = bodies(connection, shard_key, {sale.origin for sale in known})
    told_by = {body.book for body in first.values() if isinstance(body, SaleBody)}
    books = read(connection, shard_key, "books", sorted({sale.book for sale in known} | told_by))
    zone = ZoneInfo(read_shard(connection, shard_key).zone)
    found = {}
    for sale in known:
        had, body = facts[sale.fingerprint] or Facts(), first.get(sale.origin)
        version = body.book if isinstance(body, SaleBody) else sale.book
        book = books.get(version)
        if book is not None:
            # One that was recalculated has a line for that; what it uses now is not of then.
            reasons = _of_award(sale, had, book, zone, recalculated=version != sale.book)
            told = tuple(one for one in reasons if one.code.startswith(_TOLD))
            found[sale.fingerprint.hex()] = Told(told, had.undone or ())
    return found


def bodies(
    connection: Connection, shard_key: int, events: set[Identity]
) -> dict[Identity, Body | Unreadable]:
    """Return what these events said; of one that central judged again, what that one said."""
    found = _read(connection, shard_key, events)
    again = {
        key: Identity(bytes.fromhex(body.device), body.epoch, body.seq)
        for key, body in found.items()
        if isinstance(body, Rejudge | CaseAccepted)
    }
    origins = _read(connection, shard_key, set(again.values()))
    return found | {key: origins[origin] for key, origin in again.items() if origin in origins}


def _read(
    connection: Connection, shard_key: int, events: set[Identity]
) -> dict[Identity, Body | Unreadable]:
    t = schema.inbox.c
    columns = (t.device_id, t.epoch, t.seq, t.kind, t.kind_version, t.body)
    rows = by_key(connection, shard_key, columns, sorted(events))
    return {Identity(*row[:3]): read_body(Frame(*row[3:])) for row in rows}


def _of_award(
    sale: Sale, facts: Facts, book: RuleBook, zone: ZoneInfo, *, recalculated: bool
) -> tuple[Reason, ...]:
    basket = Basket(sale.eligible_fen, sale.shop_id, sale.category, facts.parts)
    who = Who(sale.tier_id, frozenset(facts.labels), facts.birth_month, frozenset(facts.had))
    when = past.span(facts.earliest_ms, facts.latest_ms, zone) if facts.latest_ms else None
    moved = {} if recalculated else facts.moved
    left = None if recalculated else left_then(book, moved)
    given = award(basket, who, when, book, left)
    rest = next((parts for name, parts in moved.items() if name.startswith(REST)), given.rest)
    extra = (given.rest - rest) // PARTS
    return (*given.reasons, Reason("carried", {"points": str(extra)})) if extra else given.reasons
