"""Every state of the screens, as the agent would describe it: worst cases included."""

import time
from collections.abc import Callable

Snapshot = dict


def phrase(code: str, zh: str, en: str) -> dict:
    return {"code": code, "zh": zh, "en": en}


GOLD = {"id": "gold", "zh": "金卡会员", "en": "Gold member"}
SHOP = {"id": "S012", "zh": "云隐茶事（国际金融中心店）", "en": "Yunyin Tea House, Finance Centre"}


def common(role: str) -> Snapshot:
    return {
        "version": 1,
        "role": role,
        "device": f"{role}-1",
        "enrolled": True,
        "programme": "云廷会员",
        "shop": SHOP,
        "online": True,
        "queue": 0,
        "synced_ms": now_ms(),
        "now_ms": now_ms(),
        "printer": {"state": "yes", "why": None},
        "scanner": "yes",
        "scanner_trouble": None,
        "tap": "yes",
        "sound": {"serial": 0, "kind": None},
        "notice": None,
        "books": [{"when": "current", "version": "0f3a9c1b22de", "name": "2026 秋"}],
        "pos_printer": None,
        "lost": None,
    }


def now_ms() -> int:
    return int(time.time() * 1000)


def member(**changes: object) -> dict:
    person = {
        "masked_name": "王**",
        "tier": GOLD,
        "balance": 12480,
        "pending": 214,
        "new_card": False,
        "number_tail": "****1234",
    }
    return person | changes


# --- the till ---------------------------------------------------------------------------------


def sale(place: int, **changes: object) -> dict:
    row = {
        "fingerprint": f"{place:064x}",
        "kind": "sale",
        "number": f"2026120100{place:04d}",
        "printed_at": f"2026-12-01 1{place % 10}:0{place % 6}:12",
        "amount": "214.00",
        "currency": "CNY",
        "points": 428,
        "holder": {"masked_name": "王**", "number_tail": "****1234", "new_card": False},
        "state": "awarded",
        "why": [
            phrase("eligible", "计分金额 214.00", "Amount that earns 214.00"),
            phrase("rate", "茶饮 每1.00元积1分", "Tea and drinks: 1 pt per 1.00"),
            phrase("tier", "金卡会员 ×2", "Gold member ×2"),
        ],
        "correctable_until_ms": now_ms() + 221_000,
        "slip": {"slip_id": f"slip-{place}", "state": "printed"},
        "synced": True,
        "at_ms": now_ms() - place * 180_000,
    }
    return row | changes


def recent() -> list[dict]:
    someone = {"masked_name": "欧阳**", "number_tail": "****9002", "new_card": False}
    card = {"masked_name": "", "number_tail": "****7781", "new_card": True}
    done = {"correctable_until_ms": None}
    review = [
        phrase("unread", "合计看不清，等待人工核对", "The total could not be read; a person checks")
    ]
    ignored = [phrase("reprint", "重打小票，不再积分", "A reprint: it earns nothing")]
    elsewhere = [
        phrase("duplicate_receipt", "该小票已在别处积分", "This receipt earned elsewhere already")
    ]
    return [
        sale(1, synced=False),
        sale(
            2,
            holder=None,
            points=None,
            state="claim_slip",
            amount="68.50",
            slip={"slip_id": "slip-2", "state": "not_printed"},
        ),
        sale(3, kind="refund", points=-128, state="taken_back", amount="-64.00", holder=someone),
        sale(
            4, holder=card, points=1299, amount="1299.00", slip={"slip_id": "s4", "state": "queued"}
        ),
        sale(5, kind="review", points=None, holder=None, state="review", amount=None, why=review)
        | {"slip": None}
        | done,
        sale(6, state="reversed", points=36, amount="36.00", holder=someone) | done,
        sale(7, kind="ignored", points=None, holder=None, state="ignored", why=ignored)
        | {"slip": None}
        | done,
        sale(7, kind="ignored", points=None, holder=None, state="ignored", why=[], number="")
        | {"slip": None}
        | done
        | {"amount": None, "printed_at": ""},
        sale(8, state="claimed", points=88, amount="88.00") | done,
        sale(9, kind="refund", state="unsettled", points=None, amount="-1214.00", currency="HKD")
        | done,
        sale(10, amount="128888.00", points=257776, holder=someone) | done,
        sale(11, state="review", points=None, why=elsewhere) | done,
        sale(12, state="refused", points=None, holder=None, why=elsewhere) | done,
    ]


def till(**changes: object) -> Snapshot:
    base = common("till") | {
        "member": None,
        "waiting": None,
        "lookup": None,
        "voucher": None,
        "redeeming": None,
        "recent": recent(),
        "reviews": 2,
    }
    return base | changes


def waiting() -> dict:
    return {
        "fingerprint": "f" * 64,
        "number": "20261201000321",
        "amount": "214.00",
        "currency": "CNY",
        "points_basis": 214,
        "until_ms": now_ms() + 41_000,
    }


def paying(step: str, **changes: object) -> dict:
    return {
        "step": step,
        "member": member() if step in ("amount", "offer", "prove") else None,
        "due": "" if step == "amount" else "21400.00",
        "amount": "" if step == "amount" else "6400.00",
        "currency": "CNY",
        "points": 0 if step == "amount" else 640_000,
        "why": None,
        **changes,
    }


def coupon(step: str, **changes: object) -> dict:
    return {
        "step": step,
        "zh": "织野满 200 减 50 券",
        "en": "ZHIYE: 50 off 200",
        "terms": phrase("coupon_off", "满 200.00 减 50.00", "50.00 off a bill of 200.00 or more"),
        "until": "2026-12-05",
        "due": "" if step == "amount" else "214.00",
        "amount": "" if step == "amount" else "50.00",
        "currency": "CNY",
        "why": None,
        **changes,
    }


def till_trouble() -> Snapshot:
    return till(
        online=False,
        queue=12,
        printer={
            "state": "no",
            "why": phrase("paper_out", "打印机缺纸，请换纸", "The printer is out of paper"),
        },
        scanner="no",
        tap="unknown",
        notice=wrong_code(),
        member=member(
            balance=None, tier=None, masked_name="", new_card=True, expires_ms=now_ms() + 9_000
        ),
    )


def wrong_code() -> dict:
    return {
        "tone": "error",
        "phrase": phrase(
            "scan_payment_code",
            "这是付款码，不是会员码，未保存",
            "That is a payment code, not a member code; nothing was kept",
        ),
        "serial": 3,
    }


def pos_printer(**changes: object) -> dict:
    told = {"reachable": "yes", "paper": "ok", "cover": "closed", "stalled": False}
    return told | changes


def refused_voucher() -> dict:
    return {
        "accepted": False,
        "reward": {"zh": "手冲单品咖啡一杯", "en": "One hand-brewed single-origin coffee"},
        "phrase": phrase("voucher_used", "兑换券已使用", "This voucher was used already"),
        "code_tail": "HS18",
    }


def at_till(step: str, **changes: object) -> Snapshot:
    """Return the panel while the member who waits redeems."""
    person = member(expires_ms=now_ms() + 160_000)
    return till(member=person, paying={"step": ""}, redeeming=redeeming(step, **changes))


def at_till_offline() -> Snapshot:
    redeems = redeeming("home", rewards=rewards_ready(), away=READY)
    return till(online=False, member=member(expires_ms=now_ms() + 9_000), redeeming=redeems)


MISMATCH = phrase(
    "tender_other_amount",
    "小票上的积分抵现金额不符",
    "The receipt has another amount paid with points",
)
TILL: dict[str, Callable[[], Snapshot]] = {
    "member-may-pay": lambda: till(
        member=member(expires_ms=now_ms() + 160_000), paying={"step": ""}
    ),
    "rewards": lambda: at_till("home"),
    "rewards-offline": at_till_offline,
    "redeem-confirm": lambda: at_till("confirm", chosen=chosen(rewards()[0], 3, 10)),
    "redeem-confirm-plate": lambda: at_till(
        "confirm", chosen=chosen(rewards()[0], 3, 10, "粤B·7K3Q9")
    ),
    "redeem-prove": lambda: at_till("prove", chosen=chosen(rewards()[1])),
    "redeem-done": lambda: at_till("done", voucher=voucher("printed")),
    "redeem-no-slip": lambda: at_till("done", voucher=voucher("not_printed")),
    "redeem-refused": lambda: at_till("refused", refusal=MORE),
    "paying-offer": lambda: till(paying=paying("offer")),
    "paying-raised": lambda: till(paying=paying("raised", why=MISMATCH)),
    "coupon-amount": lambda: till(coupon=coupon("amount")),
    "coupon-too-small": lambda: till(
        coupon=coupon(
            "amount",
            due="180.00",
            why=phrase("coupon_from", "满 200.00 元才能用此券", "From a bill of 200.00 on"),
        )
    ),
    "coupon-awaited": lambda: till(coupon=coupon("awaited"), notice=wrong_code()),
    "coupon-raised": lambda: till(
        notice=wrong_code(),
        coupon=coupon(
            "raised",
            why=phrase(
                "coupon_no_line",
                "小票上没有这张优惠券的减免",
                "The receipt does not show what the coupon takes off",
            ),
        ),
    ),
    "idle": till,
    "first-day": lambda: till(recent=[], reviews=0, queue=3),
    "member": lambda: till(member=member(expires_ms=now_ms() + 161_000)),
    "waiting": lambda: till(waiting=waiting()),
    "offline": lambda: till(online=False, queue=12, waiting=waiting()),
    "wrong-code": lambda: till(waiting=waiting(), notice=wrong_code(), online=False),
    "no-paper": lambda: till(
        member=member(expires_ms=now_ms() + 161_000),
        pos_printer=pos_printer(paper="out"),
        lost={"jobs": 12, "first_ms": now_ms() - 7_200_000, "last_ms": now_ms()},
    ),
    "trouble": till_trouble,
    "lookup-armed": lambda: till(lookup={"armed": True, "result": None}),
    "lookup-found": lambda: till(lookup={"armed": False, "result": member(masked_name="欧阳**")}),
    "voucher-accepted": lambda: till(
        voucher=refused_voucher()
        | {
            "accepted": True,
            "phrase": phrase("voucher_ok", "请交付礼品", "Please hand over the reward"),
        }
    ),
    "voucher-refused": lambda: till(voucher=refused_voucher()),
    "unenrolled": lambda: till(enrolled=False, recent=[], online=False),
}


# --- the kiosk --------------------------------------------------------------------------------


def reward(
    reward_id: str, zh: str, en: str, points: int, kind: str, why_not: dict | None = None
) -> dict:
    return {
        "reward_id": reward_id,
        "zh": zh,
        "en": en,
        "points": points,
        "usual": points,
        "left": None,
        "about": {"zh": "", "en": ""},
        "picture": "",
        "kind": kind,
        "affordable": why_not is None,
        "why_not": why_not,
    }


OFFLINE = phrase(
    "offline_not_lent",
    "离线：现在不能兑换，断网前没有在本机为您预留积分",
    "Offline: nothing can be redeemed now, nothing was set aside for you here before",
)
READY = phrase(
    "offline_ready",
    "离线：现在最多可兑 320 分，联网时为您预留了这么多",
    "Offline: up to 320 points can be redeemed now; so many were set aside for you",
)
MORE = phrase(
    "offline_more",
    "离线：现在最多可兑 320 分，这份需要 500 分",
    "Offline: up to 320 points can be redeemed now, this takes 500",
)


def rewards_ready() -> list[dict]:
    """Return the rewards while 320 points can be spent without central."""
    return [
        one if one["points"] <= 320 else one | {"affordable": False, "why_not": MORE}
        for one in rewards()
    ]


def redeeming(step: str, **changes: object) -> dict:
    base = {
        "step": step,
        "member": member(available=12266),
        "rewards": rewards(),
        "chosen": None,
        "refusal": None,
        "voucher": None,
        "away": None,
    }
    return base | changes


def rewards(why_not: dict | None = None) -> list[dict]:
    low = phrase(
        "balance_too_low", "可用积分 12266，需要 88000", "12266 points available, 88000 needed"
    )
    limit = phrase(
        "proof_needed",
        "超过 10000 分的兑换，请出示手机上的会员码或输入密码",
        "Above 10000 points: show the code on your phone, or type your PIN",
    )
    coffee = ("手冲单品咖啡一杯", "One hand-brewed single-origin coffee")
    return [
        reward("R1", "停车券两小时", "Two hours of parking", 500, "parking", why_not),
        reward("R2", *coffee, 800, "goods", why_not),
        reward("R3", "满 300 减 50 购物券", "50 off when you spend 300", 2000, "coupon", why_not),
        reward("R4", "礼品包装服务", "Gift wrapping", 300, "service", why_not),
        reward(
            "R5", "桂花乌龙茶礼盒", "Osmanthus oolong gift box", 12000, "goods", why_not or limit
        ),
        reward("R6", "云廷下午茶双人套餐", "Afternoon tea for two", 88000, "goods", why_not or low),
    ]


def chosen(one: dict, pieces: int = 1, pieces_max: int = 1, plate: str = "") -> dict:
    return one | {
        "parks": one["kind"] == "parking",
        "plate": plate,
        "pieces": pieces,
        "pieces_max": pieces_max,
        "unit": {"zh": "小时" if pieces_max > 1 else "", "en": "hours" if pieces_max > 1 else ""},
        "where": {"code": "anywhere", "zh": "本商场任一门店", "en": "Any shop of this mall"},
    }


def kiosk(step: str, **changes: object) -> Snapshot:
    base = common("kiosk") | {
        "shop": {"id": "K1", "zh": "一层南门自助机", "en": "Kiosk, level 1, south gate"},
        "step": step,
        "member": None if step == "welcome" else member(available=12266),
        "rewards": [] if step == "welcome" else rewards(),
        "chosen": None,
        "refusal": None,
        "voucher": None,
        "claim": None,
        "claim_waits": False,
        "activity": None,
        "idle": None,
        "away": None,
    }
    return base | changes


def voucher(slip_state: str) -> dict:
    return {
        "code": "VBQF-J9E0-7M3K-HS18",
        "reward": {"zh": "手冲单品咖啡一杯", "en": "One hand-brewed single-origin coffee"},
        "points": 800,
        "valid_until": "2026-12-21",
        "where": phrase("where", SHOP["zh"], SHOP["en"]),
        "slip": {"slip_id": "v1", "state": slip_state},
        "qr": "TPV" + "GEZDGNBVGY3TQOJQ" * 10,
    }


def claim(state: str, points: int | None, words: tuple[str, str], **changes: object) -> dict:
    answer = {
        "state": state,
        "shop": SHOP,
        "amount": "68.50",
        "currency": "CNY",
        "points": points,
        "phrase": phrase(f"claim_{state}", *words),
    }
    return answer | changes


def activity(state: str, points: int | None, words: tuple[str, str]) -> dict:
    return {
        "state": state,
        "zh": "周年庆幸运大转盘",
        "en": "Anniversary wheel of fortune",
        "points": points,
        "phrase": phrase(f"activity_{state}", *words),
    }


NOTED = (
    "周年庆幸运大转盘：已登记，联网后到账",
    "Anniversary wheel of fortune: registered, credited once connected",
)
CREDITED_ACTIVITY = (
    "周年庆幸运大转盘 +300 已到账",
    "Anniversary wheel of fortune: +300 credited",
)
DONE_BEFORE = (
    "您已参加过周年庆幸运大转盘",
    "You have taken part in Anniversary wheel of fortune already",
)
SHOW_MEMBER = (
    "请扫描会员码参加周年庆幸运大转盘",
    "Now scan the member for Anniversary wheel of fortune",
)

PENDING = (
    "小票尚未到达总台，积分将在联网后入账",
    "The receipt has not reached the server yet; points follow when it does",
)
TAKEN = ("该小票已认领", "This receipt was claimed already")
CREDITED = ("已记入您的账户", "Credited to your account")

CLAIM_FIRST = phrase(
    "claim_needs_member",
    "请再扫描会员卡或输入会员号",
    "Now scan your member card or type its number",
)

KIOSK: dict[str, Callable[[], Snapshot]] = {
    "welcome": lambda: kiosk("welcome"),
    "welcome-offline": lambda: kiosk(
        "welcome",
        online=False,
        printer={"state": "no", "why": None},
        notice={
            "tone": "error",
            "phrase": phrase(
                "scan_bad_check",
                "号码有误，请重新扫描或输入",
                "The number is wrong; scan or type it again",
            ),
            "serial": 1,
        },
    ),
    "welcome-claim": lambda: kiosk(
        "welcome",
        claim_waits=True,
        notice={"tone": "info", "phrase": CLAIM_FIRST, "serial": 2},
    ),
    "welcome-activity": lambda: kiosk("welcome", activity=activity("waits", None, SHOW_MEMBER)),
    "activity-noted": lambda: kiosk("home", online=False, activity=activity("noted", None, NOTED)),
    "activity-credited": lambda: kiosk(
        "home", activity=activity("credited", 300, CREDITED_ACTIVITY)
    ),
    "activity-refused": lambda: kiosk("home", activity=activity("refused", None, DONE_BEFORE)),
    "home": lambda: kiosk("home"),
    "home-offline": lambda: kiosk("home", online=False, rewards=rewards(OFFLINE), away=OFFLINE),
    "home-offline-ready": lambda: kiosk("home", online=False, away=READY, rewards=rewards_ready()),
    "home-new-card": lambda: kiosk(
        "home",
        rewards=[],
        member=member(masked_name="", tier=None, balance=None, available=None, new_card=True),
    ),
    "confirm": lambda: kiosk("confirm", chosen=chosen(rewards()[1])),
    "confirm-several": lambda: kiosk("confirm", chosen=chosen(rewards()[0], 3, 10)),
    "confirm-plate": lambda: kiosk("confirm", chosen=chosen(rewards()[0], 3, 10, "粤B·7K3Q9")),
    "prove": lambda: kiosk("prove", chosen=chosen(rewards()[1])),
    "working": lambda: kiosk("working", chosen=chosen(rewards()[1])),
    "done": lambda: kiosk("done", voucher=voucher("printed")),
    "done-unprinted": lambda: kiosk(
        "done", voucher=voucher("not_printed"), printer={"state": "no", "why": None}
    ),
    "refused": lambda: kiosk(
        "refused",
        online=False,
        chosen=chosen(rewards(OFFLINE)[1]),
        refusal=OFFLINE,
        notice={"tone": "error", "phrase": OFFLINE, "serial": 4},
    ),
    "claim-credited": lambda: kiosk("home", claim=claim("credited", 137, CREDITED)),
    "claim-pending": lambda: kiosk(
        "home", claim=claim("pending", None, PENDING, shop=None, amount="0.00")
    ),
    "claim-refused": lambda: kiosk(
        "home", claim=claim("refused", None, TAKEN, shop=None, amount="0.00")
    ),
    "idle": lambda: kiosk("home", idle={"leaves_ms": now_ms() + 14_000}),
}
