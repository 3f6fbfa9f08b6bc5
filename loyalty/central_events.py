"""The events that central alone writes, on a chain of its own: nothing else changes the ledger.

Their numbers and versions stand with those of the devices in `loyalty.events`.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from loyalty.coupons import Coupon
from loyalty.facts import Bill, Holder, Moment
from loyalty.products import Part


class LeaseGrant(Struct, frozen=True):
    """Central set points aside for one run of a device and issued the voucher they will pay for.

    `session` names that run; devices of an older version do not say it. `pieces` of the reward are
    handed over at `place` (empty: anywhere); `counted` is by how much that moves shared counters.
    Points that are money pay a part of the `bill` at the shop `place`. A `coupon` keeps the terms
    it was bought under. Points lent for no reward yet are judged by the prices of `tier_id` when
    they are spent; grants of before this was told are not.
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
    pieces: int = 1
    place: str = ""
    counted: dict[str, int] = {}
    bill: Bill | UnsetType = UNSET
    coupon: Coupon | UnsetType = UNSET
    tier_id: str | UnsetType = UNSET


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
    """A lease is given up: its points are the member's again (SYNC 2.5).

    By a person who gives one in doubt up (step 4c), or because its device says under signature that
    its journal has closed it unspent (`given_back`); the close itself is on its way (step 4a). What
    the device turns out to have spent under it is the house's loss, never the member's.
    """

    at: Moment
    lease_id: str
    cause: Literal["overdue", "destroyed", "given_back"]


class StockReserved(Struct, frozen=True):
    """Somebody at a device decides: these pieces are kept for them until `until_ms`.

    `pieces` are by counter (`loyalty.catalogue.stock_name`); 0 lets those of this device go.
    """

    at: Moment
    device: str
    pieces: dict[str, int]
    until_ms: int


class VoucherReturned(Struct, frozen=True):
    """A redemption is taken back before anybody handed anything over for its voucher.

    Its points are the member's again with their lots, its pieces are in stock. `by` is the device
    that asked (32 hex digits), `staff` and `why` a person's word at the desk.
    """

    at: Moment
    voucher_code: str
    cause: Literal["member", "staff", "expired"]
    by: str = ""
    request_id: str = ""
    staff: str = ""
    why: str = ""


class LeaseRemade(Struct, frozen=True):
    """Central was restored from a backup that lacks this lease, and its device has spent it.

    So the lease and its voucher are made again, as far as the spend names them. What the member
    has no points for by now is the house's loss (SYNC 2.5, "server restored from backup"). What it
    cost is judged by the prices of `tier_id`; one of before this was told is not. `pieces`, what is
    `counted` and the terms of a `coupon` are those of the catalogue, as far as that was not lost.
    """

    at: Moment
    lease_id: str
    holder: Holder
    device: str
    epoch: int
    points: int
    reward_id: str
    voucher_code: str
    home_device: str | None
    valid_until: str
    tier_id: str | UnsetType = UNSET
    pieces: int = 1
    counted: dict[str, int] = {}
    coupon: Coupon | UnsetType = UNSET


class CaseClosed(Struct, frozen=True):
    """A person gives an event up that waits or cannot be read; it does nothing, now and later.

    `was` is the verdict it had, a `wire.Verdict`; one that counts stays `adjusted` by so much.
    `staff` is who, `why` their own words; both are empty where central knows that nothing is lost.
    """

    at: Moment
    device: str
    epoch: int
    seq: int
    was: int
    staff: str
    why: str
    adjusted: int | UnsetType = UNSET


class RefusalKept(Struct, frozen=True):
    """The event behind this one stays refused: its device was told so before a restore (SYNC 2.3).

    Tills come back in any order then, and what was refused for good must not count because it is
    the first this time.
    """

    at: Moment
    device: str
    epoch: int
    seq: int
    reason: str


class CaseAccepted(Struct, frozen=True):
    """A person says that a receipt which looks like one that has earned is another one: it counts.

    The event that waits is judged with this very case as its receipt's discriminator (P3). `was`
    is the verdict it had, a `wire.Verdict`; `staff` is who, `why` their own words.
    """

    at: Moment
    device: str
    epoch: int
    seq: int
    was: int
    staff: str
    why: str


class MemberSet(Struct, frozen=True):
    """A member as the ledger knows them: pseudonym, tier, and the tags of their cards."""

    at: Moment
    member: str
    tier_id: str
    tags: tuple[str, ...]


class MemberFacts(Struct, frozen=True):
    """What the rules may ask of a member besides the tier; `birth_month` 0: not told."""

    at: Moment
    member: str
    labels: tuple[str, ...] = ()
    birth_month: int = 0


class PointsExpired(Struct, frozen=True):
    """The points of these wallets whose last day is before `day` are over (ISO dates)."""

    at: Moment
    day: str
    holders: tuple[Holder, ...]


class PointsReleased(Struct, frozen=True):
    """The pending points of these holders that count from `day` on or earlier can be spent now."""

    at: Moment
    day: str
    holders: tuple[Holder, ...]


class TierSet(Struct, frozen=True):
    """A member's tier changed, or how long it stays: by a review, or by a person who says why.

    `points` are what the review went by. `below_since` and `granted_until` are ISO dates or empty.
    """

    at: Moment
    member: str
    tier_id: str
    cause: Literal["up", "down", "grace", "kept", "grant"]
    points: int = 0
    below_since: str = ""
    granted_until: str = ""
    staff: str = ""
    why: str = ""


class Recalculated(Struct, frozen=True):
    """A sale of the past is worth other points under a corrected book; `why` a person decided it.

    `points` are what the whole sale gives from now on. What of them refunds before it took is
    worked out again with `parts` and the time of the sale (ms UTC), and `moved` is by how much it
    moves the counters that receipts share; None in events of before this was told: then refunds
    stay in proportion and no counter moves.
    """

    at: Moment
    fingerprint: str
    book: str
    points: int
    staff: str
    why: str
    parts: tuple[Part, ...] = ()
    earliest_ms: int = 0
    latest_ms: int = 0
    moved: dict[str, int] | None = None


class Rejudge(Struct, frozen=True):
    """Central judges a waiting event again. `was` is the verdict it had, a `wire.Verdict`.

    What made an earlier judgement wait for newer software is not in any chain, so `was` records it
    and a replay judges the same way. `staff` and `why`: the person who wanted it, if one did.
    """

    at: Moment
    device: str
    epoch: int
    seq: int
    was: int
    staff: str = ""
    why: str = ""


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
    """All chains as they stood after `turn`, in one hash behind the seal before (loyalty.seals).

    `log` is the hash of what came in since the seal before, as central wrote it down: also when,
    and the bytes of damaged events, which no chain covers. Older versions did not say it.
    """

    at: Moment
    turn: int
    digest: str
    previous_turn: int
    previous: str
    log: str = ""
