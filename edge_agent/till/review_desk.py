"""The review desk of one till: takes what a person decided, records it, and says what came of it.

Called by the agent's loop only. Holds no rule of its own: `review.py` says what a decision means,
and the journal takes the first decision on a paper and refuses every other.
"""

import secrets

from edge_agent import commands
from edge_agent.effects import Now, Record, SyncNow, Terms
from edge_agent.journal.errors import Duplicate, JournalError
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.reviews import ReviewItem
from edge_agent.people import holder_member, member_of
from edge_agent.phrases import Phrase, Tone, own_words
from edge_agent.recording import record
from edge_agent.till import review
from edge_agent.till.remembered import Remembered
from loyalty.codes import classify, make_short_code
from loyalty.events import ReviewHeld
from loyalty.receipt import Receipt
from loyalty.reviewing import is_staff
from receipts.decided import Typed, as_read, as_typed
from receipts.kept_paper import KeptPaper, unpack
from receipts.redaction import masked

WHY_MAX = 200


class ReviewDesk:
    """Decides papers in review on behalf of the person at the screen."""

    def __init__(self, journal: Journal, identity: Identity) -> None:
        self._journal = journal
        self._identity = identity

    def handle(
        self, command: commands.ReviewCommand, now: Now, terms: Terms
    ) -> tuple[Tone, Phrase]:
        """Carry out a command of the review page and return what the person is told."""
        item = self._journal.review(command.review_id)
        if item is None:
            return "error", own_words("review_unknown")
        if not item.is_open:
            return "error", _decided_by(item)
        if isinstance(command, commands.ReviewMember):
            return self._hold(item, command.text, now)
        if not is_staff(command.staff):
            return "error", own_words("review_staff")
        outcome = self._outcome(item, command, now, terms)
        if isinstance(outcome, Phrase):
            return "error", outcome
        return self._recorded(item, outcome)

    def _outcome(
        self, item: ReviewItem, command: commands.ReviewDecision, now: Now, terms: Terms
    ) -> review.Decided | Phrase:
        if isinstance(command, commands.ReviewReject):
            why = masked(command.why.strip())[:WHY_MAX]
            if not why:
                return own_words("review_reason")
            return review.reject(item, command.staff, why, now)
        paper = self._journal.review_paper(command.review_id)
        what = unpack(paper.packed) if paper is not None else KeptPaper(0, "", (), None, b"")
        receipt = _receipt(item, what, command, terms.book.currency)
        if isinstance(receipt, Phrase):
            return receipt
        return review.decide(
            item,
            receipt,
            staff=command.staff,
            another=command.another,
            now=now,
            terms=terms,
            known=Remembered(self._journal, receipt.shop_id, now),
            member=holder_member(self._journal, item.holder) if item.holder else None,
            claim_code=make_short_code("C", secrets.randbelow),
        )

    def _hold(self, item: ReviewItem, text: str, now: Now) -> tuple[Tone, Phrase]:
        """Keep a typed or scanned member with a paper."""
        found = member_of(classify(text), self._identity, self._journal, now.moment, typed=True)
        if isinstance(found, Phrase):
            return "error", found
        body = ReviewHeld(now.moment, item.opened.review_id, found.holder)
        effects = (Record((body,)), SyncNow())
        return self._recorded(item, review.Decided(effects, "ok", own_words("review_member")))

    def _recorded(self, item: ReviewItem, outcome: review.Decided) -> tuple[Tone, Phrase]:
        try:
            record(self._journal, outcome.effects)
        except Duplicate as known:
            if known.what == "receipt":
                return "error", own_words("review_same")
            return "error", _decided_by(self._journal.review(item.opened.review_id) or item)
        except JournalError:
            return "error", own_words("not_recorded")
        return outcome.tone, outcome.phrase


def _receipt(
    item: ReviewItem,
    paper: KeptPaper,
    command: commands.ReviewAccept | commands.ReviewCorrect,
    currency: str,
) -> Receipt | Phrase:
    of = (item.opened.review_id, item.opened.shop_id, currency)
    if isinstance(command, commands.ReviewAccept):
        taken = as_read(paper, *of)
    else:
        typed = Typed(command.amount, command.number, command.printed_at, command.kind)
        taken = as_typed(paper, typed, *of)
    return own_words(taken) if isinstance(taken, str) else taken


def _decided_by(item: ReviewItem) -> Phrase:
    who = item.decided.staff if item.decided else item.ruled.staff if item.ruled else "?"
    return own_words("review_decided", who=who)
