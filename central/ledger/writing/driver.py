"""Statements handed to SQLite's own driver, past SQLAlchemy.

A turn asks a few dozen small things, each answered in two microseconds; SQLAlchemy's record of a
call takes ten times as long. The text is still made from the schema, the connection and its
transaction are still SQLAlchemy's, and so is what is raised. PostgreSQL is asked through it: there
the way to the server is what takes time.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

#: A row's values, in the order of the columns that stand beside it.
Values = tuple[Any, ...]

#: So many rows of a long answer are in memory at once.
PAGE_ROWS = 5_000


def ask(connection: Connection, text: str, values: Sequence[object]) -> list[Values]:
    """Return every row of an answer. Raises DBAPIError, as SQLAlchemy does."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, values)
        return cursor.fetchall()  # type: ignore[return-value]  # the protocol says less
    except sqlite3.Error as error:
        raise _told(text, error) from error
    finally:
        cursor.close()


def each(connection: Connection, text: str, values: Sequence[object]) -> Iterator[Values]:
    """Yield the rows of a long answer. Raises DBAPIError, as SQLAlchemy does."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(text, values)
        while page := cursor.fetchmany(PAGE_ROWS):
            yield from page
    except sqlite3.Error as error:
        raise _told(text, error) from error
    finally:
        cursor.close()


def tell(connection: Connection, text: str, rows: Sequence[Values]) -> None:
    """Run a text once for each row of values. Raises DBAPIError, as SQLAlchemy does."""
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(text, rows)
    except sqlite3.Error as error:
        raise _told(text, error) from error
    finally:
        cursor.close()


def _told(text: str, error: sqlite3.Error) -> Exception:
    return DBAPIError.instance(text, None, error, sqlite3.Error)
