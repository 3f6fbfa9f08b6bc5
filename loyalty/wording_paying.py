"""What is said about points as money, in Chinese and English; `loyalty.wording` says it."""

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
}
