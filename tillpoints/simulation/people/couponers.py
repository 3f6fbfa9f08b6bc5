"""Who brings a coupon to a till, and what the POS then prints of it.

Most receipts show it, as a discount or as a payment; some do not, or never come. The till of the
product finds out which is which; a person says what became of a coupon that does not fit. Whoever
brings the goods back has a coupon again that is good for another bill.
"""

from functools import partial

from edge_agent.asking import Ask
from edge_agent.effects import Terms
from edge_agent.journal.spending.coupons import KeptCoupon
from edge_agent.messages import VoucherAnswered
from edge_agent.till.handing_in import HandingIn
from loyalty.codes import VoucherCode
from loyalty.coupons import COUPON_KIND
from loyalty.events import CouponChecked, Holder, Refund, VoucherUse
from loyalty.receipt import Kind, Receipt, Tender
from loyalty.rules.basket import basket_of
from loyalty.rules.refunds import take_back
from tillpoints.simulation.invariants.facts import Facts, Handed, OnBill, Told
from tillpoints.simulation.machines.disk import Fault
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people import cards
from tillpoints.simulation.people.answers import answer_to
from tillpoints.simulation.people.counters import Counters, now_at, terms_of, token_of
from tillpoints.simulation.people.papers import reading_of
from tillpoints.simulation.people.redeemers import Redeemers
from tillpoints.simulation.programme.wares import REWARDS
from tillpoints.simulation.world import World

#: How many of the coupons and bills of last are still in people's pockets.
_IN_MIND = 12
_COUPONS = [one for one in REWARDS if one.kind == "coupon"]
#: When somebody looks at the panel again: a bill that did not come is over by then.
_LATER_MS = 11 * 60_000


class Couponers:
    """Everybody who has a coupon in one run."""

    def __init__(
        self, world: World, facts: Facts, counters: Counters, redeemers: Redeemers
    ) -> None:
        self._world = world
        self._facts = facts
        self._counters = counters
        self._redeemers = redeemers
        #: What the run of each device has for coupons; and those at which somebody is served.
        self._boxes: dict[str, _Box] = {}
        self._busy: set[tuple[str, int]] = set()

    def use(self, station: Station, handed: Handed | None = None) -> None:
        """Bring a coupon, this one or any, or go on with the one that this till keeps."""
        terms, run = terms_of(station), (station.name, station.run)
        if terms is None or station.older or run in self._busy:
            return
        self._busy.add(run)
        try:
            self._serve(self._box(station), terms, handed)
        finally:
            self._busy.remove(run)

    def bring_back(self, station: Station) -> None:
        """Bring the goods of a bill back that a coupon was taken off, all of them or a part."""
        rng = station.chance
        mine = [one for one in self._facts.on_bills[-_IN_MIND:] if one.shop == station.shop]
        if not mine:
            return
        one = rng.choice(mine)
        known = station.journal.sale_by_fingerprint(one.fingerprint)
        fen = one.owed_fen if rng.random() < 0.6 else one.owed_fen // 2
        if known is not None and known.refunded_fen + fen > known.sale.eligible_fen:
            if rng.random() < 0.5:
                return  # the till knows, and somebody looks at it
            self._world.mark("coupon's bill brought back twice")
        points = None
        if known is not None:
            points = take_back(known.points, known.sale.eligible_fen, known.refunded_fen, fen)
        receipt = self._counters.receipt(station, Kind.REFUND, -fen, one.number)
        original = one.fingerprint if known is not None else None
        body = Refund(station.moment(), receipt, "", -fen, original, points)
        self._counters.record(station, [body])
        if rng.random() < 0.5:
            self.use(station, one.handed)  # it may be good again, or not yet

    # ---- at the till

    def _box(self, station: Station) -> "_Box":
        box = self._boxes.get(station.name)
        if box is None or box.run != station.run:
            box = self._boxes[station.name] = _Box(station)
            if box.desk.coupons.shown is not None:
                self._world.mark("coupon kept over a restart")
        return box

    def _serve(self, box: "_Box", terms: Terms, handed: Handed | None) -> None:
        station = box.station
        self._let_go(box)
        kept = station.journal.coupon_awaiting()
        if kept is None:
            kept = self._bring(box, handed or self._from_pocket(station))
        elif kept.outcome:
            self._decide(box, kept)
            return
        if kept is None or not kept.bill.paid_fen or station.chance.random() < 0.15:
            return  # no receipt comes, or not now
        holder = None if station.chance.random() < 0.3 else cards.holder_at(station)
        station.sleep(station.chance.randrange(1_000, 120_000))
        self._print(box, terms, kept, holder)

    def _let_go(self, box: "_Box") -> None:
        """Let time pass at the panel: what waited too long goes back."""
        before = box.station.journal.outbox()
        box.desk.coupons.tick(now_at(box.station), reading=False)
        if self._counters.recorded_since(box.station, before, "coupon let go"):
            self._world.mark("coupon let go")

    def _look_again(self, station: Station, run: int) -> None:
        busy = (station.name, run) in self._busy
        if station.up and station.run == run and not busy:
            station.act(lambda: self._let_go(self._box(station)))

    def _bring(self, box: "_Box", handed: Handed | None) -> KeptCoupon | None:
        """Scan or type a coupon and key in the bill; return what the till keeps of it then."""
        station, rng, desk = box.station, box.station.chance, box.desk
        if handed is None:
            return None
        typed = rng.random() < 0.3
        scan = VoucherCode(handed.code, None) if typed else VoucherCode(None, handed.signed)
        box.asked.clear()
        desk.scanned(scan, now_at(station))
        for question in tuple(box.asked):
            answer = answer_to(station, question)
            if not isinstance(answer, VoucherAnswered):
                continue
            if answer.answer is None:
                self._world.mark("coupon's answer did not come")
            desk.answered(answer)
        for wait_ms in (_LATER_MS, 2 * _LATER_MS):  # the first look begins the time of this run
            self._world.after(wait_ms, partial(self._look_again, station, station.run))
        shown = desk.coupons.shown
        if shown is None or shown.kept.voucher_code != handed.code:
            if desk.shown is not None:
                self._world.mark(f"coupon not taken: {desk.shown.phrase.code}")
            return None
        self._world.mark("coupon kept")
        due_fen = rng.choice((5_000, 20_000, rng.randrange(5_000, 90_000)))
        desk.coupons.typed(f"{due_fen // 100}.{due_fen % 100:02d}", now_at(station))
        return None if desk.coupons.shown is None else desk.coupons.shown.kept

    def _from_pocket(self, station: Station) -> Handed | None:
        """Return whose coupon is shown, perhaps a new one; some were on a bill before."""
        rng = station.chance
        if rng.random() < 0.4:
            self._redeemers.redeem(station, rng.choice(_COUPONS))
        coupons = [one for one in self._facts.handed if one.coupon is not None][-_IN_MIND:]
        used = {one.handed.code for one in self._facts.on_bills[-_IN_MIND:]}
        again = [one for one in coupons if one.code in used | self._facts.given_back.keys()]
        if again and rng.random() < 0.4:
            return rng.choice(again)
        return rng.choice(coupons) if coupons else None

    def _print(self, box: "_Box", terms: Terms, kept: KeptCoupon, holder: Holder | None) -> None:
        """Let the POS print the receipt of a coupon's bill, rightly or not, and the till look."""
        station, rng, desk = box.station, box.station.chance, box.desk
        wanted = rng.choice(("matched",) * 6 + ("no_line", "other_amount"))
        receipt, off_fen = self._paper(station, kept, wanted)
        late = (receipt.printed_at or "")[:10] > kept.valid_until
        wanted = "too_late" if late and wanted == "matched" else wanted
        now = now_at(station)
        readings, found = desk.coupons.receipt_of(
            (reading_of(receipt, off_fen),), now.boottime_s, station.shop, now
        )
        also = [body for one in found for body in one.bodies]
        outcomes = [_outcome(body) for body in also]
        self._world.hold("E3 a till knows its coupon", outcomes != [wanted] and (kept, outcomes))
        receipt = readings[0].receipt(station.shop)
        earning_fen = basket_of(receipt, "food", terms.book).earning_fen
        more = wanted == "matched" and earning_fen != kept.bill.due_fen - kept.bill.paid_fen
        self._world.hold("E4 what a coupon took off earns nothing", more and (kept, earning_fen))
        sold = self._counters.sell(station, holder, receipt, earning_fen, also)
        if sold is None:
            return
        self._facts.sold.append(sold)
        self._world.mark(f"coupon {wanted}")
        if wanted == "matched":
            owed = (sold.fingerprint, sold.number, receipt.owed_fen)
            bill = self._taken_off(station, kept, sold.told[0], owed)
            self._try_again(station, bill.handed)
        desk.coupons.recorded()

    def _try_again(self, station: Station, handed: Handed) -> None:
        """Let the till die, and whoever stands there show the same coupon when it is back."""
        rng = station.chance
        if self._world.fault("reboot", 0.25):
            dies_ms, back_ms = rng.randrange(60_000), rng.randrange(1_000, 60_000)
            how: Fault = rng.choice(("kill", "power"))
            self._world.after(dies_ms, partial(station.die, how, back_ms=back_ms))
            again_ms = dies_ms + back_ms + rng.randrange(60_000)
            again = partial(self.use, station, handed)
            self._world.after(again_ms, partial(station.act, again))

    def _paper(
        self, station: Station, kept: KeptCoupon, wanted: str
    ) -> tuple[Receipt, tuple[int, ...]]:
        """Return a receipt, and what it says was taken off before its amount due."""
        bill, off_fen = kept.bill, kept.bill.paid_fen + (50 if wanted == "other_amount" else 0)
        tenders: tuple[Tender, ...] = (Tender("cash", bill.due_fen),)
        if wanted == "no_line":
            return self._counters.receipt(station, Kind.SALE, bill.due_fen, tenders=tenders), ()
        if station.chance.random() < 0.4:
            tenders = (Tender(COUPON_KIND, off_fen), Tender("cash", bill.due_fen - off_fen))
            return self._counters.receipt(station, Kind.SALE, bill.due_fen, tenders=tenders), ()
        owed_fen = bill.due_fen - off_fen
        return self._counters.receipt(station, Kind.SALE, owed_fen), (off_fen,)

    def _decide(self, box: "_Box", kept: KeptCoupon) -> None:
        """Let a person say what became of a coupon whose receipt does not fit."""
        station, rng, coupons = box.station, box.station.chance, box.desk.coupons
        if rng.random() < 0.3:
            return  # nobody cares yet
        before, now = station.journal.outbox(), now_at(station)
        if rng.random() < 0.5:
            coupons.put_back("the till did not take it", now)
            if self._counters.recorded_since(station, before, "coupon put back"):
                self._world.mark("coupon put back")
            return
        coupons.take(now)
        told = self._counters.recorded_since(station, before, "coupon taken")
        sale = station.journal.sale_by_fingerprint(kept.fingerprint)
        if told and sale is not None:
            self._world.mark("coupon taken by a person's word")
            receipt = sale.sale.receipt
            owed = (kept.fingerprint, receipt.number or "", receipt.owed_fen)
            self._taken_off(station, kept, told[-1], owed)

    def _taken_off(
        self, station: Station, kept: KeptCoupon, told: Told, owed: tuple[str, str, int]
    ) -> OnBill:
        handed = next(one for one in self._facts.handed if one.code == kept.voucher_code)
        bill = OnBill(told, handed, station.shop, kept.bill, *owed)
        self._facts.on_bills.append(bill)
        return bill


class _Box:
    """What one run of a till has for coupons, with what it asks central."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.run = station.run
        self.asked: list[Ask] = []
        token = token_of(station.chance)
        self.desk = HandingIn(station.journal, station.identity(), self.asked.append, token)


def _outcome(body: object) -> str:
    if isinstance(body, CouponChecked):
        return body.outcome
    return "matched" if isinstance(body, VoucherUse) else ""
