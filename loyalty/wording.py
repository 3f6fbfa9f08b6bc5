"""Every reason the programme gives, in Chinese and English: the same words on slip and screen.

A reason is a code with values (`earning.Reason`); nothing else in the house words an award or a
refusal. `{name}` is filled from the reason's values; values that differ by language are named zh
and en.
"""

from typing import Literal

from loyalty.rules.earning import Reason
from loyalty.wording_activities import WORDS as _ACTIVITIES
from loyalty.wording_offline import WORDS as _OFFLINE
from loyalty.wording_paying import WORDS as _PAYING

Language = Literal["zh", "en"]

_WORDS: dict[str, tuple[str, str]] = {
    # awards
    "eligible": ("计分金额 {amount}", "Amount that earns {amount}"),
    "rate": ("{zh} 每{per}元积{points}分", "{en}: {points} pt per {per}"),
    "rate_part": (
        "{amount}：{zh} 每{per}元积{points}分",
        "{amount}: {en}: {points} pt per {per}",
    ),
    "tier": ("{zh} ×{times}", "{en} ×{times}"),
    "campaign_times": ("{what_zh} ×{times} ({zh})", "{what_en} ×{times} ({en})"),
    "campaign_times_part": (
        "{what_zh} ×{times}，+{points} ({zh})",
        "{what_en} ×{times}, +{points} ({en})",
    ),
    "campaign_points": ("{what_zh} +{points} ({zh})", "{what_en} +{points} ({en})"),
    "campaign_every": (
        "{what_zh} +{points}：每满{per}元加{each}分 ({zh})",
        "{what_en} +{points}: {each} pt per full {per} ({en})",
    ),
    "cap_receipt": ("每单最多加 {points} 分 ({zh})", "At most {points} more a receipt ({en})"),
    "cap_day": ("今天还可加 {points} 分 ({zh})", "{points} more are left today ({en})"),
    "cap_member": ("每位会员还可加 {points} 分 ({zh})", "{points} more are left for you ({en})"),
    "cap_budget": ("活动余额 {points} 分 ({zh})", "{points} are left in the campaign ({en})"),
    "cap_whole_receipt": ("每单最多积 {points} 分", "At most {points} points a receipt"),
    "cap_whole_day": ("今天还可积 {points} 分", "{points} points are left today"),
    "refund": ("退款 {amount} 按比例扣回", "Refund {amount}: taken back in proportion"),
    # expiry, tiers, pending points, true-ups
    "expired": ("{points} 分有效期至 {day}，已到期", "{points} points counted until {day}"),
    "expires_soon": ("{points} 分将于 {day} 到期", "{points} points count until {day}"),
    "released": ("{points} 分过了退货期，可以使用", "{points} points can be spent from now on"),
    "pending": ("{points} 分自 {day} 起可以使用", "{points} points can be spent from {day}"),
    "pending_days": (
        "{points} 分自消费日起 {days} 天后可以使用",
        "{points} points can be spent {days} days after this purchase",
    ),
    "tier_up": ("积分达到 {points}，升为{zh}", "{points} points reached: now {en}"),
    "tier_grace": (
        "积分 {points} 不足{zh}，保留至 {day}",
        "{points} points are short of {en}, which stays until {day}",
    ),
    "tier_down": ("保留期已过，降为{zh}", "The time of grace is over: now {en}"),
    "tier_set": ("商场登记为{zh}", "Recorded by the mall: {en}"),
    "carried": ("零头累计满 {points} 分", "Remainders of before came to {points} pt"),
    "benefit_times": ("积分 ×{times}", "Points ×{times}"),
    "benefit_months": ("积分有效 {months} 个月", "Points count for {months} months"),
    "benefit_parking_hours": ("免费停车 {amount} 小时", "{amount} hours of free parking"),
    "benefit_gift_wrap": ("免费礼品包装", "Free gift wrap"),
    "benefit_early_rewards_days": (
        "提前 {amount} 天兑换新礼品",
        "New rewards {amount} days earlier",
    ),
    "benefit_exclusive_rewards": ("专享礼品", "Exclusive rewards"),
    "tier_granted": ("特授{zh}至 {day}：{why}", "{en} granted until {day}: {why}"),
    "grant_without_reason": ("须写明经办人和原因", "Say who decides it and why"),
    "tier_near": ("再积 {points} 分升为{zh}", "{points} more points to {en}"),
    "reward_near": ("再积 {points} 分可换{zh}", "{points} more points to {en}"),
    "statement_due": ("{month} 的积分对账单已出", "Your statement of {month} is ready"),
    "recalculated": ("规则更正，重新计算：{why}", "Worked out again by corrected rules: {why}"),
    "refund_bonus": (
        "退款 {amount}：按比例扣回，不再满足的活动加分一并扣回",
        "Refund {amount}: in proportion, and bonuses that no longer apply",
    ),
    "owed": ("欠 {points} 分，将由以后的积分抵扣", "{points} points owed, paid by later points"),
    # scans
    "member_unknown_card": (
        "新卡，积分先记在卡上，联网后归入会员",
        "New card: points stay on the card until the member is known",
    ),
    "scan_payment_code": (
        "这是付款码，不是会员码，未保存",
        "That is a payment code, not a member code; nothing was kept",
    ),
    "scan_bad_check": ("号码有误，请重新扫描或输入", "The number is wrong; scan or type it again"),
    "scan_not_member": ("不是会员码", "Not a member code"),
    # claims
    "claim_unknown": (
        "小票尚未到达总台，积分将在联网后入账",
        "The receipt has not reached the server yet; points follow when it does",
    ),
    "claim_taken": ("该小票已认领", "This receipt was claimed already"),
    "claim_expired": ("认领期已过", "The time to claim this receipt is over"),
    "claim_refunded": ("该小票已退款", "This receipt was refunded"),
    # redemption
    "proof_needed": (
        "超过 {limit} 分的兑换，请出示手机上的会员码或输入密码",
        "Above {limit} points: show the code on your phone, or type your PIN",
    ),
    "proof_wanted": (
        "请会员出示手机上的会员码，或输入密码",
        "The member shows the code on their phone, or types the PIN",
    ),
    "pin_wrong": ("密码不对，请再输入一次", "The PIN is wrong: type it again"),
    "pin_waits": (
        "密码错误次数过多，请过一段时间再试，或到服务台",
        "Too many wrong PINs: try again later, or ask the service desk",
    ),
    "pin_none": (
        "还没有设置密码：请出示手机上的会员码，或到服务台办理",
        "No PIN is set: show the code on your phone, or ask the service desk",
    ),
    "crowded": (
        "此刻核对密码的人太多，请稍后再试",
        "Too many PINs are being checked right now: please try again in a moment",
    ),
    "pass_old": ("会员码已过期，请刷新后再扫", "This code is out of date: refresh and scan it"),
    "pass_used": (
        "这个会员码刚用过，请等手机上出现下一个",
        "This code was just used: wait for the next one on the phone",
    ),
    "member_unknown": ("未找到该会员", "This member is not known"),
    "after_restore": (
        "总台刚恢复数据，正在等各收银机补传，请稍后再兑换",
        "The server was just restored and waits for the tills: please try a little later",
    ),
    "no_home_till": (
        "该礼品的门店尚未接入，暂时不能兑换",
        "The shop of this reward has no till yet, so it cannot be redeemed",
    ),
    "no_rule_book": ("积分规则尚未生效", "No rules are in force yet"),
    "epoch_sealed": (
        "本机记录正在与总台核对，请稍后再兑换，或到服务台办理",
        "This device is being checked with the server: try later, or ask the service desk",
    ),
    "disk_full": (
        "本机磁盘将满，暂停兑换，积分照常；请通知技术人员",
        "This device's disk is nearly full: points are earned, but nothing can be redeemed",
    ),
    "another_run": (
        "本机重新启动前的兑换尚未了结，约 {minutes} 分钟后可再兑换；积分不受影响",
        "A redemption from before this device restarted is open: try again in {minutes} min",
    ),
    "armed_in_another_run": (
        "兑换不是在取得授权的那次运行中完成的，请核对本机",
        "This was spent by another run of the device than the one it was lent to",
    ),
    "off_catalogue": (
        "断网时兑换的价格或条件与礼品目录不符，积分按终端所记，请核对本机",
        "Redeemed offline at a price or on terms the catalogue never had; check this device",
    ),
    "same_number": (
        "同号小票不止一张，不能确定退货是哪一张的，积分请核对后调整",
        "Several receipts have this number: check which of them was returned, and whose points",
    ),
    "lease_closed": (
        "此兑换授权已由本机的另一份数据退回，兑换由商场承担",
        "A copy of this device had given this right back; the mall pays for this one",
    ),
    "plate_wrong": (
        "车牌号不对，请按“粤B12345”的样子输入；也可不填",
        "That is no licence plate, such as 粤B12345; it may be left out",
    ),
    "reward_unknown": ("该礼品已下架", "This reward is no longer offered"),
    "reward_tier": ("您的会员等级还不能兑换", "Not for your tier yet"),
    "reward_not_yet": ("{day} 起可兑换", "From {day} on"),
    "reward_over": ("兑换已于 {day} 截止", "Ended on {day}"),
    "reward_pieces": ("一次最多兑换 {most} 份", "At most {most} at once"),
    "reward_limit": ("每位会员限兑 {limit} 份", "At most {limit} for each member"),
    "reward_limit_day": ("每位会员每天限兑 {limit} 份", "At most {limit} a day for each member"),
    "reward_limit_month": (
        "每位会员每月限兑 {limit} 份",
        "At most {limit} a month for each member",
    ),
    "reward_gone": ("已兑完", "None left"),
    "reward_left": ("只剩 {left} 份", "Only {left} left"),
    "price_changed": (
        "价格已变为 {points} 分（原为 {was} 分），请重新选择",
        "It costs {points} points now, no longer {was}: please choose again",
    ),
    # vouchers
    "voucher_forged": ("不是本商场的兑换券", "Not a voucher of this mall"),
    "voucher_unknown": ("兑换券不存在", "This voucher does not exist"),
    "voucher_used": ("兑换券已使用", "This voucher was used already"),
    "voucher_cancelled": (
        "兑换已取消，积分已退回，此券作废",
        "This redemption was cancelled and its points are back: the voucher is void",
    ),
    "voucher_returned": (
        "此券的积分已退回会员，由商场承担",
        "The points of this voucher were given back; the mall pays for it",
    ),
    "voucher_still_counts": ("兑换券有效期至 {until}", "This voucher counts until {until}"),
    "redeem_on_its_way": (
        "兑换记录正在上传，请稍候再试",
        "The redemption is still on its way to the server: try again in a moment",
    ),
    "cancel_why": ("请写明取消原因", "Say why it is cancelled"),
    "cancel_elsewhere": (
        "请在兑换的那台机器上取消，或到服务台办理",
        "Cancel where you redeemed it, or ask the service desk",
    ),
    "home_till_unheard": (
        "此券可在门店脱机使用，该店收银机报到后才能取消",
        "Its shop may have taken this voucher offline: possible once that till has reported",
    ),
    "lots_unknown": (
        "此券兑换于旧版本，请技术人员处理",
        "Redeemed under an older version: please ask store IT",
    ),
    "voucher_expired": ("兑换券已过期（{until}）", "This voucher expired on {until}"),
    "voucher_elsewhere": ("请到指定门店使用此券", "This voucher counts at another till only"),
    "voucher_offline": (
        "没有网络，无法核销此券，请稍后再试",
        "No network: this voucher cannot be checked now, please try again later",
    ),
    "voucher_not_known_here": (
        "没有网络，本机也没有此券码：请扫描凭条二维码，或联网后再输入",
        "No network, and this till has no such code: scan the slip's QR, or type it later",
    ),
    "voucher_day_unsure": (
        "本机开机后尚未联网，无法确认有效期：请保留凭条，联网后再试",
        "Not online since this till started, so its day is not sure: please try again later",
    ),
    # ledger
    "true_up": ("按会员等级补分", "Points added for the member's tier"),
    "not_earned": ("原单没有积分", "The original receipt earned nothing"),
    "recomputed": ("总台已重新计算积分", "The server worked the points out again"),
    "duplicate_receipt": (
        "该小票已在别处积分，等待人工核对",
        "This receipt earned elsewhere already; a person will look at it",
    ),
    "copy_unsettled": (
        "该小票在别处也有一份，等待人工核对",
        "Another till has this receipt too; a person will look at it",
    ),
    "original_unknown": (
        "原单尚未到达总台，到达后自动处理",
        "The original receipt has not reached the server yet; this follows when it does",
    ),
    "lease_unknown": (
        "总台尚无此兑换授权，等待核对",
        "The server does not know this right to redeem yet",
    ),
    "too_many_leases": ("本机未了结的兑换过多", "Too many open redemptions: ask store IT"),
    "lease_in_doubt": (
        "此前的兑换授权待核对，请到服务台办理",
        "An earlier right to redeem is being checked: please ask the service desk",
    ),
    "lease_released": (
        "此兑换授权已由商场收回，兑换由商场承担",
        "The mall had taken this right to redeem back; the mall pays for this one",
    ),
    "other_shop": (
        "小票写的是别的店，已按本机所在店记账",
        "The receipt names another shop; it counts for the shop of this till",
    ),
    "other_shop_sale": (
        "这是别的店的小票，本机不能更正",
        "This is another shop's receipt, which this till cannot correct",
    ),
    "review_superseded": (
        "这张小票已由他人先行核对",
        "Somebody else had decided about this receipt first",
    ),
    "scanned_elsewhere": (
        "另一台终端为这张小票扫过别的会员，请核对是谁的",
        "Another till had scanned somebody else for this receipt; a person looks whose it is",
    ),
    "review_decided": (
        "{who} 已先处理了这张小票",
        "{who} decided about this receipt first",
    ),
    "review_same": (
        "同一小票已经积分；如确为另一笔，请勾选“另一笔消费”",
        "This receipt earned already; if it is another purchase, tick “another purchase”",
    ),
    "review_unknown": (
        "待核对的小票尚未到达总台",
        "The receipt in review has not reached the server yet",
    ),
    "case_closed": ("已由人工结案，不再处理", "A person closed this; nothing more comes of it"),
    "time_unsure": (
        "时间待核：{first} 至 {last} 之间",
        "The day is not sure: between {first} and {last}",
    ),
    "time_clamped": (
        "时间待核：本机时钟有误，不晚于 {last}",
        "The day is not sure: the device's clock was wrong; not after {last}",
    ),
    "known_before": ("总台已有此记录", "The server has this already"),
    "rule_book_unknown": (
        "总台尚无此版积分规则，更新后自动处理",
        "The server does not have these rules yet; this follows when it does",
    ),
    **_ACTIVITIES,
    **_OFFLINE,
    **_PAYING,
}


def say(reason: Reason, language: Language) -> str:
    """Return the sentence for a reason. Raises KeyError for a code without words."""
    zh, en = _WORDS[reason.code]
    return (zh if language == "zh" else en).format(**reason.values)


def codes() -> tuple[str, ...]:
    """Return every code that has words."""
    return tuple(_WORDS)
