"""Chapters at the kiosk: a claim slip, a redemption, its voucher at a till, and no network."""

from __future__ import annotations

from tillpoints.demo.story.stage import Stage
from tillpoints.demo.sums import points_for

REWARD, REWARD_ZH, REWARD_POINTS = "parking-2h", "停车 2 小时", 200


def claim(stage: Stage) -> None:
    """A receipt nobody was scanned for prints a claim slip; its points are claimed at the kiosk."""
    till, kiosk, plain = stage.world.bistro, stage.world.kiosk, stage.plain
    with stage.teller.step("无会员小票打印认领凭条", "No member: a claim slip is printed"):
        sale = stage.told(till, stage.bistro.sell())
        waiting = stage.shows(till, "waiting", "number")
        stage.teller.until("the sale waits for a scan", sale.number, waiting)
        stage.told(till, stage.bistro.kitchen_ticket())  # the next job ends the wait
        base = points_for(sale.owed_fen, "")
        stage.slip_says(till, "积分认领凭条", sale.number, f"{base:,}")
        slip = next(s for s in stage.slips(till) if s.says("积分认领凭条", sale.number))
        stage.teller.check("QR codes on the slip", 1, len(slip.qr_codes))
        stage.settled()
    with stage.teller.step("到自助机认领", "Claimed at the kiosk"):
        stage.scan_member(kiosk, plain.aliases[0], plain.aliases[0][-4:])
        kiosk.scanner.scan(slip.qr_codes[0])
        credited = stage.shows(kiosk, "claim", "state")
        stage.teller.until("the kiosk says so", "credited", credited)
        stage.owned[plain.number] += points_for(sale.owed_fen, plain.tier)
        stage.settled()
        kiosk.screens.do("leave")
    with stage.teller.step("同一凭条不能再领", "The same slip a second time"):
        stage.scan_member(kiosk, f"TPM{stage.gold.number}", stage.gold.number[-4:])
        kiosk.scanner.scan(slip.qr_codes[0])
        stage.teller.until("refused", "refused", stage.shows(kiosk, "claim", "state"))
        said = stage.shows(kiosk, "claim", "phrase", "code")
        stage.teller.check("with the reason", "claim_taken", said())
        kiosk.screens.do("leave")
        stage.settled()


def redeem(stage: Stage) -> str:
    """A member redeems a reward; the voucher comes out as a slip. Return the text of its QR."""
    kiosk, gold = stage.world.kiosk, stage.gold
    with stage.teller.step("自助机兑换礼品", "A reward at the kiosk"):
        stage.scan_member(kiosk, f"TPM{gold.number}", gold.number[-4:])
        available = stage.shows(kiosk, "member", "available")
        stage.teller.until("available points", stage.owned[gold.number], available)
        _choose(stage)
        stage.teller.until("done", "done", stage.shows(kiosk, "step"))
        stage.owned[gold.number] -= REWARD_POINTS
        left = stage.owned[gold.number]
        stage.slip_says(kiosk, "停车券", REWARD_ZH, f"{REWARD_POINTS}", f"{left:,}")
        slip = next(s for s in stage.slips(kiosk) if s.says("停车券"))
        stage.teller.check("QR codes on the slip", 1, len(slip.qr_codes))
        stage.settled()
        kiosk.screens.do("leave")
    return slip.qr_codes[0]


def hand_in(stage: Stage, voucher: str) -> None:
    """The voucher is scanned at a till: accepted once."""
    with stage.teller.step("兑换券核销一次", "The voucher counts once"):
        first = stage.world.bistro
        first.scanner.scan(voucher)
        stage.teller.until("accepted", True, stage.shows(first, "voucher", "accepted"))
        reward = stage.shows(first, "voucher", "reward", "zh")
        stage.teller.check("the cashier reads what to hand over", REWARD_ZH, reward())
        second = stage.world.boutique
        second.scanner.scan(voucher)
        stage.teller.until("refused elsewhere", False, stage.shows(second, "voucher", "accepted"))
        said = stage.shows(second, "voucher", "phrase", "code")
        stage.teller.check("with the reason", "voucher_used", said())
        for till in (first, second):
            till.screens.do("dismiss")
        stage.settled()


def no_network(stage: Stage) -> None:
    """Without central the kiosk redeems nothing, says why, and takes no points."""
    kiosk, gold = stage.world.kiosk, stage.gold
    with stage.teller.step("断网时不能兑换，说明原因", "No network: refused, with the reason"):
        kiosk.relay.cut()
        stage.scan_member(kiosk, f"TPM{gold.number}", gold.number[-4:])
        stage.teller.until("the kiosk knows it is offline", False, stage.shows(kiosk, "online"))
        _choose(stage)
        stage.teller.until("refused", "refused", stage.shows(kiosk, "step"))
        said = stage.shows(kiosk, "refusal", "code")
        stage.teller.check("with the reason", "offline_off", said())
        kiosk.screens.do("leave")
        kiosk.relay.plug()
        stage.teller.until("online again", True, stage.shows(kiosk, "online"), 30.0)
        stage.settled()


def _choose(stage: Stage) -> None:
    kiosk = stage.world.kiosk
    kiosk.screens.do("choose", reward_id=REWARD)
    stage.teller.until("asks to confirm", "confirm", stage.shows(kiosk, "step"))
    kiosk.screens.do("confirm")
