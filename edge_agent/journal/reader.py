"""Everything that can be asked of a journal. Any thread may ask; nothing here can write.

Used by itself on a journal that another process writes, and as the reading half of `Journal`.
"""

import itertools
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from msgspec import Struct

from edge_agent.journal import batches, boots, cursor, identity, log
from edge_agent.journal.activities import ActivityReader
from edge_agent.journal.batches import Batch
from edge_agent.journal.cursor import Cursor, Outbox
from edge_agent.journal.file.database import FILE, connect_reader, reading, snapshot
from edge_agent.journal.identity import Identity
from edge_agent.journal.log import Link, Place
from edge_agent.journal.papers import records, refusals, reviews, slips
from edge_agent.journal.papers.records import Record, SaleRecord
from edge_agent.journal.papers.refusals import HeldSale, RefusedClaim
from edge_agent.journal.papers.reviews import ReviewItem, ReviewPaper, Unsent
from edge_agent.journal.papers.slips import JobRecord, SlipRecord, SlipState
from edge_agent.journal.pulled import directory, members, seals
from edge_agent.journal.pulled.member_files import MemberFiles
from edge_agent.journal.pulled.members import InUse, Standing
from edge_agent.journal.spending import leasing
from edge_agent.journal.spending.vouchers import VoucherReader
from edge_agent.journal.verify import Report, verify
from loyalty.codes import card_tag
from loyalty.directory import DirectoryHeld
from loyalty.events import Holder, Moment
from loyalty.facts import BootClock
from loyalty.member_file import MemberFile, key_check
from loyalty.receipt import Receipt
from loyalty.reviewing import ReviewRow, TemplateRow
from loyalty.rules import rulebook
from loyalty.rules.rulebook import RuleBook
from loyalty.seals import Seal
from loyalty.wire import RewardRow, ShopRow

ResultT = TypeVar("ResultT")


class BookInForce(Struct, frozen=True):
    """A rule book, its version (content hash) and the server time from which it counts, in ms."""

    version: str
    book: RuleBook
    effective_ms: int


class Reader(ActivityReader, VoucherReader):
    """Answers questions about the journal in `directory`. Close it when done.

    Raises FileNotFoundError if there is no journal.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._path = directory / FILE
        if not self._path.exists():
            raise FileNotFoundError(f"no journal at {self._path}")
        self._lock = threading.Lock()
        self._reads = connect_reader(self._path)
        self._files = MemberFiles(directory)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._reads.close()
            self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, question: Callable[[sqlite3.Connection], ResultT]) -> ResultT:
        with self._lock, snapshot(self._reads) as db:
            return question(db)

    # ---- who we are, and what is still to send

    def identity(self) -> Identity | None:
        """Return who this device is, None before enrolment."""
        return self._ask(identity.load)

    def outbox(self) -> Outbox:
        """Return what is still to send. Raises NotEnrolled before enrolment."""
        return self._ask(lambda db: cursor.outbox(db, identity.require(db).epoch))

    def queue_depth(self) -> int:
        """Return how many events central has not acknowledged, 0 before enrolment."""
        if self.identity() is None:
            return 0
        outbox = self.outbox()
        return outbox.depth + outbox.stranded

    def batch(self, first_seq: int, events_max: int, bytes_max: int) -> Batch:
        """Return a run of events from `first_seq` on; at least one if there is one."""
        return self._ask(lambda db: batches.of(db, first_seq, events_max, bytes_max))

    def links(self, after: Place = log.START, limit: int | None = None) -> list[Link]:
        """Return stored events behind `after`, oldest first."""
        if limit is not None:
            return self._ask(lambda db: list(itertools.islice(log.links(db, after), limit)))
        with reading(self._path) as db:
            return list(log.links(db, after))

    def cursor(self) -> Cursor:
        """Return how far the feed of central was pulled."""
        return self._ask(cursor.cursor)

    def awaits_position(self) -> bool:
        """Tell whether a push, even an empty one, must learn what the directory contains."""
        return self._ask(lambda db: cursor.awaits_position(db, identity.require(db).epoch))

    def boots(self) -> tuple[BootClock, ...]:
        """Return the boots in which events that central lacks can have happened."""
        return self._ask(boots.known)

    def server_ms(self, at: Moment) -> int:
        """Return central's time at `at` as well as it can be known here, in ms (SYNC 2.7)."""
        return self._ask(lambda db: cursor.server_ms(db, at))

    def sure_ms(self, at: Moment) -> int | None:
        """Return central's time at `at` in ms; None if central was not met since the last boot."""
        return self._ask(lambda db: cursor.sure_ms(db, at))

    def seal(self) -> Seal | None:
        """Return the last seal of central's ledger that was pulled, None before the first."""
        return self._ask(seals.held)

    def seal_against(self) -> Seal | None:
        """Return a seal that contradicts the one held here: central's history was changed."""
        return self._ask(seals.against)

    def unread_rows(self) -> int:
        """Return how many rows of the feed this version could not read."""
        return self._ask(
            lambda db: int(db.execute("SELECT count(*) FROM unread_row").fetchone()[0])
        )

    # ---- receipts

    def sale_by_fingerprint(self, fingerprint: str) -> SaleRecord | None:
        """Return the sale of one fingerprint (64 hex digits)."""
        return self._ask(lambda db: records.sale_by_fingerprint(db, fingerprint))

    def sales_by_number(self, shop_id: str, number: str) -> list[SaleRecord]:
        """Return the sales of a shop with this receipt number, newest first."""
        return self._ask(lambda db: records.sales_by_number(db, shop_id, number))

    def sale_by_claim_hash(self, claim_hash: str) -> SaleRecord | None:
        """Return this till's sale whose claim code has this hash."""
        return self._ask(lambda db: records.sale_by_claim_hash(db, claim_hash))

    def open_sales(self, limit: int = 1) -> list[SaleRecord]:
        """Return the last sales that nobody holds, newest first."""
        return self._ask(lambda db: records.open_sales(db, limit))

    def receipt_by_fingerprint(self, fingerprint: str) -> Receipt | None:
        """Return the recorded receipt, of a sale or a refund, None if it is new."""
        return self._ask(lambda db: records.receipt_by_fingerprint(db, fingerprint))

    def recent(self, limit: int = 30) -> list[Record]:
        """Return the last sales, refunds and reviews, newest first."""
        return self._ask(lambda db: records.recent(db, limit))

    def review_count(self) -> int:
        """Return how many papers wait for a person's decision."""
        return self._ask(reviews.count)

    def review(self, review_id: str) -> ReviewItem | None:
        """Return one paper in review as it stands, None if this device never opened it."""
        return self._ask(lambda db: reviews.find(db, review_id))

    def review_by_claim(self, claim_hash: str) -> ReviewItem | None:
        """Return the paper in review whose slip carries the code behind this hash."""
        return self._ask(lambda db: reviews.find_by_claim(db, claim_hash))

    def reviews_waiting(self, limit: int = 200) -> list[ReviewItem]:
        """Return the papers that wait for a decision, the oldest first."""
        return self._ask(lambda db: reviews.waiting(db, limit))

    def reviews_closed(self, limit: int = 20) -> list[ReviewItem]:
        """Return the papers that were decided last, here or at central."""
        return self._ask(lambda db: reviews.closed(db, limit))

    def review_paper(self, review_id: str) -> ReviewPaper | None:
        """Return the paper of a review, None when it is not kept any more."""
        return self._ask(lambda db: reviews.paper(db, review_id))

    def ruled_sale(self, fingerprint: str) -> ReviewRow | None:
        """Return central's decision that made the sale of this fingerprint, None if none did."""
        return self._ask(lambda db: reviews.ruled_fingerprint(db, fingerprint))

    def unsent_paper(self) -> Unsent | None:
        """Return a paper in review that central does not hold yet."""
        return self._ask(reviews.next_unsent)

    def refused_claims(self) -> list[RefusedClaim]:
        """Return claims made here that central refused and of which nobody was told, in order."""
        return self._ask(refusals.untold)

    def sales_not_taken(self) -> list[HeldSale]:
        """Return sales that central refused or holds for a person and of which nobody was told."""
        return self._ask(refusals.untold_sales)

    def claimed_here(self, claim_hash: str) -> bool:
        """Tell whether this code was claimed on this device."""
        return self._has("SELECT 1 FROM claim WHERE claim_hash = ?", claim_hash)

    def _has(self, query: str, key: str) -> bool:
        return self._ask(lambda db: db.execute(query, (key,)).fetchone() is not None)

    # ---- members, rules, rewards, shops

    def holder_of(self, tag: str) -> Holder:
        """Return the member behind a card's tag, or the card while nobody is known behind it."""
        return self._ask(lambda db: members.holder_of(db, self._member_file(db), tag))

    def holder_of_code(self, code: str) -> Holder:
        """Return whose a card's code is, by key and file of one moment. Raises NotEnrolled."""

        def question(db: sqlite3.Connection) -> Holder:
            tag = card_tag(identity.require(db).tenant_key, code)
            return members.holder_of(db, self._member_file(db), tag)

        return self._ask(question)

    def standing(self, holder: Holder) -> Standing:
        """Return what a holder has: the directory's balance and what is promised on top."""
        return self._ask(lambda db: members.standing(db, self._member_file(db), holder))

    def member_file(self) -> InUse:
        """Return which member file is in use, and which one is needed."""
        return self._ask(members.in_use)

    def directory_held(self) -> DirectoryHeld:
        """Return what a pull says of the directory. Raises NotEnrolled before enrolment."""
        return self._ask(lambda db: members.held(db, key_check(identity.require(db).tenant_key)))

    def _member_file(self, db: sqlite3.Connection) -> MemberFile | None:
        return self._files.use(members.in_use(db).name)

    def rule_book(self, now_ms: int) -> BookInForce | None:
        """Return the rule book in force at a server time, else the first one to come."""
        books = self._ask(directory.rule_books)
        begun = [book for book in books if book.effective_ms <= now_ms]
        chosen = begun[-1:] or books[:1]
        if not chosen:
            return None
        row = chosen[0]
        return BookInForce(row.version, rulebook.from_canonical(row.canonical), row.effective_ms)

    def rewards(self) -> list[RewardRow]:
        """Return the catalogue, the cheapest first."""
        return self._ask(directory.rewards)

    def shop(self, shop_id: str) -> ShopRow | None:
        """Return one shop, None if central has not told of it."""
        return self._ask(lambda db: directory.shop(db, shop_id))

    def template(self, shop_id: str) -> TemplateRow | None:
        """Return what central knows of a shop's papers, None if nothing yet."""
        return self._ask(lambda db: directory.template(db, shop_id))

    # ---- slips, jobs, leases

    def slip(self, slip_id: str) -> SlipRecord | None:
        """Return one slip."""
        return self._ask(lambda db: slips.find_slip(db, slip_id))

    def slips(self, *states: SlipState) -> list[SlipRecord]:
        """Return the slips in any of these states, oldest first."""
        return self._ask(lambda db: slips.in_states(db, states))

    def slips_about(self, subject: str) -> list[SlipRecord]:
        """Return the slips about one fingerprint or code, newest first."""
        return self._ask(lambda db: slips.about(db, subject))

    def job_seen(self, job_id: str) -> JobRecord | None:
        """Return what became of a print job, None if it is still to do."""
        return self._ask(lambda db: slips.find_job(db, job_id))

    def recent_jobs(self, limit: int = 30) -> list[JobRecord]:
        """Return the last print jobs dealt with, newest first."""
        return self._ask(lambda db: slips.recent_jobs(db, limit))

    def stranded_leases(self, session: str) -> list[leasing.LeaseRecord]:
        """Return leases asked for in other sessions that no event has spent or closed."""
        return self._ask(lambda db: leasing.stranded(db, session))

    def verify(self) -> Report:
        """Check pages, chain and projections, all of them; takes a while on a long journal."""
        with reading(self._path) as db:
            return verify(db)
