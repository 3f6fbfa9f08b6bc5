"""Carries out what a state machine asked of the journal: one append, all or nothing.

The order is the promise: nothing is shown, printed or told to central before the journal has it.
"""

from collections.abc import Sequence

import msgspec

from edge_agent.effects import (
    DropSlip,
    Effect,
    HeldSlip,
    JobDone,
    PaperSeen,
    Record,
    ReleaseSlip,
)
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.reviews import ReviewPaper
from edge_agent.journal.papers.slips import JobOutcome, Slip, SlipState
from edge_agent.slips.compose import ClaimSlip
from loyalty.events import Body


def record(journal: Journal, effects: Sequence[Effect]) -> None:
    """Write all that `effects` want written, in one transaction. Raises JournalError."""
    states: dict[str, SlipState] = {}
    slips: list[HeldSlip] = []
    bodies: list[Body] = []
    job: JobDone | None = None
    in_review: list[ReviewPaper] = []
    for effect in effects:
        match effect:
            case DropSlip(slip_id=slip_id):
                states[slip_id] = "dropped"
            case ReleaseSlip(slip_id=slip_id):
                states[slip_id] = "queued"
            case Record():
                bodies += effect.bodies
                slips += effect.slips
                in_review += effect.papers
                job = effect.job or job
            case _:
                continue
    outcome = JobOutcome(job.job_id, msgspec.json.encode(job.papers)) if job else None
    kept = [kept_slip(slip) for slip in slips]
    if bodies:
        journal.append(bodies, slips=kept, slip_states=states, job=outcome, papers=in_review)
    elif kept or states or outcome:
        journal.note(slips=kept, slip_states=states, job=outcome)


def papers(detail: bytes) -> tuple[PaperSeen, ...]:
    """Return what the documents of a recorded job were."""
    return msgspec.json.decode(detail, type=tuple[PaperSeen, ...])


def claim_until(slip: Slip) -> str:
    """Return the last day printed on a recorded claim slip; empty if no day was sure then."""
    return msgspec.json.decode(slip.data, type=ClaimSlip).until


def kept_slip(slip: HeldSlip) -> Slip:
    """Return a slip as the journal keeps it."""
    kind = str(slip.content.__struct_config__.tag)
    state: SlipState = "held" if slip.held else "queued"
    return Slip(slip.slip_id, kind, slip.subject, msgspec.json.encode(slip.content), state)
