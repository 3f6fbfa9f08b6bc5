"""Which leases this run may spend, and until when (SYNC 2.5).

A lease is armed in the memory of the process that asked for it, so that nothing which brings an old
disk back, a restart, a reboot or an image on another machine, brings the right to spend with it.
Only the boot's own clock counts: it runs on while the machine sleeps, and nobody can set it.
"""

from edge_agent.journal.errors import LeaseClosed
from loyalty.events import Moment
from loyalty.leases import spendable_ms
from loyalty.wire import LeaseAnswer, LeaseRequest


class Arming:
    """The leases of one run. Asked in one thread and spent in another, each by one call."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[str, int]] = {}
        self._armed: dict[str, tuple[str, int]] = {}

    def asked(self, request: LeaseRequest, at: Moment) -> None:
        """Note when this run first asks for a lease; central's time for it starts no earlier."""
        self._asked.setdefault(request.request_id, (request.session, at.boottime_ms))

    def was_asked(self, request_id: str) -> bool:
        """Tell whether it was this run that asked first."""
        return request_id in self._asked

    def answered(self, request_id: str, answer: LeaseAnswer) -> None:
        """Arm a granted lease if it was this run that asked for it first."""
        if answer.refusal is None and request_id in self._asked:
            session, asked_ms = self._asked[request_id]
            self._armed[answer.lease_id] = (session, asked_ms + spendable_ms(answer.ttl_s))

    def session(self, lease_id: str, at: Moment) -> str:
        """Return the session in which a lease is spent. Raises LeaseClosed unless it is armed."""
        session, until_ms = self._armed.get(lease_id, (None, 0))
        if session is None:
            raise LeaseClosed(f"lease {lease_id} was asked for in another run")
        if at.boottime_ms >= until_ms:
            raise LeaseClosed(f"the time to spend lease {lease_id} is over")
        return session
