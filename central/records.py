"""The tables that people keep: putting many rows at once and knowing which of them are news.

Owns reading back and upserting by primary key, inside the caller's writing transaction. It never
decides what a row means.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Row, Table, and_, bindparam, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

#: Parameters in one statement; SQLite takes 32,766.
_CHUNK = 500

T = TypeVar("T")
Values = dict[str, Any]


class Changes(Struct, frozen=True):
    """What a put came to: rows that are new, rows that differ, and how many were so already."""

    added: tuple[Values, ...]
    changed: tuple[Values, ...]
    same: int

    @property
    def news(self) -> tuple[Values, ...]:
        """Every row that others must hear of."""
        return self.added + self.changed


class Tally(Struct, frozen=True):
    """How many records an import added, changed, and found as they were."""

    added: int
    changed: int
    same: int


def tally(changes: Changes) -> Tally:
    """Return the numbers of `changes`."""
    return Tally(len(changes.added), len(changes.changed), changes.same)


def put(connection: Connection, table: Table, shard_key: int, rows: Sequence[Values]) -> Changes:
    """Make the table hold `rows`, found by their primary key within the shard.

    Columns that a row does not name stay as they are; a new row must name them all. No two rows
    may have the same key.
    """
    key = [column.name for column in table.primary_key if column.name != "shard_key"]
    before = {
        tuple(getattr(row, name) for name in key): row
        for row in find(connection, table, shard_key, key[0], [row[key[0]] for row in rows])
    }
    added: list[Values] = []
    changed: list[Values] = []
    for row in rows:
        known = before.get(tuple(row[name] for name in key))
        if known is None:
            added.append(row)
        elif any(getattr(known, name) != value for name, value in row.items()):
            changed.append(row)
    _insert(connection, table, shard_key, added)
    _update(connection, table, shard_key, changed, key)
    return Changes(tuple(added), tuple(changed), len(rows) - len(added) - len(changed))


def find(
    connection: Connection, table: Table, shard_key: int, column: str, values: Sequence[object]
) -> Iterator[Row[Any]]:
    """Yield the shard's rows whose `column` is one of `values`."""
    for part in chunks(values):
        yield from connection.execute(
            select(table).where(table.c.shard_key == shard_key, table.c[column].in_(part))
        )


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `values` in parts that fit into one statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _insert(connection: Connection, table: Table, shard_key: int, rows: list[Values]) -> None:
    if rows:
        connection.execute(insert(table), [{"shard_key": shard_key, **row} for row in rows])


def _update(
    connection: Connection, table: Table, shard_key: int, rows: list[Values], key: list[str]
) -> None:
    if not rows:
        return
    columns = [name for name in rows[0] if name not in key]
    same_row: list[ColumnElement[bool]] = [
        table.c[name] == bindparam(f"key_{name}") for name in key
    ]
    statement = (
        update(table)
        .where(and_(table.c.shard_key == shard_key, *same_row))
        .values({name: bindparam(f"new_{name}") for name in columns})
    )
    connection.execute(
        statement,
        [
            {
                **{f"key_{name}": row[name] for name in key},
                **{f"new_{name}": row[name] for name in columns},
            }
            for row in rows
        ],
    )
