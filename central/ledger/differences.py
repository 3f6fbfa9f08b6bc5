"""Where two databases differ in a table: the rows of both, in the order of their keys, at once.

However long the tables are, a page of each is in memory. What a difference means is the caller's.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Table, Text, bindparam, select

from central.ledger.writing.bulk import Row, Values
from central.ledger.writing.statements import Statement


class Difference(NamedTuple):
    """A key of a table under which two databases differ, and their rows; None: there is none."""

    key: Values
    live: Row | None
    made: Row | None


def differences(
    live: Connection, made: Connection, shard_key: int, table: Table, values: Sequence[str] = ()
) -> Iterator[Difference]:
    """Yield where a table differs: in which rows there are, or in one of `values`, else in any."""
    keys = [one.name for one in table.primary_key.columns if one.name != "shard_key"]
    rest = values or [one.name for one in table.columns if not one.primary_key]
    names, width = (*keys, *rest), len(keys)
    rows, made_rows = (
        _ordered(table, names, one.dialect.name).each(one, shard_key=shard_key)
        for one in (live, made)
    )
    for mine, other in merged(rows, made_rows, width):
        if mine != other:
            key = (mine or other or ())[:width]
            yield Difference(key, _named(names, mine), _named(names, other))


def merged(
    left: Iterator[Values], right: Iterator[Values], width: int
) -> Iterator[tuple[Values | None, Values | None]]:
    """Yield the rows of both sides by their keys, None where a side has none.

    A key is the first `width` values; each side has it once, and comes in its order.
    """
    mine, other = next(left, None), next(right, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine[:width] < other[:width]):
            yield mine, None
            mine = next(left, None)
        elif mine is None or other[:width] < mine[:width]:
            yield None, other
            other = next(right, None)
        else:
            yield mine, other
            mine, other = next(left, None), next(right, None)


def _named(names: tuple[str, ...], row: Values | None) -> Row | None:
    return None if row is None else dict(zip(names, row, strict=True))


@cache
def _ordered(table: Table, names: tuple[str, ...], dialect: str) -> Statement:
    """Return the statement of a table's rows in the order of their keys, as Python has it.

    SQLite has no other; PostgreSQL orders text as its language does unless it is told.
    """
    keys = [
        one.collate("C") if dialect == "postgresql" and isinstance(one.type, Text) else one
        for one in table.primary_key.columns
        if one.name != "shard_key"
    ]
    query = select(*(table.c[name] for name in names)).order_by(*keys)
    return Statement(query.where(table.c.shard_key == bindparam("shard_key")))
