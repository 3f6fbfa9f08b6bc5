"""How a statement words each reason for which points moved, in Chinese and in English."""

from central.ledger.judging.accounts import Code
from loyalty.rules.reasons import Reason
from loyalty.wording import say

#: What stands behind the name of the shop or reward, where there is one.
_WORDS: dict[Code, tuple[str, str]] = {
    Code.AWARD: ("消费", "purchase"),
    Code.TRUE_UP: ("等级补分", "added for the tier"),
    Code.PROMISE: ("按凭条补足", "as promised on the slip"),
    Code.TAKE_BACK: ("退货", "refund"),
    Code.TAKE_BACK_OWED: ("退货待抵扣", "refund, owed"),
    Code.DEBT_PAID: ("抵扣欠分", "debt paid"),
    Code.REDEEM: ("兑换", "redeemed"),
    Code.CARD_MOVED: ("卡内积分转入", "moved in from a card"),
    Code.DEBT_MOVED: ("卡内欠分转入", "debt moved in from a card"),
    Code.REVERSAL: ("更正", "corrected"),
    Code.REVERSAL_OWED: ("更正待抵扣", "corrected, owed"),
    Code.OFFLINE_LOSS: ("脱机兑换由商场承担", "redeemed offline, borne by the mall"),
    Code.OVERRUN: ("按凭条补足（活动超额）", "as promised on the slip, beyond the campaign's cap"),
    Code.EXPIRED: ("积分到期", "points expired"),
    Code.RECALCULATED: ("规则更正补分", "added by corrected rules"),
    Code.RECALCULATED_BACK: ("规则更正扣回", "taken back by corrected rules"),
    Code.RECALCULATED_OWED: ("规则更正待抵扣", "corrected rules, owed"),
    Code.ACTIVITY: ("互动活动", "activity"),
    Code.ACTIVITY_BACK: ("互动活动扣回", "activity, taken back"),
    Code.ACTIVITY_OWED: ("互动活动待抵扣", "activity, owed"),
    Code.CANCELLED: ("兑换取消", "redemption cancelled"),
    Code.PAID: ("积分抵现", "paid with points"),
    Code.PAID_BACK: ("退货退回抵现积分", "points back for a refund"),
    Code.COUPON_USED: ("优惠券核销", "coupon used"),
    Code.COUPON_BACK: ("整单退货，优惠券恢复", "bill refunded, coupon back"),
    Code.LOSS_BACK: ("商场承担部分冲回", "what the mall had borne, come back"),
    Code.VOUCHER_EXPIRED: ("兑换券过期退回", "voucher expired, points returned"),
    Code.RELEASED: ("退货期已过，待生效积分到账", "pending points count from now on"),
}

#: What stands on a statement where a member's tier changed.
TIER = ("等级变动", "Tier")


def both(reason: Reason) -> tuple[str, str]:
    """Return the sentence for a reason in zh and en."""
    return say(reason, "zh"), say(reason, "en")


def what(
    code: Code, shop: tuple[str, str] | None, reward: tuple[str, str] | None
) -> tuple[str, str]:
    """Return the words for a reason, zh and en; `shop` and `reward` are names in zh and en."""
    zh, en = _WORDS[code]
    name = reward or shop
    return (f"{name[0]} {zh}", f"{name[1]}: {en}") if name else (zh, en.capitalize())
