"""The worker: one of any number leads, and runs what is due each day behind the mall's midnight.

APScheduler only says when; whether there is something to do is asked of the database, so a worker
that was down at midnight catches up when it starts, and two workers never do a day twice.
"""

import secrets
import threading
from datetime import datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import DBAPIError

from central.app import Parts, now_ms
from central.database import WriterBusy, writing
from central.jobs import board, runs
from central.jobs.runs import LEASE_MS, Run, RunState

_LOG = structlog.get_logger()
#: Behind midnight, so that tills that were a little late have told of their last sales.
_AT = {"hour": 0, "minute": 10}


class Worker:
    """Leads if nobody else does, and runs what is due. `start` returns at once.

    Another worker takes over once this one was silent for `lease_ms`.
    """

    def __init__(self, parts: Parts, lease_ms: int = LEASE_MS) -> None:
        self._parts = parts
        self._lease_ms = lease_ms
        self._name = secrets.token_hex(8)
        self._working = threading.Lock()
        self._leads = False
        self._scheduler = BackgroundScheduler(
            timezone=parts.config.tz(),
            # The lead is kept while a job works.
            executors={"default": ThreadPoolExecutor(1), "lead": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Begin to look for work, now and from then on."""
        self._keep_lead()
        every = {"trigger": "interval", "seconds": self._lease_ms / 3000}
        self._scheduler.add_job(self._keep_lead, id="lead", executor="lead", **every)
        self._scheduler.add_job(self.look, id="look", next_run_time=self._now(), **every)
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the job at work, then leave the lead to others."""
        self._scheduler.shutdown(wait=True)
        with writing(self._parts.engine) as connection:
            runs.resign(connection, self._parts.config.shard_key, self._name)

    def look(self) -> list[Run]:
        """Run what is due today, if this worker leads; return what became of it."""
        now = self._now()
        if not self._leads or (now.hour, now.minute) < (_AT["hour"], _AT["minute"]):
            return []
        done = []
        with self._working:
            for name in board.due(self._parts, now.date()):
                run = board.run(self._parts, name, now.date())
                _LOG.info("job_ended", job=run.job, day=run.day, done=run.done, detail=run.detail)
                done.append(run)
                if run.state is RunState.FAILED:
                    break  # those behind it build on it; the next look tries again
        return done

    @property
    def leads(self) -> bool:
        """Whether this worker is the one that runs the jobs."""
        return self._leads

    def _keep_lead(self) -> None:
        try:
            with writing(self._parts.engine) as connection:
                shard_key = self._parts.config.shard_key
                leads = runs.lead(connection, shard_key, self._name, now_ms(), self._lease_ms)
        except (DBAPIError, WriterBusy) as error:
            leads = False
            _LOG.warning("lead_unknown", error=str(error))
        if leads != self._leads:
            _LOG.info("lead_taken" if leads else "lead_lost", worker=self._name)
        self._leads = leads

    def _now(self) -> datetime:
        return datetime.now(tz=self._parts.config.tz())
