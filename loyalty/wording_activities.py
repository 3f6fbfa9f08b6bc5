"""The words for what members do beside buying; `loyalty.wording` says how they are filled in."""

WORDS: dict[str, tuple[str, str]] = {
    "activity": ("{zh} +{points}", "{en} +{points}"),
    "activity_back": (
        "{zh}：退货或更正后扣回 {points} 分",
        "{en}: {points} taken back after a refund or correction",
    ),
    "activity_done": ("您已参加过{zh}", "You have taken part in {en} already"),
    "activity_today": ("今天已参加过{zh}", "You have taken part in {en} today"),
    "activity_over": ("{zh}不在活动期内", "{en} is not running today"),
    "activity_unknown": ("没有这个活动", "There is no such activity"),
    "activity_forged": ("不是本商场的活动码", "Not an activity code of this mall"),
    "activity_expired": ("活动码已过期（{until}）", "This activity code expired on {until}"),
    "activity_elsewhere": ("此活动码是给另一位会员的", "This code is for another member"),
    "activity_self": ("不能推荐自己", "Nobody can refer themselves"),
    "activity_code_used": ("此活动码已被使用", "This activity code was used already"),
    "activity_closed": ("此活动码已停用", "This activity code is no longer in use"),
    "activity_spent": ("{zh}的积分已发完", "All points of {en} are given out"),
    "activity_members_only": (
        "活动仅限会员：请先登记此卡，再扫一次活动码",
        "Activities are for members: register this card first, then scan the code again",
    ),
    "activity_not_new": (
        "推荐仅限新会员：您已有消费",
        "Referrals are for new members: you have bought here before",
    ),
    "activity_pair": (
        "您与这位会员之间已有推荐",
        "You and this member have referred one another already",
    ),
    "activity_code_unknown": (
        "总台尚无此活动码的记录，查到后入账",
        "The server has no record of this code yet; points follow when it does",
    ),
    "activity_after_purchase": (
        "{zh}：首次消费后到账",
        "{en}: credited with the first purchase",
    ),
    "activity_entered": (
        "{zh}：成绩已登记，结束后按名次发放",
        "{en}: your result is in; points go by rank at the end",
    ),
    "activity_needs_referrer": (
        "推荐码须写明推荐人，其他活动不可写",
        "A referral code names who refers; other codes do not",
    ),
    "activity_needs_single_codes": (
        "带结果的活动码须逐张编号（--count）",
        "Codes with a result are numbered one by one (--count)",
    ),
    "activity_waits": ("请扫描会员码参加{zh}", "Now scan the member for {en}"),
    "activity_credited": ("{zh} +{points} 已到账", "{en}: +{points} credited"),
    "activity_refused": ("{zh}不计分：{why_zh}", "{en} does not count: {why_en}"),
    "activity_noted": (
        "{zh}：已登记，联网后到账",
        "{en}: registered, credited once connected",
    ),
}
