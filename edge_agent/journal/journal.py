"""The journal of one device: what is appended here has happened, whatever happens next.

    journal = Journal.open(directory)
    seqs = journal.append([sale], slips=[slip], job=outcome)   # returns after COMMIT and fsync

`append` is all or nothing: events, their slips and the outcome of their print job. Raising means
that nothing was recorded. Readers are in `reader.py`; one connection (`writer.py`) writes.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

from msgspec import structs

from edge_agent.journal import boots, cursor, identity, log, projections, rehoming
from edge_agent.journal.clock import moment
from edge_agent.journal.cursor import Cursor
from edge_agent.journal.errors import JournalBroken, JournalFailure, JournalFull
from edge_agent.journal.file.database import FILE, lock
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.file.opening import begin, connect
from edge_agent.journal.file.writer import Writer
from edge_agent.journal.identity import Identity
from edge_agent.journal.log import Link
from edge_agent.journal.papers import refusals, reviews
from edge_agent.journal.papers.reviews import ReviewPaper
from edge_agent.journal.papers.slips import JobOutcome, Slip, SlipState, ask_copy, keep_slips
from edge_agent.journal.pulled import directory, members
from edge_agent.journal.reader import Reader
from edge_agent.journal.spending import coupons, leasing, voucher_requests
from edge_agent.journal.spending.arming import Arming
from edge_agent.journal.spending.coupons import KeptCoupon
from edge_agent.journal.verify import tail_problems
from loyalty.events import Body, Holder, Moment, Redeem
from loyalty.wire import (
    EnrolAnswer,
    LeaseAnswer,
    LeaseRequest,
    PullAnswer,
    PushAnswer,
    RehomeAnswer,
    RehomeRequest,
)

LOCK_FILE = "journal.lock"
_NO_STATES: Mapping[str, SlipState] = {}


class Journal(Reader):
    """The journal in `directory`, opened for writing by this process alone."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], Moment],
        writer: Callable[[Callable[[], sqlite3.Connection]], Writer],
        mark: Mark,
    ) -> None:
        """Use `Journal.open`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._clock = clock
        self._arming = Arming()
        self._mark = mark
        self.damage: tuple[str, ...] = ()
        self.broken = ""  # why this file can be used no more, and the run must end
        self._handle = lock(folder / LOCK_FILE)
        self._writer = writer(lambda: self._connect(folder / FILE))
        try:
            self._writer.transact(lambda db: begin(db, folder, self._clock(), mark))
            super().__init__(folder)
        except BaseException:
            self._writer.close()
            os.close(self._handle)
            raise

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Callable[[], Moment] = moment,
        writer: Callable[[Callable[[], sqlite3.Connection]], Writer] = Writer,
        mark: Mark | None = None,
    ) -> Self:
        """Open, upgrade and check the journal in `folder`; a new one if there is none.

        Raises JournalInUse if another process has it, JournalTooNew if a later version wrote it,
        JournalBroken if its pages do not check out, JournalFailure if the disk refuses. Events that
        do not check out are named in `damage`, and told to central as they are.
        """
        return cls(folder, clock, writer, mark or Mark())

    @property
    def session(self) -> str:
        """The run of the agent that may spend: this one, and others of this boot before it."""
        return self._mark.session

    @property
    def swapped(self) -> str:
        """Why this journal is not the one that this machine wrote in this boot; empty if it is."""
        return self._mark.swapped

    def close(self) -> None:
        """Finish what is being written and let go of the file. Again changes nothing."""
        if self._handle < 0:
            return
        super().close()
        self._writer.close()
        os.close(self._handle)
        self._handle = -1

    def enrol(self, answer: EnrolAnswer, central_url: str) -> Identity:
        """Become the device central says we are. Raises JournalBroken if we are another one.

        A new code begins a later epoch: what central lacks of earlier ones is written again.
        """

        def work(db: sqlite3.Connection) -> Identity:
            before = identity.load(db)
            who = identity.adopt(db, answer, central_url)
            if before is not None and before.tenant_key != who.tenant_key:
                members.need_another(db)  # no tag of this key is in the file in use
            rehoming.go_on(db, who, answer.held)
            return who

        who = self._writer.transact(work)
        self._writer.transact(lambda db: self._mark.begin(db, self._clock()))
        return who

    # ---- what happens on this device

    def append(
        self,
        entries: Sequence[Body],
        *,
        slips: Sequence[Slip] = (),
        slip_states: Mapping[str, SlipState] = _NO_STATES,
        job: JobOutcome | None = None,
        papers: Sequence[ReviewPaper] = (),
    ) -> list[int]:
        """Record events with the slips, the job and the papers in review they belong to.

        Returns their seqs after COMMIT and fsync; then it survives kill -9 and power loss. New
        slips belong to the first event; `slip_states` changes slips recorded earlier, such as a
        held claim slip.

        Raises Duplicate for a receipt, claim code, voucher or review that is recorded already
        and AlreadyDone for such a job; NotEnrolled; JournalFull or JournalFailure when the disk
        refuses; LeaseClosed for a spend without an armed lease of this epoch; BodyTooLarge,
        ValueError and KeyError for what a caller must not pass. In every case nothing was recorded.
        """
        written: list[Link] = []

        def work(db: sqlite3.Connection) -> None:
            stream = identity.require(db).stream
            written.clear()
            for entry in entries:
                body = self._spend(db, entry) if isinstance(entry, Redeem) else entry
                link = log.add(db, stream, body)
                projections.apply(db, link.place, body)
                coupons.follow(db, link.place, body)
                written.append(link)
            at_ms, first = self._clock().wall_ms, written[0].place if written else None
            keep_slips(db, slips, slip_states, job, first, at_ms)
            reviews.keep(db, papers, at_ms)

        try:
            self._writer.transact(work)
        except JournalFull:
            raise
        except JournalFailure:
            # The new connection has checked and synced the file: it knows whether COMMIT held.
            where = [(link.place, link.hash) for link in written[-1:]]
            if not self._writer.transact(lambda db: any(log.holds(db, *one) for one in where)):
                raise
        if written:
            self._mark.move(written[-1])
        return [link.place.seq for link in written]

    def note(
        self,
        *,
        slips: Sequence[Slip] = (),
        slip_states: Mapping[str, SlipState] = _NO_STATES,
        job: JobOutcome | None = None,
    ) -> None:
        """Record slips and the outcome of a job that caused no event; needs no enrolment.

        Raises AlreadyDone, JournalFull, JournalFailure or KeyError as `append` does.
        """
        at_ms = self._clock().wall_ms
        self._writer.transact(lambda db: keep_slips(db, slips, slip_states, job, None, at_ms))

    def slip_state(self, slip_id: str, state: SlipState) -> None:
        """Set what became of a slip. Raises KeyError if it does not exist."""
        self.note(slip_states={slip_id: state})

    def copy_slip(self, slip_id: str) -> None:
        """Queue a slip again and count the copy. Raises KeyError if it does not exist."""
        self._writer.transact(lambda db: ask_copy(db, slip_id))

    def paper_sent(self, paper_hash: str, sent: int) -> None:
        """Keep how many bytes of a paper in review central holds."""
        self._writer.transact(lambda db: reviews.set_sent(db, paper_hash, sent))

    def expire_papers(self, before_ms: int) -> None:
        """Delete papers in review that were decided before a wall time in ms."""
        self._writer.transact(lambda db: reviews.expire(db, before_ms))

    def refusal_told(self, subject: str) -> None:
        """Note that somebody was told of a claim (its hash) or a sale that central did not take."""
        self._writer.transact(lambda db: refusals.told(db, subject))

    def voucher_asked(self, voucher_code: str, request_id: str) -> str:
        """Keep under what request central is asked about a voucher; return the one to use."""
        return self._writer.transact(
            lambda db: voucher_requests.asked(db, voucher_code, request_id)
        )

    def keep_coupon(self, kept: KeptCoupon) -> None:
        """Keep a coupon for a bill of this till, over a restart too."""
        self._writer.transact(lambda db: coupons.keep(db, kept))

    def lease_asked(
        self, session: str, request_id: str, holder: Holder, reward_id: str
    ) -> LeaseRequest:
        """Keep a lease request before it is sent; return it as it was first asked."""
        request, first = self._writer.transact(
            lambda db: leasing.asked(db, session, request_id, holder, reward_id)
        )
        if first:
            self._arming.asked(request, self._clock())
        return request

    def asked_in_this_run(self, request_id: str) -> bool:
        """Tell whether it was this run of the agent that first asked for a lease."""
        return self._arming.was_asked(request_id)

    def lease_answered(self, request_id: str, answer: LeaseAnswer) -> None:
        """Keep central's answer to a lease request."""
        self._writer.transact(lambda db: leasing.answered(db, request_id, answer))
        self._arming.answered(request_id, answer)

    def lease_dropped(self, request_id: str) -> None:
        """Nobody waits for this lease any more: it is to be given back if it was granted."""
        self._writer.transact(lambda db: leasing.dropped(db, request_id))

    def close_lease(self, session: str, request_id: str, at: Moment) -> None:
        """Give back a stranded lease, unless somebody has asked for it again meanwhile."""
        link = self._writer.transact(lambda db: leasing.give_back(db, session, request_id, at))
        if link is not None:
            self._mark.move(link)

    # ---- what central says

    def now(self) -> Moment:
        """Return this moment by this machine's clocks."""
        return self._clock()

    def acknowledge(self, answer: PushAnswer, at: Moment, rtt_ms: int) -> None:
        """Keep an answer to a push that arrived at `at` after `rtt_ms`, and central's clock in it.

        Raises ValueError if it acknowledges what was never written.
        """

        def change(db: sqlite3.Connection, epoch: int) -> None:
            cursor.acknowledge(db, epoch, answer)
            cursor.contacted(db, answer.server_ms + rtt_ms // 2, at, rtt_ms)
            boots.sampled(db, answer.server_ms, at, rtt_ms)
            if cursor.outbox(db, epoch).is_empty:
                boots.forget(db)

        self._sync(change)

    def send_from(self, seq: int) -> None:
        """Let the outbox start at `seq`, because central lacks what follows."""
        self._sync(lambda db, epoch: cursor.send_from(db, epoch, seq))

    def refused(self, why: str) -> None:
        """Note that central takes no more of this chain; the events stay."""
        self._sync(lambda db, epoch: cursor.refuse(db, epoch, why))

    def rehome_request(self, session: str) -> RehomeRequest:
        """Return the request for the epoch behind this one, the same one every time."""
        return self._writer.transact(lambda db: rehoming.request(db, session))

    def rehome(self, answer: RehomeAnswer) -> int:
        """Go on in the epoch central granted; return how many events were written again in it.

        Raises JournalBroken for an epoch before this one.
        """

        def work(db: sqlite3.Connection) -> int:
            who = identity.advance(db, answer.epoch, answer.anchor)
            return rehoming.go_on(db, who, answer.held)

        written = self._writer.transact(work)
        self._writer.transact(self._mark.follow)
        return written

    def take_page(self, answer: PullAnswer) -> None:
        """Store a page of the feed together with its cursor."""
        self._writer.transact(lambda db: directory.take_page(db, answer))

    def use_member_file(self, name: str, place: Cursor, tenant_key: bytes = b"") -> bool:
        """Use a member file, whole and synced beside the journal, if the feed was pulled so far.

        A file under another tenant key comes with it: the two are taken together or not at all.
        """

        def work(db: sqlite3.Connection) -> bool:
            taken = members.use_file(db, name, place)
            if taken and tenant_key:
                identity.use_tenant_key(db, tenant_key)
            return taken

        return self._writer.transact(work)

    # ----

    def _spend(self, db: sqlite3.Connection, body: Redeem) -> Redeem:
        """Return a spend in the name of the session that armed it. Raises LeaseClosed."""
        session = self._arming.session(body.lease_id, self._clock())
        leasing.check_spendable(db, body)
        return structs.replace(body, session=session)

    def _sync(self, change: Callable[[sqlite3.Connection, int], None]) -> None:
        self._writer.transact(lambda db: change(db, identity.require(db).epoch))

    def _connect(self, path: Path) -> sqlite3.Connection:
        """Open the file, again after a failure of the disk, and hold it to what was recorded.

        Raises JournalBroken if it lacks what was told before.
        """
        try:
            db = connect(path)
            try:
                self.damage = tail_problems(db)
                self._mark.check(db)
            except BaseException:
                db.close()
                raise
        except JournalBroken as error:
            self.broken = str(error)
            raise
        return db
