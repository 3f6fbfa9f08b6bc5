"""The events of points as money and of coupons: what came of the bill they paid a part of."""

from typing import Literal

from msgspec import Struct

from loyalty.facts import Bill, Moment

#: Everything but `matched` is for a person; `taken_back` gave the points back before.
Outcome = Literal["matched", "no_line", "other_amount", "other_bill", "no_receipt", "taken_back"]


class TenderChecked(Struct, frozen=True):
    """The till compared the receipt (`fingerprint`, empty: none came) with what points paid.

    `voucher_code` is that of the redemption, whose voucher is used up by a match.
    """

    at: Moment
    voucher_code: str
    outcome: Outcome
    bill: Bill
    fingerprint: str = ""


#: `released`: no bill took the coupon, which is good again. The others are for a person.
CouponOutcome = Literal["released", "no_line", "other_amount", "too_late"]


class CouponChecked(Struct, frozen=True):
    """A till held a coupon for a bill, and its receipt did not settle it; a match is a VoucherUse.

    `request_id` is the one under which central took the coupon for it, empty at its home till.
    `why` is the cashier's word, `fingerprint` that of a receipt that did not fit.
    """

    at: Moment
    voucher_code: str
    outcome: CouponOutcome
    bill: Bill
    request_id: str = ""
    fingerprint: str = ""
    why: str = ""
