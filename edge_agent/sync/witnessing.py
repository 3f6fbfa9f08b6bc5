"""Tells central that this device holds a seal which central's ledger contradicts (SYNC 2.4)."""

import logging

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Offline
from loyalty.seals import WITNESS_PATH, Contradiction, Noted, Seal

_log = logging.getLogger(__name__)


class Witness:
    """Tells of each contradiction once in a run of the agent: nothing else ever waits for it."""

    def __init__(self, journal: Journal, caller: Caller) -> None:
        self._journal = journal
        self._caller = caller
        self._told: Seal | None = None

    def step(self) -> None:
        """Tell what is new. While nobody answers it stays to be told."""
        held, told = self._journal.seal(), self._journal.seal_against()
        if held is None or told is None or told == self._told:
            return
        answered = self._caller.call(WITNESS_PATH, Contradiction(held, told), Noted)
        if isinstance(answered, Offline):
            return
        self._told = told  # also where central is of an older version and does not understand it
        _log.error("the ledger at turn %d is not the one it sealed: central is told", told.turn)
