"""Who pays a part of a bill with points at a till, and what the POS then prints of it.

Most receipts say it; some lack the line, name another amount, or never come. The till of the
product finds out which is which; a person takes back what could not be matched. Some bring the
goods back, to any till of the shop.
"""

from msgspec import structs

from edge_agent.asking import Ask, lease_request
from edge_agent.effects import AskCancel, AskLease, Member, Terms
from edge_agent.messages import CancelAnswered, LeaseAnswered
from edge_agent.people import holder_member
from edge_agent.sync.calls import Offline
from edge_agent.till.tendering import Tendering
from loyalty.events import Bill, Holder, Refund, TenderChecked
from loyalty.receipt import Kind, Tender
from loyalty.rules.basket import basket_of
from loyalty.rules.refunds import take_back
from loyalty.rules.tender import TENDER_KIND
from loyalty.tender_events import Outcome
from loyalty.wire import CancelRequest, LeaseAnswer
from tillpoints.simulation.invariants.facts import Facts, Paid, Told
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people import cards
from tillpoints.simulation.people.counters import Counters, now_at, terms_of, token_of
from tillpoints.simulation.people.papers import reading_of
from tillpoints.simulation.world import World

_STEP_POINTS = 100
#: How many of the bills of last have goods that are still in people's hands.
_IN_MIND = 12


class Payers:
    """Everybody who pays with points in one run."""

    def __init__(self, world: World, facts: Facts, counters: Counters) -> None:
        self._world = world
        self._facts = facts
        self._counters = counters
        #: The runs of devices at which somebody is paying: a till has one such box.
        self._busy: set[tuple[str, int]] = set()

    def pay(self, station: Station) -> None:
        """Pay with points, or clear up what was paid here and not found on a receipt yet."""
        terms, run = terms_of(station), (station.name, station.run)
        if terms is None or station.older or run in self._busy:
            return
        self._busy.add(run)
        try:
            self._serve(_Box(station, terms))
        finally:
            self._busy.remove(run)

    def bring_back(self, station: Station) -> None:
        """Bring the goods of a bill back that points paid a part of, all of them or a part.

        Its own till knows what of them earned; another one of the shop knows the number alone.
        """
        rng = station.chance
        mine = [one for one in self._facts.part_paid[-_IN_MIND:] if one.shop == station.shop]
        if not mine:
            return
        one = rng.choice(mine)
        known = station.journal.sale_by_fingerprint(one.fingerprint)
        owed_fen = fen = one.owed_fen if rng.random() < 0.6 else one.owed_fen // 2
        original, points = None, None
        if known is not None:
            fen = min(one.fen * owed_fen // one.owed_fen, one.fen - known.refunded_fen)
            if fen <= 0:
                return  # the till knows, and somebody looks at it
            original = one.fingerprint
            points = take_back(known.points, known.sale.eligible_fen, known.refunded_fen, fen)
        receipt = self._counters.receipt(station, Kind.REFUND, -owed_fen, one.number)
        body = Refund(station.moment(), receipt, "", -fen, original, points)
        if self._counters.record(station, [body]):
            self._world.mark("part-paid bill brought back")

    def _serve(self, box: "_Box") -> None:
        unsettled = box.station.journal.payments_unsettled()
        if not unsettled:
            self._spend(box)
        elif unsettled[0].outcome:
            self._take_back(box, unsettled[0].points)
        elif box.station.chance.random() < 0.4:
            self._print(box, unsettled[0].bill, unsettled[0].voucher_code, None)
        else:
            before = box.station.journal.outbox()
            box.desk.tick(now_at(box.station), reading=False)
            if self._counters.recorded_since(box.station, before, "payment without its receipt"):
                self._world.mark("payment raised")

    def _spend(self, box: "_Box") -> None:
        station, desk, rng = box.station, box.desk, box.station.chance
        member = holder_member(station.journal, cards.redeemer_at(station, _STEP_POINTS))
        due_fen = rng.choice((20_000, 21_400, rng.randrange(20_000, 90_000)))
        desk.open(member, box.terms)
        desk.typed(f"{due_fen // 100}.{due_fen % 100:02d}", box.terms)
        bill = desk.shown.bill if desk.shown is not None else Bill(due_fen, 0)
        desk.confirm(box.terms)
        for question in box.asked:
            if isinstance(question, AskLease):
                lease = station.online.lease(lease_request(question))
                known = None if isinstance(lease, Offline) else lease
                self._lent(box, LeaseAnswered(question.request_id, known), member, bill)

    def _lent(self, box: "_Box", told: LeaseAnswered, member: Member, bill: Bill) -> None:
        station, rng = box.station, box.station.chance
        before = station.journal.outbox()
        box.desk.answered(told, now_at(station))
        recorded = self._counters.recorded_since(station, before, "paid")
        if not recorded or told.answer is None:
            return
        self._world.mark("paid with points")
        self._facts.paid.append(_paid(station, told.answer, member, bill, recorded[-1]))
        if rng.random() < 0.15:
            return  # no receipt comes
        station.sleep(rng.randrange(1_000, 120_000))
        self._print(box, bill, told.answer.voucher_code, member.holder)

    def _print(self, box: "_Box", bill: Bill, code: str, holder: Holder | None) -> None:
        """Let the POS print the receipt of a bill, rightly or not, and the till look at it."""
        station, rng = box.station, box.station.chance
        printed: Outcome = rng.choice(("matched",) * 6 + ("no_line", "other_amount"))
        named = rng.random() < 0.5 or printed == "other_amount"
        tenders = _tenders(bill, printed, TENDER_KIND if named else "voucher")
        receipt = self._counters.receipt(station, Kind.SALE, bill.due_fen, tenders=tenders)
        now = now_at(station)
        readings, found = box.desk.receipt_of(
            (reading_of(receipt),), now.boottime_s, station.shop, now
        )
        also = [body for one in found for body in one.bodies]
        outcomes = [one.outcome for one in also if isinstance(one, TenderChecked)]
        self._world.hold("E1 a till knows its receipt", outcomes != [printed] and (bill, outcomes))
        receipt = readings[0].receipt(station.shop)
        earning_fen = basket_of(receipt, "food", box.terms.book).earning_fen
        paid = printed == "matched" and earning_fen != bill.due_fen - bill.paid_fen
        self._world.hold("E2 what points paid earns nothing", paid and (bill, earning_fen))
        sold = self._counters.sell(station, holder, receipt, earning_fen, also)
        if sold is None:
            return
        self._facts.sold.append(sold)
        self._world.mark(f"payment {printed}")
        if printed == "matched":
            self._facts.matched[code].append(sold.told[0])
            self._facts.part_paid.append(sold)

    def _take_back(self, box: "_Box", points: int) -> None:
        """Let a person give points back that paid for nothing anybody can find."""
        station = box.station
        if station.chance.random() < 0.3:
            return  # nobody cares yet
        box.desk.take_back("not on the receipt")
        for question in box.asked:
            if not isinstance(question, AskCancel):
                continue
            request = CancelRequest(*structs.astuple(question))
            answer = station.online.cancel(request)
            known = None if isinstance(answer, Offline) else answer
            before = station.journal.outbox()
            box.desk.cancelled(CancelAnswered(question.voucher_code, known), now_at(station))
            by = self._counters.recorded_since(station, before, "payment taken back")
            if known is not None and known.refusal is None and by:
                self._world.mark("payment taken back")
                self._world.trace(station.name, "gave back", question.voucher_code, known.points)
                self._facts.gave_back(question.voucher_code, points, known.points, by)


class _Box:
    """The payment box of one till, with what it asks central."""

    def __init__(self, station: Station, terms: Terms) -> None:
        self.station = station
        self.terms = terms
        self.asked: list[Ask] = []
        self.desk = Tendering(
            station.journal, self.asked.append, lambda: None, token_of(station.chance)
        )


def _paid(station: Station, lease: LeaseAnswer, member: Member, bill: Bill, told: Told) -> Paid:
    return Paid(
        told=told,
        member=cards.member_of(member.holder),
        points=lease.points,
        code=lease.voucher_code,
        lease_id=lease.lease_id,
        shop=station.shop,
        bill=bill,
    )


def _tenders(bill: Bill, printed: Outcome, kind: str) -> tuple[Tender, ...]:
    """Return the payment lines of a bill as a POS prints them, rightly or not."""
    if printed == "no_line":
        return (Tender("cash", bill.due_fen),)
    paid_fen = bill.paid_fen + (50 if printed == "other_amount" else 0)
    return (Tender(kind, paid_fen), Tender("cash", bill.due_fen - paid_fen))
