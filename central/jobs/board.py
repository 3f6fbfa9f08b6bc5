"""The jobs by name, and running one for a day so that people can see what became of it."""

from collections.abc import Callable, Mapping
from datetime import date

from msgspec import structs

from central.app import Parts, now_ms
from central.database import reading, writing
from central.jobs import (
    campaign_days,
    expiry,
    release,
    reminders,
    runs,
    tier_review,
    voucher_expiry,
)
from central.jobs.runs import Run, RunState

Job = Callable[[Parts, date], tuple[int, str]]

#: In the order of a night: what is released may be over, and tiers go by what is left.
JOBS: Mapping[str, Job] = {
    "release": release.run,
    "vouchers": voucher_expiry.run,
    "expiry": expiry.run,
    "tiers": tier_review.run,
    "campaigns": campaign_days.run,
    "reminders": reminders.run,
    "statements": reminders.statements,
}
_DETAIL_MAX = 500


def run(parts: Parts, name: str, day: date) -> Run:
    """Run a job for a day of the mall and return what became of it; a failure is a Run too."""
    shard_key, started_ms = parts.config.shard_key, now_ms()
    with writing(parts.engine) as connection:
        runs.begin(connection, shard_key, name, day.isoformat(), started_ms)
    begun = Run(name, day.isoformat(), started_ms, None, RunState.RUNNING, 0, "")
    try:
        done, detail = JOBS[name](parts, day)
        state = RunState.DONE
    except Exception as error:  # noqa: BLE001  # told to people, and tried again the next time
        done, detail, state = 0, f"{type(error).__name__}: {error}", RunState.FAILED
    ended = structs.replace(
        begun, ended_ms=now_ms(), state=state, done=done, detail=detail[:_DETAIL_MAX]
    )
    with writing(parts.engine) as connection:
        runs.end(connection, shard_key, ended)
    return ended


def due(parts: Parts, day: date) -> list[str]:
    """Return the jobs that have not run whole for a day, in their order."""
    with reading(parts.engine) as connection:
        return [
            name
            for name in JOBS
            if not runs.was_done(connection, parts.config.shard_key, name, day.isoformat())
        ]
