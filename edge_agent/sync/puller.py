"""Pulls one page of central's feed at a time."""

from msgspec import Struct

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done, Offline, Trouble
from loyalty import chain, wire
from loyalty.directory import DirectoryOffer, NewKey, key_message
from loyalty.wire import PullAnswer, PullRequest

PULL_ROWS = 5000


class Offered(Struct, frozen=True):
    """A member file that central offers, and the incarnation whose feed it belongs to.

    `tenant_key` is what its tags are made under if this device does not use that key yet.
    """

    incarnation: bytes
    file: DirectoryOffer
    tenant_key: bytes = b""


class Puller:
    """Brings members, rules, rewards, verdicts and claims to this device."""

    def __init__(self, journal: Journal, caller: Caller) -> None:
        self._journal = journal
        self._caller = caller
        self._started_over = False
        self._offer: Offered | None = None

    @property
    def offer(self) -> Offered | None:
        """The member file that central offered last, None while this device has the newest."""
        return self._offer

    @property
    def started_over(self) -> bool:
        """Tell whether the last step began the feed anew."""
        return self._started_over

    def step(self) -> Done | Trouble:
        """Pull one page and store it with its cursor."""
        cursor = self._journal.cursor()
        held = self._journal.directory_held()
        request = PullRequest(cursor.incarnation, cursor.position, PULL_ROWS, held)
        answered = self._caller.call(wire.PULL_PATH, request, PullAnswer)
        if not isinstance(answered, tuple):
            return answered
        answer, _ = answered
        tenant_key = b""
        if answer.new_key is not None:
            if not self._is_centrals(answer.new_key):
                return Offline("nonsense", "another tenant key came that central has not signed")
            tenant_key = answer.new_key.tenant_key
        again, self._started_over = self._started_over, False
        self._journal.take_page(answer)
        offer = answer.offer
        self._offer = None
        if offer is not None:
            self._offer = Offered(answer.incarnation, offer, tenant_key)
        after = self._journal.cursor()
        if after.position < answer.position or answer.refetch:
            if again:
                return Offline("nonsense", "central sends the feed back to its start every time")
            self._started_over = True
            return Done(more=True)
        if answer.more and after == cursor:
            return Offline("nonsense", f"the feed stands still at position {cursor.position}")
        return Done(answer.more)

    def _is_centrals(self, new: NewKey) -> bool:
        """Tell whether central signed another tenant key for this device."""
        identity = self._journal.identity()
        if identity is None or len(new.tenant_key) != len(identity.tenant_key):
            return False
        message = key_message(identity.device_id, new.tenant_key)
        return chain.signed_by(identity.central_key, new.signature, message)
