"""Who waits for what, out of the database: all if they are few, else those that came first."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from central import schema
from central.ledger.judging.rows import Identity
from central.ledger.judging.state import FIRST, State
from central.ledger.writing.bulk import Values, by_key
from central.ledger.writing.statements import Statement

Loaded = dict[Any, Any]

#: So many events that wait are read at once, and judged again in one turn.
FEW = 1_000
_ALL = Statement(
    select(*(schema.waiting.c[name] for name in ("reference", "device_id", "epoch", "seq")))
    .where(schema.waiting.c.shard_key == bindparam("key"))
    .limit(FEW + 1)
)


def load_waiting(connection: Connection, shard_key: int, state: State) -> None:
    """Load what events wait for, if they are few: a turn looks for far more than there are.

    The events themselves are read when something of the turn may wake them.
    """
    waiting = [tuple(row) for row in _ALL.rows(connection, key=shard_key)]
    if len(waiting) <= FEW:
        found: Loaded = {}
        _add(waiting, found)
        state.waiting.load(found)
        state.waiting.complete = True


def first(connection: Connection, shard_key: int, keys: Sequence[Any], state: State) -> Loaded:
    """Return who waits for each reference: of too many, those that came first `behind` a place."""
    w, t = schema.waiting.c, schema.inbox.c
    columns = (w.reference, w.device_id, w.epoch, w.seq)
    found: Loaded = dict.fromkeys(keys)
    _add(by_key(connection, shard_key, columns, keys), found)
    same = and_(*(w[name] == t[name] for name in ("shard_key", "device_id", "epoch", "seq")))
    query = select(w.device_id, w.epoch, w.seq).join_from(schema.waiting, schema.inbox, same)
    query = query.where(w.shard_key == shard_key).order_by(t.turn, t.place).limit(FEW)
    for reference, waiting in found.items():
        if waiting is not None and len(waiting) > FEW:
            turn, place = behind = state.waiting.behind.get(reference, FIRST)
            later = or_(t.turn > turn, and_(t.turn == turn, t.place > place))
            came = connection.execute(query.where(w.reference == reference, later))
            found[reference] = tuple(Identity(*row) for row in came)
            state.waiting.cut[reference] = (behind, len(found[reference]) == FEW)
    return found


def _add(waiting: Iterable[Values], found: Loaded) -> None:
    who: dict[bytes, list[Identity]] = {}
    for reference, *identity in sorted(waiting):
        who.setdefault(reference, []).append(Identity(*identity))
    found.update({reference: tuple(some) for reference, some in who.items()})
