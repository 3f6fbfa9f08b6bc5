"""Many rows into a table, and out of it by their keys, at the speed of the driver.

SQLAlchemy would build and convert every row's parameters one by one, which costs more than the
database's own work. The statements are still made from the schema, and each one fixes the shard.
PostgreSQL takes whole columns as arrays; not on Citus, where such an INSERT would run on the
coordinator (SYNC 2.12), and new rows by COPY.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    delete,
    tuple_,
)
from sqlalchemy.exc import DBAPIError

from central.database import CITUS
from central.ledger.writing import driver
from central.ledger.writing.driver import Values as Values  # noqa: PLC0414  # named for others

Columns = tuple[str, ...]
#: A row's values by the names of their columns.
Row = dict[str, Any]

#: Below SQLite's 32,766 parameters even with three columns to a key.
CHUNK_KEYS = 8_192
#: So many rows in one of SQLite's INSERTs take a quarter less time than as many INSERTs.
_ROWS_TOGETHER = 32
#: From so many rows on COPY is faster: it goes to the database and back three times, not once.
_COPY_ROWS = 200
_TYPES: dict[type, str] = {
    BigInteger: "bigint",
    SmallInteger: "smallint",
    LargeBinary: "bytea",
    Text: "text",
}


@contextmanager
def sent_together(connection: Connection) -> Iterator[None]:
    """Send the writes inside without waiting for an answer to each, where the database lets us.

    What it says against one of them is raised there or at the end. Nothing may be read inside.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    import psycopg  # by a central on SQLite never

    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    try:
        with raw.pipeline():
            yield
    except psycopg.Error as error:  # as SQLAlchemy tells it, for whoever looks at its class
        raise DBAPIError.instance("sent together", None, error, psycopg.Error) from error


def insert(connection: Connection, table: Table, columns: Columns, rows: Sequence[Values]) -> None:
    """Write new rows. Raises IntegrityError for a key that is there."""
    if len(rows) >= _COPY_ROWS and _takes_copies(connection):
        _copy(connection, table, columns, rows)
    else:
        _write(connection, table, columns, rows, "")


def upsert(connection: Connection, table: Table, columns: Columns, rows: Sequence[Values]) -> None:
    """Write rows whole, in place of the ones with their keys."""
    _write(connection, table, columns, rows, _on_conflict(table, columns))


def remove(connection: Connection, table: Table, shard_key: int, keys: Sequence[Any]) -> None:
    """Delete rows by their primary keys, the shard's key left out of each."""
    if not keys:
        return  # most tables, most of the time: the statement is not even made
    columns = [column for column in table.primary_key.columns if column.name != "shard_key"]
    several = len(columns) > 1
    if connection.dialect.name == "sqlite":
        # One by one: among (VALUES ..) it would look for every row of the shard.
        found = " AND ".join(f"{column.name} = ?" for column in columns)
        statement = f"DELETE FROM {table.name} WHERE shard_key = ? AND {found}"  # noqa: S608
        rows = [(shard_key, *key) if several else (shard_key, key) for key in keys]
        driver.tell(connection, statement, rows)
        return
    key = tuple_(*columns) if several else columns[0]
    for start in range(0, len(keys), CHUNK_KEYS):
        chunk = keys[start : start + CHUNK_KEYS]
        connection.execute(delete(table).where(table.c.shard_key == shard_key, key.in_(chunk)))


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
            # Filled up with nothing to a power of two: few lengths, few texts to be read.
            size = 1 << (len(chunk) - 1).bit_length()
            nothing = (None,) * width if width > 1 else None
            chunk = [*chunk, *[nothing] * (size - len(chunk))]
            values = [value for key in chunk for value in key] if width > 1 else chunk
            statement = _joined(columns, width, size) if width > 1 else _select(columns, size)
            yield from driver.ask(connection, statement, (*values, shard_key))
        else:
            values = [list(one) for one in zip(*chunk, strict=True)] if width > 1 else [[*chunk]]
            statement = _of_arrays(columns, width)
            result = connection.exec_driver_sql(statement, (*values, shard_key))
            if result.cursor is not None:
                yield from result.cursor.fetchall()
            result.close()


@cache
def _select(columns: tuple[Column[Any], ...], size: int) -> str:
    key = f"{columns[0].name} IN ({', '.join(['?'] * size)})"
    return f"{_from(columns)} WHERE {key} AND shard_key = ?"


@cache
def _joined(columns: tuple[Column[Any], ...], width: int, size: int) -> str:
    """Return a statement whose keys are looked up one by one.

    SQLite knows nothing of our tables and takes a shard for ten rows: with IN (VALUES ..) it reads
    the whole shard. CROSS JOIN is how it is told to begin with the keys.
    """
    rows = ", ".join([f"({', '.join(['?'] * width)})"] * size)
    same = " AND ".join(f"{one.name} = column{at}" for at, one in enumerate(columns[:width], 1))
    names, table = _names(columns), columns[0].table.name
    keys = f"(VALUES {rows}) CROSS JOIN {table}"
    return f"SELECT {names} FROM {keys} WHERE {same} AND shard_key = ?"  # noqa: S608  # ours


@cache
def _of_arrays(columns: tuple[Column[Any], ...], width: int) -> str:
    """Return a statement whose keys are looked up one by one.

    PostgreSQL too takes a shard for a few rows, until it has counted them: it would read all of it
    to join it with the keys. OFFSET 0 is how it is told to ask for each.
    """
    marks = [f"key{at}" for at in range(1, width + 1)]
    pairs = zip(columns, marks, strict=False)
    same = " AND ".join(f"{one.name} = {mark}" for one, mark in pairs)
    keys = f"{_unnest(columns[:width])} AS wanted ({', '.join(marks)})"
    rows = f"{_from(columns)} WHERE {same} AND shard_key = %s OFFSET 0"
    return f"SELECT found.* FROM {keys} CROSS JOIN LATERAL ({rows}) AS found"  # noqa: S608  # ours


def _from(columns: tuple[Column[Any], ...]) -> str:
    return f"SELECT {_names(columns)} FROM {columns[0].table.name}"  # noqa: S608  # our own names


def _names(columns: tuple[Column[Any], ...]) -> str:
    return ", ".join(column.name for column in columns)


def _write(
    connection: Connection,
    table: Table,
    columns: Columns,
    rows: Sequence[Values],
    conflict: str,
) -> None:
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        into, width = _into(table, columns), len(columns)
        whole = len(rows) - len(rows) % _ROWS_TOGETHER
        if whole:
            several = [tuple(chain.from_iterable(some)) for some in _together(rows[:whole])]
            driver.tell(connection, into + _marks_of_rows(width) + conflict, several)
        if rest := rows[whole:]:
            driver.tell(connection, into + _marks_of_row("?", width) + conflict, rest)
    elif connection.info.get(CITUS):
        statement = _into(table, columns) + _marks_of_row("%s", len(columns)) + conflict
        connection.exec_driver_sql(statement, rows if isinstance(rows, list) else list(rows))
    else:
        arrays = tuple([list(values) for values in zip(*rows, strict=True)])
        connection.exec_driver_sql(_into(table, columns) + _sets(table, columns) + conflict, arrays)


def _takes_copies(connection: Connection) -> bool:
    """Tell whether rows may come by COPY: not where they are sent together with others."""
    if connection.dialect.name != "postgresql" or connection.info.get(CITUS):
        return False
    import psycopg  # by a central on SQLite never

    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw.pgconn.pipeline_status == psycopg.pq.PipelineStatus.OFF


def _copy(connection: Connection, table: Table, columns: Columns, rows: Sequence[Values]) -> None:
    """Write new rows as PostgreSQL takes them fastest."""
    import psycopg  # by a central on SQLite never

    names = ", ".join(columns)
    statement = f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)"
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    try:
        with raw.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.set_types(_types(table, columns))
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:  # as SQLAlchemy tells it, for whoever looks at its class
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


@cache
def _types(table: Table, columns: Columns) -> list[str]:
    return [_TYPES[type(table.columns[name].type)] for name in columns]


@cache
def _into(table: Table, columns: Columns) -> str:
    names = ", ".join(table.columns[column].name for column in columns)
    return f"INSERT INTO {table.name} ({names})"


@cache
def _marks_of_row(mark: str, width: int) -> str:
    return f" VALUES ({', '.join([mark] * width)})"


@cache
def _marks_of_rows(width: int) -> str:
    return " VALUES " + ", ".join([f"({', '.join(['?'] * width)})"] * _ROWS_TOGETHER)


def _together(rows: Sequence[Values]) -> Iterator[Sequence[Values]]:
    for start in range(0, len(rows), _ROWS_TOGETHER):
        yield rows[start : start + _ROWS_TOGETHER]


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
