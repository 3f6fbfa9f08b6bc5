"""Receipts and sales out of their tables, by whatever they are known by.

A receipt's key begins with the day printed on it. Who has the paper, its number or its claim code
has that day too; by a fingerprint alone the days are looked through, the newest ones first.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from central import schema
from central.ledger.judging.rows import Identity, Sale
from central.ledger.writing.bulk import CHUNK_KEYS, by_key
from central.ledger.writing.projections import SALE, sale_of
from central.ledger.writing.statements import Statement

Found = dict[Any, Any]
Sales = dict[bytes, Sale]

_KEY = schema.receipt_key.c
_DAYS = 64
_AFTER_EVERY_DAY = "~"


def _days_before() -> Statement:
    """Return the newest days before one, each found by one look into the key's index."""
    newest = select(func.max(_KEY.printed_on)).where(_KEY.shard_key == bindparam("key"))
    first = newest.where(_KEY.printed_on < bindparam("before")).scalar_subquery()
    days = select(first.label("day")).cte("days", recursive=True)
    older = newest.where(_KEY.printed_on < days.c.day).scalar_subquery()
    days = days.union_all(select(older).where(days.c.day.is_not(None)))
    return Statement(select(days.c.day).where(days.c.day.is_not(None)).limit(_DAYS))


_DAYS_BEFORE = _days_before()


def receipts(connection: Connection, shard_key: int, keys: Sequence[Any], found: Found) -> None:
    """Find which events have the receipts of these keys."""
    columns = (_KEY.printed_on, _KEY.fingerprint, _KEY.device_id, _KEY.epoch, _KEY.seq)
    for printed_on, fingerprint, *identity in by_key(connection, shard_key, columns, keys):
        found[printed_on, fingerprint] = Identity(*identity)


def events(
    connection: Connection, shard_key: int, prints: Iterable[bytes]
) -> dict[bytes, Identity]:
    """Return which events have the receipts of these fingerprints."""
    left, found = set(prints), dict[bytes, Identity]()
    before = _AFTER_EVERY_DAY
    columns = (_KEY.printed_on, _KEY.fingerprint, _KEY.device_id, _KEY.epoch, _KEY.seq)
    while left:
        days = [row.day for row in _DAYS_BEFORE.rows(connection, key=shard_key, before=before)]
        if not days:
            break
        each = max(CHUNK_KEYS // len(left), 1)
        for start in range(0, len(days), each):
            keys = list(product(days[start : start + each], left))
            for _, fingerprint, *identity in by_key(connection, shard_key, columns, keys):
                found[fingerprint] = Identity(*identity)
            left -= found.keys()
            if not left:
                break
        before = days[-1]
    return found


def sales(connection: Connection, shard_key: int, keys: Sequence[Any], found: Found) -> None:
    """Find sales by their fingerprints."""
    found |= booked(connection, shard_key, keys, ())


def booked(
    connection: Connection, shard_key: int, prints: Iterable[bytes], by: Iterable[Identity]
) -> dict[bytes, Sale]:
    """Return the sales of these fingerprints that there are.

    `by` names events that moved their points. Most of them are the sales' own, and no search.
    """
    wanted = set(prints)
    found = _made(connection, shard_key, set(by), wanted)
    others = events(connection, shard_key, wanted - found.keys())
    return found | _made(connection, shard_key, others.values(), wanted)


def _made(
    connection: Connection, shard_key: int, by: Iterable[Identity], wanted: set[bytes]
) -> dict[bytes, Sale]:
    """Return the wanted sales that these events made."""
    made = map(sale_of, by_key(connection, shard_key, SALE.all, sorted(by)))
    return {sale.fingerprint: sale for sale in made if sale.fingerprint in wanted}


def claimed(connection: Connection, shard_key: int, keys: Sequence[Any]) -> tuple[Found, Sales]:
    """Return the fingerprints of the sales of claim codes, None for what is none; and the sales."""
    found: Found = dict.fromkeys(keys)
    made: Sales = {}
    columns = (schema.sale.c.claim_hash, *SALE.all)
    for claim_hash, *row in by_key(connection, shard_key, columns, keys):
        sale = sale_of(tuple(row))
        found[claim_hash] = sale.fingerprint
        made[sale.fingerprint] = sale
    return found, made


def numbered(connection: Connection, shard_key: int, keys: Sequence[Any]) -> tuple[Found, Sales]:
    """Return the fingerprints of the sales under shops' numbers, in order; and the sales."""
    found: Found = dict.fromkeys(keys)
    made: Sales = {}
    t = schema.sale.c
    for row in by_key(connection, shard_key, (t.shop_id, t.number, *SALE.all), keys):
        sale = sale_of(row[2:])
        made[sale.fingerprint] = sale
    for fingerprint in sorted(made):
        place = (made[fingerprint].shop_id, made[fingerprint].number)
        found[place] = (*(found[place] or ()), fingerprint)
    return found, made
