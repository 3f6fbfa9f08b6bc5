"""What is said about points as money and coupons, zh and en; `loyalty.wording` says it."""

WORDS: dict[str, tuple[str, str]] = {
    "paying_off": ("本商场不支持积分抵现", "Points do not pay at tills in this mall"),
    "paying_from": ("满 {amount} 元才能用积分抵现", "Points pay from a bill of {amount} on"),
    "paying_too_small": (
        "最多抵 {percent}%，不足最低可抵的 {amount} 元",
        "{percent}% of this bill is less than the {amount} that points pay at least",
    ),
    "paying_too_few": (
        "可用积分 {points}，至少要 {needed} 分才能抵现",
        "{points} points available; at least {needed} pay",
    ),
    "paying_balance": (
        "可用积分 {points}，每 {step} 分一档",
        "{points} points available, in steps of {step}",
    ),
    "paying_share": ("最多抵应付金额的 {percent}%", "Points pay at most {percent}% of a bill"),
    "paying_most": ("此单最多可用 {points} 分", "At most {points} points pay for this bill"),
    "paying_at_till": ("积分抵现只在收银台办理", "Points pay at a till only"),
    "tender_no_line": (
        "小票上没有这笔积分抵现",
        "The receipt has no payment with points of this amount",
    ),
    "tender_other_amount": (
        "小票上的积分抵现金额不符",
        "The receipt has another amount paid with points",
    ),
    "tender_other_bill": (
        "小票的应付金额与办理时不符",
        "The receipt is of another amount due than the one agreed",
    ),
    "tender_no_receipt": (
        "没有等到这笔积分抵现的小票",
        "No receipt came for this payment with points",
    ),
    # coupons
    "coupon_off": ("满 {from} 减 {off}", "{off} off a bill of {from} or more"),
    "coupon_percent": ("满 {from} 减 {percent}%", "{percent}% off a bill of {from} or more"),
    "coupon_percent_most": (
        "满 {from} 减 {percent}%，最多减 {most}",
        "{percent}% off a bill of {from} or more, at most {most}",
    ),
    "coupon_one_bill": (
        "一单限用一张，用券部分不积分",
        "One coupon a bill; what it takes off earns no points",
    ),
    "coupon_at_till": ("优惠券请在收银台使用", "Coupons count at a till"),
    "coupon_from": (
        "满 {amount} 元才能用此券",
        "This coupon counts from a bill of {amount} on",
    ),
    "coupon_too_small": (
        "此单用券可减 {amount} 元，不能使用",
        "The coupon would take {amount} off this bill: it cannot be used here",
    ),
    "coupon_released": ("此券已放回，请重新扫描", "This coupon was put back: scan it again"),
    "coupon_no_line": (
        "小票上没有这张优惠券的减免",
        "The receipt does not show what the coupon takes off",
    ),
    "coupon_other_amount": (
        "小票上优惠券的金额不符",
        "The receipt takes another amount off than the coupon",
    ),
    "coupon_too_late": (
        "小票上的日期晚于优惠券的有效期",
        "The date on the receipt is after the coupon's last day",
    ),
    "coupon_used": ("已使用优惠券，减 {amount}", "A coupon took off {amount}"),
    "coupon_back": (
        "整单已退，优惠券可再次使用，有效期至 {until}",
        "The whole bill came back: the coupon is good again until {until}",
    ),
    "coupon_back_late": (
        "整单已退，但优惠券已过期（{until}），所用积分将退回",
        "The whole bill came back; the coupon ended on {until}, so its points come back",
    ),
    "coupon_back_open": (
        "整单已退，优惠券在有效期内可再次使用",
        "The whole bill came back: the coupon is good again while it counts",
    ),
    "coupon_stays": (
        "部分退货，优惠券不退回",
        "A part came back: the coupon stays used",
    ),
    # points as money that come back
    "paid_points_back": (
        "抵现的 {points} 分退回会员（{amount} 元），现金只退其余部分",
        "{points} points ({amount}) go back to the member; the rest is refunded in money",
    ),
}
