"""A short day of a till's whole agent, with its tap, its scanner, its printer and its screens."""

import signal
from collections import Counter

from tests.faults.at_write import AtWrite, Strike
from tillpoints.demo.processes import command_line, wait_for
from tillpoints.demo.storm.reckoning import AWARD, CLAIM

_PATIENCE_S = 90


class AgentDays:
    """The bistro's till: a member is scanned and buys, and then somebody whom nobody scanned.

    What a slip or the screen said of either sale is told.
    """

    def __init__(self, stage):
        self._stage = stage
        self._till = stage.world.bistro
        self._till.agent.stop()

    def one(self, nth=None):
        """Let a day pass in which the agent dies at its nth write; return the strike and the wrong.

        Its start is not of the day. It is finished by another process of the agent.
        """
        strike, till, stage = Strike(nth), self._till, self._stage
        with (till.folder / "watched.log").open("ab") as log:
            watched = AtWrite(
                command_line(["agent", "run", "--config", str(till.folder / "agent.toml")]),
                till.folder / "state",
                sockets=True,
                stdout=log,
                stderr=log,
            )
            watched.begin()
        self._until(watched, lambda state: state["online"] and state["books"])
        watched.arm(strike)
        till.scanner.scan(f"TPM{stage.gold.number}")
        self._until(watched, lambda state: state["member"] is not None)
        first = stage.told(till, stage.bistro.sell())
        self._until(watched, lambda _: stage.row(till, first.number, "sale").get("holder"))
        told = bool(stage.row(till, first.number, "sale").get("holder"))
        second = stage.told(till, stage.bistro.sell())
        stage.told(till, stage.bistro.kitchen_ticket())  # ends the wait for a scan
        self._until(watched, lambda _: stage.row(till, second.number, "sale"))
        self._until(watched, lambda state: state["queue"] == 0)
        if watched.is_alive() and not strike.struck:
            watched.process.send_signal(signal.SIGTERM)
        watched.join()
        return strike, self._wrong(first, second, told=told)

    def _until(self, watched, condition):
        """Wait until the screen says so, or the agent is dead."""

        def look():
            state = self._stage.state(self._till)
            return not watched.is_alive() or (state and condition(state))

        wait_for("the screen", look, timeout_s=_PATIENCE_S)

    def _wrong(self, first, second, *, told):
        """Finish the day, and hold what was told to paper and ledger."""
        stage, till = self._stage, self._till
        till.agent.start()
        try:
            sales = (first.number, second.number)
            wait_for("both slips", lambda: set(sales) <= set(self._slips(sales)), timeout_s=90)
            wait_for("all to be sent", lambda: stage.state(till).get("queue") == 0, timeout_s=90)
        finally:
            till.agent.stop()
        slips = self._slips(sales)
        booked = {sale.number: sale for sale in stage.ledger.sales() if sale.number in sales}
        counts = Counter(sale.number for sale in stage.ledger.sales())
        said = any(sheet.says(AWARD, first.number) for sheet in stage.slips(till))
        mine = first.number in booked and booked[first.number].holder == stage.gold.number
        return Counter(
            {
                "lost": len(set(sales) - set(booked)) + int((told or said) and not mine),
                "doubled": sum(counts[number] - 1 for number in booked),
                "slips too many": sum(slips.values()) - len(slips),
            }
        )

    def _slips(self, sales):
        found = Counter()
        for sheet in self._stage.slips(self._till):
            if sheet.says(AWARD) or sheet.says(CLAIM):
                found.update(number for number in sales if sheet.says(number))
        return found
