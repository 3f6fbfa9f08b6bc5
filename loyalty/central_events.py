"""The events that central alone writes, on a chain of its own: nothing else changes the ledger.

Their numbers and versions stand with those of the devices in `loyalty.events`.
"""

from typing import Literal

from msgspec import Struct

from loyalty.facts import Holder, Moment


class LeaseGrant(Struct, frozen=True):
    """Central set points aside for one run of a device and issued the voucher they will pay for.

    `session` names that run; devices of an older version do not say it.
    """

    at: Moment
    lease_id: str
    holder: Holder
    device: str
    epoch: int
    request_id: str
    points: int
    reward_id: str
    voucher_code: str
    home_device: str | None
    valid_until: str
    ttl_s: int
    session: str = ""


class LeaseRefused(Struct, frozen=True):
    """Central gave no lease under this request and never will, whatever comes late or twice.

    `code` and `values` are those of the reason that the device was told.
    """

    at: Moment
    device: str
    request_id: str
    code: str
    values: dict[str, str]


class LeaseRelease(Struct, frozen=True):
    """A person gives a lease in doubt up: its points are the member's again (SYNC 2.5, step 4c).

    What its device turns out to have spent under it is the house's loss, never the member's.
    """

    at: Moment
    lease_id: str
    cause: Literal["overdue", "destroyed"]


class MemberSet(Struct, frozen=True):
    """A member as the ledger knows them: pseudonym, tier, and the tags of their cards."""

    at: Moment
    member: str
    tier_id: str
    tags: tuple[str, ...]


class Rejudge(Struct, frozen=True):
    """Central judges a waiting event again. `was` is the verdict it had, a `wire.Verdict`.

    What made an earlier judgement wait for newer software is not in any chain, so `was` records it
    and a replay judges the same way.
    """

    at: Moment
    device: str
    epoch: int
    seq: int
    was: int


class EpochSealed(Struct, frozen=True):
    """An epoch of a device ends at the head that central holds.

    `seen_seq` and `seen_hash` name the event of another branch that made central do it; they are
    0 and empty when the device was enrolled anew.
    """

    at: Moment
    device: str
    epoch: int
    head_seq: int
    head_hash: str
    seen_seq: int = 0
    seen_hash: str = ""


class LedgerSealed(Struct, frozen=True):
    """All chains as they stood after `turn`, in one hash behind the seal before (loyalty.seals)."""

    at: Moment
    turn: int
    digest: str
    previous_turn: int
    previous: str
