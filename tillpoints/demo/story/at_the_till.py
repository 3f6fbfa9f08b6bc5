"""Chapters at the tills: whose sale a scan is, what earns nothing, refunds, and no network."""

from __future__ import annotations

from pathlib import Path

from loyalty.codes import make_member_number
from tillpoints.demo.pos.ticket import yuan
from tillpoints.demo.story.stage import Stage
from tillpoints.demo.sums import kept_points, points_for

WECHAT_CODE = "134805190672318846"  # 18 digits that begin like a WeChat payment code
CARD = make_member_number("50519067231")
CARD_OWNER = "贺新月"


def scan_first(stage: Stage) -> None:
    """A member is scanned, then the receipt comes."""
    till, gold = stage.world.bistro, stage.gold
    with stage.teller.step("先扫会员，再打小票", "Member first, then the receipt"):
        stage.scan_member(till, f"TPM{gold.number}", gold.number[-4:])
        sale = stage.told(till, stage.bistro.sell())
        stage.awarded(till, sale, gold)
        stage.settled()
    with stage.teller.step("补打小票不再积分", "A reprint earns nothing"):
        stage.told(till, stage.bistro.reprint(sale.ticket))
        said = stage.shows(till, "notice", "phrase", "code")
        stage.teller.until("the till knows it for a reprint", "reprint", said)
        stage.settled()


def scan_after(stage: Stage) -> None:
    """The receipt comes, then the member is scanned; a piece goes back the same day."""
    till, silver = stage.world.boutique, stage.silver
    with stage.teller.step("先打小票，再扫会员", "Receipt first, then the member"):
        sale = stage.told(till, stage.boutique.sell())
        waiting = stage.shows(till, "waiting", "number")
        stage.teller.until("the sale waits for a scan", sale.number, waiting)
        till.scanner.scan(f"TPM{silver.number}")
        earned = stage.awarded(till, sale, silver)
        stage.settled()
    with stage.teller.step("部分退货，按比例扣回", "One piece comes back: points in proportion"):
        refund = stage.told(till, stage.boutique.refund(sale.ticket, sale.ticket.rows[0]))
        back = earned - kept_points(earned, sale.owed_fen, -refund.owed_fen)
        stage.slip_says(till, "退货扣分凭条", f"{-back:,}")
        stage.owned[silver.number] -= back
        stage.settled()


def wrong_member(stage: Stage) -> None:
    """The wrong member was scanned; the cashier corrects it on the panel."""
    till, wrong, right = stage.world.boutique, stage.passer_by, stage.silver
    with stage.teller.step("扫错会员，当场更正", "Wrong member, corrected on the spot"):
        stage.scan_member(till, f"TPM{wrong.number}", wrong.number[-4:])
        sale = stage.told(till, stage.boutique.sell())
        points = points_for(sale.owed_fen, wrong.tier)
        stage.award_shown(till, sale.number, points, wrong.number)
        fingerprint = stage.row(till, sale.number, "sale")["fingerprint"]
        till.screens.do("reassign", fingerprint=fingerprint, text=right.number)
        stage.awarded(till, sale, right)
        stage.settled()


def unclear_receipt(stage: Stage) -> None:
    """A worn print head: the receipt waits for a person, who says what it says."""
    till, gold = stage.world.bistro, stage.gold
    with stage.teller.step("小票看不清，转人工", "A receipt nobody can make out waits"):
        stage.scan_member(till, f"TPM{gold.number}", gold.number[-4:])
        paper = stage.told(till, stage.bistro.unclear())
        stage.teller.until("one receipt waits to be checked", 1, stage.shows(till, "reviews"))
        stage.settled()
    with stage.teller.step("店员核对更正，积分照给", "A person corrects it, and it earns once"):
        (item,) = till.screens.reviews()
        till.screens.do(
            "review_correct",
            review_id=item["review_id"],
            staff="1007",
            amount=yuan(paper.owed_fen),
            kind="sale",
            number=item["number"],
            printed_at=item["printed_at"],
        )
        points = points_for(paper.owed_fen, gold.tier)
        stage.owned[gold.number] += points
        stage.slip_says(till, "积分凭条", paper.number, f"{points:+,}")
        stage.teller.until("nothing waits to be checked", 0, stage.shows(till, "reviews"))
        stage.settled()


def new_card(stage: Stage) -> None:
    """A card nobody knows earns to the card; when its owner is registered the points follow."""
    till = stage.world.bistro
    with stage.teller.step("未登记的新卡，积分先记在卡上", "An unknown card earns to the card"):
        stage.scan_member(till, f"TPM{CARD}", CARD[-4:])
        sale = stage.told(till, stage.bistro.sell())
        points = points_for(sale.owed_fen, "")
        stage.award_shown(till, sale.number, points, CARD)
        stage.on_cards = points
        stage.settled()
    with stage.teller.step("登记后归入会员", "Registered: the points move to the member"):
        file = stage.world.folder / "new-member.csv"
        file.write_text(f"number,name,phone,tier\n{CARD},{CARD_OWNER},,ordinary\n", "utf-8")
        stage.world.on_central("central", "import", "members", str(file))
        stage.on_cards = 0
        stage.owned[CARD] = points
        stage.settled()


def payment_code(stage: Stage) -> None:
    """A customer holds out their payment code: refused, heard, and nowhere kept."""
    till = stage.world.bistro
    with stage.teller.step("扫到付款码：拒绝且不留存", "A payment code: refused and not kept"):
        till.scanner.scan(WECHAT_CODE)
        said = stage.shows(till, "notice", "phrase", "code")
        stage.teller.until("the screen says why", "scan_payment_code", said)
        stage.teller.check("it is heard as an error", "error", stage.state(till)["sound"]["kind"])
        stage.teller.check("nobody is waiting for a receipt", None, stage.state(till)["member"])
        stage.teller.check("files that hold its digits", [], holding(stage.world.folder))


def holding(folder: Path) -> list[str]:
    """Return the files below `folder` in which the payment code's digits stand."""
    digits = WECHAT_CODE.encode()
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(str(path.relative_to(folder)) for path in files if digits in path.read_bytes())


def no_network(stage: Stage) -> None:
    """The cable is pulled, the agent killed; the till goes on, and all of it arrives later."""
    till, gold, plain = stage.world.boutique, stage.gold, stage.plain
    with stage.teller.step("断网后照常积分", "No network: awards go on"):
        till.relay.cut()
        stage.scan_member(till, f"TPM{gold.number}", gold.number[-4:])
        stage.awarded(till, stage.told(till, stage.boutique.sell()), gold)
        stage.teller.until("the till knows it is offline", False, stage.shows(till, "online"))
        stage.teller.until("one event waits", 1, stage.shows(till, "queue"))
    with stage.teller.step("代理进程被强杀并自动重启", "The agent is killed and comes back"):
        killed = till.agent.kill()
        sale = stage.told(till, stage.boutique.sell())  # paper never waits for us
        stage.teller.until("started again", True, lambda: till.agent.pid not in (None, killed))
        waiting = stage.shows(till, "waiting", "number")
        stage.teller.until("what was printed meanwhile waits for a scan", sale.number, waiting)
        till.scanner.scan(plain.aliases[0])
        stage.awarded(till, sale, plain, card=plain.aliases[0])
        # The first sale, the second one before it had a member, and its claim.
        stage.teller.until("three events wait", 3, stage.shows(till, "queue"))
    with stage.teller.step("恢复网络，自动补传", "Plugged back: everything arrives"):
        till.relay.plug()
        stage.teller.until("the till is online", True, stage.shows(till, "online"), 30.0)
        stage.settled()
