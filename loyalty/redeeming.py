"""What devices and central say to each other when points are spent and vouchers handed in."""

from msgspec import Struct

from loyalty.coupons import Coupon
from loyalty.facts import Bill, Holder
from loyalty.rules.earning import Reason


class LeaseRequest(Struct, frozen=True):
    """Ask for the exact points of one reward; the same `request_id` gets the same answer.

    `epoch` is the one whose chain will hold the spend; an agent that does not say it gets none.
    `session` names the run that asks; only that run may spend. `pin` or `shown_pass` (the text of a
    pass that was fresh when it was scanned) proves that the holder stands there. `points` is the
    price that the member agreed to; 0 from agents of an older version, which did not say it.
    `bill` is what the points are to pay a part of, where they are money and no reward. `gives_back`
    is a lease of this run that its journal has closed unspent, and whose close is on its way: its
    points count for this request.
    """

    request_id: str
    holder: Holder
    reward_id: str
    epoch: int = 0
    session: str = ""
    pin: str = ""
    shown_pass: str = ""
    pieces: int = 1
    points: int = 0
    bill: Bill | None = None
    gives_back: str = ""


class LeaseAnswer(Struct, frozen=True):
    """A lease with the voucher it pays for, to be spent within `ttl_s`; or why not.

    `place` is the shop that alone hands it over; empty: any.
    """

    lease_id: str = ""
    points: int = 0
    voucher_code: str = ""
    voucher_signed: str = ""
    valid_until: str = ""
    refusal: Reason | None = None
    ttl_s: int = 0
    place: str = ""


class ReserveRequest(Struct, frozen=True):
    """Keep pieces of a reward while a member decides; 0 pieces lets go of what was kept."""

    reward_id: str
    pieces: int


class ReserveAnswer(Struct, frozen=True):
    """For how long the pieces are kept, 0 if nothing need be; or why there are not as many."""

    ttl_s: int = 0
    refusal: Reason | None = None


class CancelRequest(Struct, frozen=True):
    """Give a redemption back that this device made and that nobody has handed over yet.

    `why` is the cashier's word where the points paid for a bill.
    """

    request_id: str
    voucher_code: str
    why: str = ""


class CancelAnswer(Struct, frozen=True):
    """The points that are the member's again, or why they are not."""

    points: int = 0
    refusal: Reason | None = None


class VoucherRequest(Struct, frozen=True):
    """Ask central to use up a voucher here; the same `request_id` gets the same answer."""

    request_id: str
    voucher_code: str


class VoucherAnswer(Struct, frozen=True):
    """The reward to hand over and how many of it, or why not.

    A `coupon` is no goods: it is kept for a bill of until `valid_until`. After a restore central
    may lack terms that the signed voucher has.
    """

    reward_id: str = ""
    refusal: Reason | None = None
    pieces: int = 1
    coupon: Coupon | None = None
    valid_until: str = ""


class StockRow(Struct, frozen=True):
    """How many pieces of a stocked reward can be had now, at all its places together."""

    reward_id: str
    left: int


class CancelledRow(Struct, frozen=True):
    """A voucher of this device was cancelled: its paper is worth nothing, online or not."""

    code_hash: str


class VoucherRow(Struct, frozen=True):
    """A voucher that only this device may take, until the end of `valid_until` (a date).

    Its code is as good as the reward, so a till gets `codes.voucher_hash` of it and never the code.
    """

    code_hash: str
    reward_id: str
    valid_until: str
    pieces: int = 1
    coupon: Coupon | None = None
