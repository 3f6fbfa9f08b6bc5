"""The till's part of the snapshot."""

from edge_agent.effects import Now, PaperSeen, Terms
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.records import Record, RefundRecord, ReviewRecord, SaleRecord
from edge_agent.journal.papers.slips import JobRecord
from edge_agent.people import holder_member
from edge_agent.phrases import Phrase, own_words, phrase, told_why
from edge_agent.recording import papers
from edge_agent.till.earned import award, award_again
from edge_agent.till.handing_in import HandingIn
from edge_agent.till.inputs import CORRECTION_S, SCAN_BEFORE_S, State
from edge_agent.till.remembered import known_sale
from edge_agent.till.shell import Till
from edge_agent.web.views import Json, member, notice, slip, sound, words
from loyalty.events import Holder
from loyalty.rules.earning import money
from loyalty.rules.reasons import of_refund

RECENT = 30


def till_view(till: Till, journal: Journal, now: Now, terms: Terms) -> Json:
    """Return what the till panel shows besides the device itself."""
    state = till.state
    told = state.notice
    tone = told.tone if told else None
    return {
        "sound": sound(tone, state.notices),
        "notice": notice(tone, told.phrase if told else None, state.notices),
        "member": _waiting_member(state, now, terms),
        "waiting": _waiting_sale(state, now, terms),
        "lookup": _lookup(state, terms),
        "voucher": _voucher(till.handing_in),
        "recent": _recent(journal, now, terms),
        "reviews": journal.review_count(),
    }


def _wall_ms(at_s: float, now: Now) -> int:
    """Return the wall clock's time of a moment of the boot's clock."""
    return round(now.moment.wall_ms + (at_s - now.boottime_s) * 1000)


def _waiting_member(state: State, now: Now, terms: Terms) -> Json | None:
    if state.scan is None:
        return None
    until_ms = _wall_ms(state.scan.at_s + SCAN_BEFORE_S, now)
    return {**member(state.scan.member, terms), "expires_ms": until_ms}


def _waiting_sale(state: State, now: Now, terms: Terms) -> Json | None:
    if state.open_sale is None:
        return None
    sale = state.open_sale.sale
    return {
        "fingerprint": sale.fingerprint,
        "number": sale.receipt.number or "",
        "amount": money(sale.receipt.owed_fen),
        "currency": sale.receipt.currency,
        "points_basis": award(sale, None, now, terms).points,
        "until_ms": _wall_ms(state.open_sale.closes_s, now),
    }


def _lookup(state: State, terms: Terms) -> Json | None:
    if not state.lookup_armed and state.looked_up is None:
        return None
    found = None if state.looked_up is None else member(state.looked_up, terms)
    return {"armed": state.lookup_armed, "result": found}


def _voucher(handing_in: HandingIn) -> Json | None:
    shown = handing_in.shown
    if shown is None:
        return None
    reward = (
        None if shown.reward is None else {"zh": shown.reward.name_zh, "en": shown.reward.name_en}
    )
    return {
        "accepted": shown.accepted,
        "reward": reward,
        "phrase": words(shown.phrase),
        "code_tail": shown.code[-4:],
    }


def _recent(journal: Journal, now: Now, terms: Terms) -> list[Json]:
    """Return the last papers, recorded or ignored, newest first."""
    recorded = (_recorded(record, journal, now, terms) for record in journal.recent(RECENT))
    rows = [row for row in recorded if row is not None]
    for job in journal.recent_jobs(RECENT):
        rows += [
            _ignored(paper, job)
            for paper in papers(job.outcome.detail)
            if paper.outcome == "ignored" and paper.kind != "redemption_slip"
        ]
    return sorted(rows, key=lambda row: int(row["at_ms"]), reverse=True)[:RECENT]


def _recorded(record: Record, journal: Journal, now: Now, terms: Terms) -> Json | None:
    match record:
        case SaleRecord():
            return _sale(record, journal, now, terms)
        case RefundRecord():
            return _refund(record, journal)
        case ReviewRecord():
            return _review(record, journal)


_SALE_STATES = {
    "awarded": "awarded",
    "claimed": "claimed",
    "reversed": "reversed",
    "in_question": "review",
    "refused": "refused",
}


def _sale(record: SaleRecord, journal: Journal, now: Now, terms: Terms) -> Json:
    receipt, at = record.sale.receipt, record.sale.at
    if not record.sale.eligible_fen and record.holder is None:
        return _paid_whole(record)
    slips = journal.slips_about(record.fingerprint)
    waiting = any(each.slip.state == "held" for each in slips)
    state = _SALE_STATES.get(record.state, "waiting" if waiting else "claim_slip")
    printed = next((slip(each) for each in slips if slip(each)), None)
    counts = record.holder is not None and record.state != "in_question"
    left_ms = at.boottime_ms + round(CORRECTION_S * 1000) - now.moment.boottime_ms
    same_boot = at.boot_id == now.moment.boot_id
    correctable = same_boot and not record.refunded_fen and left_ms > 0
    correctable = correctable and record.state in {"awarded", "claimed", "reversed"}
    return {
        **_receipt_row("sale", record.fingerprint, receipt.number, receipt.printed_at),
        "amount": money(receipt.owed_fen),
        "currency": receipt.currency,
        "points": record.points - record.taken_back if counts else None,
        "holder": _holder(record.holder, journal),
        "state": "taken_back" if record.refunded_fen and counts else state,
        "why": [words(each) for each in _why(record, now, terms)],
        "correctable_until_ms": now.moment.wall_ms + left_ms if correctable else None,
        "slip": printed,
        "synced": record.synced,
        "at_ms": at.wall_ms,
    }


def _paid_whole(record: SaleRecord) -> Json:
    """Return a sale that is kept for its refund alone: what paid for it earns nothing."""
    receipt = record.sale.receipt
    return {
        **_receipt_row("ignored", record.fingerprint, receipt.number, receipt.printed_at),
        "amount": money(receipt.owed_fen),
        "currency": receipt.currency,
        "points": None,
        "holder": None,
        "state": "ignored",
        "why": [words(own_words("zero_amount"))],
        "correctable_until_ms": None,
        "slip": None,
        "synced": record.synced,
        "at_ms": record.sale.at.wall_ms,
    }


def _why(record: SaleRecord, now: Now, terms: Terms) -> list[Phrase]:
    """Return how the points of a sale came about, or why central did not take it."""
    if record.state in {"in_question", "refused"}:
        return [told_why(record.reason)]
    if record.holder is None:
        return []
    given = award_again(known_sale(record, now), terms)
    return [phrase(reason) for reason in given.reasons] if given.points == record.points else []


def _refund(record: RefundRecord, journal: Journal) -> Json:
    receipt = record.refund.receipt
    taken = record.refund.points
    reason = of_refund(-record.refund.eligible_fen, undone=record.refund.undone is True)
    of = record.refund.original
    sale = journal.sale_by_fingerprint(of) if of is not None else None
    slips = journal.slips_about(record.fingerprint)
    return {
        **_receipt_row("refund", record.fingerprint, receipt.number, receipt.printed_at),
        "amount": money(receipt.owed_fen),
        "currency": receipt.currency,
        "points": None if taken is None else -taken,
        "holder": _holder(sale.holder, journal) if sale else None,
        "state": "unsettled" if taken is None else "taken_back",
        "why": [words(phrase(reason))],
        "correctable_until_ms": None,
        "slip": next((slip(each) for each in slips if slip(each)), None),
        "synced": record.synced,
        "at_ms": record.refund.at.wall_ms,
    }


def _review(record: ReviewRecord, journal: Journal) -> Json | None:
    """Return a paper in review as it stands; one that was accepted here stands as its sale."""
    review = record.review
    key = review.review_id or review.job_hash
    item = journal.review(review.review_id) if review.review_id else None
    decision = item.ruled.decision if item and item.ruled else item.state if item else "open"
    if decision in ("accepted", "corrected") and item is not None and item.ruled is None:
        return None
    state = {"open": "review", "rejected": "ignored"}.get(decision, "awarded")
    slips = journal.slips_about(key)
    return {
        **_receipt_row("review", key, review.number, review.printed_at),
        "amount": None if review.owed_fen is None else money(review.owed_fen),
        "currency": review.currency,
        "points": None,
        "holder": None,
        "state": state,
        "why": [],
        "correctable_until_ms": None,
        "slip": next((slip(each) for each in slips if slip(each)), None),
        "synced": record.synced,
        "at_ms": review.at.wall_ms,
    }


def _ignored(paper: PaperSeen, job: JobRecord) -> Json:
    return {
        **_receipt_row("ignored", job.outcome.job_id, paper.number, paper.printed_at),
        "amount": None if paper.amount_fen is None else money(paper.amount_fen),
        "currency": paper.currency,
        "points": None,
        "holder": None,
        "state": "ignored",
        "why": [words(each) for each in paper.why],
        "correctable_until_ms": None,
        "slip": None,
        "synced": True,
        "at_ms": job.at_ms,
    }


def _receipt_row(kind: str, key: str, number: str | None, printed_at: str | None) -> Json:
    return {
        "kind": kind,
        "fingerprint": key,
        "number": number or "",
        "printed_at": printed_at or "",
    }


def _holder(holder: Holder | None, journal: Journal) -> Json | None:
    if holder is None:
        return None
    person = holder_member(journal, holder)
    return {
        "masked_name": person.masked_name,
        "number_tail": person.number_tail,
        "new_card": person.new_card,
    }
