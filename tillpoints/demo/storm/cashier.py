"""One till through the storm: a cashier who sells, scans, refunds and reprints without mercy.

A cashier looks at the screen first: while a sale waits there for its member, the next customer's
card is scanned after their receipt and not before, for it would count for the one that waits. If
the agent is gone just now, the customer goes unheard, as in life, and gets a claim slip.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Struct

from tillpoints.demo.pos.bistro import Bistro
from tillpoints.demo.pos.printing import Pos, Printed
from tillpoints.demo.station import Station
from tillpoints.demo.world import Person

SCREEN_PATIENCE_S = 1.5
_LOOK_EVERY_S = 0.03
_RETURNABLE = 20


class Sold(Struct):
    """A sale of the storm.

    `scans` are the scans that may count for it: those since the sale before, and those after it
    and before the next job. `back_fen` is what was paid back of it later, a positive sum.
    """

    printed: Printed
    scans: list[int]
    back_fen: int = 0


class Cashier:
    """Prints `receipts` sales and some other papers at one till. Every choice is `rng`'s."""

    def __init__(self, station: Station, pos: Pos, people: list[Person], rng: Random) -> None:
        self.station = station
        self.sales: dict[str, Sold] = {}
        self.scans: list[Person] = []
        self.sent: list[bytes] = []
        self.refunds = 0
        self._pos = pos
        self._people = people
        self._rng = rng
        self._settled: list[Sold] = []
        self._before: list[int] = []
        self._open: Sold | None = None

    def work(self, receipts: int, after_each: Callable[[int], None]) -> None:
        """Sell; `after_each` is called with the number of sales so far."""
        for count in range(1, receipts + 1):
            self._one_customer()
            self._other_paper()
            after_each(count)

    def close(self) -> None:
        """Print one more paper, which ends the wait of the last unclaimed sale."""
        self._keep(self._harmless())

    def _one_customer(self) -> None:
        """Serve one customer; nine in ten have a card, and most show it first."""
        person = self._rng.choice(self._people)
        mood = self._rng.random()
        if mood < 0.6 and self._sees(lambda state: state["waiting"] is None):
            self._scan(person, lambda state: _tail(state) == f"****{person.number[-4:]}")
            sold = self._sell()
            if self._sees(lambda state: _awarded(state, sold.printed.number)):
                self._settled = [*self._settled, sold][-_RETURNABLE:]
            return
        number = self._sell().printed.number
        if mood < 0.9 and self._sees(lambda state: _waits(state) == number):
            self._scan(person, lambda state: _awarded(state, number))

    def _sell(self) -> Sold:
        printed = self._pos.sell()
        self._keep(printed)
        sold = Sold(printed, self._before)
        self._before, self._open = [], sold
        self.sales[printed.number] = sold
        return sold

    def _other_paper(self) -> None:
        """Sometimes print what earns nothing, and sometimes take goods back."""
        mood = self._rng.random()
        if mood < 0.08:
            self._keep(self._harmless())
        elif mood < 0.14 and self._settled:
            sold = self._settled.pop(self._rng.randrange(len(self._settled)))
            back = self._pos.give_back(sold.printed.ticket)
            sold.back_fen = -back.owed_fen
            self.refunds += 1
            self._keep(back)

    def _harmless(self) -> Printed:
        if self.sales and self._rng.random() < 0.5:
            sold = self.sales[self._rng.choice(list(self.sales))]
            return self._pos.reprint(sold.printed.ticket)
        if isinstance(self._pos.vendor, Bistro):
            return self._pos.kitchen_ticket()
        last = self.sales[next(reversed(self.sales))]
        return self._pos.card_slip(last.printed.ticket)

    def _keep(self, printed: Printed) -> None:
        self.sent.append(printed.raw)
        self._open = None

    def _scan(self, person: Person, shown: Callable[[dict[str, Any]], bool]) -> None:
        self._before.append(len(self.scans))
        if self._open is not None:
            self._open.scans.append(len(self.scans))
        self.scans.append(person)
        self.station.scanner.scan(f"TPM{person.number}")
        self._sees(shown)

    def _sees(self, shown: Callable[[dict[str, Any]], bool]) -> bool:
        until_s = time.monotonic() + SCREEN_PATIENCE_S
        while time.monotonic() < until_s:
            state = self.station.screens.state()
            if state is not None and shown(state):
                return True
            time.sleep(_LOOK_EVERY_S)
        return False


def _tail(state: dict[str, Any]) -> str | None:
    tail: str | None = (state["member"] or {}).get("number_tail")
    return tail


def _waits(state: dict[str, Any]) -> str | None:
    number: str | None = (state["waiting"] or {}).get("number")
    return number


def _awarded(state: dict[str, Any], number: str) -> bool:
    rows = (row for row in state["recent"] if row["number"] == number and row["kind"] == "sale")
    return any(row["holder"] is not None for row in rows)
