"""The journal's event types: the contract between edge and central, versioned.

A body is deterministic JSON of one of these structs. Every kind has a number and a version that
travel in the frame, so an old central can set aside what it does not understand yet. Bodies carry
pseudonyms and card tags, never a name, a number of a card or what was bought.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from loyalty.activity_events import ActivityClosed as ActivityClosed  # noqa: PLC0414
from loyalty.activity_events import ActivityDone as ActivityDone  # noqa: PLC0414
from loyalty.activity_events import ActivityIssued as ActivityIssued  # noqa: PLC0414
from loyalty.activity_events import ActivityRecorded as ActivityRecorded  # noqa: PLC0414
from loyalty.central_events import CaseAccepted as CaseAccepted  # noqa: PLC0414
from loyalty.central_events import CaseClosed as CaseClosed  # noqa: PLC0414
from loyalty.central_events import EpochSealed as EpochSealed  # noqa: PLC0414
from loyalty.central_events import LeaseGrant as LeaseGrant  # noqa: PLC0414
from loyalty.central_events import LeaseRefused as LeaseRefused  # noqa: PLC0414
from loyalty.central_events import LeaseRelease as LeaseRelease  # noqa: PLC0414
from loyalty.central_events import LeaseRemade as LeaseRemade  # noqa: PLC0414
from loyalty.central_events import LedgerSealed as LedgerSealed  # noqa: PLC0414
from loyalty.central_events import MemberFacts as MemberFacts  # noqa: PLC0414
from loyalty.central_events import MemberSet as MemberSet  # noqa: PLC0414
from loyalty.central_events import PointsExpired as PointsExpired  # noqa: PLC0414
from loyalty.central_events import PointsReleased as PointsReleased  # noqa: PLC0414
from loyalty.central_events import Recalculated as Recalculated  # noqa: PLC0414
from loyalty.central_events import RefusalKept as RefusalKept  # noqa: PLC0414
from loyalty.central_events import Rejudge as Rejudge  # noqa: PLC0414  # named here for others
from loyalty.central_events import StockReserved as StockReserved  # noqa: PLC0414
from loyalty.central_events import TierSet as TierSet  # noqa: PLC0414
from loyalty.central_events import VoucherReturned as VoucherReturned  # noqa: PLC0414
from loyalty.chain import BODY_BYTES_MAX, Frame
from loyalty.facts import Bill as Bill  # noqa: PLC0414
from loyalty.facts import Holder as Holder  # noqa: PLC0414
from loyalty.facts import Moment as Moment  # noqa: PLC0414
from loyalty.products import Part
from loyalty.receipt import Receipt
from loyalty.rehoming import CENTRAL_KINDS_FROM as CENTRAL_KINDS_FROM  # noqa: PLC0414
from loyalty.rehoming import REHOMED_KIND as REHOMED_KIND  # noqa: PLC0414
from loyalty.rehoming import Origin as Origin  # noqa: PLC0414
from loyalty.rehoming import UnknownKind as UnknownKind  # noqa: PLC0414
from loyalty.rehoming import first_frame
from loyalty.rehoming import origin_of as origin_of  # noqa: PLC0414
from loyalty.rehoming import rehomed as rehomed  # noqa: PLC0414
from loyalty.tender_events import CouponChecked as CouponChecked  # noqa: PLC0414
from loyalty.tender_events import TenderChecked as TenderChecked  # noqa: PLC0414


class Sale(Struct, frozen=True, gc=False):
    """A receipt that earns was printed. Without a holder it waits for the code of its claim slip.

    `points` were promised to the holder under `book` for the inputs named here; `tier_id` and
    `category` are the inputs the device used. `claim_hash` is the SHA-256 of the claim code.
    `review_id` names the review whose decision made this sale, if one did. `parts` say how much of
    `eligible_fen` went into goods that the rules name. Points that `waits` are promised for later:
    the holder's balance does not have them yet.
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
    review_id: str = ""
    parts: tuple[Part, ...] = ()
    waits: bool | UnsetType = UNSET


class Claim(Struct, frozen=True, gc=False):
    """A holder claims the sale whose claim code this is. `points` is what the device promised.

    `waits` as in a sale.
    """

    at: Moment
    claim_hash: str
    holder: Holder
    tier_id: str = ""
    points: int | None = None
    waits: bool | UnsetType = UNSET


class Correction(Struct, frozen=True, gc=False):
    """The award of a sale moves to another holder, or is taken back when there is none.

    `waits` as in a sale.
    """

    at: Moment
    fingerprint: str
    holder: Holder | None
    tier_id: str = ""
    points: int = 0
    waits: bool | UnsetType = UNSET


class Refund(Struct, frozen=True, gc=False):
    """A refund or void was printed. `eligible_fen` is negative.

    `original` is the sale's fingerprint when the device knows it, and `points` then what it told
    the member is taken back; otherwise central finds the sale by shop and number. `parts` say of
    which goods that the rules name it came back, and how much of others; nothing: nobody knows.
    `undone` is set where the member was told that bonuses went beyond the refund's share.
    """

    at: Moment
    receipt: Receipt
    discriminator: str
    eligible_fen: int
    original: str | None = None
    points: int | None = None
    review_id: str = ""
    parts: tuple[Part, ...] = ()
    undone: bool | UnsetType = UNSET


class Redeem(Struct, frozen=True, gc=False):
    """A holder spent points of a lease on a reward; the voucher of that lease was handed out.

    `session` names the run of the agent that spent it, which the journal fills in. Points that are
    money pay a part of the `bill`. `pieces` are said where the lease was for no reward yet: only
    the spend says what it went for.
    """

    at: Moment
    holder: Holder
    lease_id: str
    points: int
    reward_id: str
    voucher_code: str
    session: str = ""
    bill: Bill | UnsetType = UNSET
    pieces: int | UnsetType = UNSET


class LeaseClose(Struct, frozen=True):
    """A device is done with a lease; what it did not spend goes back to the holder."""

    at: Moment
    lease_id: str
    spent: int


class VoucherUse(Struct, frozen=True):
    """A voucher was handed in at the device named here (`by`), 32 hex digits.

    A coupon took `bill.paid_fen` off a bill that came to `bill.due_fen` before it, whose receipt is
    `fingerprint`.
    """

    at: Moment
    voucher_code: str
    by: str
    request_id: str = ""
    bill: Bill | UnsetType = UNSET
    fingerprint: str | UnsetType = UNSET


class VoucherCancelled(Struct, frozen=True):
    """A member was told at this device that central took a redemption back; `points` came back.

    Central wrote that down before it answered; only one out of an older backup learns it here.
    """

    at: Moment
    voucher_code: str
    request_id: str
    points: int


class ReviewOpened(Struct, frozen=True):
    """A paper could not be read with confidence and waits for a person.

    `review_id` (64 hex digits) is made of the shop and the printed bytes: the same paper printed
    again is the same review. The redacted job travels beside the chain under `paper_hash`.
    `holder` was scanned for it; else a slip with the code behind `claim_hash` stands for it. Where
    points or a coupon paid a part of it, `read_as` is the fingerprint that says so.
    """

    at: Moment
    job_hash: str
    shop_id: str
    why: tuple[str, ...]
    number: str | None = None
    printed_at: str | None = None
    owed_fen: int | None = None
    kind: str = ""
    currency: str = ""
    review_id: str = ""
    paper_hash: str = ""
    holder: Holder | None = None
    claim_hash: str | None = None
    read_as: str | UnsetType = UNSET


class ReviewHeld(Struct, frozen=True):
    """A scan said whose paper in review it is."""

    at: Moment
    review_id: str
    holder: Holder


class Believed(Struct, frozen=True):
    """What a paper in review is taken to say, by the reader or by the person who decided."""

    kind: str
    number: str | None
    printed_at: str | None
    currency: str
    owed_fen: int | None
    shop_id: str


class ReviewDecided(Struct, frozen=True):
    """A person decided about a paper in review; the sale or refund it makes stands behind it.

    `staff` is who, as the place where it was decided knows people. `why` is their own words.
    """

    at: Moment
    review_id: str
    decision: Literal["accepted", "corrected", "rejected"]
    staff: str
    read: Believed
    decided: Believed | None = None
    why: str = ""


Body = (
    Sale
    | Claim
    | Correction
    | Refund
    | Redeem
    | LeaseClose
    | VoucherUse
    | ReviewOpened
    | ReviewHeld
    | ReviewDecided
    | ActivityDone
    | TenderChecked
    | CouponChecked
    | VoucherCancelled
    | LeaseGrant
    | MemberSet
    | Rejudge
    | EpochSealed
    | LeaseRelease
    | LeaseRefused
    | LeaseRemade
    | CaseClosed
    | CaseAccepted
    | RefusalKept
    | LedgerSealed
    | MemberFacts
    | PointsExpired
    | TierSet
    | Recalculated
    | StockReserved
    | VoucherReturned
    | PointsReleased
    | ActivityRecorded
    | ActivityIssued
    | ActivityClosed
)

#: Kind numbers never change and are never used again.
KINDS: dict[int, type[Body]] = {
    1: Sale,
    2: Claim,
    3: Correction,
    4: Refund,
    5: Redeem,
    6: LeaseClose,
    7: VoucherUse,
    8: ReviewOpened,
    10: ReviewHeld,
    11: ReviewDecided,
    13: ActivityDone,
    14: TenderChecked,
    15: CouponChecked,
    16: VoucherCancelled,
    101: LeaseGrant,
    102: MemberSet,
    103: Rejudge,
    104: EpochSealed,
    105: LeaseRelease,
    106: LeaseRefused,
    107: LedgerSealed,
    108: MemberFacts,
    109: PointsExpired,
    110: TierSet,
    111: Recalculated,
    120: StockReserved,
    121: VoucherReturned,
    112: PointsReleased,
    117: ActivityRecorded,
    118: ActivityIssued,
    119: ActivityClosed,
    124: LeaseRemade,
    125: CaseClosed,
    126: CaseAccepted,
    127: RefusalKept,
}
#: What a body may have at first writing, so that it still fits when it is written again.
FIRST_BODY_BYTES_MAX = BODY_BYTES_MAX - 256
_KIND_OF = {body: kind for kind, body in KINDS.items()}
_VERSION = 1


class BodyTooLarge(ValueError):
    """An event's body is larger than a frame may carry."""


def frame_of(body: Body) -> Frame:
    """Return the frame that carries `body`. Raises BodyTooLarge above FIRST_BODY_BYTES_MAX."""
    data = msgspec.json.encode(body, order="deterministic")
    if len(data) > FIRST_BODY_BYTES_MAX:
        too_large = f"{len(data)} bytes, at most {FIRST_BODY_BYTES_MAX}"
        raise BodyTooLarge(f"{type(body).__name__}: {too_large}")
    return Frame(_KIND_OF[type(body)], _VERSION, data)


def body_of(frame: Frame) -> Body:
    """Return the body a frame carries; of an event that is written again, the one it had.

    Raises UnknownKind for a kind or version from the future, msgspec.DecodeError for bytes that
    are not what their kind says, ValueError for what no device may write again.
    """
    if frame.kind == REHOMED_KIND:
        return body_of(first_frame(frame))
    body_type = KINDS.get(frame.kind)
    if body_type is None or frame.kind_version != _VERSION:
        raise UnknownKind(f"kind {frame.kind} version {frame.kind_version}")
    return msgspec.json.decode(frame.body, type=body_type)
