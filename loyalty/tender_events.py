"""The event of points as money: what came of a bill that a redemption paid a part of."""

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
