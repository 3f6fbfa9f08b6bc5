"""Lots of points between the state and their tables: those that count, and those that do not yet.

A wallet's lots stand in its account's row, since neither changes without the other: lots of their
own would be as many rows again, on pages that a large ledger rewrites at random. Pending lots are
few, and rows.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection

from central import schema
from central.ledger.judging.accounts import AccountKind
from central.ledger.judging.rows import Account
from central.ledger.judging.state import State, Table
from central.ledger.writing.bulk import Columns, Values, by_key, insert, remove, upsert
from central.ledger.writing.wants import Want
from loyalty.rules.lots import Lot, PendingLot

Found = dict[Any, Any]
Wallet = tuple[Lot, ...]

_COLUMNS: Columns = tuple(one.name for one in schema.pending_lot.columns if one.name != "shard_key")
_FIGURES = tuple(
    schema.account.columns[name]
    for name in ["account_id", "posted", "held", "last_transfer", "purchases", "bought_on"]
)
_UNPACK = msgspec.msgpack.Decoder(list[tuple[bytes, date, int]])


def packed(lots: Iterable[Lot]) -> bytes:
    """Return lots as the bytes of an account's column, which `unpacked` reads."""
    return msgspec.msgpack.encode([(lot.lot_id, lot.expires_on, lot.left) for lot in lots])


def unpacked(data: bytes | None) -> tuple[Lot, ...]:
    """Return the lots of an account's column; none for an account that has none."""
    return tuple(Lot(*lot) for lot in _UNPACK.decode(data)) if data is not None else ()


def columns(lots: Sequence[Lot]) -> Values:
    """Return the columns of an account that tell of its lots."""
    if not lots:
        return None, None
    return min([lot.expires_on for lot in lots]).isoformat(), packed(lots)


def unread(state: State) -> list[Want]:
    """Return the lots that must be read before the accounts that changed are written."""
    changed = (one for one in state.accounts.changed() if one[0] == AccountKind.WALLET)
    return [("lots", wallet) for wallet in state.lots.missing(changed)]


def purses(
    connection: Connection, shard_key: int, keys: Sequence[Any], held: Table[bytes, Wallet]
) -> Found:
    """Return accounts, None for what is none; put the lots of the wallets among them into `held`.

    Nearly always they are wanted next, and they stand in the same row.
    """
    found: Found = dict.fromkeys(keys)
    lots: Found = {key: None for key in keys if key[0] == AccountKind.WALLET}
    columns = (*_FIGURES, schema.account.c.lots)
    for account_id, posted, hold, last, count, day, data in by_key(
        connection, shard_key, columns, keys
    ):
        found[account_id] = Account(posted, hold, last, count or 0, day or "")
        if data is not None:
            lots[account_id] = unpacked(data)
    held.load(lots)
    return found


def accounts(connection: Connection, shard_key: int, keys: Sequence[Any], found: Found) -> None:
    """Find accounts alone."""
    for account_id, posted, hold, last, count, day in by_key(connection, shard_key, _FIGURES, keys):
        found[account_id] = Account(posted, hold, last, count or 0, day or "")


def wallets(connection: Connection, shard_key: int, keys: Sequence[Any], found: Found) -> None:
    """Find the lots of wallets."""
    t = schema.account.c
    for account_id, lots in by_key(connection, shard_key, (t.account_id, t.lots), keys):
        found[account_id] = unpacked(lots) or None


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


def save_pending(connection: Connection, shard_key: int, state: State) -> None:
    """Write the pending lots that a turn changed."""
    new: list[Values] = []
    known: list[Values] = []
    gone = []
    held = state.pending_lots
    for account_id, lots in held.changed().items():
        before = {lot.lot_id: lot for lot in held.loaded.get(account_id) or ()}
        for lot in lots or ():
            was = before.pop(lot.lot_id, None)
            if was != lot:
                (new if was is None else known).append((shard_key, *_pending(account_id, lot)))
        gone += [(account_id, lot_id) for lot_id in before]
    remove(connection, schema.pending_lot, shard_key, gone)
    columns: Columns = ("shard_key", *_COLUMNS)
    new.sort(key=itemgetter(1))  # by account: neighbours on a page, one after the other
    insert(connection, schema.pending_lot, columns, new)
    upsert(connection, schema.pending_lot, columns, known)


def _pending(account_id: bytes, lot: PendingLot) -> Values:
    days = (lot.counts_from.isoformat(), lot.expires_on.isoformat())
    return account_id, lot.lot_id, *days, lot.left, lot.subject
