"""Who redeems by the product's own flow, within what central lent their device ahead.

The points are lent when somebody opens the rewards. Then the line may die, or only seem to be dead;
some take so long that the time to spend is over or the run ends, some want more than was lent.
"""

from functools import partial

from msgspec import UNSET, Struct

from edge_agent import commands
from edge_agent.asking import Ask
from edge_agent.effects import AskLease, Member, Terms
from edge_agent.messages import LeaseAnswered
from edge_agent.people import holder_member
from edge_agent.redeeming.counter import Counter
from edge_agent.till.handing_in import HandingIn
from edge_agent.till.redeeming import Redeeming
from loyalty.catalogue import coupon_of
from loyalty.events import Redeem, body_of
from loyalty.leases import READY_REWARD
from loyalty.wire import LeaseAnswer
from tillpoints.simulation.invariants.facts import Facts, Handed, Told
from tillpoints.simulation.machines.disk import Fault
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people import cards
from tillpoints.simulation.people.answers import answer_to
from tillpoints.simulation.people.counters import Counters, now_at, terms_of, token_of
from tillpoints.simulation.people.redeemers import Redeemers
from tillpoints.simulation.programme.wares import REWARDS
from tillpoints.simulation.world import HOUR_MS, World

_MINUTE_MS = 60_000
#: When nobody has spent what was lent, and its time is over.
_OVER_MS = 16 * _MINUTE_MS
#: Most want something that can be had without central.
_WANTED = (*("tea",) * 4, *("cake",) * 2, *(one.reward_id for one in REWARDS))


class Borrowers:
    """Everybody for whom points are lent ahead in one run."""

    def __init__(
        self, world: World, facts: Facts, counters: Counters, redeemers: Redeemers
    ) -> None:
        self._world = world
        self._facts = facts
        self._counters = counters
        self._redeemers = redeemers
        self._stands: dict[str, _Stand] = {}
        self._busy: set[tuple[str, int]] = set()

    def visit(self, station: Station) -> None:
        """Open the rewards, so that points are lent ahead, and redeem; or walk away."""
        terms, run = terms_of(station), (station.name, station.run)
        if terms is None or station.older or run in self._busy:
            return
        self._busy.add(run)
        try:
            self._serve(self._stand(station), terms)
        finally:
            self._busy.remove(run)

    def _stand(self, station: Station) -> "_Stand":
        stand = self._stands.get(station.name)
        if stand is None or stand.run != station.run:
            stand = self._stands[station.name] = _Stand(station)
            left = station.journal.stranded_leases(station.session)
            if any(one.request.reward_id == READY_REWARD for one in left):
                self._world.mark("lent ahead to an earlier run")
        return stand

    def _serve(self, stand: "_Stand", terms: Terms) -> None:
        station, rng = stand.station, stand.station.chance
        member = holder_member(station.journal, cards.redeemer_at(station, 100))
        stand.online = True
        stand.redeeming.tick(now_at(station))
        self._say(stand, commands.Rewards(), member, terms)
        run = station.run
        self._world.after(_OVER_MS, partial(self._look_again, station, run))
        if rng.random() < 0.2:
            return  # the visitor walks away
        if rng.random() < 0.25:
            self._take_time(station)
        self._lose_touch(stand)
        wanted = rng.choice(_WANTED)
        if self._redeem(stand, wanted, member, terms) and rng.random() < 0.5:
            # They want one more, and now nobody asks central.
            stand.online = False
            member = holder_member(station.journal, member.holder)
            self._say(stand, commands.Rewards(), member, terms)
            self._redeem(stand, "tea", member, terms)

    def _redeem(self, stand: "_Stand", wanted: str, member: Member, terms: Terms) -> bool:
        """Redeem a reward; tell whether it was had, and not out of what was lent ahead."""
        station, rng = stand.station, stand.station.chance
        self._say(stand, commands.Choose(wanted), member, terms)
        visit, ready = stand.redeeming.visit, stand.counter.reach(member, terms).ready
        if rng.random() < 0.5 and visit is not None:
            price, available = max(visit.price, 1), visit.available or 0
            lent = 0 if ready is None else ready.points
            all_of_it, more = available // price, (available - lent) // price + 1
            pieces = rng.choice((all_of_it, more, rng.randrange(2, 6)))
            self._say(stand, commands.Pieces(pieces), member, terms)
        before = station.journal.outbox()
        self._say(stand, commands.Confirm(), member, terms)
        told = self._counters.recorded_since(station, before, "redeemed")
        visit = stand.redeeming.visit
        if visit is not None and visit.refusal is not None:
            self._world.mark(f"not redeemed: {visit.refusal.code}")
        if visit is None or visit.voucher is None or not told:
            return False
        handed = self._took(stand, told, member)
        if handed is None:
            return False
        if station.sells and rng.random() < 0.5:
            self._redeemers.hand_over(station, handed)
        if ready is None or handed.lease_id == ready.lease_id:
            return False
        if ready.lease_id in self._facts.settled:
            self._world.mark("lent ahead given back for more")
        return True

    def _say(self, stand: "_Stand", message: object, member: Member, terms: Terms) -> None:
        """Let the screen take a touch, and everything that central answers to it."""
        station = stand.station
        stand.redeeming.handle(message, member, now_at(station), terms)
        while stand.asked:
            question = stand.asked.pop(0)
            asked_ms = station.moment().boottime_ms
            answer = answer_to(station, question)
            if isinstance(question, AskLease) and isinstance(answer, LeaseAnswered):
                stand.heard(question, answer.answer, asked_ms)
            stand.redeeming.handle(answer, member, now_at(station), terms)

    def _lose_touch(self, stand: "_Stand") -> None:
        """Let the line die, or only seem to; or let nobody know yet that it died."""
        station, rng = stand.station, stand.station.chance
        if self._world.fault("partition", 0.5):
            station.line.cut(rng.randrange(_MINUTE_MS, HOUR_MS))
            stand.online = rng.random() < 0.4
        else:
            stand.online = rng.random() < 0.5

    def _take_time(self, station: Station) -> None:
        """Take so long that the time to spend may be over, or the run."""
        rng = station.chance
        if self._world.fault("reboot", 0.5):
            how: Fault = rng.choice(("kill", "power"))
            back_ms = rng.randrange(1_000, 120_000)
            dies = partial(station.die, how, back_ms=back_ms)
            dies_ms = rng.randrange(1, _MINUTE_MS)
            self._world.after(dies_ms, dies)
            # Whoever waits there tries again as soon as it is back.
            again_ms = dies_ms + back_ms + rng.randrange(3_000)
            self._world.after(again_ms, partial(station.act, partial(self.visit, station)))
        if self._world.fault("clock_jump", 0.5):
            station.jump(-HOUR_MS)
        station.sleep(rng.choice((5 * _MINUTE_MS, 14 * _MINUTE_MS, _OVER_MS, HOUR_MS)))

    def _look_again(self, station: Station, run: int) -> None:
        stand = self._stands.get(station.name)
        if stand is None or stand.run != run or (station.name, run) in self._busy:
            return
        if not station.up or station.run != run:
            return
        station.act(lambda: stand.redeeming.tick(now_at(station)))
        station.sync_soon()

    def _took(self, stand: "_Stand", told: list[Told], member: Member) -> Handed | None:
        """Take note of a voucher that a visitor took away, and how it was paid."""
        station, visit = stand.station, stand.redeeming.visit
        if visit is None or visit.voucher is None:
            return None
        code, reward = visit.voucher.code, visit.voucher.reward
        spent = station.journal.redeemed(code)
        own = [one for one in told if self._is_of(one, code)]
        if spent is None or not own:
            return None
        ahead = spent.pieces is not UNSET
        if ahead:
            self._spent_ahead(stand, spent, member)
        handed = Handed(
            told=own[-1],
            member=cards.member_of(member.holder),
            points=spent.points,
            code=code,
            lease_id=spent.lease_id,
            signed=visit.voucher.signed,
            home=station.sells if ahead else reward.home_shop is not None,
            coupon=coupon_of(reward.details),
        )
        self._facts.handed.append(handed)
        return handed

    def _spent_ahead(self, stand: "_Stand", spent: Redeem, member: Member) -> None:
        self._world.mark("spent ahead")
        lent = stand.lent.get(spent.lease_id)
        wrong = lent is None or spent.points > lent.points or lent.member != member.holder
        self._world.hold("L6 spent ahead within what was lent", wrong and (spent, lent))
        late = lent is not None and spent.at.boottime_ms - lent.asked_ms >= lent.ttl_s * 1000
        self._world.hold("I9 spent while it is armed", late and (spent, lent))
        if stand.station.line.dead_ms():
            self._world.mark("spent ahead while the line was dead")

    def _is_of(self, told: Told, code: str) -> bool:
        body = body_of(self._facts.written[told.key][told.hash])
        return isinstance(body, Redeem) and body.voucher_code == code


class _Lent(Struct, frozen=True):
    """What this run was lent ahead, as central's answer said."""

    member: object
    points: int
    ttl_s: int
    asked_ms: int


class _Stand:
    """Where one run of a device redeems, with what it asks central."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self.run = station.run
        self.online = True
        self.asked: list[Ask] = []
        self.lent: dict[str, _Lent] = {}
        token, journal = token_of(station.chance), station.journal
        self.counter = counter = Counter(
            journal,
            "till" if station.sells else "kiosk",
            self.asked.append,
            lambda: self.online,
            token,
        )
        desk = HandingIn(journal, station.identity(), self.asked.append, token)
        self.redeeming = Redeeming(counter, desk, lambda: None, lambda: None)

    def heard(self, asked: AskLease, answer: LeaseAnswer | None, asked_ms: int) -> None:
        """Take note of what is lent ahead."""
        if asked.reward_id != READY_REWARD:
            return
        if answer is not None and answer.refusal is None:
            lent = _Lent(asked.holder, answer.points, answer.ttl_s, asked_ms)
            self.lent[answer.lease_id] = lent
