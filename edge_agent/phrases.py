"""What screens say to cashiers and members: a code with its Chinese and English words.

Reasons of awards and refusals are worded by `loyalty.wording`; here stand only the words that
belong to the till itself.
"""

from typing import Literal

from msgspec import Struct

from loyalty.rules.earning import Reason
from loyalty.wording import codes, say

Tone = Literal["ok", "info", "attention", "error"]


class Phrase(Struct, frozen=True):
    """A stable code and what it says in both languages."""

    code: str
    zh: str
    en: str


def counted(name: str, pieces: int) -> str:
    """Return a reward's name with how many of it."""
    return f"{name} ×{pieces}" if pieces > 1 else name


def phrase(reason: Reason) -> Phrase:
    """Return the words of a reason of the programme."""
    return Phrase(reason.code, say(reason, "zh"), say(reason, "en"))


def told_why(reason: str, **values: str) -> Phrase:
    """Return the words of central's reason; one that only a later version words is its code.

    Without a reason a person looks at what central could not handle.
    """
    if not reason:
        return own_words("needs_person")
    known = reason in codes()
    return phrase(Reason(reason, values)) if known else Phrase(reason, reason, reason)


def why_refused(code: str, reason: str, **values: str) -> Phrase:
    """Return one of the till's own phrases around central's reason, a code of the programme."""
    why = told_why(reason)
    zh, en = _OWN[code]
    return Phrase(code, zh.format(why=why.zh, **values), en.format(why=why.en, **values))


_OWN: dict[str, tuple[str, str]] = {
    "member_ready": ("已识别会员，等待小票", "Member recognised, waiting for the receipt"),
    "member_ready_kiosk": ("欢迎光临", "Welcome"),
    "pass_not_ours": ("不是本商场的会员码", "This is no member code of this mall"),
    "pass_wanted": (
        "这是会员卡，请出示手机上的会员码，或输入密码",
        "That is the card: show the code on your phone, or type the PIN",
    ),
    "claim_needs_member": (
        "请再扫描会员卡或输入会员号",
        "Now scan your member card or type its number",
    ),
    "claim_taken_in": ("认领成功，积分即将到账", "Claimed: the points are on their way"),
    "new_card": ("新卡：积分先记在卡上", "New card: points stay on the card for now"),
    "awarded": ("积分 +{points} 已入账", "{points} points awarded"),
    "claim_ready": ("请扫描会员码认领此小票", "Now scan the member for this claim slip"),
    "claim_not_here": (
        "此认领码不是本机小票，请到自助机认领",
        "This claim slip is from another till: please use the kiosk",
    ),
    "taken_back": ("退货扣回 {points} 分", "{points} points taken back for the refund"),
    "refund_unsettled": ("退货原单不在本机，由总台结算", "Refund: the server settles it"),
    "refund_of_what": (
        "退款与原小票对不上，需人工确认",
        "The refund does not fit one sale of that number: a person decides",
    ),
    "refund_nothing": ("退货原单没有积分", "Refund: the original earned nothing"),
    "needs_person": ("小票无法确认，已转人工", "This receipt needs a person to look at it"),
    "in_review": ("这张小票已在待核对中", "This receipt waits to be checked already"),
    "review_done": ("这张小票已核对过", "This receipt was checked already"),
    "review_member": ("会员已记在待核对小票上", "The member is kept with the receipt to check"),
    "review_decided": (
        "已有人处理过这张小票（{who}）",
        "Somebody has decided about this receipt already ({who})",
    ),
    "review_accepted": ("已确认，积分 +{points}", "Confirmed: {points} points awarded"),
    "review_open_claim": (
        "已确认，顾客可凭认领码领取积分",
        "Confirmed: the customer claims the points with the code",
    ),
    "review_refunded": ("已确认退款", "The refund is confirmed"),
    "review_nothing": ("已确认，没有可积分金额", "Confirmed: no amount that earns"),
    "review_rejected": ("已标记为不积分", "Marked as earning nothing"),
    "review_unknown": ("没有这张待核对的小票", "No such receipt waits here"),
    "review_staff": (
        "请输入工号（字母、数字，最多 32 位）",
        "Enter your staff number (letters and digits, at most 32)",
    ),
    "review_amount": ("请输入金额，例如 128.50", "Enter an amount such as 128.50"),
    "review_time": (
        "时间格式应为 2026-11-08 13:16",
        "A time looks like 2026-11-08 13:16",
    ),
    "review_identity": (
        "请补上单号或时间，否则无法防止重复积分",
        "Add a number or a time, or the receipt could earn twice",
    ),
    "review_kind": ("请选择单据类型", "Choose what kind of receipt it is"),
    "review_currency": (
        "外币小票：请更正为本币金额",
        "Another currency: correct the amount to the mall's currency",
    ),
    "review_reason": ("请说明不积分的原因", "Say why it earns nothing"),
    "review_same": (
        "同一小票已经积分；如确为另一笔，请勾选“另一笔消费”",
        "This receipt earned already; if it is another purchase, tick “another purchase”",
    ),
    "reader_failed": (
        "小票无法处理，已转人工",
        "This paper could not be handled: a person looks at it",
    ),
    "reprint": ("补打小票，不重复积分", "A reprint earns nothing again"),
    "copy": ("同一小票的另一联，不重复积分", "A second copy earns nothing again"),
    "known_receipt": ("这张小票已经记过", "This receipt is recorded already"),
    "reprint_unknown": ("补打小票，但原单不在本机", "A reprint whose original is not known here"),
    "same_number": (
        "同一单号金额、打印时间不同，需人工确认",
        "Same number and amount, another printed time: a person decides",
    ),
    "same_amount": (
        "可能是刚记过的小票：金额相同，单号或时间残缺，需人工确认",
        "Perhaps recorded before: the same amount, a number or time is torn: a person decides",
    ),
    "no_points_kind": ("此类单据不积分", "This kind of paper earns no points"),
    "zero_amount": ("没有可积分金额", "No amount that earns"),
    "too_late_to_correct": (
        "超过 5 分钟，不能再更正",
        "More than 5 minutes ago: too late to correct",
    ),
    "refunded_already": ("该小票已退款，不能更正", "This receipt was refunded; it stays as it is"),
    "nothing_to_correct": (
        "该小票还没有会员，请直接扫会员码或用认领凭条",
        "Nobody holds this receipt yet: scan the member, or use its claim slip",
    ),
    "reversed": (
        "已撤销该笔积分；可用“更正会员”记给他人",
        "The award was taken back; “Correct member” gives it to somebody else",
    ),
    "reassigned": ("已更正会员", "The member was corrected"),
    "not_recorded": (
        "磁盘故障，本次未记录，请联系技术人员",
        "Not recorded: the disk refuses. Please call store IT",
    ),
    "not_enrolled": ("本机尚未注册，暂不积分", "This till is not enrolled; nothing is awarded"),
    "no_rules": ("尚未收到积分规则，小票已保存", "No rules received yet; receipts are kept"),
    "voucher_accepted": ("兑换券有效，请交付：{reward}", "Voucher accepted, hand over: {reward}"),
    "voucher_at_till": (
        "兑换券请在门店收银台使用",
        "Please hand this voucher in at a shop's till",
    ),
    "sale_unknown": ("没有这张小票", "No such receipt here"),
    "checking": ("正在核对…", "Checking…"),
    "claim_credited": ("认领成功 +{points} 分", "Claimed: +{points} points"),
    "claim_pending": (
        "已登记认领，小票到达后入账",
        "Claim noted; points follow when the receipt arrives",
    ),
    "claim_taken_in_partly": (
        "认领成功；已退款 {refunded}，按余额积分",
        "Claimed; {refunded} of it was refunded, the rest earns",
    ),
    "claim_refused": (
        "之前的认领未成功：{why}",
        "An earlier claim did not go through: {why}",
    ),
    "claim_refused_of": (
        "小票 {number} 的认领未成功：{why}",
        "The claim of receipt {number} did not go through: {why}",
    ),
    "sale_not_taken": (
        "小票 {number} 的积分未入账：{why}",
        "The points of receipt {number} are not counted: {why}",
    ),
    "redeemed": ("兑换成功，请取走兑换凭条", "Redeemed: please take your slip"),
    "cancelled": (
        "已取消兑换，{points} 分已退回；请作废凭条",
        "Cancelled: {points} points are yours again. The slip is worth nothing now",
    ),
    "cancel_offline": (
        "没有网络，现在不能取消；可到服务台办理",
        "No network, so it cannot be cancelled now: the service desk can do it",
    ),
    "stopped_while_redeeming": (
        "兑换中断，积分已退回",
        "The redemption was interrupted; the points are back",
    ),
    "printer_obstacle": ("打印机没有响应或缺纸", "The printer does not answer or has no paper"),
    "trail_skipped": (
        "小票号跳过了 {skipped} 个，请核对这些小票",
        "{skipped} receipt numbers were skipped: please look for those receipts",
    ),
    "trail_drawers": (
        "钱箱打开了 {drawers} 次但没有小票",
        "The drawer was opened {drawers} times without a receipt",
    ),
    "trail_both": (
        "小票号跳过了 {skipped} 个，钱箱打开了 {drawers} 次但没有小票",
        "{skipped} receipt numbers skipped; the drawer opened {drawers} times without a receipt",
    ),
    "printer_swapped": (
        "插着的不是原来的打印机：请换回来，或请人在设置中确认",
        "Another printer is plugged in: swap it back, or have it confirmed in the settings",
    ),
    "scanner_swapped": (
        "插着的不是原来的扫码设备：请换回来，或请人在设置中确认",
        "Another scanner is plugged in: swap it back, or have it confirmed in the settings",
    ),
    "camera_dark": ("摄像头画面太暗，请开灯", "The camera sees only dark: more light, please"),
    "camera_covered": ("摄像头被挡住了", "Something covers the camera"),
    "camera_blurred": (
        "摄像头画面模糊，请擦拭镜头",
        "The camera's picture is blurred: please wipe its lens",
    ),
    "card_random": (
        "手机的 NFC 号码每次都不同，请出示会员码",
        "A phone's NFC number changes each time: please show the member code",
    ),
    "card_unread": ("没有读到卡号，请再放一次", "The card was not read: please show it again"),
    "place_follows": ("兑换后告知领取门店", "We tell you at which shop it is"),
    "coupon_kept": ("优惠券有效，请输入应付金额", "The coupon is good: type the amount due"),
    "coupon_key_in": ("请在收银机录入优惠 {amount} 元", "Key in {amount} as a discount"),
    "coupon_one_at_a_time": (
        "一单一券：请先用完或放回上一张优惠券",
        "One coupon a bill: use the one before, or put it back first",
    ),
    "coupon_matched": ("小票已核对，优惠券减 {amount} 元", "Receipt matched: coupon of {amount}"),
    "coupon_put_back": (
        "优惠券未使用，已放回，仍可使用",
        "The coupon was not used: it was put back and is still good",
    ),
    "redeem_scan_first": ("兑换前请先扫会员码", "Scan the member before redeeming"),
    "pay_scan_first": ("请先扫会员码", "Scan the member first"),
    "pay_one_at_a_time": (
        "上一笔积分抵现还没有小票",
        "The payment with points before still waits for its receipt",
    ),
    "pay_balance_unknown": ("余额未知，联网后再试", "The balance is not known here yet"),
    "pay_amount_unread": ("请输入应付金额，如 214.50", "Type the amount due, such as 214.50"),
    "pay_spent": (
        "已扣积分，请在收银机按积分抵现收 {amount} 元",
        "Points taken: key {amount} in on the POS as paid with points",
    ),
    "pay_matched": ("小票已核对，积分抵现 {amount} 元", "Receipt matched: {amount} in points"),
    "anywhere": ("本商场任一门店", "Any shop of this mall"),
}


def own_words(code: str, points: int | None = None, **values: str) -> Phrase:
    """Return one of the till's own phrases. Raises KeyError for a code it does not have."""
    zh, en = _OWN[code]
    facts = values if points is None else {**values, "points": f"{points:,}"}
    return Phrase(code, zh.format(**facts), en.format(**facts))
