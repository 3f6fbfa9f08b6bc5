"""What people do at a counter: one event of a till-day at a time.

Cashiers sell, refund and correct; visitors claim and take part. Who spends points is in
`redeemers`, `borrowers`, `payers` and `couponers`.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

from edge_agent.people import holder_member
from edge_agent.taking_part import TakingPart
from loyalty.events import Claim, Correction, Refund, ReviewOpened
from loyalty.receipt import Kind
from loyalty.rules.refunds import take_back
from tillpoints.simulation.invariants.facts import Facts
from tillpoints.simulation.machines.centre import CENTRAL_KEY
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people import cards
from tillpoints.simulation.people.borrowers import Borrowers
from tillpoints.simulation.people.counters import Counters, now_at, terms_of
from tillpoints.simulation.people.couponers import Couponers
from tillpoints.simulation.people.payers import Payers
from tillpoints.simulation.people.redeemers import Redeemers
from tillpoints.simulation.programme.activities import a_code
from tillpoints.simulation.world import World

#: Of whom there may be more than come by themselves.
Crowd = Literal["", "coupons", "lending", "rewards"]
_POISON_FEN = 10**13


class People:
    """Everybody at the counters of one run."""

    def __init__(self, world: World, facts: Facts, crowd: Crowd = "") -> None:
        self._world = world
        self._facts = facts
        self._counters = counters = Counters(world, facts)
        self.redeemers = redeemers = Redeemers(world, facts, counters)
        payers = Payers(world, facts, counters)
        couponers = Couponers(world, facts, counters, redeemers)
        self.borrowers = borrowers = Borrowers(world, facts, counters, redeemers)
        crowds: dict[Crowd, tuple[tuple[Callable[[Station], None], bool], ...]] = {
            "coupons": ((couponers.use, False), (couponers.bring_back, False)),
            "lending": ((borrowers.visit, True),),
            "rewards": ((redeemers.redeem, True), (redeemers.cancel, True)),
        }
        #: Who comes in a crowd, and whether they go to kiosks.
        self._crowd = crowds.get(crowd, ())
        #: How often each thing happens, and whether it does at kiosks.
        self._deeds: tuple[tuple[float, Callable[[Station], None], bool], ...] = (
            (0.25, self.sell, False),
            (0.04, self.take_part, True),
            (0.11, self.claim, True),
            (0.09, self.refund, False),
            (0.05, self.correct, False),
            (0.12, redeemers.redeem, True),
            (0.10, redeemers.hand_in, False),
            (0.03, redeemers.cancel, True),
            (0.04, payers.pay, False),
            (0.02, payers.bring_back, False),
            (0.05, couponers.use, False),
            (0.02, couponers.bring_back, False),
            (0.04, borrowers.visit, True),
            (0.02, self.review, False),
            (0.02, self.sell_absurdly, False),
        )

    def do_something(self, station: Station) -> None:
        """Let one thing happen at a device."""
        rng = self._world.chance(f"people {station.name}")
        if self._crowd and rng.random() < 0.5:
            deed, at_kiosks = rng.choice(self._crowd)
            if station.sells or at_kiosks:
                station.act(partial(deed, station))
        else:
            self._as_they_come(station, rng.random())
        if station.up:
            station.sync_soon()

    def _as_they_come(self, station: Station, kind: float) -> None:
        for share, deed, at_kiosks in self._deeds:
            kind -= share
            if kind < 0:
                if station.sells or at_kiosks:
                    station.act(partial(deed, station))
                break

    # ---- deeds

    def sell(self, station: Station) -> None:
        """Sell something; most are members, some take a claim slip, a few forget both."""
        rng = station.chance
        holder = cards.holder_at(station) if rng.random() < 0.6 else None
        fen = rng.choice((rng.randrange(500, 90_000), 10_000, 30_000))
        receipt = self._counters.receipt(station, Kind.SALE, fen)
        sold = self._counters.sell(station, holder, receipt, fen)
        if sold is not None:
            self._facts.sold.append(sold)

    def sell_absurdly(self, station: Station) -> None:
        """Print a receipt that no mall has ever seen: central must set it aside and go on."""
        receipt = self._counters.receipt(station, Kind.SALE, _POISON_FEN)
        self._counters.sell(station, None, receipt, _POISON_FEN)

    def claim(self, station: Station) -> None:
        """Claim a slip at any device, often before central knows its sale."""
        if not self._facts.open:
            return
        slips = self._facts.open[-12:]
        slip = station.chance.choice(slips)
        if station.journal.claimed_here(slip.claim_hash):
            return
        holder = cards.holder_at(station)
        claim = Claim(station.moment(), slip.claim_hash, holder, points=None)
        self._counters.record(station, [claim])

    def refund(self, station: Station) -> None:
        """Refund a part of a receipt, at its till or at another one of the shop."""
        rng = station.chance
        pocket = [sold for sold in self._facts.sold[-40:] if sold.shop == station.shop]
        if not pocket:
            return
        sold = rng.choice(pocket)
        fen = rng.choice((sold.fen, max(sold.fen // 2, 1), min(sold.fen, 777)))
        known = station.journal.sale_by_fingerprint(sold.fingerprint)
        points = None
        if known is not None:
            points = take_back(known.points, known.sale.eligible_fen, known.refunded_fen, fen)
        receipt = self._counters.receipt(station, Kind.REFUND, -fen, sold.number)
        original = sold.fingerprint if known is not None else None
        self._counters.record(
            station, [Refund(station.moment(), receipt, "", -fen, original, points)]
        )

    def correct(self, station: Station) -> None:
        """Give the last award to somebody else, or to nobody."""
        mine = [sold for sold in self._facts.sold[-20:] if sold.station == station.name]
        if not mine:
            return
        sold = station.chance.choice(mine)
        known = station.journal.sale_by_fingerprint(sold.fingerprint)
        if known is None or known.refunded_fen:
            return
        holder = cards.holder_at(station) if station.chance.random() < 0.6 else None
        points = sold.fen // 100 if holder is not None else 0
        body = Correction(station.moment(), sold.fingerprint, holder, points=points)
        self._counters.record(station, [body])

    def review(self, station: Station) -> None:
        """Print something nobody can read."""
        job = f"{station.chance.getrandbits(256):064x}"
        self._counters.record(
            station, [ReviewOpened(station.moment(), job, station.shop, ("unreadable",))]
        )

    def take_part(self, station: Station) -> None:
        """Scan an activity's code for somebody; some try one twice."""
        journal, terms = station.journal, terms_of(station)
        if terms is None:
            return
        member = holder_member(journal, cards.holder_at(station))
        desk = TakingPart(journal, station.identity(), bool)
        took = desk.scanned(a_code(station.chance, CENTRAL_KEY), member, now_at(station), terms)
        self._world.mark(f"activity {took.state}")
