"""The words on our slips, in Chinese and in English; `compose` says where they stand."""

from paper.marker import Lang

_WORDS: dict[str, dict[Lang, str]] = {
    "shop": {"zh": "门店", "en": "Shop"},
    "receipt": {"zh": "小票号", "en": "Receipt"},
    "time": {"zh": "小票时间", "en": "Time"},
    "amount": {"zh": "消费金额", "en": "Amount"},
    "refunded": {"zh": "退款金额", "en": "Refunded"},
    "member": {"zh": "会员", "en": "Member"},
    "tier": {"zh": "等级", "en": "Tier"},
    "earned": {"zh": "本次积分", "en": "Earned"},
    "to claim": {"zh": "待领积分", "en": "To claim"},
    "taken back": {"zh": "扣回积分", "en": "Deducted"},
    "spent": {"zh": "使用积分", "en": "Points spent"},
    "balance": {"zh": "积分余额", "en": "Balance"},
    "syncing": {"zh": "同步中", "en": "syncing"},
    "expires": {"zh": "本次积分有效至", "en": "These points expire"},
    "last": {"zh": "本次积分有效期", "en": "These points last"},
    "months": {"zh": "自消费日起 {months} 个月", "en": "{months} months from this purchase"},
    "days": {"zh": "自消费日起 {days} 天内", "en": "within {days} days of this purchase"},
    "expiring": {"zh": "{on} 到期", "en": "Expire {on}"},
    "as of": {"zh": "截至", "en": "As of"},
    "code": {"zh": "认领码", "en": "Claim code"},
    "voucher": {"zh": "券码", "en": "Voucher code"},
    "until": {"zh": "领取截止", "en": "Claim by"},
    "valid": {"zh": "有效期至", "en": "Valid until"},
    "where": {"zh": "使用地点", "en": "Where"},
    "hours": {"zh": "停车时长", "en": "Parking"},
    "plate": {"zh": "车牌", "en": "Plate"},
    "any plate": {"zh": "不限车牌", "en": "any car"},
    "parking at": {"zh": "停车地点", "en": "Where"},
    "parking once": {
        "zh": "出场前在收费处扫描二维码或出示券码，抵扣一次；复印或拍照无效。",
        "en": "Scan or show this code where you pay for parking. Good for one use,"
        " copies and photos are not accepted.",
    },
    "given back": {"zh": "退回积分", "en": "Points back"},
    "void voucher": {"zh": "作废券码", "en": "Void voucher"},
    "cancelled": {
        "zh": "兑换已取消，积分已退回账户；原兑换券作废，不能再用。",
        "en": "This redemption was cancelled and its points are back. The voucher is void.",
    },
    "reason": {"zh": "原因", "en": "Reason"},
    "new card": {
        "zh": "此卡尚未登记，积分已记在卡上，登记后归入会员账户。",
        "en": "This card is not registered yet. The points are kept on the card.",
    },
    "offline": {
        "zh": "本次积分已保存，联网后更新余额。",
        "en": "Your points are saved. The balance follows once we are online.",
    },
    "how to claim": {
        "zh": "请于截止时间前到{where}扫描二维码或出示认领码领取积分。"
        "每张小票只能领取一次，退货后失效。",
        "en": "Scan this code or show the claim code at {where} by then to get your points."
        " One claim per receipt. A refund cancels it.",
    },
    "how to claim later": {
        "zh": "核实后可到{where}扫描二维码或出示认领码领取积分。每张小票只能领取一次。",
        "en": "Once it is checked, scan this code or show it at {where} to get your points."
        " One claim per receipt.",
    },
    "once": {
        "zh": "本券仅限使用一次，复印或拍照无效，请妥善保管。",
        "en": "Good for one use. Copies and photos are not accepted.",
    },
    "review": {
        "zh": "这张小票需要人工处理，积分将在核实后入账。"
        "请保留原小票和本凭条，如有疑问请到服务台咨询。",
        "en": "A person needs to look at this receipt. Points follow once it is checked."
        " Please keep the receipt and this notice; the service desk can help.",
    },
    "activity": {"zh": "活动", "en": "Activity"},
    "activity later": {
        "zh": "已登记，联网后由总台核对并入账；每位会员按活动规则只计一次。",
        "en": "Registered. The server checks it once we are online and credits the points;"
        " each member counts once, by the activity's rules.",
    },
    "copy": {
        "zh": "重印件，与原件只算一次",
        "en": "Reprint: counts only once.",
    },
    "number": {"zh": "流水号", "en": "No."},
    "till": {"zh": "终端", "en": "Till"},
}


def say(key: str, lang: Lang, **facts: str) -> str:
    """Return the words for `key`, with its facts filled in."""
    return _WORDS[key][lang].format(**facts)
