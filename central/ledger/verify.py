"""Is the ledger what its log says? The checks of `central ledger verify`, and the rebuild.

The chains are hashed again, the sums are added up again, and the whole ledger is folded again from
the first event, in a scratch database: every projection must come out the same, byte for byte.
`verify` changes nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, select, update

from central import schema
from central.database import scratch
from central.ledger.chains import Finding, chains
from central.ledger.differences import Difference, differences
from central.ledger.judging.fold import RECORDED_VERDICTS
from central.ledger.judging.rows import Identity, Judgement
from central.ledger.replay import PROJECTIONS, replay
from central.ledger.seals import unsealed
from central.ledger.sums import sums
from central.ledger.writing import bulk
from central.ledger.writing.driver import PAGE_ROWS
from central.ledger.writing.log import VERDICT, save_verdicts
from loyalty.wire import Verdict

#: Why an event waits for a rule book; others that wait for newer software have an error instead.
_WITHOUT_BOOK = "rule_book_unknown"
#: What the stream of a chain in which no event stands yet says of its end.
_OPEN_STREAM = {"state": 0, "final_seq": None}
T = TypeVar("T")


def verify(connection: Connection, shard_key: int) -> list[Finding]:
    """Return everything that is wrong with a shard's ledger; nothing if it is sound."""
    findings = [*sums(connection, shard_key), *chains(connection, shard_key)]
    findings += unsealed(connection, shard_key)
    with scratch() as made:
        replay(connection, shard_key, made)
        return findings + list(_replayed(connection, made, shard_key))


def rebuild(connection: Connection, shard_key: int) -> int:
    """Fold every projection again out of the log, and put right what differs.

    Return how many events were folded. All is written in the caller's transaction; the log itself
    and the feed stay as they are. Whoever wants to write meanwhile waits: what it would change is
    not in the fold.
    """
    t = schema.shard
    connection.execute(update(t).where(t.c.shard_key == shard_key).values(turn=t.c.turn))
    with scratch() as made:
        events = replay(connection, shard_key, made)
        for name in PROJECTIONS:
            _mend(connection, made, shard_key, name)
        for some in _paged(_verdicts(connection, made, shard_key)):
            save_verdicts(connection, shard_key, dict(map(_folded, some)))
    return events


def _mend(connection: Connection, made: Connection, shard_key: int, name: str) -> None:
    """Make a projection what the replay made of it.

    All that differs goes before any of it comes anew: two rows may have taken each other's names.
    """
    table = schema.metadata.tables[name]
    columns = tuple(one.name for one in table.columns)
    for some in _paged(differences(connection, made, shard_key, table)):
        gone = [one.key if len(one.key) > 1 else one.key[0] for one in some if one.live]
        bulk.remove(connection, table, shard_key, gone)
    for some in _paged(differences(connection, made, shard_key, table)):
        rows = [{**one.made, "shard_key": shard_key} for one in some if one.made is not None]
        bulk.insert(connection, table, columns, [tuple(row[it] for it in columns) for row in rows])


def _paged(every: Iterable[T]) -> Iterator[list[T]]:
    """Yield a long series in lists: at most so many are in memory at once."""
    series = iter(every)
    while page := list(islice(series, PAGE_ROWS)):
        yield page


def _folded(one: Difference) -> tuple[Identity, Judgement]:
    """Return which event has which verdict after the replay."""
    folded = one.made or {}
    reason, adjusted, error = (folded[name] for name in VERDICT[1:])
    return Identity(*one.key), Judgement(Verdict(folded["verdict"]), reason, adjusted, error=error)


def _verdicts(connection: Connection, made: Connection, shard_key: int) -> Iterator[Difference]:
    return differences(connection, made, shard_key, schema.inbox, VERDICT)


def _replayed(connection: Connection, made: Connection, shard_key: int) -> Iterator[Finding]:
    """Check that a replay gives the projections as they stand."""
    for name in PROJECTIONS:
        table = schema.metadata.tables[name]
        for one in differences(connection, made, shard_key, table):
            yield _finding(name, one)
    for one in differences(connection, made, shard_key, schema.stream, tuple(_OPEN_STREAM)):
        expected = {**(one.live or {}), **(one.made or _OPEN_STREAM)}
        if one.live is not None and one.live != expected:
            yield _finding("stream", one._replace(made=expected))
    for one in _verdicts(connection, made, shard_key):
        yield _finding("inbox", one._replace(key=Identity(*one.key)))
    yield from _standing(connection, shard_key)


def _standing(connection: Connection, shard_key: int) -> Iterator[Finding]:
    """Check the verdicts that a replay takes as recorded: each has what such a one always has."""
    t = schema.inbox
    columns = (t.c.device_id, t.c.epoch, t.c.seq, *(t.c[name] for name in VERDICT))
    recorded = t.c.verdict.in_([int(verdict) for verdict in RECORDED_VERDICTS])
    query = select(*columns).where(t.c.shard_key == shard_key, schema.is_open, recorded)
    for row in connection.execute(query.execution_options(yield_per=PAGE_ROWS)):
        if not _may_stand(row):
            identity = Identity(row.device_id, row.epoch, row.seq)
            live = {name: getattr(row, name) for name in VERDICT}
            yield Finding("verdict", f"inbox {identity!r}", f"nothing gives {live}")


def _may_stand(row: Any) -> bool:
    if row.verdict == Verdict.QUARANTINED:
        return row.error is not None and (row.reason, row.adjusted) == ("", 0)
    why = "" if row.error is not None else _WITHOUT_BOOK
    return (row.reason, row.adjusted) == (why, 0)


def _finding(name: str, one: Difference) -> Finding:
    where, live, folded = f"{name} {one.key!r}", one.live, one.made
    if live is None:
        return Finding("replay", where, f"missing: {folded}")
    if folded is None:
        return Finding("replay", where, "is there and should not be")
    different = {
        column: (live[column], folded[column]) for column in live if live[column] != folded[column]
    }
    return Finding("replay", where, f"(live, replayed): {different}")
