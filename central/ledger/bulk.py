"""Many rows into a table, and out of it by their keys, at the speed of the driver.

SQLAlchemy would build and convert every row's parameters one by one, which costs more than the
database's own work. The statements are still made from the schema, and each one fixes the shard.
PostgreSQL takes whole columns as arrays; not on Citus, where such an INSERT would run on the
coordinator (SYNC 2.12).
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, LargeBinary, SmallInteger, Table, Text

from central.database import CITUS

Columns = tuple[str, ...]
#: A row's values, in the order of the columns that stand beside it.
Values = tuple[Any, ...]
#: A row's values by the names of their columns.
Row = dict[str, Any]

#: Below SQLite's 32,766 parameters even with three columns to a key.
CHUNK_KEYS = 8_192
_TYPES: dict[type, str] = {
    BigInteger: "bigint",
    SmallInteger: "smallint",
    LargeBinary: "bytea",
    Text: "text",
}


def insert(connection: Connection, table: Table, columns: Columns, rows: Sequence[Values]) -> None:
    """Write new rows. Raises IntegrityError for a key that is there."""
    _write(connection, table, columns, rows, "")


def upsert(connection: Connection, table: Table, columns: Columns, rows: Sequence[Values]) -> None:
    """Write rows whole, in place of the ones with their keys."""
    _write(connection, table, columns, rows, _on_conflict(table, columns))


def insert_plain(
    connection: Connection, table: str, columns: Columns, rows: Sequence[Values]
) -> None:
    """Write new rows into a table as some version of the schema had it, by its names alone."""
    if not all(name.isidentifier() for name in (table, *columns)):
        raise ValueError(f"{table}{columns} is no table")
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO {table} ({', '.join(columns)})"
    if rows:
        connection.exec_driver_sql(statement + _marks_of_row(mark, len(columns)), list(rows))


def by_key(
    connection: Connection,
    shard_key: int,
    columns: tuple[Column[Any], ...],
    keys: Sequence[Any],
) -> Iterator[Values]:
    """Yield the rows of a table that have one of `keys` in the first of its `columns`.

    A key of several columns is a tuple; all keys have as many.
    """
    if not keys:
        return
    sqlite = connection.dialect.name == "sqlite"
    width = len(keys[0]) if isinstance(keys[0], tuple) else 1
    for start in range(0, len(keys), CHUNK_KEYS):
        chunk = keys[start : start + CHUNK_KEYS]
        if sqlite:
            # Filled up with the last key to a power of two: few lengths, few texts to be read.
            size = 1 << (len(chunk) - 1).bit_length()
            chunk = [*chunk, *[chunk[-1]] * (size - len(chunk))]
            values = [value for key in chunk for value in key] if width > 1 else chunk
            statement = _select(columns, width, "?", _marks(width, size))
        else:
            values = [list(one) for one in zip(*chunk, strict=True)] if width > 1 else [[*chunk]]
            statement = _select(columns, width, "%s", _arrays(columns[:width]))
        result = connection.exec_driver_sql(statement, (shard_key, *values))
        if result.cursor is not None:
            yield from result.cursor.fetchall()
        result.close()


@cache
def _select(columns: tuple[Column[Any], ...], width: int, mark: str, keys: str) -> str:
    names = [column.name for column in columns]
    key = f"({', '.join(names[:width])})" if width > 1 else names[0]
    return (
        f"SELECT {', '.join(names)} FROM {columns[0].table.name}"  # noqa: S608  # our own names
        f" WHERE shard_key = {mark} AND {key} {keys}"
    )


@cache
def _marks(width: int, size: int) -> str:
    if width == 1:
        return f"IN ({', '.join(['?'] * size)})"
    return f"IN (VALUES {', '.join(['(' + ', '.join(['?'] * width) + ')'] * size)})"


@cache
def _arrays(key: tuple[Column[Any], ...]) -> str:
    return f"IN (SELECT * FROM {_unnest(key)})"  # noqa: S608  # our own names


def _write(
    connection: Connection,
    table: Table,
    columns: Columns,
    rows: Sequence[Values],
    conflict: str,
) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite" or connection.info.get(CITUS):
        mark = "?" if connection.dialect.name == "sqlite" else "%s"
        statement = _into(table, columns) + _marks_of_row(mark, len(columns)) + conflict
        connection.exec_driver_sql(statement, rows if isinstance(rows, list) else list(rows))
    else:
        arrays = tuple([list(values) for values in zip(*rows, strict=True)])
        connection.exec_driver_sql(_into(table, columns) + _sets(table, columns) + conflict, arrays)


@cache
def _into(table: Table, columns: Columns) -> str:
    names = ", ".join(table.columns[column].name for column in columns)
    return f"INSERT INTO {table.name} ({names})"


@cache
def _marks_of_row(mark: str, width: int) -> str:
    return f" VALUES ({', '.join([mark] * width)})"


@cache
def _sets(table: Table, columns: Columns) -> str:
    sets = _unnest(tuple(table.columns[column] for column in columns))
    return f" SELECT * FROM {sets}"  # noqa: S608  # our own names


def _unnest(columns: tuple[Column[Any], ...]) -> str:
    sets = [f"%b::{_TYPES[type(column.type)]}[]" for column in columns]
    return f"unnest({', '.join(sets)})"


@cache
def _on_conflict(table: Table, columns: Columns) -> str:
    keys = [column.name for column in table.primary_key.columns]
    fresh = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)
    return f" ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {fresh}" if fresh else "NOTHING")
