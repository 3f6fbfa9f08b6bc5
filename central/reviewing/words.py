"""What the desk's pages about papers in review say, in Chinese and English."""

from loyalty.rules.earning import Reason
from loyalty.wording import codes, say

_WORDS: dict[str, tuple[str, str]] = {
    "review_amount": ("请输入金额，例如 128.50", "Enter an amount such as 128.50"),
    "review_time": ("时间格式应为 2026-11-08 13:16", "A time looks like 2026-11-08 13:16"),
    "review_kind": ("请选择单据类型", "Choose what kind of receipt it is"),
    "review_currency": (
        "外币小票：请更正为本币金额",
        "Another currency: correct the amount to the mall's currency",
    ),
    "review_identity": (
        "请补上单号或时间，否则无法防止重复积分",
        "Add a number or a time, or the receipt could earn twice",
    ),
    "review_shop": ("没有这家门店", "There is no such shop"),
    "review_reason": ("请说明不积分的原因", "Say why it earns nothing"),
    "review_member": ("没有这位会员", "There is no such member"),
    "accepted": ("已确认", "Confirmed"),
    "corrected": ("已更正", "Corrected"),
    "rejected": ("不积分", "Earns nothing"),
    "sale": ("销售", "Sale"),
    "exchange": ("换货", "Exchange"),
    "refund": ("退款", "Refund"),
    "void": ("作废", "Void"),
    "merchant": ("抬头", "Heading"),
    "number": ("单号", "Number"),
    "time": ("小票时间", "Time printed"),
    "total": ("应付金额", "Amount owed"),
}


def word(code: str, lang: str) -> str:
    """Return what a code says. Raises KeyError for one without words."""
    if code in _WORDS:
        return _WORDS[code][0 if lang == "zh" else 1]
    return say(Reason(code), "zh" if lang == "zh" else "en")


def reason(told: Reason, lang: str) -> str:
    """Return the sentence for why a decision was not taken."""
    if told.code in codes():
        return say(told, "zh" if lang == "zh" else "en")
    return word(told.code, lang)
