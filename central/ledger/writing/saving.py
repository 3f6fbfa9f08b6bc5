"""What a turn changed, written to the database: final values, many rows in one statement.

Final values, not differences: an upsert checks the table's checks on the proposed row first, so a
negative difference would be refused even where the result is legal (SYNC 2.12).
"""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from central import schema
from central.ledger.judging.accounts import AccountKind
from central.ledger.judging.references import Print, day_of_key
from central.ledger.judging.state import State
from central.ledger.writing import lots
from central.ledger.writing.bulk import Columns, Values, insert, remove, upsert
from central.ledger.writing.projections import FORMS, WAITING_COLUMNS

#: The tables whose rows name the turn that wrote them last, by their names in the state.
TURNED = ("accounts", "leases")
_UNSEEN = object()


def save(
    connection: Connection, shard_key: int, state: State, turn_of: Callable[[Any], int]
) -> None:
    """Write every projection that changed. The lots of changed wallets must be loaded.

    `turn_of` tells which turn wrote an account or a lease last.
    """
    for name, form in FORMS.items():
        turned = name in TURNED
        fixed: Columns = ("shard_key", "turn") if turned else ("shard_key",)
        tail: Values = (shard_key,)
        new: list[Values] = []
        known: list[Values] = []
        gone = []
        # What was looked for and not found is new; a sale is when its receipt is.
        looked = state.receipts.loaded if name == "sales" else state.tables[name].loaded
        for key, row in _with_lots(state, name, state.tables[name].changed()):
            if row is None:
                gone.append(key)
            else:
                known_by = Print(day_of_key(row.printed_on), key) if name == "sales" else key
                fresh = looked.get(known_by, _UNSEEN) is None
                if turned:
                    tail = (shard_key, turn_of(key))
                (new if fresh else known).append(form.row(key, row) + tail)
        for written in (new, known):
            written.sort(key=itemgetter(0, 1))  # neighbours on a page, one after the other
        insert(connection, form.table, form.columns + fixed, new)
        upsert(connection, form.table, form.columns + fixed, known)
        remove(connection, form.table, shard_key, gone)
    lots.save_pending(connection, shard_key, state)
    _save_waiting(connection, shard_key, state)


def _with_lots(state: State, name: str, rows: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    """Return rows of a table of the state by key, those of accounts with the lots in them."""
    if name != "accounts":
        return rows.items()
    if not state.lots.changed().keys() <= rows.keys():
        raise RuntimeError("lots changed and their account did not")
    held = state.lots.get
    return [
        (key, (account, held(key) if key[0] == AccountKind.WALLET else None))
        for key, account in rows.items()
    ]


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
