"""One step of sync at a time: push what is queued, pull what is new, fetch a part of a file.

Reads no clock and never sleeps: `now` is passed in and the wait is returned. It must never drop an
event: when central refuses the chain, sending stops and the status says so.
"""

import logging
import random
import threading

from msgspec import structs

from edge_agent.journal.errors import JournalFailure
from edge_agent.journal.journal import Journal
from edge_agent.sync.abandoned import give_back
from edge_agent.sync.calls import Caller, Done, Offline, Refused, Trouble
from edge_agent.sync.member_files import MemberFileFetcher
from edge_agent.sync.pacing import Backoff
from edge_agent.sync.papers import PaperSender
from edge_agent.sync.puller import Puller
from edge_agent.sync.pusher import Pusher
from edge_agent.sync.rehomer import Rehomer
from edge_agent.sync.status import Problem, Status, problem_of, problem_of_chain
from edge_agent.sync.trail_telling import TrailTeller
from edge_agent.sync.witnessing import Witness
from loyalty.events import Moment

POLL_S = 10.0
#: While central makes the first file of members, of whom this device knows nobody yet.
_FILE_POLL_S = 2.0

_log = logging.getLogger(__name__)


class Syncer:
    """Keeps one journal and central in step. Call `step` from one thread, `status` from any.

    `session` names this run of the agent; `poll_s` is the wait when there is nothing to do.
    """

    def __init__(
        self,
        journal: Journal,
        caller: Caller,
        *,
        session: str,
        rng: random.Random,
        poll_s: float = POLL_S,
    ) -> None:
        self._journal = journal
        self._caller = caller
        self._session = session
        self._poll_s = poll_s
        self._backoff = Backoff(rng)
        self._pusher = Pusher(journal, caller, session)
        self._puller = Puller(journal, caller)
        self._fetcher = MemberFileFetcher(journal, caller)
        self._rehomer = Rehomer(journal, caller, session)
        self._papers = PaperSender(journal, caller)
        self._witness = Witness(journal, caller)
        self.trail = TrailTeller(caller)
        self._guard = threading.Lock()
        self._status = Status()
        self._failed = False

    def status(self) -> Status:
        """Return how sync stands now; the queue is the journal's."""
        with self._guard:
            status = self._status
        if self._journal.identity() is None:
            return status
        outbox = self._journal.outbox()
        queue = outbox.depth + outbox.stranded
        return structs.replace(status, queue=queue, refused=outbox.refused)

    @property
    def in_trouble(self) -> bool:
        """Tell whether the last step failed, so that the next one must wait its time."""
        with self._guard:
            return self._failed

    def broke(self, error: Exception) -> float:
        """Take note of a step that ended in a bug; return the seconds until the next one."""
        return self._troubled(Problem("fault", f"{type(error).__name__}: {error}"), 0.0)

    def step(self, now: Moment) -> float:
        """Push one batch, pull one page; return the seconds until the next step is due."""
        if self._journal.identity() is None:
            self._tell(Status(problem=Problem("not_enrolled", "this device is not enrolled")))
            return self._poll_s
        try:
            done = self._exchange(now)
        except JournalFailure as error:
            return self._troubled(Problem("journal", str(error)), 0.0)
        if isinstance(done, Offline):
            return self._troubled(problem_of(done), done.retry_after_s, online=False)
        if isinstance(done, Refused):
            return self._troubled(problem_of(done), 0.0, online=False)
        self._backoff.worked()
        self._tell(Status(online=True, synced_ms=now.wall_ms, problem=self._standing_problem()))
        if done.more:
            return done.wait_s
        file = self._journal.member_file()
        being_made = file.position < file.needed and self._fetcher.problem is None
        return max(done.wait_s, min(self._poll_s, _FILE_POLL_S) if being_made else self._poll_s)

    def _exchange(self, now: Moment) -> Done | Trouble:
        """Push, then pull: so a balance never contains an event whose ack is still unknown."""
        rehomed = self._rehomer.step()
        if isinstance(rehomed, Done) and rehomed.more:
            self._pusher.greet_again()
        if rehomed is not None:
            return rehomed
        pushed = self._pusher.step(now)
        if not isinstance(pushed, Done):
            return pushed
        pulled = self._puller.step()
        if not isinstance(pulled, Done):
            return pulled
        self._witness.step()
        self.trail.step()
        if self._puller.started_over:
            self._pusher.greet_again()
        more = pushed.more or pulled.more
        if not self._journal.outbox().refused:  # else central takes no event that gives one back
            given = give_back(self._journal, self._caller, self._session, now)
            if not isinstance(given, Done):
                return given
            more = more or given.more
        fetched = self._fetcher.step(self._puller.offer, now)
        if not isinstance(fetched, Done):
            return fetched
        more = more or fetched.more
        papers = Done() if more else self._papers.step()
        return Done(more or papers.more, pushed.wait_s)

    def _troubled(
        self, problem: Problem, at_least_s: float, *, online: bool | None = None
    ) -> float:
        with self._guard:
            before = self._status
        told = before.online if online is None else online
        self._tell(Status(online=told, synced_ms=before.synced_ms, problem=problem), failed=True)
        return self._backoff.failed(at_least_s)

    def _standing_problem(self) -> Problem | None:
        """Return what a person must look at although the calls work."""
        outbox = self._journal.outbox()
        if outbox.refused:
            return problem_of_chain(outbox.refused)
        if self._journal.swapped:
            return Problem("swapped_journal", self._journal.swapped)
        if outbox.stranded:
            detail = f"{outbox.stranded} events of an earlier epoch wait to be sent again"
            return Problem("stranded_events", detail)
        if self._journal.damage:
            return Problem("damaged_events", "; ".join(self._journal.damage[:3]))
        if (against := self._journal.seal_against()) is not None:
            detail = f"central's ledger is not the one it sealed: see its turn {against.turn}"
            return Problem("seal_contradicted", detail)
        unread = self._journal.unread_rows()
        if unread:
            return Problem("unread_rows", f"{unread} rows of central's feed could not be read")
        return self._fetcher.problem

    def _tell(self, status: Status, *, failed: bool = False) -> None:
        """Set the status; an outage is logged once, and so is its end."""
        with self._guard:
            before, self._status, self._failed = self._status, status, failed
        if before.online is not False and status.online is False:
            _log.warning("central is out of reach: %s", status.problem)
        elif before.online is False and status.online:
            _log.info("central is back")
