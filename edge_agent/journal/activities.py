"""What this device knows of activities: who did what here, and what central made of it."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct

from loyalty.wire import Verdict

ResultT = TypeVar("ResultT")


class DoneHere(Struct, frozen=True):
    """An activity somebody did here. `verdict` is None until central has judged it.

    `reason` is central's word for it, `points` what it gave.
    """

    member: str
    activity_id: str
    batch: str
    number: int
    day: str
    verdict: int | None
    reason: str
    points: int

    @property
    def subject(self) -> str:
        """By what it is remembered that somebody was told of it."""
        return f"activity/{self.member}/{self.activity_id}/{self.batch}/{self.number}/{self.day}"

    @property
    def refused(self) -> bool:
        """Tell whether central will not give anything for it."""
        return self.verdict == Verdict.REFUSED_FINAL


class ActivityReader:
    """The questions about activities that a journal's reader answers."""

    def _ask(self, question: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        raise NotImplementedError

    def activities_of(self, member: str) -> list[DoneHere]:
        """Return what a member did here, oldest first."""
        return self._ask(lambda db: _found(db, "WHERE member = ?", (member,)))

    def activity_by_code(self, batch: str, number: int) -> DoneHere | None:
        """Return for what a code that counts once was used here, None if it was not."""
        where = "WHERE batch = ? AND number = ? AND number > 0"
        found = self._ask(lambda db: _found(db, where, (batch, number)))
        return found[0] if found else None

    def activities_untold(self) -> list[DoneHere]:
        """Return what central has judged and nobody here was told of, oldest first."""
        return self._ask(_untold)


_DONE = """
    SELECT member, activity_id, batch, number, day, verdict.code,
        coalesce(verdict.reason, ''), coalesce(verdict.adjusted, 0)
    FROM activity LEFT JOIN verdict USING (epoch, seq)
"""
_FINAL = (int(Verdict.APPLIED), int(Verdict.REFUSED_FINAL))


def _found(db: sqlite3.Connection, where: str, values: Sequence[object]) -> list[DoneHere]:
    rows = db.execute(f"{_DONE} {where} ORDER BY epoch, seq", values)
    return [DoneHere(*row) for row in rows]


def _untold(db: sqlite3.Connection) -> list[DoneHere]:
    judged = _found(db, "WHERE verdict.code IN (?, ?)", _FINAL)
    if not judged:
        return []
    told = db.execute("SELECT subject FROM refusal_told WHERE subject LIKE 'activity/%'")
    known = {str(row[0]) for row in told}
    return [one for one in judged if one.subject not in known]
