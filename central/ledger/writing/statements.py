"""Statements that every call asks: their text is made once for each kind of database.

Building one out of columns, and finding its text again, takes longer than SQLite takes to answer.
"""

from collections.abc import Callable, Iterator
from itertools import starmap
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.sql.selectable import ReturnsRows

from central.ledger.writing import driver
from central.ledger.writing.driver import PAGE_ROWS


class _Text(Struct, frozen=True):
    """A statement for one kind of database.

    `places` says which value stands where, None where the text has their names.
    """

    text: str
    fixed: dict[str, object]
    places: list[str] | None


class Statement:
    """A statement whose values are named by `bindparam` and come as the database takes them."""

    def __init__(self, clause: ReturnsRows) -> None:
        if not isinstance(clause, Executable):
            raise TypeError(f"{clause!r} is not a statement")
        self._clause = clause
        columns = [(column.name, Any) for column in clause.exported_columns]
        self._row: Callable[..., Any] = NamedTuple("Row", columns)  # type: ignore[assignment, misc]
        self._texts: dict[str, _Text] = {}

    def rows(self, connection: Connection, **values: object) -> list[Any]:
        """Return every row: a tuple with the names of its columns."""
        made, given = self._ready(connection, values)
        if isinstance(given, dict):
            return list(connection.exec_driver_sql(made, given))
        return [self._row(*row) for row in driver.ask(connection, made, given)]

    def each(self, connection: Connection, **values: object) -> Iterator[Any]:
        """Yield the rows of a long answer, which is never in memory as a whole."""
        made, given = self._ready(connection, values)
        if isinstance(given, dict):
            options = {"yield_per": PAGE_ROWS}  # else psycopg fetches all of it at once
            yield from connection.exec_driver_sql(made, given, execution_options=options)
        else:
            yield from starmap(self._row, driver.each(connection, made, given))

    def row(self, connection: Connection, **values: object) -> Any | None:
        """Return the only row, None if there is none. Raises MultipleResultsFound."""
        found = self.rows(connection, **values)
        if len(found) > 1:
            raise MultipleResultsFound("more than one row")
        return found[0] if found else None

    def run(self, connection: Connection, **values: object) -> None:
        """Run it, and look at no answer: it may be among writes that are sent together."""
        made, given = self._ready(connection, values)
        if isinstance(given, dict):
            connection.exec_driver_sql(made, given).close()
        else:
            driver.ask(connection, made, given)

    def _ready(
        self, connection: Connection, values: dict[str, object]
    ) -> tuple[str, dict[str, object] | tuple[object, ...]]:
        """Return the text, and the values by name or, as SQLite takes them, by place."""
        dialect = connection.dialect
        made = self._texts.get(dialect.name) or self._made(dialect)
        named = made.fixed | values
        if made.places is None:
            return made.text, named
        return made.text, tuple([named[place] for place in made.places])

    def _made(self, dialect: Dialect) -> _Text:
        compiled = self._clause.compile(dialect=dialect)
        places = getattr(compiled, "positiontup", None)
        made = _Text(str(compiled), dict(compiled.params or {}), places)
        self._texts[dialect.name] = made
        return made
