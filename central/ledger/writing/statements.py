"""Statements that every call asks: their text is made once for each kind of database.

Building one out of columns, and finding its text again, takes longer than SQLite takes to answer.
"""

from typing import Any

from sqlalchemy import Connection, Executable, Row
from sqlalchemy.engine import CursorResult
from sqlalchemy.sql.elements import ClauseElement


class Statement:
    """A statement whose values are named by `bindparam` and come as the database takes them."""

    def __init__(self, clause: ClauseElement) -> None:
        if not isinstance(clause, Executable):
            raise TypeError(f"{clause!r} is not a statement")
        self._clause = clause
        self._texts: dict[str, tuple[str, dict[str, object], list[str] | None]] = {}

    def rows(self, connection: Connection, **values: object) -> list[Row[Any]]:
        """Return every row."""
        return list(self._result(connection, values))

    def row(self, connection: Connection, **values: object) -> Row[Any] | None:
        """Return the only row, None if there is none. Raises MultipleResultsFound."""
        return self._result(connection, values).one_or_none()

    def _result(self, connection: Connection, values: dict[str, object]) -> CursorResult[Any]:
        name = connection.dialect.name
        if name not in self._texts:
            compiled = self._clause.compile(dialect=connection.dialect)
            places = getattr(compiled, "positiontup", None)
            self._texts[name] = (str(compiled), dict(compiled.params or {}), places)
        text, fixed, places = self._texts[name]
        named = {**fixed, **values}
        given = named if places is None else tuple(named[place] for place in places)
        return connection.exec_driver_sql(text, given)
