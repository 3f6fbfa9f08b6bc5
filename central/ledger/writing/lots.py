"""Lots of points between the state and their tables: those that count, and those that do not yet.

A holder's lots are one value of the state and many rows; only rows that differ are written.
"""

from collections.abc import Callable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select

from central import schema
from central.ledger.judging.state import State
from central.ledger.judging.state import Table as Held
from central.ledger.writing.bulk import Columns, Row, Values, by_key, insert, remove, upsert
from central.ledger.writing.statements import Statement
from loyalty.rules.lots import Lot, PendingLot

Found = dict[Any, Any]

_ANY_PENDING = Statement(
    select(schema.pending_lot.c.shard_key)
    .where(schema.pending_lot.c.shard_key == bindparam("key"))
    .limit(1)
)


class _Sort(NamedTuple):
    """One sort of lots: where they stand in the state and in the database."""

    held: Held[bytes, tuple[Any, ...]]
    table: Table
    row: Callable[[bytes, Any], Values]

    @property
    def columns(self) -> Columns:
        return tuple(one.name for one in self.table.columns if one.name != "shard_key")


def look_for_pending(connection: Connection, shard_key: int, state: State) -> None:
    """Tell the state that no points are pending, if that is so: most malls let none wait."""
    state.pending_lots.complete = _ANY_PENDING.row(connection, key=shard_key) is None


def wallets(connection: Connection, shard_key: int, keys: Sequence[Any], found: Found) -> None:
    """Find the lots of wallets."""
    t = schema.lot.c
    columns = (t.account_id, t.lot_id, t.expires_on, t.remaining)
    for account_id, lot_id, until, left in sorted(by_key(connection, shard_key, columns, keys)):
        lot = Lot(lot_id, date.fromisoformat(until), left)
        found[account_id] = (*(found[account_id] or ()), lot)


def pending(connection: Connection, shard_key: int, keys: Sequence[Any], found: Found) -> None:
    """Find the lots of accounts of pending points."""
    t = schema.pending_lot.c
    columns = (t.account_id, t.lot_id, t.counts_from, t.expires_on, t.remaining, t.subject)
    for account_id, lot_id, *days, left, subject in sorted(
        by_key(connection, shard_key, columns, keys)
    ):
        begin, until = map(date.fromisoformat, days)
        lot = PendingLot(lot_id, begin, until, left, subject)
        found[account_id] = (*(found[account_id] or ()), lot)


def save(connection: Connection, shard_key: int, state: State) -> None:
    """Write the lots that a turn changed."""
    for sort in _sorts(state):
        _save(connection, shard_key, sort)


def rows(state: State) -> dict[str, list[Row]]:
    """Return every row by the name of its table."""
    return {
        sort.table.name: [
            dict(zip(sort.columns, sort.row(account_id, lot), strict=True))
            for account_id, lots in sort.held.rows().items()
            for lot in lots
        ]
        for sort in _sorts(state)
    }


def _sorts(state: State) -> tuple[_Sort, _Sort]:
    return (
        _Sort(state.lots, schema.lot, _lot),
        _Sort(state.pending_lots, schema.pending_lot, _pending_lot),
    )


def _save(connection: Connection, shard_key: int, sort: _Sort) -> None:
    new: list[Values] = []
    known: list[Values] = []
    gone = []
    for account_id, lots in sort.held.changed().items():
        before = {lot.lot_id: lot for lot in sort.held.loaded.get(account_id) or ()}
        for lot in lots or ():
            was = before.pop(lot.lot_id, None)
            if was != lot:
                row = (shard_key, *sort.row(account_id, lot))
                (new if was is None else known).append(row)
        gone += [(account_id, lot_id) for lot_id in before]
    remove(connection, sort.table, shard_key, gone)
    columns: Columns = ("shard_key", *sort.columns)
    new.sort(key=itemgetter(1))  # by account: neighbours on a page, one after the other
    insert(connection, sort.table, columns, new)
    upsert(connection, sort.table, columns, known)


def _lot(account_id: bytes, lot: Lot) -> Values:
    return account_id, lot.lot_id, lot.expires_on.isoformat(), lot.left


def _pending_lot(account_id: bytes, lot: PendingLot) -> Values:
    days = (lot.counts_from.isoformat(), lot.expires_on.isoformat())
    return account_id, lot.lot_id, *days, lot.left, lot.subject
