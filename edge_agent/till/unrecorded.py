"""Sales that the journal has no room for: a claim slip at once, so that its member loses nothing.

The job stays in its spool and is taken in when there is room (SYNC 2.1). Its claim code is made of
the device's key and the job, so it is the same then, also after a restart: the slip is good. Until
then nothing of it is shown or counted.
"""

import hashlib
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.effects import HeldSlip, Now, Terms
from edge_agent.till.earned import award
from edge_agent.till.inputs import JobRead
from edge_agent.till.intake import Sold
from edge_agent.till.paper import claim_slip
from loyalty.codes import make_short_code

_TAG = b"tillpoints claim code 1\n"


class Paper(Protocol):
    """What the till asks of the printer's side."""

    def wake(self) -> None:
        """Look for slips in the journal now."""

    def at_once(self, slip: HeldSlip, *, copy: bool) -> None:
        """Print a slip that the journal does not have, as a copy if it may be on paper already."""


class Unrecorded:
    """Knows the jobs whose sales were given slips before they were recorded, in this run."""

    def __init__(self, key: Ed25519PrivateKey, paper: Paper) -> None:
        self._key = key
        self._paper = paper
        self._given: set[str] = set()
        self._began_s = float("-inf")

    def begin(self, now: Now) -> None:
        """Note when this run began: what an earlier one printed is not known here."""
        self._began_s = now.boottime_s

    def claim_code(self, job_id: str, place: int) -> str:
        """Return the claim code of a document of a job, each time the same."""
        # A signature of Ed25519 is the same each time, and nobody else can make it (RFC 8032).
        signed = self._key.sign(_TAG + f"{job_id} {place}".encode())
        drawn = iter(hashlib.sha256(signed).digest())
        return make_short_code("C", lambda below: next(drawn) % below)

    def has_slips(self, job_id: str) -> bool:
        """Tell whether slips for this job came out already: no scan counts for its sales then."""
        return job_id in self._given

    def give_slips(self, job: JobRead, now: Now, terms: Terms) -> None:
        """Print a claim slip for each sale of a job, once."""
        if job.job_id in self._given:
            return
        self._given.add(job.job_id)
        # An earlier run may have printed it and could not write that down either.
        copy = job.ended_s < self._began_s
        for sold in (one for one in job.findings if isinstance(one, Sold)):
            given = award(sold, None, now, terms)
            self._paper.at_once(claim_slip(sold, given, now, terms), copy=copy)

    def recorded(self, job_id: str) -> None:
        """Forget a job that the journal has now."""
        self._given.discard(job_id)
