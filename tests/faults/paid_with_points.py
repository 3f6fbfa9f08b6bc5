"""A till of a mall of processes where points pay: its book, its cashier, its POS's receipts."""

from tillpoints.demo.pos.layout import pair
from tillpoints.demo.pos.printing import Printed, job, send
from tillpoints.demo.pos.ticket import yuan
from tillpoints.demo.sums import points_for
from tillpoints.demo.world import MALL

#: 10 points pay 1 yuan, at most a twentieth of the bill.
TENDER = """
[tender]
points_per_yuan = 10
from_fen = 20000
share_percent_max = 5
"""


def let_points_pay(stage, till):
    """Bring the mall's rule book in once more, with points as money in it."""
    if stage.state(till).get("paying") is None:
        file = stage.world.folder / "paying.toml"
        file.write_text((MALL / "rules.toml").read_text(encoding="utf-8") + TENDER, "utf-8")
        stage.world.on_central("central", "import", "rules", str(file))
        stage.teller.until("points may pay", "", stage.shows(till, "paying", "step"))


def pay(stage, till, pos, person):
    """Let a member pay a part of the next bill; return its ticket, the points, and the fen."""
    stage.scan_member(till, f"TPM{person.number}", person.number[-4:])
    ticket = pos._next_ticket((pos.vendor.goods[0],))  # a coat, dear enough
    till.screens.do("pay")
    till.screens.do("pay_bill", amount=yuan(ticket.owed_fen))
    step = stage.shows(till, "paying", "step")
    stage.teller.until("the till offers what may be paid", "offer", step)
    offered = stage.state(till)["paying"]
    points, paid_fen = offered["points"], round(float(offered["amount"]) * 100)
    stage.teller.check("a twentieth of the bill at most", True, paid_fen * 20 <= ticket.owed_fen)
    stage.teller.check("10 points pay 1 yuan", paid_fen, points * 10)
    till.screens.do("pay_confirm")
    stage.teller.until("the receipt is awaited", "awaited", step)
    stage.owned[person.number] -= points
    return ticket, points, paid_fen


def print_receipt(stage, till, ticket, paid_fen):
    """Let the POS print its receipt, with a line of what points paid unless that is nothing."""
    lines = till.vendor.sale(ticket)
    if paid_fen:
        at = next(at for at, line in enumerate(lines) if line.startswith(ticket.tender))
        rest = pair(ticket.tender, yuan(ticket.paid_fen - paid_fen), till.vendor.width)
        lines[at : at + 1] = [pair("积分抵扣", yuan(paid_fen), till.vendor.width), rest]
    raw = job(lines, kanji_command=till.vendor.kanji_command, drawer=False)
    send("127.0.0.1", till.pos_port, raw)
    return stage.told(till, Printed("sale", ticket.number, ticket.owed_fen, raw, ticket))


def earned(stage, till, ticket, paid_fen, person):
    """Hold the award of a bill to what was not paid with points."""
    points = points_for(ticket.owed_fen - paid_fen, person.tier)
    stage.award_shown(till, ticket.number, points, person.number)
    stage.owned[person.number] += points
