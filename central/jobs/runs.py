"""What the jobs have done, for people to see, and which worker may run them.

One row for each run. A day's job that ran whole is not run again unless a person asks.
"""

from datetime import date
from enum import IntEnum

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from central import schema

#: A worker that does not say for so long that it lives has lost its turn.
LEASE_MS = 60_000


class RunState(IntEnum):
    """How a run ended, if it did."""

    RUNNING = 0
    DONE = 1
    FAILED = 2


class Run(Struct, frozen=True):
    """One run of a job for a day of the mall; `done` counts what it changed."""

    job: str
    day: str
    started_ms: int
    ended_ms: int | None
    state: RunState
    done: int
    detail: str


def lead(
    connection: Connection, shard_key: int, worker: str, now_ms: int, lease_ms: int = LEASE_MS
) -> bool:
    """Take or keep the lead if nobody else has it; tell whether this worker leads now.

    Without a sign of life within `lease_ms` it is another's to take.
    """
    t = schema.job_leader
    mine = t.c.shard_key == shard_key
    row = connection.execute(select(t.c.worker, t.c.until_ms).where(mine)).one_or_none()
    if row is not None and row.worker != worker and row.until_ms > now_ms:
        return False
    connection.execute(delete(t).where(mine))
    values = {"shard_key": shard_key, "worker": worker, "until_ms": now_ms + lease_ms}
    connection.execute(insert(t), values)
    return True


def resign(connection: Connection, shard_key: int, worker: str) -> None:
    """Give the lead up, so that another worker need not wait."""
    t = schema.job_leader
    connection.execute(delete(t).where(t.c.shard_key == shard_key, t.c.worker == worker))


def begin(connection: Connection, shard_key: int, job: str, day: str, now_ms: int) -> None:
    """Note that a run begins."""
    row = Run(job, day, now_ms, None, RunState.RUNNING, 0, "")
    values = {name: getattr(row, name) for name in row.__struct_fields__}
    connection.execute(insert(schema.job_run), {"shard_key": shard_key, **values})


def end(connection: Connection, shard_key: int, run: Run) -> None:
    """Note how a run ended."""
    t = schema.job_run
    same = (t.c.job == run.job, t.c.day == run.day, t.c.started_ms == run.started_ms)
    connection.execute(
        update(t)
        .where(t.c.shard_key == shard_key, *same)
        .values(ended_ms=run.ended_ms, state=int(run.state), done=run.done, detail=run.detail)
    )


def was_done(connection: Connection, shard_key: int, job: str, day: str) -> bool:
    """Tell whether a job ran whole for a day."""
    t = schema.job_run
    whole = (t.c.job == job, t.c.day == day, t.c.state == int(RunState.DONE))
    found = select(t.c.job).where(t.c.shard_key == shard_key, *whole).limit(1)
    return connection.execute(found).first() is not None


def last_done(
    connection: Connection, shard_key: int, job: str, first: date, last: date
) -> date | None:
    """Return the last day from `first` to `last`, both included, for which a job ran whole."""
    t = schema.job_run
    whole = (t.c.shard_key == shard_key, t.c.job == job, t.c.state == int(RunState.DONE))
    between = t.c.day.between(first.isoformat(), last.isoformat())
    found = connection.execute(select(func.max(t.c.day)).where(*whole, between)).scalar_one()
    return date.fromisoformat(found) if found else None


def recent(connection: Connection, shard_key: int, limit: int) -> list[Run]:
    """Return the last runs, newest first."""
    t = schema.job_run
    columns = [t.c[name] for name in Run.__struct_fields__]
    query = select(*columns).where(t.c.shard_key == shard_key)
    rows = connection.execute(query.order_by(t.c.started_ms.desc(), t.c.job).limit(limit))
    return [
        Run(
            job=row.job,
            day=row.day,
            started_ms=row.started_ms,
            ended_ms=row.ended_ms,
            state=RunState(row.state),
            done=row.done,
            detail=row.detail,
        )
        for row in rows
    ]
