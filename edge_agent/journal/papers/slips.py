"""The device's own paper trail: slips to print and print jobs dealt with.

Both are written in the transaction of the event that caused them, so that a crash leaves either
the award with its slip and its job's outcome, or none of the three.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from edge_agent.journal.errors import AlreadyDone
from edge_agent.journal.log import Place

SlipState = Literal["held", "queued", "handed_over", "printed", "not_printed", "unknown", "dropped"]


class Slip(Struct, frozen=True):
    """A slip to print. `data` is opaque here; `subject` finds it again (a fingerprint, a code).

    A `held` slip waits until its state is set to queued or dropped.
    """

    slip_id: str
    kind: str
    subject: str
    data: bytes
    state: SlipState = "queued"


class SlipRecord(Struct, frozen=True):
    """A slip with what became of it; `copies` counts how often it was asked for again."""

    slip: Slip
    place: Place | None
    copies: int
    at_ms: int


class JobOutcome(Struct, frozen=True):
    """A print job that is dealt with; `detail` is the caller's own, opaque here."""

    job_id: str
    detail: bytes


class JobRecord(Struct, frozen=True):
    """A job's outcome, the first event it caused (if any) and when it was recorded."""

    outcome: JobOutcome
    place: Place | None
    at_ms: int


_SLIP = "SELECT slip_id, kind, subject, data, state, epoch, seq, copies, at_ms FROM slip"
_JOB = "SELECT job_id, detail, epoch, seq, at_ms FROM job"


def keep_slips(
    db: sqlite3.Connection,
    new: Sequence[Slip],
    states: Mapping[str, SlipState],
    job: JobOutcome | None,
    place: Place | None,
    at_ms: int,
) -> None:
    """Keep new slips, new states of others and a job, all of the event at `place` if there is one.

    Raises AlreadyDone or KeyError as its parts do.
    """
    for slip in new:
        add_slip(db, slip, place, at_ms)
    set_states(db, states)
    if job is not None:
        add_job(db, job, place, at_ms)


def add_slip(db: sqlite3.Connection, slip: Slip, place: Place | None, at_ms: int) -> None:
    """Keep a slip. Raises sqlite3.IntegrityError if the slip_id was used before."""
    db.execute(
        "INSERT INTO slip (slip_id, epoch, seq, kind, subject, data, state, at_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            slip.slip_id,
            place and place.epoch,
            place and place.seq,
            slip.kind,
            slip.subject,
            slip.data,
            slip.state,
            at_ms,
        ),
    )


def set_states(db: sqlite3.Connection, states: Mapping[str, SlipState]) -> None:
    """Set the state of slips. Raises KeyError for a slip_id that does not exist."""
    for slip_id, state in states.items():
        _one(db.execute("UPDATE slip SET state = ? WHERE slip_id = ?", (state, slip_id)), slip_id)


def ask_copy(db: sqlite3.Connection, slip_id: str) -> None:
    """Queue a slip again and count the copy. Raises KeyError if it does not exist."""
    change = "UPDATE slip SET state = 'queued', copies = copies + 1 WHERE slip_id = ?"
    _one(db.execute(change, (slip_id,)), slip_id)


def _one(cursor: sqlite3.Cursor, slip_id: str) -> None:
    if cursor.rowcount != 1:
        raise KeyError(f"no slip {slip_id}")


def add_job(db: sqlite3.Connection, job: JobOutcome, place: Place | None, at_ms: int) -> None:
    """Record a job's outcome. Raises AlreadyDone if one is recorded."""
    if find_job(db, job.job_id) is not None:
        raise AlreadyDone(job.job_id)
    db.execute(
        "INSERT INTO job (job_id, at_ms, epoch, seq, detail) VALUES (?, ?, ?, ?, ?)",
        (job.job_id, at_ms, place and place.epoch, place and place.seq, job.detail),
    )


def find_slip(db: sqlite3.Connection, slip_id: str) -> SlipRecord | None:
    """Return one slip."""
    row = db.execute(f"{_SLIP} WHERE slip_id = ?", (slip_id,)).fetchone()
    return None if row is None else _slip_record(*row)


def in_states(db: sqlite3.Connection, states: tuple[SlipState, ...]) -> list[SlipRecord]:
    """Return the slips in any of these states, oldest first."""
    marks = ", ".join("?" * len(states))
    rows = db.execute(f"{_SLIP} WHERE state IN ({marks}) ORDER BY at_ms, rowid", states)
    return [_slip_record(*row) for row in rows]


def about(db: sqlite3.Connection, subject: str) -> list[SlipRecord]:
    """Return the slips about one fingerprint or code, newest first."""
    rows = db.execute(f"{_SLIP} WHERE subject = ? ORDER BY at_ms DESC, rowid DESC", (subject,))
    return [_slip_record(*row) for row in rows]


def find_job(db: sqlite3.Connection, job_id: str) -> JobRecord | None:
    """Return the outcome of a job, None if it is still to do."""
    row = db.execute(f"{_JOB} WHERE job_id = ?", (job_id,)).fetchone()
    return None if row is None else _job_record(*row)


def recent_jobs(db: sqlite3.Connection, limit: int) -> list[JobRecord]:
    """Return the last jobs dealt with, newest first."""
    rows = db.execute(f"{_JOB} ORDER BY at_ms DESC, rowid DESC LIMIT ?", (limit,))
    return [_job_record(*row) for row in rows]


def _slip_record(  # noqa: PLR0913, PLR0917 the columns of _SLIP
    slip_id: str,
    kind: str,
    subject: str,
    data: bytes,
    state: SlipState,
    epoch: int | None,
    seq: int | None,
    copies: int,
    at_ms: int,
) -> SlipRecord:
    return SlipRecord(Slip(slip_id, kind, subject, data, state), _place(epoch, seq), copies, at_ms)


def _job_record(
    job_id: str, detail: bytes, epoch: int | None, seq: int | None, at_ms: int
) -> JobRecord:
    return JobRecord(JobOutcome(job_id, detail), _place(epoch, seq), at_ms)


def _place(epoch: int | None, seq: int | None) -> Place | None:
    return None if epoch is None or seq is None else Place(epoch, seq)
