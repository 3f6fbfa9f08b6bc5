"""What a turn changed, written to the database: final values, many rows in one statement.

Final values, not differences: an upsert checks the table's checks on the proposed row first, so a
negative difference would be refused even where the result is legal (SYNC 2.12).
"""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, delete, tuple_

from central import schema
from central.ledger.judging.state import State
from central.ledger.writing.bulk import CHUNK_KEYS, Columns, Row, Values, insert, upsert
from central.ledger.writing.projections import FORMS, LOT_COLUMNS, WAITING_COLUMNS, lot_row

#: The tables whose rows name the turn that wrote them last, by their names in the state.
_TURNED = ("accounts", "leases")
_UNSEEN = object()


def remove(connection: Connection, table: Table, shard_key: int, keys: Sequence[Any]) -> None:
    """Delete rows by their primary keys, the shard's key left out of each."""
    columns = [column for column in table.primary_key.columns if column.name != "shard_key"]
    key = tuple_(*columns) if len(columns) > 1 else columns[0]
    for start in range(0, len(keys), CHUNK_KEYS):
        chunk = keys[start : start + CHUNK_KEYS]
        connection.execute(delete(table).where(table.c.shard_key == shard_key, key.in_(chunk)))


def save(connection: Connection, shard_key: int, turn: int, state: State) -> None:
    """Write every projection that the turn changed."""
    for name, form in FORMS.items():
        fixed: Columns = ("shard_key", "turn") if name in _TURNED else ("shard_key",)
        tail: Values = (shard_key, turn) if name in _TURNED else (shard_key,)
        new: list[Values] = []
        known: list[Values] = []
        gone = []
        # What was looked for and not found is new; a sale is when its receipt is.
        looked = state.tables["receipts" if name == "sales" else name].loaded
        for key, row in state.tables[name].changed().items():
            if row is None:
                gone.append(key)
            else:
                fresh = looked.get(key, _UNSEEN) is None
                (new if fresh else known).append(form.row(key, row) + tail)
        for written in (new, known):
            written.sort(key=itemgetter(0))  # neighbours on a page, one after the other
        insert(connection, form.table, form.columns + fixed, new)
        upsert(connection, form.table, form.columns + fixed, known)
        remove(connection, form.table, shard_key, gone)
    _save_lots(connection, shard_key, state)
    _save_waiting(connection, shard_key, state)


def projections(state: State) -> dict[str, list[Row]]:
    """Return every row of every projection, as `save` would write them all, without turns."""
    result: dict[str, list[Row]] = {}
    for name, form in FORMS.items():
        every = state.tables[name].rows().items()
        result[form.table.name] = [
            dict(zip(form.columns, form.row(key, row), strict=True)) for key, row in every
        ]
    result["lot"] = [
        dict(zip(LOT_COLUMNS, lot_row(account_id, lot), strict=True))
        for account_id, lots in state.lots.rows().items()
        for lot in lots
    ]
    result["waiting"] = [
        {**identity._asdict(), "reference": pending.reference}
        for identity, pending in state.pending.rows().items()
        if pending.reference is not None
    ]
    return result


def _save_lots(connection: Connection, shard_key: int, state: State) -> None:
    new: list[Values] = []
    known: list[Values] = []
    gone = []
    for account_id, lots in state.lots.changed().items():
        before = {lot.lot_id: lot for lot in state.lots.loaded[account_id] or ()}
        for lot in lots or ():
            was = before.pop(lot.lot_id, None)
            if was != lot:
                row = (shard_key, *lot_row(account_id, lot))
                (new if was is None else known).append(row)
        gone += [(account_id, lot_id) for lot_id in before]
    remove(connection, schema.lot, shard_key, gone)
    columns: Columns = ("shard_key", *LOT_COLUMNS)
    new.sort(key=itemgetter(1))  # by account, as in `save`
    insert(connection, schema.lot, columns, new)
    upsert(connection, schema.lot, columns, known)


def _save_waiting(connection: Connection, shard_key: int, state: State) -> None:
    written: list[Values] = []
    gone = []
    for identity, pending in state.pending.changed().items():
        if pending is not None and pending.reference is not None:
            written.append((shard_key, *identity, pending.reference))
        elif state.pending.loaded.get(identity) is not None:
            gone.append(tuple(identity))
    remove(connection, schema.waiting, shard_key, gone)
    upsert(connection, schema.waiting, ("shard_key", *WAITING_COLUMNS), written)
