"""Asks central for the next epoch when this chain and central's part (SYNC 2.6)."""

import logging

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done, Offline, Refused, Trouble
from loyalty import wire
from loyalty.wire import RehomeAnswer

FENCED = "fenced"

_log = logging.getLogger(__name__)


class Rehomer:
    """Goes on under the epoch that central grants; stops for good if another machine has it."""

    def __init__(self, journal: Journal, caller: Caller, session: str) -> None:
        self._journal = journal
        self._caller = caller
        self._session = session

    def step(self) -> Done | Trouble | None:
        """Ask if central refuses this chain; None if there is nothing to ask.

        `more` says that this device goes on in a new epoch.
        """
        why = self._journal.outbox().refused
        if why is None or why == FENCED:
            return None
        request = self._journal.rehome_request(self._session)
        answered = self._caller.call(wire.REHOME_PATH, request, RehomeAnswer)
        if isinstance(answered, Refused) and answered.code == FENCED:
            _log.error("another machine goes on as this device; this one keeps its events")
            self._journal.refused(FENCED)
            return Done()
        if isinstance(answered, Offline | Refused):
            return answered
        written = self._journal.rehome(answered[0])
        _log.warning("epoch %d after %s: %d events written again", answered[0].epoch, why, written)
        return Done(more=True)
