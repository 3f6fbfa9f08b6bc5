"""What every deed at a counter needs: receipts of its POS, a journal that records, a clock.

Whoever stands there is told only what the journal took; `facts` keeps exactly that.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from edge_agent import clocks
from edge_agent.effects import Now, Terms
from edge_agent.journal.cursor import Outbox
from edge_agent.journal.errors import Duplicate, JournalFailure
from loyalty.events import Body, Holder, Sale
from loyalty.receipt import Kind, Receipt, Tender, fingerprint
from loyalty.rules import earning
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from tillpoints.simulation.invariants.facts import Facts, OpenSale, Sold, Told
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.programme.activities import later
from tillpoints.simulation.programme.wares import SHOPS
from tillpoints.simulation.world import Violation, World


class Counters:
    """The counters of one run."""

    def __init__(self, world: World, facts: Facts) -> None:
        self._world = world
        self._facts = facts
        self._numbers: dict[tuple[str, int], int] = {}

    def record(self, station: Station, bodies: Sequence[Body]) -> list[Told]:
        """Record events; whoever stands there is told only if that worked."""
        before = station.journal.outbox()
        bodies = later(bodies) if self._world.points_wait() else bodies
        try:
            seqs = station.journal.append(bodies)
        except Duplicate as error:
            if error.what == "receipt":
                raise Violation("P3 a new receipt is new", str(error)) from error
            return []
        except JournalFailure:
            if not station.disk.dead:
                station.disk.disarm()
                after = station.journal.outbox()
                self._world.hold(
                    "J1 a refused append recorded nothing", after.head_seq - before.head_seq
                )
            raise
        return self._told(station, type(bodies[0]).__name__, seqs)

    def recorded_since(self, station: Station, before: Outbox, what: str) -> list[Told]:
        """Return what the agent itself has recorded since, and told whoever stands there."""
        if station.disk.dead:
            return []
        after = station.journal.outbox()
        seqs = list(range(before.head_seq + 1, after.head_seq + 1))
        return self._told(station, what, seqs) if seqs else []

    def sell(
        self,
        station: Station,
        holder: Holder | None,
        receipt: Receipt,
        earning_fen: int,
        also: Sequence[Body] = (),
    ) -> Sold | None:
        """Record a receipt with what else is known of it; without a holder a claim slip is made."""
        journal, terms = station.journal, terms_of(station)
        if terms is None:
            return None
        standing = journal.standing(holder) if holder else None
        tier_id = standing.tier_id if standing else ""
        basket, who = Basket(earning_fen, "", "food"), Who(tier_id)
        points = earning.points(basket, who, None, terms.book) if holder else 0
        code = None if holder else f"{station.chance.getrandbits(256):064x}"
        sale = Sale(
            at=station.moment(),
            receipt=receipt,
            discriminator="",
            eligible_fen=earning_fen,
            category="food",
            book=terms.version,
            holder=holder,
            tier_id=tier_id,
            points=points,
            claim_hash=code,
        )
        told = self.record(station, [*also, sale])
        if not told:
            return None
        key = fingerprint(receipt).hex()
        if code is not None:
            self._facts.open.append(OpenSale(code, earning_fen, key))
        what = (receipt.number or "", earning_fen, key, holder, receipt.owed_fen)
        return Sold(station.name, station.shop, *what, tuple(told))

    def receipt(
        self,
        station: Station,
        kind: Kind,
        owed_fen: int,
        original: str | None = None,
        tenders: tuple[Tender, ...] = (),
    ) -> Receipt:
        """Return a new receipt; every POS starts its numbers again each day."""
        printed = datetime.fromtimestamp(self._world.now_ms / 1000, tz=UTC)
        day = printed.toordinal()
        count = self._numbers.get((station.name, day), 0) + 1
        self._numbers[station.name, day] = count
        return Receipt(
            shop_id=station.shop,
            kind=kind,
            number=f"{station.name}-{count}",
            printed_at=printed.strftime("%Y-%m-%dT%H:%M:%S"),
            currency="CNY",
            owed_fen=owed_fen,
            tenders=tenders,
            original_number=original,
        )

    def _told(self, station: Station, what: str, seqs: list[int]) -> list[Told]:
        if station.disk.dead:
            return []  # the screen went dark before it said so
        told = self._facts.was_told(station.name, station.journal, seqs)
        if told:  # else it was for central alone, which has it already, as what is given back
            self._world.trace(station.name, what, seqs, told[-1].hash.hex()[:12])
        return told


def now_at(station: Station) -> Now:
    """Return now as the agent of a device knows it."""
    zone = ZoneInfo(station.identity().zone)
    return clocks.now(station.journal, zone, station.moment())


def terms_of(station: Station) -> Terms | None:
    """Return the rules in force at a device, None before the first."""
    journal = station.journal
    book = journal.rule_book(journal.server_ms(station.moment()))
    if book is None:
        return None
    shop = next(one for one in SHOPS if one.shop_id == station.shop)
    return Terms("mall", station.name, shop, book.book, book.version)


def token_of(rng: random.Random) -> Callable[[int], str]:
    """Return what an agent draws its random names with."""
    return lambda size: rng.randbytes(size).hex()
