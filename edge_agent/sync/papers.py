"""Sends papers in review to central, a piece at a time, when nothing else is to be sent (P4)."""

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done
from loyalty.reviewing import PAPER_CHUNK_MAX, PAPER_PATH, PaperAnswer, PaperRequest


class PaperSender:
    """Brings each paper to central once; where it stopped it goes on."""

    def __init__(self, journal: Journal, caller: Caller) -> None:
        self._journal = journal
        self._caller = caller

    def step(self) -> Done:
        """Send one piece of one paper.

        A paper that cannot go now waits for a later step: events and balances never wait for it,
        and whatever is wrong with the line they will meet and tell.
        """
        paper = self._journal.unsent_paper()
        if paper is None:
            return Done()
        total = len(paper.packed)
        piece = paper.packed[paper.sent : paper.sent + PAPER_CHUNK_MAX]
        request = PaperRequest(paper.paper_hash, total, paper.sent, piece)
        answered = self._caller.call(PAPER_PATH, request, PaperAnswer)
        if not isinstance(answered, tuple):
            return Done()
        answer, _ = answered
        # What no review at central names would wait there for ever: it stays here alone.
        held = min(max(answer.held, 0), total) if answer.wanted else total
        self._journal.paper_sent(paper.paper_hash, held)
        return Done(more=held > paper.sent)
