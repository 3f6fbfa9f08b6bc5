"""The order of a storm: receipts under faults, calm, claims at the kiosk, reckoning."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import Random

from msgspec import Struct

from tillpoints.demo.ledger import Ledger, SaleBooked
from tillpoints.demo.lookups import lookup
from tillpoints.demo.processes import wait_for
from tillpoints.demo.sheet import Sheet, sheets, without_jobs
from tillpoints.demo.station import Station
from tillpoints.demo.storm.cashier import Cashier
from tillpoints.demo.storm.claims import claim_all
from tillpoints.demo.storm.faults import Faults
from tillpoints.demo.storm.reckoning import (
    AWARD,
    CLAIM,
    book_differences,
    owned,
    sale_differences,
    slip_differences,
)
from tillpoints.demo.world import World

CALM_TIMEOUT_S = 300.0
_CLAIMER = "林诗雨"  # takes every slip that nobody was scanned for to the kiosk


class StormFailed(RuntimeError):
    """The storm could not be brought to its end; the message says where it stands."""


class Report(Struct):
    """What happened and what is wrong; a good storm has no `differences`."""

    receipts: int
    other_papers: int
    refunds: int
    kills: dict[str, int]
    cuts: dict[str, int]
    awarded_at_tills: int
    claimed_at_kiosk: int
    transfers: int
    sum_of_transfers: int
    points_owned: int
    storm_s: float
    calm_s: float
    differences: list[str] = []


def weather(
    world: World, receipts: int, kills: int, seed: int, say: Callable[[str], None]
) -> Report:
    """Go through a storm of `receipts` sales at both tills, each agent killed `kills` times.

    Raises StormFailed if it cannot end; what does not add up is in the report.
    """
    return _Storm(world, seed, say).run(receipts, kills)


class _Storm:
    def __init__(self, world: World, seed: int, say: Callable[[str], None]) -> None:
        self._world = world
        self._seed = seed
        self._say = say
        self._ledger = Ledger(world.folder / "central.db")
        self._people = world.people()
        self._by_number = {person.number: person for person in self._people}
        self._claimer = next(person for person in self._people if person.name == _CLAIMER)
        self._cashiers = [self._cashier(world.bistro), self._cashier(world.boutique)]

    def run(self, receipts: int, kills: int) -> Report:
        began_s = time.monotonic()
        shares = (receipts - receipts // 2, receipts // 2)
        faults = [
            Faults(cashier.station, share, kills, self._rng(f"faults {cashier.station.name}"))
            for cashier, share in zip(self._cashiers, shares, strict=True)
        ]
        self._storm(faults, shares)
        storm_s = round(time.monotonic() - began_s, 1)
        self._say(f"{receipts} receipts in {storm_s} s; waiting for calm")
        slips = [self._calm(cashier) for cashier in self._cashiers]
        claims = [slip for some in slips for slip in some if slip.says(CLAIM)]
        self._say(f"calm; {len(claims)} claim slips go to the kiosk")
        claim_all(self._world.kiosk, self._claimer, claims)
        self._wait_settled()
        calm_s = round(time.monotonic() - began_s - storm_s, 1)
        report = self._report(receipts, faults, len(claims), storm_s, calm_s)
        report.differences = list(self._differences(slips))
        return report

    def _cashier(self, station: Station) -> Cashier:
        pos = station.pos(self._rng(f"pos {station.name}"), self._world.clock)
        return Cashier(station, pos, self._people, self._rng(f"cashier {station.name}"))

    def _rng(self, what: str) -> Random:
        return Random(f"{self._seed} {what}")

    def _storm(self, faults: list[Faults], shares: tuple[int, int]) -> None:
        """Let both cashiers work at once, each under weather of its own."""
        errors: list[BaseException] = []

        def work(cashier: Cashier, share: int, fault: Faults) -> None:
            try:
                cashier.work(share, fault.sold)
            except BaseException as error:  # noqa: BLE001 - told by the thread that waits
                errors.append(error)
            fault.sold(share)

        threads = [
            threading.Thread(target=work, args=each, name=f"cashier {each[0].station.name}")
            for each in zip(self._cashiers, shares, faults, strict=True)
        ]
        for thread in (*faults, *threads):
            thread.start()
        for thread in (*threads, *faults):
            thread.join()
        if errors:
            raise StormFailed(f"a cashier could not go on: {errors[0]}") from errors[0]
        for fault in faults:
            if fault.error:
                raise StormFailed(fault.error)

    def _calm(self, cashier: Cashier) -> list[Sheet]:
        """Wait until a till has read everything and every slip is out; return the slips."""
        cashier.close()
        station = cashier.station
        headings = [heading.encode("gb18030") for heading in (AWARD, CLAIM)]
        missing = ""

        def between() -> bytes | None:
            nonlocal missing
            paper = station.printer.paper
            slips = sum(paper.count(heading) for heading in headings)
            try:
                rest = without_jobs(paper, cashier.sent)
                missing = f"{len(cashier.sales) - slips} slips of {len(cashier.sales)}"
            except ValueError as error:
                missing = str(error)
                return None
            return rest if slips >= len(cashier.sales) else None

        try:
            return sheets(wait_for("calm", between, timeout_s=CALM_TIMEOUT_S, every_s=0.3))
        except TimeoutError as error:
            raise StormFailed(f"{station.name}: {missing}\n{station.agent.tail()}") from error

    def _wait_settled(self) -> None:
        def settled() -> bool:
            states = [station.screens.state() for station in self._world.stations]
            return all(state is not None and state["queue"] == 0 for state in states)

        try:
            wait_for("every event to be at central", settled, timeout_s=CALM_TIMEOUT_S)
            wait_for("every sale to have a holder", self._all_held, timeout_s=30.0)
        except TimeoutError as error:
            raise StormFailed(f"{error}\n{self._world.logs()}") from error

    def _all_held(self) -> bool:
        return all(sale.holder for sale in self._ledger.sales())

    def _booked(self) -> dict[str, list[SaleBooked]]:
        sales = self._ledger.sales()
        return {
            cashier.station.name: [
                sale for sale in sales if sale.shop_id == cashier.station.shop_id
            ]
            for cashier in self._cashiers
        }

    def _differences(self, slips: list[list[Sheet]]) -> list[str]:
        booked = self._booked()
        books = self._ledger.read()
        expected = owned(self._cashiers, booked, self._by_number)
        found = list(book_differences(books, expected))
        for cashier, some in zip(self._cashiers, slips, strict=True):
            mine = booked[cashier.station.name]
            found += sale_differences(cashier, mine, self._claimer, self._by_number)
            found += slip_differences(cashier, some)
            found += [f"on paper, and neither POS nor slip: {s.text}" for s in some if not s.ours]
            for number, balance in books.balances.items():
                shown = lookup(cashier.station, number, balance)
                if shown != balance:
                    name = cashier.station.name
                    found.append(f"{name}: ****{number[-4:]} has {shown}, at central {balance}")
        return found

    def _report(
        self, receipts: int, faults: list[Faults], claims: int, storm_s: float, calm_s: float
    ) -> Report:
        books = self._ledger.read()
        sent = sum(len(cashier.sent) for cashier in self._cashiers)
        names = [cashier.station.name for cashier in self._cashiers]
        return Report(
            receipts=receipts,
            other_papers=sent - receipts,
            refunds=sum(cashier.refunds for cashier in self._cashiers),
            kills=dict(zip(names, (fault.killed for fault in faults), strict=True)),
            cuts=dict(zip(names, (fault.cut for fault in faults), strict=True)),
            awarded_at_tills=receipts - claims,
            claimed_at_kiosk=claims,
            transfers=books.transfers,
            sum_of_transfers=books.sum_of_all,
            points_owned=sum(books.balances.values()),
            storm_s=storm_s,
            calm_s=calm_s,
        )
