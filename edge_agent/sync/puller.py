"""Pulls one page of central's feed at a time."""

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done, Offline, Trouble
from loyalty import wire
from loyalty.wire import PullAnswer, PullRequest

PULL_ROWS = 5000


class Puller:
    """Brings members, rules, rewards, verdicts and claims to this device."""

    def __init__(self, journal: Journal, caller: Caller) -> None:
        self._journal = journal
        self._caller = caller
        self._started_over = False

    @property
    def started_over(self) -> bool:
        """Tell whether the last step began the feed anew."""
        return self._started_over

    def step(self) -> Done | Trouble:
        """Pull one page and store it with its cursor."""
        cursor = self._journal.cursor()
        request = PullRequest(cursor.incarnation, cursor.position, PULL_ROWS)
        answered = self._caller.call(wire.PULL_PATH, request, PullAnswer)
        if not isinstance(answered, tuple):
            return answered
        answer, _ = answered
        again, self._started_over = self._started_over, False
        self._journal.take_page(answer)
        after = self._journal.cursor()
        if after.position < answer.position or answer.refetch:
            if again:
                return Offline("nonsense", "central sends the feed back to its start every time")
            self._started_over = True
            return Done(more=True)
        if answer.more and after == cursor:
            return Offline("nonsense", f"the feed stands still at position {cursor.position}")
        return Done(answer.more)
