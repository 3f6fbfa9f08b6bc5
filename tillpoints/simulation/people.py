"""What people do at a counter: one event of a till-day at a time.

Cashiers sell, refund and correct; visitors claim, redeem and hand vouchers in. A person is told
only what the journal recorded, and `facts` keeps exactly that.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from msgspec import structs

from edge_agent import clocks
from edge_agent.asking import Ask
from edge_agent.effects import AskVoucher, Terms
from edge_agent.journal.errors import Duplicate, JournalFailure, LeaseClosed
from edge_agent.messages import VoucherAnswered
from edge_agent.people import holder_member
from edge_agent.sync.calls import Offline
from edge_agent.taking_part import TakingPart
from edge_agent.till.handing_in import HandingIn
from loyalty.codes import VoucherCode
from loyalty.events import (
    Body,
    Claim,
    Correction,
    Holder,
    Redeem,
    Refund,
    ReviewOpened,
    Sale,
)
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.rules import earning
from loyalty.rules.basket import Basket
from loyalty.rules.campaigns import Who
from loyalty.wire import VoucherRequest
from tillpoints.simulation import cards
from tillpoints.simulation.activities import a_code, later
from tillpoints.simulation.centre import CENTRAL_KEY, REWARDS, SHOPS
from tillpoints.simulation.disk import Fault
from tillpoints.simulation.facts import Facts, Handed, OpenSale, Sold, Told
from tillpoints.simulation.station import Station
from tillpoints.simulation.world import HOUR_MS, Violation, World

_DEATHS: tuple[Fault, ...] = ("kill", "power")
_POISON_FEN = 10**13


class People:
    """Everybody at the counters of one run."""

    def __init__(self, world: World, facts: Facts) -> None:
        self._world = world
        self._facts = facts
        self._numbers: dict[tuple[str, int], int] = {}
        #: What a visitor was about to take at a device when its run ended, by the device.
        self._cut_off: dict[str, tuple[str, Redeem]] = {}

    def do_something(self, station: Station) -> None:
        """Let one thing happen at a device."""
        kind = self._world.chance(f"people {station.name}").random()
        for share, deed in _SHARES:
            kind -= share
            if kind < 0:
                if station.sells or deed in _AT_KIOSKS:
                    station.act(partial(deed, self, station))
                break
        if station.up:
            station.sync_soon()

    # ---- deeds

    def sell(self, station: Station) -> None:
        """Sell something; most are members, some take a claim slip, a few forget both."""
        rng = station.chance
        holder = cards.holder_at(station) if rng.random() < 0.6 else None
        fen = rng.choice((rng.randrange(500, 90_000), 10_000, 30_000))
        self._record_sale(station, holder, fen)

    def sell_absurdly(self, station: Station) -> None:
        """Print a receipt that no mall has ever seen: central must set it aside and go on."""
        self._record_sale(station, None, _POISON_FEN)

    def _record_sale(self, station: Station, holder: Holder | None, fen: int) -> None:
        journal = station.journal
        book = journal.rule_book(journal.server_ms(station.moment()))
        if book is None:
            return
        standing = journal.standing(holder) if holder else None
        tier_id = standing.tier_id if standing else ""
        basket, who = Basket(fen, "", "food"), Who(tier_id)
        points = earning.points(basket, who, None, book.book) if holder else 0
        code = None if holder else f"{station.chance.getrandbits(256):064x}"
        receipt = self._receipt(station, Kind.SALE, fen)
        sale = Sale(
            at=station.moment(),
            receipt=receipt,
            discriminator="",
            eligible_fen=fen,
            category="food",
            book=book.version,
            holder=holder,
            tier_id=tier_id,
            points=points,
            claim_hash=code,
        )
        if not self._record(station, [sale]):
            return
        key = fingerprint(receipt).hex()
        if code is not None:
            self._facts.open.append(OpenSale(code, fen, key))
        if fen == _POISON_FEN:
            return
        number = receipt.number or ""
        self._facts.sold.append(Sold(station.name, station.shop, number, fen, key, holder))

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
        self._record(station, [claim])

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
            points = earning.take_back(
                known.points, known.sale.eligible_fen, known.refunded_fen, fen
            )
        receipt = self._receipt(station, Kind.REFUND, -fen, sold.number)
        original = sold.fingerprint if known is not None else None
        self._record(station, [Refund(station.moment(), receipt, "", -fen, original, points)])

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
        self._record(station, [body])

    def review(self, station: Station) -> None:
        """Print something nobody can read."""
        job = f"{station.chance.getrandbits(256):064x}"
        self._record(station, [ReviewOpened(station.moment(), job, station.shop, ("unreadable",))])

    def redeem(self, station: Station) -> None:
        """Ask for a reward; the voucher is handed out once the redemption is recorded."""
        rng = station.chance
        if station.name in self._cut_off and rng.random() < 0.5:
            self._go_on(station)
        reward = rng.choice(REWARDS)
        asked = station.moment()
        request_id, holder = (
            f"{rng.getrandbits(64):016x}",
            cards.redeemer_at(station, reward.points),
        )
        ask = partial(station.online.lease, request_id, holder, reward.reward_id)
        answer = ask()
        if isinstance(answer, Offline) and rng.random() < 0.5:
            answer = ask()
        if isinstance(answer, Offline) or answer.refusal is not None:
            return
        self._world.mark("lease granted")
        if rng.random() < 0.1:
            return  # the visitor walks away
        voucher, member = answer.voucher_code, cards.member_of(holder)
        if rng.random() < 0.35:
            spend = (answer.lease_id, answer.points, reward.reward_id, voucher)
            self._cut_off[station.name] = (station.session, Redeem(asked, holder, *spend))
            if self._world.fault("reboot", 0.8):
                back_ms = rng.randrange(1_000, 600_000)
                # A run goes on after a kill, and another one begins after a reboot.
                how: Fault = rng.choice(("kill", "power", "power"))
                dies_ms = rng.randrange(1, 60_000)
                self._world.after(dies_ms, partial(station.die, how, back_ms=back_ms))
                # Whoever waits there asks as soon as it is back, maybe before it gives back.
                next_ms = dies_ms + back_ms + rng.randrange(3_000)
                self._world.after(next_ms, partial(station.act, partial(self.redeem, station)))
            if self._world.fault("clock_jump", 0.5):
                station.jump(-HOUR_MS)  # somebody would like to have more time
            station.sleep(rng.choice((600_000, answer.ttl_s * 1000, HOUR_MS)))
            self._cut_off.pop(station.name, None)
        body = Redeem(
            station.moment(),
            holder,
            answer.lease_id,
            answer.points,
            reward.reward_id,
            voucher,
        )
        try:
            told = self._record(station, [body])
        except LeaseClosed:
            self._world.mark("lease was not to be spent any more")
            station.journal.lease_dropped(request_id)
            return
        late = body.at.boottime_ms - asked.boottime_ms >= answer.ttl_s * 1000
        self._world.hold("I9 spent while it is armed", late and (station.name, answer))
        for one in told:
            home = reward.home_shop is not None
            handed = Handed(one, member, answer.points, voucher, answer.voucher_signed, home)
            self._facts.handed.append(handed)

    def _go_on(self, station: Station) -> None:
        """Try to finish, in a later run, what a visitor was about to take in an earlier one."""
        session, body = self._cut_off.pop(station.name)
        if session == station.session:
            return
        try:
            told = self._record(station, [structs.replace(body, at=station.moment())])
        except LeaseClosed:
            self._world.mark("lease of an earlier run")
            return
        self._world.hold("I9 spent by the run it was lent to", told and (station.name, body))

    def hand_in(self, station: Station) -> None:
        """Hand a voucher in, scanned or typed; goods leave when the till accepts it."""
        if not self._facts.handed:
            return
        rng, asked = station.chance, list[Ask]()
        handed = rng.choice(self._facts.handed[-8:])
        again = [one for one in self._facts.handed[-8:] if one.code in self._facts.goods]
        if again and rng.random() < 0.4:
            handed = rng.choice(again)  # somebody tries it a second time
        desk = HandingIn(station.journal, station.identity(), asked.append, _token(rng))
        typed = rng.random() < 0.4
        scan = VoucherCode(handed.code, None) if typed else VoucherCode(None, handed.signed)
        zone = ZoneInfo(station.identity().zone)
        desk.scanned(scan, clocks.now(station.journal, zone, station.moment()))
        for question in asked:
            if isinstance(question, AskVoucher):
                request = VoucherRequest(question.request_id, question.voucher_code)
                answer = station.online.voucher(request)
                known = None if isinstance(answer, Offline) else answer
                desk.answered(VoucherAnswered(question.voucher_code, known))
        if station.disk.dead:
            return  # the screen went dark before it said yes
        if desk.shown is not None and desk.shown.accepted:
            self._world.mark("goods handed over")
            self._world.trace(
                station.name, "goods for", handed.code, "typed" if typed else "scanned"
            )
            self._facts.goods.setdefault(handed.code, []).append(station.identity().device_id)

    def take_part(self, station: Station) -> None:
        """Scan an activity's code for somebody; some try one twice."""
        journal = station.journal
        book = journal.rule_book(journal.server_ms(station.moment()))
        if book is None:
            return
        identity, member = station.identity(), holder_member(journal, cards.holder_at(station))
        terms = Terms("mall", station.name, SHOPS[0], book.book, book.version)
        now = clocks.now(journal, ZoneInfo(identity.zone), station.moment())
        desk, text = TakingPart(journal, identity, bool), a_code(station.chance, CENTRAL_KEY)
        took = desk.scanned(text, member, now, terms)
        self._world.mark(f"activity {took.state}")

    # ---- small things

    def _record(self, station: Station, bodies: Sequence[Body]) -> list[Told]:
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
        if station.disk.dead:
            return []
        told = self._facts.was_told(station.name, station.journal, seqs)
        self._world.trace(station.name, type(bodies[0]).__name__, seqs, told[-1].hash.hex()[:12])
        return told

    def _receipt(
        self, station: Station, kind: Kind, owed_fen: int, original: str | None = None
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
            original_number=original,
        )


def _token(rng: random.Random) -> Callable[[int], str]:
    return lambda size: rng.randbytes(size).hex()


_SHARES: tuple[tuple[float, Callable[[People, Station], None]], ...] = (
    (0.32, People.sell),
    (0.04, People.take_part),
    (0.14, People.claim),
    (0.12, People.refund),
    (0.06, People.correct),
    (0.14, People.redeem),
    (0.12, People.hand_in),
    (0.02, People.review),
    (0.04, People.sell_absurdly),
)
_AT_KIOSKS = (People.claim, People.redeem, People.take_part)
