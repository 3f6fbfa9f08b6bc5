"""The stage of the story: the world, what its people should own, and the moves they can make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from tillpoints.demo.ledger import Ledger
from tillpoints.demo.pos.printing import Printed
from tillpoints.demo.sheet import Sheet, sheets, without_jobs
from tillpoints.demo.station import Station
from tillpoints.demo.sums import points_for
from tillpoints.demo.teller import StoryDiffers, Teller
from tillpoints.demo.world import Person, World


class Stage:
    """What every chapter needs. `owned` is what each member number must have at central."""

    def __init__(self, world: World, teller: Teller, seed: int) -> None:
        self.world = world
        self.teller = teller
        rng = Random(seed)
        self.bistro = world.bistro.pos(rng, world.clock)
        self.boutique = world.boutique.pos(rng, world.clock)
        self.ledger = Ledger(world.folder / "central.db")
        self.owned: Counter[str] = Counter()
        self.on_cards = 0
        self.printed: dict[str, list[Printed]] = {station.name: [] for station in world.stations}
        people = {person.name: person for person in world.people()}
        self.gold = people["杨景行"]
        self.silver = people["刘嘉豪"]
        self.plain = people["李思远"]
        self.passer_by = people["王婉清"]

    def told(self, station: Station, printed: Printed) -> Printed:
        """Remember what a POS has printed at a till, so that its paper can be compared."""
        self.printed[station.name].append(printed)
        return printed

    # ---- what a screen shows

    def state(self, station: Station) -> dict[str, Any]:
        """Return the newest snapshot, an empty one while the agent is away."""
        return station.screens.state() or {}

    def shows(self, station: Station, *path: str) -> Callable[[], object]:
        """Return a look at one value of a screen, None where there is none."""

        def look() -> object:
            value: Any = self.state(station)
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            return value

        return look

    def row(self, station: Station, number: str, kind: str) -> dict[str, Any]:
        """Return the newest row of the till's list with this receipt number and kind."""
        rows = self.state(station).get("recent", [])
        found = (row for row in rows if row["number"] == number and row["kind"] == kind)
        return next(found, {})

    # ---- what people do

    def scan_member(self, station: Station, code: str, tail: str) -> None:
        """Hold a card to the scanner and wait until the screen knows its owner."""
        station.scanner.scan(code)
        self.teller.until(
            f"{station.name}: the screen knows the member",
            f"****{tail}",
            self.shows(station, "member", "number_tail"),
        )

    def awarded(self, station: Station, printed: Printed, person: Person, card: str = "") -> int:
        """Hold an award on screen and slip to what it must be, and count it as owned.

        `card` is what was scanned, if it was not the member's number.
        """
        points = points_for(printed.owed_fen, person.tier)
        self.award_shown(station, printed.number, points, card or person.number)
        self.owned[person.number] += points
        return points

    def award_shown(self, station: Station, number: str, points: int, card: str) -> None:
        """Hold the screen's row and the slip of an award to the points it must have."""

        def look() -> tuple[object, object]:
            row = self.row(station, number, "sale")
            return row.get("points"), bool(row.get("holder"))

        where = f"{station.name}: {number}"
        self.teller.until(f"{where}: points on the screen, with a holder", (points, True), look)
        words = ("积分凭条", number, f"{points:+,}", f"****{card[-4:]}")
        self.slip_says(station, *words)

    def slip_says(self, station: Station, *words: str) -> None:
        """Wait for a slip of ours that says all of these."""
        self.teller.until(
            f"{station.name}: a slip says {' '.join(words)}",
            True,
            lambda: any(slip.says(*words) for slip in self.slips(station)),
        )

    def slips(self, station: Station) -> list[Sheet]:
        """Return our own slips that came out of a station's printer."""
        return [sheet for sheet in sheets(station.printer.paper) if sheet.ours]

    # ---- what must hold

    def settled(self) -> None:
        """Wait until nothing is queued, then hold central's ledger to what everybody must own."""
        for station in self.world.stations:
            self.teller.until(f"{station.name}: events to send", 0, self.shows(station, "queue"))
        expected = {number: points for number, points in self.owned.items() if points}
        self.teller.until("central: balances", expected, self._balances)
        self.teller.until("central: points on new cards", self.on_cards, self._on_cards)
        self.teller.check("central: sum of all transfers", 0, self.ledger.read().sum_of_all)

    def _balances(self) -> dict[str, int]:
        return {number: sum_ for number, sum_ in self.ledger.read().balances.items() if sum_}

    def _on_cards(self) -> int:
        return sum(self.ledger.read().cards.values())

    def paper_untouched(self) -> None:
        """Hold the paper to what the POS sent, byte for byte and in order, our slips between."""
        for station in self.world.stations:
            sent = [printed.raw for printed in self.printed[station.name]]
            try:
                between = sheets(without_jobs(station.printer.paper, sent))
            except ValueError as error:
                raise StoryDiffers(f"{station.name}: {error}") from error
            strangers = [sheet.text for sheet in between if not sheet.ours]
            self.teller.check(f"{station.name}: neither POS nor slip", [], strangers)
