"""The values that the ledger's state is made of, and the events that change it.

One struct for each projection of `central.schema`, without the shard key. Nothing here reads or
writes anything.
"""

from enum import IntEnum
from typing import NamedTuple

from msgspec import UNSET, Struct, UnsetType

from central.ledger.judging.moments import Quality
from loyalty.chain import DEVICE_BYTES, SPELLED_KIND, Frame
from loyalty.damage import Damage
from loyalty.damage import read as read_damaged
from loyalty.events import (
    REHOMED_KIND,
    Believed,
    Body,
    Holder,
    Origin,
    UnknownKind,
    body_of,
    origin_of,
)
from loyalty.products import Part
from loyalty.wire import Verdict

#: So long is a day as an ISO date.
DAY_LETTERS = len("2026-12-31")
#: Central writes its own events on the chain of a device that nobody can enrol.
CENTRAL_DEVICE = bytes(DEVICE_BYTES)
CENTRAL_EPOCH = 1


class Identity(NamedTuple):
    """Which event of which chain."""

    device_id: bytes
    epoch: int
    seq: int


class Unreadable(Struct, frozen=True, gc=False):
    """A body that cannot be judged yet, or ever, and why."""

    verdict: Verdict
    error: str


class Event(Struct, frozen=True, gc=False):
    """An event in the inbox: its exact bytes, what they say, when it happened, where it stands."""

    identity: Identity
    frame: Frame
    body: Body | Unreadable
    earliest_ms: int
    latest_ms: int
    turn: int
    place: int
    origin: Origin | None = None
    quality: Quality = Quality.UNKNOWN

    @property
    def epoch(self) -> int:
        """The epoch in which the event was first written."""
        return self.origin.epoch if self.origin is not None else self.identity.epoch


class Judgement(Struct, frozen=True, gc=False):
    """What central made of an event. `reference` is what it waits for, if it waits.

    What waits for that may end with a `bill` as well, by its key: when that comes back whole.
    """

    verdict: Verdict
    reason: str = ""
    adjusted: int = 0
    reference: bytes | None = None
    error: str | None = None
    bill: bytes | None = None


class Pending(Struct, frozen=True, gc=False):
    """An event whose last word is not spoken."""

    event: Event
    verdict: Verdict
    reference: bytes | None


class Transfer(Struct, frozen=True, gc=False):
    """Points that moved: one account debited, one credited, one positive amount.

    Transfers are numbered 1, 2, 3 … in the order of the ledger; `debit_before` and `credit_before`
    are the numbers of those that touched the same accounts before.
    """

    number: int
    identity: Identity
    leg: int
    debit_id: bytes
    credit_id: bytes
    debit_before: int
    credit_before: int
    amount: int
    code: int
    subject: str
    happened_ms: int


class Head(Struct, frozen=True, gc=False):
    """Where a chain stands."""

    seq: int
    hash: bytes
    sealed: bool = False


class Account(Struct, frozen=True, gc=False):
    """What is on an account; `held` of it is set aside in leases.

    `last_transfer` is the number of the last transfer that touched it. A member's wallet also
    counts the `purchases` that they made and kept some of, and knows the days of the first few
    (ISO, with spaces between; empty for none): rules may ask whether a member is new.
    """

    posted: int = 0
    held: int = 0
    last_transfer: int = 0
    purchases: int = 0
    bought_on: str = ""

    @property
    def available(self) -> int:
        """Points that are not set aside."""
        return self.posted - self.held

    @property
    def first_bought(self) -> str:
        """The day of the first purchase; empty for none."""
        return self.bought_on[:DAY_LETTERS]


class SaleState(IntEnum):
    """Whether a sale has a holder."""

    OPEN = 0
    AWARDED = 1
    REVERSED = 2


class Sale(Struct, frozen=True, gc=False):
    """What claims, refunds and corrections need to know of a sale.

    `points` were posted for the whole of `eligible_fen`, `taken_back` of them are gone again.
    """

    fingerprint: bytes
    origin: Identity
    shop_id: str
    number: str | None
    printed_on: str
    sold_on: str
    owed_fen: int
    eligible_fen: int
    refunded_fen: int
    category: str
    book: str
    holder: Holder | None
    tier_id: str
    points: int
    taken_back: int
    claim_hash: bytes | None
    expires_on: str
    state: SaleState


class Facts(Struct, frozen=True):
    """What the award of a sale was worked out with, when its book asks for more than an amount.

    `moved` is by how much the award moved each counter that receipts share, and `freed` what of
    that refunds gave back; `back` is what is known of the goods that came back, `undone` by which
    events bonuses went that the rest of the receipt no longer meets.
    """

    parts: tuple[Part, ...] = ()
    earliest_ms: int = 0
    latest_ms: int = 0
    labels: tuple[str, ...] = ()
    birth_month: int = 0
    had: tuple[str, ...] = ()
    moved: dict[str, int] = {}
    back: tuple[Part, ...] | UnsetType = UNSET
    freed: dict[str, int] | UnsetType = UNSET
    undone: tuple[Identity, ...] | UnsetType = UNSET

    def uses(self) -> dict[str, int]:
        """Return how much of each counter the award still uses."""
        freed = self.freed or {}
        return {name: points - freed.get(name, 0) for name, points in self.moved.items()}


class ReviewState(IntEnum):
    """What became of a paper in review."""

    OPEN = 0
    ACCEPTED = 1
    CORRECTED = 2
    REJECTED = 3


class Review(Struct, frozen=True):
    """A paper in review: what was read of it, whose it is, and the first decision about it.

    `superseded` names who decided after that; `fingerprint` is of the sale or refund it made,
    `read_as` the one under which points or a coupon were matched with it. `held_by`: the device
    that said whose it is, none if the one that opened it did.
    """

    review_id: str
    origin: Identity
    shop_id: str
    paper_hash: str
    why: tuple[str, ...]
    kind: str
    number: str | None
    printed_at: str | None
    currency: str
    owed_fen: int | None
    holder: Holder | None
    claim_hash: str | None
    opened_ms: int
    state: ReviewState = ReviewState.OPEN
    decided_by: Identity | None = None
    decided_ms: int | None = None
    staff: str = ""
    decided: Believed | None = None
    said: str = ""
    fingerprint: bytes = b""
    superseded: tuple[str, ...] = ()
    read_as: str | UnsetType = UNSET
    held_by: bytes = b""


class LeaseState(IntEnum):
    """Whether a lease still sets points aside."""

    OPEN = 0
    CLOSED = 1  # by its device
    RELEASED = 2  # by a person: what it still spends is the house's loss
    SETTLED = 3  # by a person, and spent: its voucher was handed in before its device told so


class Lease(Struct, frozen=True):
    """Points set aside for one device and epoch, and the voucher they pay for."""

    lease_id: str
    account_id: bytes
    device_id: bytes
    epoch: int
    request_id: str
    amount: int
    spent: int
    ttl_s: int
    reward_id: str
    voucher_code: str
    state: LeaseState


class Arm(Struct, frozen=True):
    """The run of a device that may spend leases, until when, and which are left."""

    session: str
    until_ms: int
    leases: tuple[str, ...]


class VoucherState(IntEnum):
    """How far a voucher has come."""

    ISSUED = 0  # its lease is granted
    REDEEMED = 1  # its points are spent
    USED = 2  # it was handed in
    VOID = 3  # its lease was closed without a spend
    CANCELLED = 4  # its points and pieces were given back
    EXPIRED = 5  # the same, because its time was over


class Voucher(Struct, frozen=True):
    """A voucher and who used it."""

    code: str
    lease_id: str
    reward_id: str
    holder: Holder
    home_device: str | None
    valid_until: str
    state: VoucherState
    used_by: str | None = None
    request_id: str | None = None


class Member(Struct, frozen=True, gc=False):
    """A member as the ledger knows them; `tags` are sorted."""

    tier_id: str
    tags: tuple[str, ...]


def read_body(frame: Frame) -> Body | Unreadable:
    """Return what a frame says, or why that cannot be told."""
    if frame.kind == SPELLED_KIND:
        return _read_damaged(frame)
    # PostgreSQL's text cannot hold a NUL; JSON can spell one only like this.
    if rb"\u0000" in frame.body:
        return Unreadable(Verdict.QUARANTINED, "the body holds a NUL character")
    try:
        return body_of(frame)
    except UnknownKind as error:
        return Unreadable(Verdict.PENDING_UPGRADE, str(error))
    except Exception as error:  # noqa: BLE001  # whatever a body does, the queue goes on (P9)
        return Unreadable(Verdict.QUARANTINED, f"{type(error).__name__}: {error}")


def _read_damaged(frame: Frame) -> Body | Unreadable:
    try:
        damage, found = read_damaged(frame)
    except ValueError as error:
        return Unreadable(Verdict.QUARANTINED, str(error))
    if damage is Damage.LOST:
        return Unreadable(Verdict.LOST, "its row on the device's disk is lost")
    if damage is Damage.CORRUPT:
        return Unreadable(Verdict.CORRUPT_BODY, f"kind {found.kind}: its body fails its hash")
    return read_body(found)


def read_origin(frame: Frame) -> Origin | None:
    """Return where an event stood first; None too if it does not say so in a way we can read."""
    if frame.kind not in (REHOMED_KIND, SPELLED_KIND):
        return None
    try:
        if frame.kind == SPELLED_KIND:
            damage, found = read_damaged(frame)
            return origin_of(found) if damage is Damage.ALONE else None
        return origin_of(frame)
    except Exception:  # noqa: BLE001  # read_body says what is wrong with it
        return None
