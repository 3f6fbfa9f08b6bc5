"""The journal's event types: the contract between edge and central, versioned.

A body is deterministic JSON of one of these structs. Every kind has a number and a version that
travel in the frame, so an old central can set aside what it does not understand yet. Bodies carry
pseudonyms and card tags, never a name, a number of a card or what was bought.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from loyalty.chain import BODY_BYTES_MAX, Frame
from loyalty.receipt import Receipt


class Moment(Struct, frozen=True):
    """When a device says something happened: its wall clock, and its boot's own clock beside it.

    Only the order on the chain counts; central measures how wrong the wall clock is.
    """

    wall_ms: int
    boot_id: str
    boottime_ms: int


class Holder(Struct, frozen=True):
    """Who holds points: a member's pseudonym, or the tag of a card nobody has resolved yet."""

    kind: Literal["member", "card"]
    key: str


class Sale(Struct, frozen=True):
    """A receipt that earns was printed. Without a holder it waits for the code of its claim slip.

    `points` were promised to the holder under `book` for the inputs named here; `tier_id` and
    `category` are the inputs the device used. `claim_hash` is the SHA-256 of the claim code.
    """

    at: Moment
    receipt: Receipt
    discriminator: str
    eligible_fen: int
    category: str
    book: str
    holder: Holder | None = None
    tier_id: str = ""
    points: int = 0
    claim_hash: str | None = None


class Claim(Struct, frozen=True):
    """A holder claims the sale whose claim code this is. `points` is what the device promised."""

    at: Moment
    claim_hash: str
    holder: Holder
    tier_id: str = ""
    points: int | None = None


class Correction(Struct, frozen=True):
    """The award of a sale moves to another holder, or is taken back when there is none."""

    at: Moment
    fingerprint: str
    holder: Holder | None
    tier_id: str = ""
    points: int = 0


class Refund(Struct, frozen=True):
    """A refund or void was printed. `eligible_fen` is negative.

    `original` is the sale's fingerprint when the device knows it, and `points` then what it told
    the member is taken back; otherwise central finds the sale by shop and number.
    """

    at: Moment
    receipt: Receipt
    discriminator: str
    eligible_fen: int
    original: str | None = None
    points: int | None = None


class Redeem(Struct, frozen=True):
    """A holder spent points of a lease on a reward; the voucher of that lease was handed out."""

    at: Moment
    holder: Holder
    lease_id: str
    points: int
    reward_id: str
    voucher_code: str


class LeaseClose(Struct, frozen=True):
    """A device is done with a lease; what it did not spend goes back to the holder."""

    at: Moment
    lease_id: str
    spent: int


class VoucherUse(Struct, frozen=True):
    """A voucher was handed in at the device named here (`by`), 32 hex digits."""

    at: Moment
    voucher_code: str
    by: str
    request_id: str = ""


class ReviewOpened(Struct, frozen=True):
    """A print job could not be read with confidence and waits for a person."""

    at: Moment
    job_hash: str
    shop_id: str
    why: tuple[str, ...]
    number: str | None = None
    printed_at: str | None = None
    owed_fen: int | None = None


class LeaseGrant(Struct, frozen=True):
    """Central set points aside for one device and issued the voucher they will pay for."""

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


Body = (
    Sale
    | Claim
    | Correction
    | Refund
    | Redeem
    | LeaseClose
    | VoucherUse
    | ReviewOpened
    | LeaseGrant
    | MemberSet
    | Rejudge
    | EpochSealed
)

#: Kind numbers never change and are never used again. From 100 on only central writes them.
KINDS: dict[int, type[Body]] = {
    1: Sale,
    2: Claim,
    3: Correction,
    4: Refund,
    5: Redeem,
    6: LeaseClose,
    7: VoucherUse,
    8: ReviewOpened,
    101: LeaseGrant,
    102: MemberSet,
    103: Rejudge,
    104: EpochSealed,
}
CENTRAL_KINDS_FROM = 100
_KIND_OF = {body: kind for kind, body in KINDS.items()}
_VERSION = 1


class UnknownKind(ValueError):
    """This version of the software does not know the kind or the version of an event."""


class BodyTooLarge(ValueError):
    """An event's body is larger than a frame may carry."""


def frame_of(body: Body) -> Frame:
    """Return the frame that carries `body`. Raises BodyTooLarge above 4 KiB."""
    data = msgspec.json.encode(body, order="deterministic")
    if len(data) > BODY_BYTES_MAX:
        raise BodyTooLarge(f"{type(body).__name__}: {len(data)} bytes, at most {BODY_BYTES_MAX}")
    return Frame(_KIND_OF[type(body)], _VERSION, data)


def body_of(frame: Frame) -> Body:
    """Return the body a frame carries.

    Raises UnknownKind for a kind or version from the future, msgspec.DecodeError for bytes that
    are not what their kind says.
    """
    body_type = KINDS.get(frame.kind)
    if body_type is None or frame.kind_version != _VERSION:
        raise UnknownKind(f"kind {frame.kind} version {frame.kind_version}")
    return msgspec.json.decode(frame.body, type=body_type)
