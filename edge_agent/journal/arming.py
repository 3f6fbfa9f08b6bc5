"""Which leases this run may spend, and until when (SYNC 2.5).

A lease is armed in the memory of the process that asked for it, so that nothing which brings an old
disk back, a restart, a reboot or an image on another machine, brings the right to spend with it.
Only the boot's own clock counts: it runs on while the machine sleeps, and nobody can set it.
"""

from edge_agent.journal.errors import LeaseClosed
from loyalty.events import Moment
from loyalty.leases import spendable_ms
from loyalty.wire import LeaseAnswer


class Arming:
    """The leases of one run. Asked in one thread and spent in another, each by one call."""

    def __init__(self) -> None:
        self._asked_ms: dict[str, int] = {}
        self._until_ms: dict[str, int] = {}

    def asked(self, request_id: str, at: Moment) -> None:
        """Note when this run first asks for a lease; central's time for it starts no earlier."""
        self._asked_ms.setdefault(request_id, at.boottime_ms)

    def answered(self, request_id: str, answer: LeaseAnswer) -> None:
        """Arm a granted lease if it was this run that asked for it first."""
        asked_ms = self._asked_ms.pop(request_id, None)
        if asked_ms is not None and answer.refusal is None:
            self._until_ms[answer.lease_id] = asked_ms + spendable_ms(answer.ttl_s)

    def check(self, lease_id: str, at: Moment) -> None:
        """Raise LeaseClosed unless this lease is armed at `at`."""
        until_ms = self._until_ms.get(lease_id)
        if until_ms is None:
            raise LeaseClosed(f"lease {lease_id} was asked for in another run")
        if at.boottime_ms >= until_ms:
            raise LeaseClosed(f"the time to spend lease {lease_id} is over")
