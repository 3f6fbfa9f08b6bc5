"""What a coupon takes off a bill, and from which bill on. Pure.

A voucher carries the terms it was bought under, so that they stay when the mall sells it on other
ones. The till works the amount out before the cashier keys it in; central never sees the goods.
"""

from msgspec import Struct

from loyalty.rules.reasons import Reason, money

#: The kind of a payment line that a coupon paid, where a POS has it as a payment.
COUPON_KIND = "mall_voucher"


class Coupon(Struct, frozen=True, array_like=True):
    """`off_fen`, or `off_percent` but at most `most_fen` (0: no such limit), off a bill.

    The bill must come to `from_fen` before the coupon.
    """

    off_fen: int = 0
    off_percent: int = 0
    most_fen: int = 0
    from_fen: int = 0

    @property
    def is_one(self) -> bool:
        """Whether it takes anything off at all; other rewards do not."""
        return bool(self.off_fen or self.off_percent)


def taken_off(coupon: Coupon, bill_fen: int) -> int | Reason:
    """Return what a coupon takes off a bill, whole fen, a part of one left to the shop; or why not.

    It never pays a bill whole: what is left must be a sale.
    """
    if bill_fen < max(coupon.from_fen, 1):
        return Reason("coupon_from", {"amount": money(max(coupon.from_fen, 1))})
    off_fen = coupon.off_fen or bill_fen * coupon.off_percent // 100
    if coupon.most_fen:
        off_fen = min(off_fen, coupon.most_fen)
    if not 0 < off_fen < bill_fen:
        return Reason("coupon_too_small", {"amount": money(off_fen)})
    return off_fen


def said(coupon: Coupon) -> Reason:
    """Return its terms as a reason, which has the words."""
    values = {"from": money(coupon.from_fen), "off": money(coupon.off_fen)}
    percent = {"percent": str(coupon.off_percent), "most": money(coupon.most_fen)}
    if coupon.off_percent and coupon.most_fen:
        return Reason("coupon_percent_most", {**values, **percent})
    if coupon.off_percent:
        return Reason("coupon_percent", {**values, **percent})
    return Reason("coupon_off", values)
