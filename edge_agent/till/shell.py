"""A till: feeds `checkout` with what devices and screens say, and carries out its effects.

Holds no rule of its own. A state is only kept once the journal has what belongs to it.
"""

import logging
from collections.abc import Callable

from msgspec import structs

from edge_agent import commands
from edge_agent.devices.job_file import Job
from edge_agent.devices.ports import NotTaken, Scanned
from edge_agent.effects import Member, Now, Record, SyncNow, Terms
from edge_agent.journal.errors import AlreadyDone, JournalError, JournalFull
from edge_agent.journal.identity import Identity, device_key
from edge_agent.journal.journal import Journal
from edge_agent.messages import JobRead, JobSeen, PictureSeen, SyncChanged, VoucherAnswered
from edge_agent.people import member_of
from edge_agent.phrases import Phrase, Tone, own_words, told_why
from edge_agent.recording import record
from edge_agent.taking_part import TakingPart, Took
from edge_agent.till import checkout, inputs
from edge_agent.till.claiming import claim_scanned
from edge_agent.till.handing_in import HandingIn
from edge_agent.till.inputs import State
from edge_agent.till.intake import Finding, take_in, unreadable
from edge_agent.till.recorded import paid_papers
from edge_agent.till.redeeming import Redeeming
from edge_agent.till.refusals import next_refusal
from edge_agent.till.remembered import Remembered, known_sale
from edge_agent.till.review_desk import ReviewDesk
from edge_agent.till.tendering import Tendering
from edge_agent.till.unrecorded import Paper, Unrecorded
from loyalty.codes import ClaimCode, Scan, SignedActivity, VoucherCode, classify
from receipts.reading import Reading

_log = logging.getLogger(__name__)


class Till:
    """One till's shell around its state machine. Called by the agent's loop only."""

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        handing_in: HandingIn,
        tendering: Tendering,
        redeeming: Redeeming,
        taking_part: TakingPart,
        sync_now: Callable[[], None],
        paper: Paper,
    ) -> None:
        self._journal = journal
        self._identity = identity
        self.handing_in = handing_in
        self.coupons = handing_in.coupons
        self.tendering = tendering
        self.redeeming = redeeming
        self._taking_part = taking_part
        self._sync_now = sync_now
        self._paper_now = paper.wake
        self._unrecorded = Unrecorded(device_key(journal.directory), paper)
        self._reviews = ReviewDesk(journal, identity)
        self.state = State()

    def resume(self, now: Now) -> None:
        """Take up the window of the sale that was unclaimed when the agent stopped."""
        self._unrecorded.begin(now)
        held = self._journal.slips("held")
        for slip in held[:-1]:
            self._journal.slip_state(slip.slip.slip_id, "queued")
        for slip in held[-1:]:
            sale = self._journal.sale_by_fingerprint(slip.slip.subject)
            if slip.slip.kind == "review":
                self._journal.slip_state(slip.slip.slip_id, "queued")
                continue
            if sale is None or sale.state != "open":
                self._journal.slip_state(slip.slip.slip_id, "dropped")
                continue
            window = checkout.restored(known_sale(sale, now), slip.slip.slip_id, now)
            self.state = State(open_sale=window)

    def handle(self, message: object, now: Now, terms: Terms) -> None:
        """Act on one message of the inbox; what is not a till's is left alone."""
        match message:
            case Scanned(text=text, at_boottime_s=at_s):
                self._scanned(text, at_s, now, terms, typed=False)
            case NotTaken(why=why):
                self._step(inputs.ScanFailed(own_words(why)), now, terms)
            case JobSeen(job_id=job_id, at_s=at_s):
                self._step(inputs.JobStarted(job_id, at_s), now, terms)
            case PictureSeen(job=job, parts=parts):
                self._step(inputs.PictureSeen(job.job_id, *_times(job, now), parts), now, terms)
            case JobRead():
                self._job(message, now, terms)
            case SyncChanged():
                self._spend(message, now, terms)
                self._tell_refusal(now, terms)
                for took in self._taking_part.news(terms):
                    tone: Tone = "attention" if took.state == "refused" else "ok"
                    self._step(inputs.Told(tone, took.phrase), now, terms)
            case VoucherAnswered():
                self._told(self.handing_in.answered(message), now, terms)
            case _:
                self._command(message, now, terms)

    def tick(self, now: Now, terms: Terms) -> None:
        """Let time pass."""
        self._step(inputs.Tick(), now, terms)
        self.redeeming.tick(now)
        reading = bool(self.state.unread_jobs)
        self._told(self.tendering.tick(now, reading=reading), now, terms)
        self._told(self.coupons.tick(now, reading=reading), now, terms)

    def without_rules(self, message: object, now: Now) -> None:
        """Let time pass while nothing can be taken in: jobs wait in the spool.

        A coupon is let go of all the same, unless its bill may be one of them: a central that was
        restored without the rule book awaits this till for as long as it keeps one.
        """
        if isinstance(message, JobSeen | PictureSeen | JobRead):
            self.coupons.bill_may_wait(now)
        if isinstance(message, JobRead):
            message.settle(recorded=False)
        self.coupons.tick(now, reading=bool(self.state.unread_jobs))

    def _command(self, message: object, now: Now, terms: Terms) -> None:
        match message:
            case commands.Scan(text=text):
                self._scanned(text, now.boottime_s, now, terms, typed=True)
            case commands.Lookup(text=text):
                self._look_up(text, now, terms)
            case commands.LookupNext():
                self._step(inputs.LookupArmed(on=True), now, terms)
            case commands.LookupOff():
                self._step(inputs.LookupArmed(on=False), now, terms)
            case commands.Forget():
                self.tendering.close()
                self.redeeming.close(now)
                self._step(inputs.Forgotten(), now, terms)
            case commands.NoMember():
                self._step(inputs.NobodyScans(), now, terms)
            case commands.Reassign(fingerprint=fingerprint, text=text):
                self._correct(fingerprint, text, now, terms)
            case commands.Reverse(fingerprint=fingerprint):
                self._correct(fingerprint, None, now, terms)
            case commands.Reprint(slip_id=slip_id):
                self._reprint(slip_id, now, terms)
            case (
                commands.ReviewAccept()
                | commands.ReviewCorrect()
                | commands.ReviewReject()
                | commands.ReviewMember()
            ):
                self._told(self._reviews.handle(message, now, terms), now, terms)
                self._paper_now()
                self._sync_now()
            case commands.Dismiss():
                self.handing_in.dismiss()
                self.tendering.close()
                self.redeeming.close(now)
                self._taking_part.forget()
                self._step(inputs.Dismissed(), now, terms)
            case _:
                self._spend(message, now, terms)

    def _spend(self, message: object, now: Now, terms: Terms) -> None:
        """Let redeeming or paying with points go on; who pays stays the member of the next sale."""
        self._told(self.coupons.handle(message, now), now, terms)
        scan = self.state.scan
        member = scan.member if scan else None
        if isinstance(message, commands.Pay):
            self.redeeming.close(now)
            if self.redeeming.visit is not None:  # its answer is on its way, and may want a PIN
                self._told(("info", own_words("checking")), now, terms)
                return
        elif self.tendering.shown is None or not isinstance(message, commands.Rewards):
            self._told(self.redeeming.handle(message, member, now, terms), now, terms)
        told = self.tendering.handle(message, member, now, terms)
        if scan is not None and told is not None and told[1].code == "pay_spent":
            still = structs.replace(scan, at_s=now.boottime_s)
            self.state = structs.replace(self.state, scan=still)
        self._told(told, now, terms)

    def _scanned(self, text: str, at_s: float, now: Now, terms: Terms, *, typed: bool) -> None:
        scan = classify(text)
        if isinstance(scan, ClaimCode):
            self._step(claim_scanned(self._journal, scan.code, now), now, terms)
        elif isinstance(scan, VoucherCode):
            self._told(self.handing_in.scanned(scan, now), now, terms)
        elif isinstance(scan, SignedActivity):
            member = self.state.scan.member if self.state.scan else None
            self._took(self._taking_part.scanned(scan.signed, member, now, terms), now, terms)
        else:
            self._member_scanned(scan, at_s, now, terms, typed=typed)

    def _member_scanned(
        self, scan: Scan, at_s: float, now: Now, terms: Terms, *, typed: bool
    ) -> None:
        """Take a member's scan: for the activity code that waits for it, else for a sale."""
        found = member_of(scan, self._identity, self._journal, now.moment, typed=typed)
        if isinstance(found, Phrase):
            self._step(inputs.ScanFailed(found), now, terms)
            return
        if self.tendering.scanned(found) or self.redeeming.scanned(found, now):
            return
        took = self._taking_part.member_came(found, now, terms)
        if took is None:
            self._step(inputs.MemberScanned(found, at_s), now, terms)
        else:
            self._took(took, now, terms)

    def _took(self, took: Took, now: Now, terms: Terms) -> None:
        self._step(inputs.Told(took.tone, took.phrase), now, terms)
        if took.state == "noted":
            self._paper_now()
            self._sync_now()

    def _look_up(self, text: str, now: Now, terms: Terms) -> None:
        found = self._member(text, now)
        if isinstance(found, Phrase):
            self._step(inputs.ScanFailed(found), now, terms)
        else:
            self._step(inputs.LookedUp(found), now, terms)

    def _member(self, text: str, now: Now) -> Member | Phrase:
        return member_of(classify(text), self._identity, self._journal, now.moment, typed=True)

    def _tell_refusal(self, now: Now, terms: Terms) -> None:
        """Tell the cashier of a claim or a sale that central did not take, one after each sync."""
        words = next_refusal(self._journal)
        if words is not None:
            self._step(inputs.Told("attention", words), now, terms)

    def _correct(self, fingerprint: str, text: str | None, now: Now, terms: Terms) -> None:
        sale = self._journal.sale_by_fingerprint(fingerprint)
        member = None if text is None else self._member(text, now)
        if sale is None:
            self._step(inputs.ScanFailed(own_words("sale_unknown")), now, terms)
        elif sale.state in {"in_question", "refused"}:
            self._step(inputs.ScanFailed(told_why(sale.reason)), now, terms)
        elif isinstance(member, Phrase):
            self._step(inputs.ScanFailed(member), now, terms)
        else:
            known = known_sale(sale, now)
            age_s = None if known.recorded_s is None else now.boottime_s - known.recorded_s
            self._step(inputs.Corrected(known, age_s, member), now, terms)

    def _reprint(self, slip_id: str, now: Now, terms: Terms) -> None:
        try:
            self._journal.copy_slip(slip_id)
        except KeyError:
            self._step(inputs.ScanFailed(own_words("sale_unknown")), now, terms)
        self._paper_now()

    def _job(self, message: JobRead, now: Now, terms: Terms) -> None:
        """Take a job in; one that trips our own code goes to a person, and the next goes on."""
        readings, paid = message.readings, tuple[Record, ...]()
        try:
            if readings is not None:
                at_s, shop_id = _times(message.job, now)[0], terms.shop.shop_id
                readings, paid = self.tendering.receipt_of(readings, at_s, shop_id, now)
                readings, taken = self.coupons.receipt_of(readings, at_s, shop_id, now)
                paid += taken
            findings = self._findings(message, readings, now, terms, paid)
            findings = self.coupons.told_on(findings, paid)
            recorded = self._take(message, findings, now, terms, paid)
            for told in (self.tendering.recorded(), self.coupons.recorded()) if paid else ():
                self._told(told, now, terms)
        except Exception as error:  # noqa: BLE001 one poison job must not stop the till (P9)
            _log.error("job %s could not be taken in: %r", message.job.job_id, type(error))
            recorded = self._take(message, self._findings(message, None, now, terms), now, terms)
        message.settle(recorded=recorded)

    def _findings(
        self,
        message: JobRead,
        readings: tuple[Reading, ...] | None,
        now: Now,
        terms: Terms,
        paid: tuple[Record, ...] = (),
    ) -> tuple[Finding, ...]:
        job_id, shop_id = message.job.job_id, terms.shop.shop_id
        known = Remembered(self._journal, shop_id, now, paid_papers(paid))
        if readings is None:
            return (unreadable(message.job.data, shop_id=shop_id, known=known),)
        return take_in(
            readings,
            raw=message.job.data,
            shop_id=shop_id,
            book=terms.book,
            known=known,
            claim_codes=[self._unrecorded.claim_code(job_id, at) for at in range(len(readings))],
        )

    def _take(
        self,
        message: JobRead,
        findings: tuple[Finding, ...],
        now: Now,
        terms: Terms,
        paid: tuple[Record, ...] = (),
    ) -> bool:
        started_s, ended_s = _times(message.job, now)
        job_id, again = message.job.job_id, self._unrecorded.has_slips(message.job.job_id)
        event = inputs.JobRead(job_id, findings, started_s, ended_s, message.parts, again)
        failure = self._step(event, now, terms, paid)
        if isinstance(failure, JournalFull):
            self._unrecorded.give_slips(event, now, terms)
        if failure is None:
            self._unrecorded.recorded(job_id)
        return failure is None

    def _told(self, told: tuple[Tone, Phrase] | None, now: Now, terms: Terms) -> None:
        if told is not None:
            self._step(inputs.Told(*told), now, terms)

    def _step(
        self, event: inputs.Input, now: Now, terms: Terms, paid: tuple[Record, ...] = ()
    ) -> JournalError | None:
        """Take one step; keep its state only if the journal took what belongs to it.

        Return why the journal did not, None if it did.
        """
        state, effects = checkout.step(self.state, event, now, terms)
        try:  # what paid stands before its bill, so that no refund is judged in between
            record(self._journal, (*paid, *effects))
        except AlreadyDone:
            return None  # recorded before a crash; the job only has to leave the spool
        except JournalError as error:
            told = inputs.Told("error", own_words("not_recorded"))
            self.state, _ = checkout.step(self.state, told, now, terms)
            return error
        self.state = state
        if effects:
            self._paper_now()
        if any(isinstance(effect, SyncNow) for effect in effects):
            self._sync_now()
        return None


def _times(job: Job, now: Now) -> tuple[float, float]:
    """Return when the job began and ended by this boot's clock; of an earlier boot: long ago."""
    if job.started.boot_id != now.moment.boot_id:
        return float("-inf"), float("-inf")
    started_s = job.started.boottime_ns / 1e9
    return started_s, job.ended.boottime_ns / 1e9 if job.ended else started_s
