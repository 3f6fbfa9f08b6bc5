"""What agents and central say to each other over HTTP: msgpack of these structs (SYNC 2.2, 2.9).

Every call is a POST below `/api/1/` and, but for enrolment, signed by the device over its
`chain.call_message`, which the headers below hold in hex. A refused call is answered by `Problem`.
"""

from enum import IntEnum
from typing import Literal

import msgspec
from msgspec import Struct

from loyalty.catalogue import Details, Kind
from loyalty.directory import DirectoryHeld, DirectoryOffer, NewKey
from loyalty.enrolment import EnrolAnswer as EnrolAnswer  # noqa: PLC0414  # named here for others
from loyalty.enrolment import EnrolRequest as EnrolRequest  # noqa: PLC0414
from loyalty.enrolment import HeldEpoch as HeldEpoch  # noqa: PLC0414
from loyalty.enrolment import RehomeAnswer as RehomeAnswer  # noqa: PLC0414
from loyalty.enrolment import RehomeRequest as RehomeRequest  # noqa: PLC0414
from loyalty.enrolment import Role as Role  # noqa: PLC0414
from loyalty.events import Holder, Moment
from loyalty.facts import BootClock
from loyalty.redeeming import CancelAnswer as CancelAnswer  # noqa: PLC0414
from loyalty.redeeming import CancelledRow as CancelledRow  # noqa: PLC0414
from loyalty.redeeming import CancelRequest as CancelRequest  # noqa: PLC0414
from loyalty.redeeming import LeaseAnswer as LeaseAnswer  # noqa: PLC0414
from loyalty.redeeming import LeaseRequest as LeaseRequest  # noqa: PLC0414
from loyalty.redeeming import ReserveAnswer as ReserveAnswer  # noqa: PLC0414
from loyalty.redeeming import ReserveRequest as ReserveRequest  # noqa: PLC0414
from loyalty.redeeming import StockRow as StockRow  # noqa: PLC0414
from loyalty.redeeming import VoucherAnswer as VoucherAnswer  # noqa: PLC0414
from loyalty.redeeming import VoucherRequest as VoucherRequest  # noqa: PLC0414
from loyalty.redeeming import VoucherRow as VoucherRow  # noqa: PLC0414
from loyalty.rules.reasons import Reason

PROTOCOL = 1

DEVICE_HEADER = "Tillpoints-Device"
#: Different in each call; what is before a dot says when it was sent (ms UTC, central's clock).
NONCE_HEADER = "Tillpoints-Nonce"
SIGNATURE_HEADER = "Tillpoints-Signature"
#: Of central, in hex, as far as the device knows; signed like the nonce.
INCARNATION_HEADER = "Tillpoints-Incarnation"

CLOCK = "clock"  # the code of a call that was not sent just now
ENROL_PATH = "/api/1/enrol"
PUSH_PATH = "/api/1/push"
PULL_PATH = "/api/1/pull"
LEASE_PATH = "/api/1/lease"
VOUCHER_PATH = "/api/1/voucher"
RESERVE_PATH = "/api/1/reserve"
CANCEL_PATH = "/api/1/cancel"
CLAIM_PATH = "/api/1/claim"
BALANCE_PATH = "/api/1/balance"
REHOME_PATH = "/api/1/rehome"


class Verdict(IntEnum):
    """What central made of an event (SYNC 2.3). APPLIED and REFUSED_FINAL never change."""

    APPLIED = 0
    APPLIED_ADJUSTED = 1
    PENDING_REF = 2
    PENDING_UPGRADE = 3
    QUARANTINED = 4
    REFUSED_FINAL = 5
    CORRUPT_BODY = 6
    LOST = 7


class Topic(IntEnum):
    """What a row of the pull feed is about."""

    MEMBER = 1
    CARD = 2
    RULE_BOOK = 3
    REWARD = 4
    VERDICT = 5
    CLAIMED = 6
    SHOP = 7
    VOUCHER = 8
    REVIEW = 9  # rows of this topic and the next are in loyalty.reviewing
    TEMPLATE = 10
    SEAL = 11  # loyalty.seals.Seal
    STOCK = 16
    CANCELLED = 17


class Problem(Struct, frozen=True):
    """Why a call was refused: a stable code, a sentence for store IT; CLOCK tells the time."""

    code: str
    detail: str
    server_ms: int = 0


class Judged(Struct, frozen=True, array_like=True, gc=False):
    """The verdict on one event and why; `adjusted` points were added to or taken from its sum.

    `event_hash` is said by the feed, whose readers central cannot see: under one number the
    branches of a copied or rolled-back device have an event each (b"": an older version's row).
    There an event that was written again has the number and the hash that it had first.
    """

    seq: int
    verdict: int
    reason: str
    adjusted: int = 0
    event_hash: bytes = b""


class PushRequest(Struct, frozen=True):
    """A run of events from `first_seq` on, the boots they were written in, the chain's new head.

    `last_written` is the last seq that the device has in this epoch, sent or not, so that central
    knows whether it was told everything (-1: an older version). `to_come` is how many it is bound
    to write yet, about a coupon that it keeps for a bill. `refused` are those of the run that
    central had refused for good: one that came out of a backup keeps to it.
    """

    protocol: int
    shard_key: int
    device_id: bytes
    epoch: int
    session: str
    first_seq: int
    prev_hash: bytes
    frames: bytes
    head_hash: bytes
    signature: bytes
    clock: Moment
    boots: tuple[BootClock, ...] = ()
    last_written: int = -1
    refused: tuple[Judged, ...] = ()
    to_come: int = 0

    @property
    def last_to_be_written(self) -> int:
        """The seq behind which this device has nothing to tell of what it knows; -1: not said."""
        return self.last_written + self.to_come if self.last_written >= 0 else -1


class PushAnswer(Struct, frozen=True):
    """What central holds of this chain after its commit.

    `ok`: all sent is in the inbox. `gap`: send again from `expected_seq`. `fork`: a seq is known
    with another hash. `stale`: this epoch is sealed. Once `feed_position` is pulled, the directory
    has what these events did. No event behind `durable_through` is in a checked backup.
    """

    status: Literal["ok", "gap", "fork", "stale"]
    acked_through: int
    expected_seq: int
    judged: tuple[Judged, ...]
    feed_position: int
    server_ms: int
    incarnation: bytes
    retry_after_s: int = 0
    durable_through: int = 0


class PullRequest(Struct, frozen=True):
    """Ask for the rows of the feed behind `position`.

    `held` is None only from agents that know of no member file: they get every row.
    """

    incarnation: bytes
    position: int
    limit: int
    held: DirectoryHeld | None = None


class FeedRow(Struct, frozen=True, array_like=True):
    """One change: the item's new state, or that it is gone (`payload` None)."""

    position: int
    topic: int
    item: str
    payload: bytes | None


class PullAnswer(Struct, frozen=True):
    """A page of the feed, to be stored together with `position` in one transaction.

    `refetch`: the cursor is not of this incarnation; start at 0. Members and cards up to `through`
    come with a file: the one offered, or one that is still being made. `new_key` replaces the
    tenant key under which the device makes its tags, together with the file that is offered.
    """

    incarnation: bytes
    position: int
    rows: tuple[FeedRow, ...]
    more: bool
    refetch: bool = False
    through: int = 0
    offer: DirectoryOffer | None = None
    new_key: NewKey | None = None


class MemberRow(Struct, frozen=True):
    """A member as tills hold them. `balance` is what they own, debts subtracted."""

    member: str
    tags: tuple[str, ...]
    tier_id: str
    balance: int
    masked_name: str


class CardRow(Struct, frozen=True):
    """The balance of a card nobody has resolved to a member yet."""

    tag: str
    balance: int


class RuleBookRow(Struct, frozen=True):
    """A rule book in its canonical bytes, in force from a server time on, signed by central.

    An older central does not sign, nor can it have a book that needs a later grammar.
    """

    version: str
    canonical: bytes
    effective_ms: int
    signature: bytes = b""


class RewardRow(Struct, frozen=True):
    """A reward of the catalogue. `home_shop` is set when only that shop hands it over."""

    reward_id: str
    name_zh: str
    name_en: str
    points: int
    kind: Kind
    home_shop: str | None = None
    details: Details = Details()


class ShopRow(Struct, frozen=True):
    """A shop as its till needs it: its names and the category that picks its rate."""

    shop_id: str
    name_zh: str
    name_en: str
    category: str


class ClaimedRow(Struct, frozen=True):
    """A sale of this device has got a holder elsewhere, with the points central posted."""

    fingerprint: str
    holder: Holder
    points: int


class ClaimRequest(Struct, frozen=True):
    """Ask what a claim code stands for before a member is told anything."""

    claim_hash: str


class ClaimAnswer(Struct, frozen=True):
    """`open` can be claimed for `eligible_fen` at `shop_id`; `unknown` may still be on its way.

    `refunded_fen` were taken off that sum already; `refunded` says that nothing is left of it.
    """

    state: Literal["open", "claimed", "refunded", "expired", "unknown"]
    shop_id: str = ""
    eligible_fen: int = 0
    refunded_fen: int = 0


class BalanceRequest(Struct, frozen=True):
    """Ask for a holder's balance now."""

    holder: Holder


class BalanceAnswer(Struct, frozen=True):
    """What a holder owns, what of it is set aside in leases, and their tier.

    `had` are the pieces by reward that count towards the limits of rewards that have one. The
    balance lacks `pending` points; the first of them count from `counts_from` (ISO date). `told`
    is what a member should hear of: points that wait or end soon, how the tier stands.
    """

    known: bool
    balance: int
    held: int
    tier_id: str
    masked_name: str
    had: dict[str, int] = {}
    pending: int = 0
    counts_from: str = ""
    told: tuple[Reason, ...] = ()


def pack(message: Struct) -> bytes:
    """Return a message as the bytes that travel."""
    return msgspec.msgpack.encode(message)
