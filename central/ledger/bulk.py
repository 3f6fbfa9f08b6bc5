"""Many rows into a table at the speed of the driver.

SQLAlchemy would build and convert every row's parameters one by one, which costs more than the
database's own work. The statements are still made from the schema, and every row has its shard.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table

Row = dict[str, Any]


def insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write new rows, all with the same columns. Raises IntegrityError for a key that is there."""
    _write(connection, table, rows, "")


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows whole, in place of the ones with their keys."""
    if rows:
        _write(connection, table, rows, _on_conflict(table, tuple(rows[0])))


def _write(connection: Connection, table: Table, rows: Sequence[Row], conflict: str) -> None:
    if not rows:
        return
    columns = tuple(rows[0])
    # The driver's own executemany: psycopg pipelines one prepared statement, which takes half the
    # time of one statement with many rows, whose text it would have to read anew each time.
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(columns))
    values = [tuple(row.values()) for row in rows]
    connection.exec_driver_sql(f"{_into(table, columns)} VALUES ({marks}){conflict}", values)


@cache
def _into(table: Table, columns: tuple[str, ...]) -> str:
    names = ", ".join(table.columns[column].name for column in columns)
    return f"INSERT INTO {table.name} ({names})"


@cache
def _on_conflict(table: Table, columns: tuple[str, ...]) -> str:
    keys = [column.name for column in table.primary_key.columns]
    fresh = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)
    return f" ON CONFLICT ({', '.join(keys)}) DO " + (f"UPDATE SET {fresh}" if fresh else "NOTHING")
