"""The last chapter: a statement at the service desk, and all books against each other."""

from __future__ import annotations

import json

from tillpoints.demo.lookups import lookup
from tillpoints.demo.sheet import sheets
from tillpoints.demo.story.stage import Stage


def statement(stage: Stage) -> None:
    """The service desk prints a member's statement out of the master ledger."""
    gold, printer = stage.gold, stage.world.desk_printer
    with stage.teller.step("服务台打印对账单", "The desk prints a statement"):
        today = stage.world.clock().date().isoformat()
        days = ("--from", today, "--to", today)
        account = json.loads(
            stage.world.on_central("central", "statement", gold.number, *days, "--json", "--print")
        )
        owned = stage.owned[gold.number]
        stage.teller.check("closing balance", owned, account["closing"])
        [paper] = sheets(printer.paper)
        for words in ("积分对账单", f"****{gold.number[-4:]}", f"{owned:,}"):
            stage.teller.check(f"the paper says {words}", True, paper.says(words))


def books(stage: Stage) -> None:
    """Sums, balances and paper agree wherever they are kept."""
    with stage.teller.step("总账、终端、纸张三方对平", "Ledger, tills and paper agree"):
        stage.settled()
        now = stage.ledger.read()
        mine = {number: sum_ for number, sum_ in now.stored.items() if sum_}
        stage.teller.check("central's accounts", {k: v for k, v in stage.owned.items() if v}, mine)
        verified = json.loads(stage.world.on_central("central", "ledger", "verify", "--json"))
        stage.teller.check("what central finds wrong with its ledger", [], verified["findings"])
        for till in (stage.world.bistro, stage.world.boutique):
            for number, owned in stage.owned.items():
                shown = lookup(till, number, owned)
                stage.teller.check(f"{till.name}: balance of ****{number[-4:]}", owned, shown)
        stage.paper_untouched()
