"""What a screen may ask for: checked by type here, decided by the state machines.

Text that a person typed or scanned is passed on and forgotten; nothing here logs it.
"""

from typing import Annotated

from msgspec import Meta, Struct

Typed = Annotated[str, Meta(min_length=1, max_length=512)]
Short = Annotated[str, Meta(max_length=100)]
Identity = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_.-]{1,100}$")]


class Scan(Struct, frozen=True, tag_field="do", tag="scan", forbid_unknown_fields=True):
    """A code was typed; it counts like a scan."""

    text: Typed


class Lookup(Struct, frozen=True, tag_field="do", tag="lookup", forbid_unknown_fields=True):
    """Show what a member has, without touching the sale."""

    text: Typed


class LookupNext(Struct, frozen=True, tag_field="do", tag="lookup_next"):
    """The next scan only looks up."""


class LookupOff(Struct, frozen=True, tag_field="do", tag="lookup_off"):
    """The next scan counts again."""


class Forget(Struct, frozen=True, tag_field="do", tag="forget"):
    """Drop the member who waits for the next sale."""


class NoMember(Struct, frozen=True, tag_field="do", tag="no_member"):
    """The customer of the unclaimed sale has no member: print the claim slip now."""


class Reassign(Struct, frozen=True, tag_field="do", tag="reassign", forbid_unknown_fields=True):
    """Correct the member of a recent sale."""

    fingerprint: Identity
    text: Typed


class Reverse(Struct, frozen=True, tag_field="do", tag="reverse", forbid_unknown_fields=True):
    """Take back the award of a recent sale."""

    fingerprint: Identity


class Reprint(Struct, frozen=True, tag_field="do", tag="reprint", forbid_unknown_fields=True):
    """Print a slip again, marked as a copy."""

    slip_id: Identity


class Dismiss(Struct, frozen=True, tag_field="do", tag="dismiss"):
    """Close what the panel shows."""


class Pay(Struct, frozen=True, tag_field="do", tag="pay"):
    """The member who waits wants to pay with points."""


class PayBill(Struct, frozen=True, tag_field="do", tag="pay_bill", forbid_unknown_fields=True):
    """So much is due on the POS."""

    amount: Annotated[str, Meta(min_length=1, max_length=20)]


class PayConfirm(Struct, frozen=True, tag_field="do", tag="pay_confirm"):
    """The member wants to pay what the screen offers."""


class PayTakeBack(
    Struct, frozen=True, tag_field="do", tag="pay_take_back", forbid_unknown_fields=True
):
    """The points that paid are to go back, and why."""

    why: Annotated[str, Meta(min_length=1, max_length=200)]


class PayLeave(Struct, frozen=True, tag_field="do", tag="pay_leave"):
    """Leave a payment without its receipt to the service desk."""


class CouponBill(
    Struct, frozen=True, tag_field="do", tag="coupon_bill", forbid_unknown_fields=True
):
    """So much is due on the POS before the coupon."""

    amount: Annotated[str, Meta(min_length=1, max_length=20)]


class CouponBack(
    Struct, frozen=True, tag_field="do", tag="coupon_back", forbid_unknown_fields=True
):
    """No bill takes the coupon, and why."""

    why: Annotated[str, Meta(min_length=1, max_length=200)]


class CouponUsed(Struct, frozen=True, tag_field="do", tag="coupon_used"):
    """The bill took the coupon although its receipt does not show it so."""


class ReviewAccept(
    Struct, frozen=True, tag_field="do", tag="review_accept", forbid_unknown_fields=True
):
    """A paper in review is what the reader believed; `another` purchase of the same facts."""

    review_id: Identity
    staff: Short
    another: bool = False


class ReviewCorrect(
    Struct, frozen=True, tag_field="do", tag="review_correct", forbid_unknown_fields=True
):
    """A paper in review is this; what is left empty was not printed."""

    review_id: Identity
    staff: Short
    amount: Short
    kind: Short
    number: Short = ""
    printed_at: Short = ""
    another: bool = False


class ReviewReject(
    Struct, frozen=True, tag_field="do", tag="review_reject", forbid_unknown_fields=True
):
    """A paper in review earns nothing, and why."""

    review_id: Identity
    staff: Short
    why: Annotated[str, Meta(max_length=500)]


class ReviewMember(
    Struct, frozen=True, tag_field="do", tag="review_member", forbid_unknown_fields=True
):
    """A paper in review is this member's."""

    review_id: Identity
    text: Typed


class Choose(Struct, frozen=True, tag_field="do", tag="choose", forbid_unknown_fields=True):
    """A member touched a reward."""

    reward_id: Annotated[str, Meta(min_length=1, max_length=100)]


class Pieces(Struct, frozen=True, tag_field="do", tag="pieces", forbid_unknown_fields=True):
    """The member wants so many pieces of the reward."""

    pieces: Annotated[int, Meta(ge=1, le=100)]


class Confirm(Struct, frozen=True, tag_field="do", tag="confirm"):
    """The member wants the reward."""


class Prove(Struct, frozen=True, tag_field="do", tag="prove"):
    """The member typed their PIN."""

    pin: Annotated[str, Meta(min_length=4, max_length=12)]


class Cancel(Struct, frozen=True, tag_field="do", tag="cancel"):
    """The member wants their points back for what they just redeemed."""


class Back(Struct, frozen=True, tag_field="do", tag="back"):
    """One step back."""


class Leave(Struct, frozen=True, tag_field="do", tag="leave"):
    """The member is done."""


class Rewards(Struct, frozen=True, tag_field="do", tag="rewards"):
    """The member who waits for the next sale wants a reward at this till."""


class HandOver(Struct, frozen=True, tag_field="do", tag="hand_over"):
    """What was just redeemed here is handed over at once."""


class Stay(Struct, frozen=True, tag_field="do", tag="stay"):
    """The member is still here."""


ReviewDecision = ReviewAccept | ReviewCorrect | ReviewReject
ReviewCommand = ReviewDecision | ReviewMember


#: What a member does on the way to a reward, at a kiosk and on a till's panel alike.
class Plate(Struct, frozen=True, tag_field="do", tag="plate", forbid_unknown_fields=True):
    """The member parks with this car; empty: with any."""

    plate: Short


RedeemCommand = Choose | Pieces | Plate | Confirm | Prove | Cancel | Back | Leave
TillCommand = (
    Scan
    | Lookup
    | LookupNext
    | LookupOff
    | Forget
    | NoMember
    | Reassign
    | Reverse
    | Reprint
    | Dismiss
    | Pay
    | PayBill
    | PayConfirm
    | PayTakeBack
    | PayLeave
    | CouponBill
    | CouponBack
    | CouponUsed
    | Rewards
    | HandOver
    | RedeemCommand
    | ReviewCommand
)
KioskCommand = Scan | RedeemCommand | Stay
Command = TillCommand | KioskCommand
