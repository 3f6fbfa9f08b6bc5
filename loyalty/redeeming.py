"""What devices and central say to each other when points are spent and vouchers handed in."""

from msgspec import Struct

from loyalty.facts import Holder
from loyalty.rules.earning import Reason


class LeaseRequest(Struct, frozen=True):
    """Ask for the exact points of one reward; the same `request_id` gets the same answer.

    `epoch` is the one whose chain will hold the spend; an agent that does not say it gets none.
    `session` names the run that asks; only that run may spend. `pin` or `shown_pass` (the text of a
    pass that was fresh when it was scanned) proves that the holder stands there.
    """

    request_id: str
    holder: Holder
    reward_id: str
    epoch: int = 0
    session: str = ""
    pin: str = ""
    shown_pass: str = ""


class LeaseAnswer(Struct, frozen=True):
    """A lease with the voucher it pays for, to be spent within `ttl_s`; or why not."""

    lease_id: str = ""
    points: int = 0
    voucher_code: str = ""
    voucher_signed: str = ""
    valid_until: str = ""
    refusal: Reason | None = None
    ttl_s: int = 0


class VoucherRequest(Struct, frozen=True):
    """Ask central to use up a voucher here; the same `request_id` gets the same answer."""

    request_id: str
    voucher_code: str


class VoucherAnswer(Struct, frozen=True):
    """The reward to hand over, or why not."""

    reward_id: str = ""
    refusal: Reason | None = None
