"""The state machine of one till: (state, input, now) -> (state, effects).

Owns whose sale a scan is. Pure: it reads no clock, no disk and no device; `shell.py` feeds it
and carries out its effects in order. All times are seconds of the boot's own clock, and
they say when something happened, not when it was heard of, so a backlog is judged like the day.

Whose sale is the scan? A scan before counts for the next sale within 3 minutes, once; a scan after
counts for the till's last unclaimed sale within 60 s and before the next job starts. The later scan
replaces the earlier until the award is recorded. The claim slip prints when that window closes.
"""

from msgspec import structs

from edge_agent.effects import (
    DropSlip,
    Effect,
    HeldSlip,
    JobDone,
    Member,
    Now,
    Record,
    ReleaseSlip,
    SyncNow,
    Terms,
)
from edge_agent.phrases import Phrase, Tone, own_words
from edge_agent.till import pictures, review_window
from edge_agent.till.earned import award, unclaimed
from edge_agent.till.given import given_back, refund_told
from edge_agent.till.inputs import (
    CORRECTION_S,
    SCAN_AFTER_S,
    SCAN_BEFORE_S,
    UNREAD_JOBS_MAX,
    UNREAD_S_MAX,
    ClaimScanned,
    Corrected,
    Dismissed,
    Forgotten,
    Input,
    JobRead,
    JobStarted,
    LookedUp,
    LookupArmed,
    MemberScan,
    MemberScanned,
    NobodyScans,
    Notice,
    OpenReview,
    OpenSale,
    PictureSeen,
    ReviewScanned,
    ScanFailed,
    State,
    Tick,
    Told,
)
from edge_agent.till.intake import Finding, KnownSale, Nothing, Refunded, Sold
from edge_agent.till.paper import award_slip, claim_slip, refund_slip
from edge_agent.till.recorded import refund_body, sale_body, waits
from edge_agent.till.seen import seen
from edge_agent.till.unclear import Unclear
from loyalty.events import Body, Claim, Correction


def step(state: State, event: Input, now: Now, terms: Terms) -> tuple[State, tuple[Effect, ...]]:
    """Return the till after `event` and what has to be done about it, in this order."""
    match event:
        case MemberScanned():
            return _scanned(state, event, now, terms)
        case ScanFailed(phrase=phrase):
            return _tell(state, "error", phrase), ()
        case ClaimScanned() | ReviewScanned():
            return _slip_scanned(state, event, now)
        case JobStarted() | PictureSeen():
            return _job_started(state, event)
        case JobRead():
            return _read(state, event, now, terms)
        case Corrected():
            return _corrected(state, event, now, terms)
        case Told(tone=tone, phrase=phrase):
            return _tell(state, tone, phrase), ()
        case LookupArmed(on=on):
            return structs.replace(state, lookup_armed=on, looked_up=None), ()
        case LookedUp(member=member):
            return structs.replace(state, looked_up=member, lookup_armed=False), ()
        case Forgotten():
            return structs.replace(state, scan=None), ()
        case NobodyScans():
            return _closed(state)
        case Dismissed():
            return structs.replace(state, notice=None, looked_up=None, lookup_armed=False), ()
        case Tick():
            return _ticked(state, now)


def restored(sale: KnownSale, held_slip: str, now: Now) -> OpenSale:
    """Return the window of a sale that was unclaimed when the agent stopped."""
    ended_s = sale.recorded_s if sale.recorded_s is not None else float("-inf")
    closes_s = min(ended_s, now.boottime_s) + SCAN_AFTER_S
    return OpenSale(sale, ended_s, closes_s, held_slip)


def _tell(state: State, tone: Tone, phrase: Phrase) -> State:
    return structs.replace(state, notice=Notice(tone, phrase), notices=state.notices + 1)


def _scanned(
    state: State, event: MemberScanned, now: Now, terms: Terms
) -> tuple[State, tuple[Effect, ...]]:
    member = event.member
    if state.lookup_armed:
        return structs.replace(state, lookup_armed=False, looked_up=member), ()
    sale = state.open_sale
    if sale is not None and event.at_s <= sale.closes_s:
        return _claimed(state, sale, member, now, terms)
    review = state.open_review
    if review is not None and event.at_s <= review.closes_s:
        effects = review_window.scanned_for(review, member, now, terms)
        told = _tell(structs.replace(state, open_review=None), "ok", own_words("review_member"))
        return told, effects
    tone: Tone = "info" if member.new_card else "ok"
    held = pictures.scanned(state, event)
    phrase = own_words("new_card") if member.new_card else own_words("member_ready")
    waiting = held or structs.replace(state, scan=MemberScan(member, event.at_s))
    return _tell(waiting, tone, phrase), ()


def _claimed(
    state: State, open_sale: OpenSale, member: Member, now: Now, terms: Terms
) -> tuple[State, tuple[Effect, ...]]:
    """A scan after the sale: its award goes to this member, and its claim slip is not needed."""
    if open_sale.held_slip is None:
        return _claimed_by_slip(state, open_sale.sale, member, now, terms)
    sale = open_sale.sale
    given = award(sale, member, now, terms)
    body = Claim(
        at=now.moment,
        claim_hash=sale.claim_hash or "",
        holder=member.holder,
        tier_id=member.tier_id,
        points=given.points,
        waits=waits(terms),
    )
    slip = award_slip(sale.receipt, sale.fingerprint, member, given, now, terms)
    drop = DropSlip(open_sale.held_slip)
    told = _tell(structs.replace(state, open_sale=None), "ok", own_words("awarded", given.points))
    return told, (drop, Record((body,), (slip,)), SyncNow())


def _claimed_by_slip(
    state: State, sale: KnownSale, member: Member, now: Now, terms: Terms
) -> tuple[State, tuple[Effect, ...]]:
    """The claim slip was out of our hands: central knows whether it was used before."""
    claim_hash = sale.claim_hash or ""
    body = Claim(now.moment, claim_hash, member.holder, waits=waits(terms))
    told = _tell(structs.replace(state, open_sale=None), "info", own_words("claim_taken_in"))
    return told, (Record((body,)), SyncNow())


def _slip_scanned(
    state: State, event: ClaimScanned | ReviewScanned, now: Now
) -> tuple[State, tuple[Effect, ...]]:
    """The slip of an own paper was scanned: the next scan is for that paper."""
    state, effects = _closed(state)
    if isinstance(event, ReviewScanned):
        window = review_window.reopened(event.item, now, SCAN_AFTER_S)
        state = structs.replace(state, open_review=window)
    else:
        opened = OpenSale(event.sale, now.boottime_s, now.boottime_s + SCAN_AFTER_S, None)
        state = structs.replace(state, open_sale=opened)
    return _tell(state, "info", own_words("claim_ready")), effects


def _job_started(state: State, event: JobStarted | PictureSeen) -> tuple[State, tuple[Effect, ...]]:
    if isinstance(event, PictureSeen):
        return pictures.seen(state, event), ()
    if any(job_id == event.job_id for job_id, _ in state.unread_jobs):
        return state, ()
    unread = (*state.unread_jobs, (event.job_id, event.at_s))[-UNREAD_JOBS_MAX:]
    state = pictures.started(structs.replace(state, unread_jobs=unread), event.at_s)
    windows = (state.open_sale, state.open_review)
    if any(window is not None and event.at_s > window.started_s for window in windows):
        return _closed(state)
    return state, ()


def _read(state: State, event: JobRead, now: Now, terms: Terms) -> tuple[State, tuple[Effect, ...]]:
    """Take a job in; a picture comes late and leaves what was printed behind it as it stands."""
    picture = pictures.find(state, event.job_id)
    if picture is None:
        return _job_read(state, event, now, terms)
    own = pictures.alone(state, picture, event.ended_s)
    after, effects = _job_read(own, event, now, terms)
    after, unused = pictures.back(state, after, picture)
    if unused is None:
        return after, effects
    after, more = _scanned(after, MemberScanned(unused.member, unused.at_s), now, terms)
    return after, (*effects, *more)


def _job_read(
    state: State, event: JobRead, now: Now, terms: Terms
) -> tuple[State, tuple[Effect, ...]]:
    """All documents of a job become one record, so that a job is taken in once or not at all."""
    state, effects = _closed(state)
    read = {event.job_id, *event.parts}
    unread = tuple(job for job in state.unread_jobs if job[0] not in read)
    state = structs.replace(state, unread_jobs=unread)
    bodies: list[Body] = []
    slips: list[HeldSlip] = []
    for finding in event.findings:
        state, body, slip = _document(state, finding, event, now, terms)
        bodies += [body] if body is not None else []
        slips += [slip] if slip is not None else []
    held = {window.held_slip for window in (state.open_sale, state.open_review) if window}
    slips = [structs.replace(slip, held=slip.slip_id in held) for slip in slips]
    job = JobDone(event.job_id, tuple(seen(finding) for finding in event.findings))
    papers = (each.paper for each in event.findings if isinstance(each, Unclear))
    kept = tuple(paper for paper in papers if paper is not None)
    record = Record(tuple(bodies), tuple(slips), job, kept)
    return state, (*effects, record, *((SyncNow(),) if bodies else ()))


def _document(
    state: State, finding: Finding, job: JobRead, now: Now, terms: Terms
) -> tuple[State, Body | None, HeldSlip | None]:
    match finding:
        case Sold():
            return _sold(state, finding, job, now, terms)
        case Refunded():
            return _refunded(state, finding, now, terms)
        case Unclear():
            return _unclear(state, finding, job, now, terms)
        case Nothing():
            return _nothing(state, finding), None, None


def _sold(
    state: State, sold: Sold, job: JobRead, now: Now, terms: Terms
) -> tuple[State, Body, HeldSlip | None]:
    scan = state.scan if state.scan and _counts_for(state.scan.at_s, job, state) else None
    if job.has_slips or not sold.eligible_fen:  # whoever holds the slip claims it, if anybody
        state = structs.replace(state, scan=None) if scan else state
        return state, sale_body(sold, now, terms, None, 0), None
    if scan is not None:
        member = scan.member
        given = award(sold, member, now, terms)
        body = sale_body(sold, now, terms, member, given.points)
        slip = award_slip(sold.receipt, sold.fingerprint, member, given, now, terms)
        state = structs.replace(state, scan=None)
        return _tell(state, "ok", own_words("awarded", given.points)), body, slip
    body = sale_body(sold, now, terms, None, 0)
    given = award(sold, None, now, terms)
    slip = claim_slip(sold, given, now, terms)
    known = unclaimed(sold, now, terms)
    if any(at_s > job.started_s for _, at_s in state.unread_jobs):
        return structs.replace(state, open_sale=None), body, slip
    opened = OpenSale(known, job.started_s, job.ended_s + SCAN_AFTER_S, slip.slip_id)
    return structs.replace(state, open_sale=opened), body, slip


def _counts_for(scan_s: float, job: JobRead, state: State) -> bool:
    """Tell whether a waiting scan is for the sale of this job, judged by when both happened."""
    if not job.started_s - SCAN_BEFORE_S <= scan_s <= job.ended_s + SCAN_AFTER_S:
        return False
    return not any(job.started_s < at_s <= scan_s for _, at_s in state.unread_jobs)


def _refunded(
    state: State, refunded: Refunded, now: Now, terms: Terms
) -> tuple[State, Body, HeldSlip | None]:
    given = given_back(refunded, now)
    slip = refund_slip(refunded, now, terms) if refunded.points or given else None
    return _tell(state, *refund_told(refunded, given)), refund_body(refunded, now), slip


def _unclear(
    state: State, found: Unclear, job: JobRead, now: Now, terms: Terms
) -> tuple[State, Body, HeldSlip | None]:
    """A paper for a person takes the scan that a sale would take, or waits for one as a sale."""
    scan = state.scan if found.takes_scan and state.scan else None
    member = scan.member if scan is not None and _counts_for(scan.at_s, job, state) else None
    body, slip = review_window.opened(found, member, now, terms)
    state = _tell(state, "attention", own_words("needs_person"))
    if member is not None:
        return structs.replace(state, scan=None), body, slip
    later = any(at_s > job.started_s for _, at_s in state.unread_jobs)
    if not later and state.open_sale is None and found.takes_scan and found.paper:
        held = slip.slip_id if slip else None
        window = OpenReview(found, job.started_s, job.ended_s + SCAN_AFTER_S, held)
        state = structs.replace(state, open_review=window)
    return state, body, slip


def _nothing(state: State, nothing: Nothing) -> State:
    """Paper that earns nothing is only mentioned where the cashier may wonder."""
    return _tell(state, "info", nothing.why[0]) if nothing.mention and nothing.why else state


def _corrected(
    state: State, event: Corrected, now: Now, terms: Terms
) -> tuple[State, tuple[Effect, ...]]:
    sale, member = event.sale, event.member
    if event.age_s is None or event.age_s > CORRECTION_S:
        return _tell(state, "error", own_words("too_late_to_correct")), ()
    if sale.refunded_fen:
        return _tell(state, "error", own_words("refunded_already")), ()
    if sale.holder is None and (member is None or sale.state != "reversed"):
        return _tell(state, "error", own_words("nothing_to_correct")), ()
    if member is None:
        body = Correction(at=now.moment, fingerprint=sale.fingerprint, holder=None)
        return _tell(state, "ok", own_words("reversed")), (Record((body,)), SyncNow())
    given = award(sale, member, now, terms)
    body = Correction(
        at=now.moment,
        fingerprint=sale.fingerprint,
        holder=member.holder,
        tier_id=member.tier_id,
        points=given.points,
        waits=waits(terms),
    )
    slip = award_slip(sale.receipt, sale.fingerprint, member, given, now, terms)
    return _tell(state, "ok", own_words("reassigned")), (Record((body,), (slip,)), SyncNow())


def _ticked(state: State, now: Now) -> tuple[State, tuple[Effect, ...]]:
    effects: tuple[Effect, ...] = ()
    windows = (state.open_sale, state.open_review)
    if any(window is not None and now.boottime_s > window.closes_s for window in windows):
        state, effects = _closed(state)
    scan = state.scan
    if scan is not None and now.boottime_s > scan.at_s + SCAN_BEFORE_S:
        # A job that began in time may still be on its way through the reader.
        in_time = any(
            now.boottime_s - UNREAD_S_MAX < at_s <= scan.at_s + SCAN_BEFORE_S
            for _, at_s in state.unread_jobs
        )
        state = state if in_time else structs.replace(state, scan=None)
    return state, effects


def _closed(state: State) -> tuple[State, tuple[Effect, ...]]:
    """Close the windows of the last paper: from now on its slip with a claim code stands for it."""
    held = [window.held_slip for window in (state.open_sale, state.open_review) if window]
    release = tuple(ReleaseSlip(slip_id) for slip_id in held if slip_id)
    return structs.replace(state, open_sale=None, open_review=None), release
