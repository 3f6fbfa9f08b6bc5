"""Who spends points on rewards: asks, keeps pieces while deciding, redeems, cancels, hands in."""

from collections.abc import Sequence
from functools import partial

from msgspec import structs

from edge_agent.asking import Ask
from edge_agent.effects import AskVoucher
from edge_agent.journal.errors import LeaseClosed
from edge_agent.messages import VoucherAnswered
from edge_agent.sync.calls import Offline
from edge_agent.till.handing_in import HandingIn
from loyalty.catalogue import coupon_of
from loyalty.codes import VoucherCode
from loyalty.events import Redeem, VoucherCancelled
from loyalty.wire import (
    CancelRequest,
    LeaseAnswer,
    LeaseRequest,
    ReserveRequest,
    RewardRow,
    VoucherRequest,
)
from tillpoints.simulation.invariants.facts import Facts, Handed
from tillpoints.simulation.machines.disk import Fault
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people import cards
from tillpoints.simulation.people.counters import Counters, now_at, token_of
from tillpoints.simulation.programme.wares import ENDLESS, REWARDS
from tillpoints.simulation.world import HOUR_MS, World

#: How many of the vouchers that were handed out last people still think of.
_IN_MIND = 8


class Redeemers:
    """Everybody who spends points on rewards in one run."""

    def __init__(self, world: World, facts: Facts, counters: Counters) -> None:
        #: The devices among which people choose.
        self.stations: Sequence[Station] = ()
        self._world = world
        self._facts = facts
        self._counters = counters
        #: What a visitor was about to take at a device when its run ended, by the device.
        self._cut_off: dict[str, tuple[str, Redeem]] = {}

    def redeem(self, station: Station, reward: RewardRow | None = None) -> None:
        """Ask for a reward; the voucher is handed out once the redemption is recorded."""
        rng = station.chance
        if station.name in self._cut_off and rng.random() < 0.5:
            self._go_on(station)
        alone = reward is None
        reward = reward or rng.choice(REWARDS)
        if not self._decided(station, reward, alone=alone):
            return
        asked = station.moment()
        request_id, holder = (
            f"{rng.getrandbits(64):016x}",
            cards.redeemer_at(station, reward.points),
        )
        ask = partial(station.online.lease, LeaseRequest(request_id, holder, reward.reward_id))
        answer = ask()
        if isinstance(answer, Offline) and rng.random() < 0.5:
            answer = ask()
        if isinstance(answer, Offline):
            return
        if answer.refusal is not None:
            self._world.mark(f"lease refused: {answer.refusal.code}")
            return
        self._world.mark("lease granted")
        if rng.random() < 0.1:
            return  # the visitor walks away
        spend = (answer.lease_id, answer.points, reward.reward_id, answer.voucher_code)
        body = Redeem(asked, holder, *spend)
        if rng.random() < 0.35:
            self._take_time(station, body, answer)
        body = structs.replace(body, at=station.moment())
        try:
            told = self._counters.record(station, [body])
        except LeaseClosed:
            self._world.mark("lease was not to be spent any more")
            station.journal.lease_dropped(request_id)
            return
        late = body.at.boottime_ms - asked.boottime_ms >= answer.ttl_s * 1000
        self._world.hold("I9 spent while it is armed", late and (station.name, answer))
        for one in told:
            handed = Handed(
                told=one,
                member=cards.member_of(holder),
                points=answer.points,
                code=answer.voucher_code,
                lease_id=answer.lease_id,
                signed=answer.voucher_signed,
                home=reward.home_shop is not None,
                coupon=coupon_of(reward.details),
            )
            self._facts.handed.append(handed)

    def _decided(self, station: Station, reward: RewardRow, *, alone: bool) -> bool:
        """Let central keep a piece while a visitor decides; tell whether they want it.

        While one who came alone decides, others want the same elsewhere.
        """
        rng = station.chance
        if reward.reward_id in ENDLESS or rng.random() < 0.4:
            return True  # nobody asked
        kept = station.online.reserve(ReserveRequest(reward.reward_id, 1))
        if isinstance(kept, Offline):
            return True
        if kept.refusal is not None:
            self._world.mark(f"not kept: {kept.refusal.code}")
            return False
        self._world.mark("piece kept")
        if rng.random() < 0.3:
            for other in rng.sample(self.stations, 2) if alone else ():
                wants = partial(self.redeem, other, reward)
                self._world.after(rng.randrange(60_000), partial(other.act, wants))
            station.sleep(rng.choice((30_000, 90_000, 300_000)))
        if rng.random() < 0.7:
            return True
        if rng.random() < 0.5:
            station.online.reserve(ReserveRequest(reward.reward_id, 0))
        return False

    def _take_time(self, station: Station, body: Redeem, answer: LeaseAnswer) -> None:
        """Let a visitor take so long that the lease may end, or its run."""
        rng = station.chance
        self._cut_off[station.name] = (station.session, body)
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

    def _go_on(self, station: Station) -> None:
        """Try to finish, in a later run, what a visitor was about to take in an earlier one."""
        session, body = self._cut_off.pop(station.name)
        if session == station.session:
            return
        try:
            told = self._counters.record(station, [structs.replace(body, at=station.moment())])
        except LeaseClosed:
            self._world.mark("lease of an earlier run")
            return
        self._world.hold("I9 spent by the run it was lent to", told and (station.name, body))

    def cancel(self, station: Station) -> None:
        """Give a voucher back where it was made; some try one that is used, or gone already."""
        rng = station.chance
        mine = [one for one in self._facts.handed[-24:] if one.told.station == station.name]
        if not mine:
            return
        handed = rng.choice(mine[-4:])
        request = CancelRequest(f"{rng.getrandbits(64):016x}", handed.code)
        answer = station.online.cancel(request)
        if isinstance(answer, Offline) and rng.random() < 0.7:
            answer = station.online.cancel(request)
        if isinstance(answer, Offline):
            return
        if answer.refusal is not None:
            self._world.mark(f"not cancelled: {answer.refusal.code}")
            return
        self._world.mark("redemption cancelled")
        self._world.trace(station.name, "gave back", handed.code, answer.points)
        body = VoucherCancelled(station.moment(), handed.code, request.request_id, answer.points)
        by = [] if station.older else self._counters.record(station, [body])
        if by or station.older:
            self._facts.gave_back(handed.code, handed.points, answer.points, by)

    def hand_in(self, station: Station) -> None:
        """Hand a voucher in, scanned or typed; goods leave when the till accepts it."""
        goods = [one for one in self._facts.handed[-2 * _IN_MIND :] if one.coupon is None]
        if not goods:
            return
        rng, recent = station.chance, goods[-_IN_MIND:]
        handed = rng.choice(recent)
        done = self._facts.goods.keys() | self._facts.given_back.keys()
        again = [one for one in recent if one.code in done]
        if again and rng.random() < 0.4:
            handed = rng.choice(again)  # somebody tries it a second time, or after giving it back
        self.hand_over(station, handed)

    def hand_over(self, station: Station, handed: Handed) -> None:
        """Let a till take a voucher: goods leave when it accepts it."""
        rng, asked = station.chance, list[Ask]()
        desk = HandingIn(station.journal, station.identity(), asked.append, token_of(rng))
        typed = rng.random() < 0.4
        scan = VoucherCode(handed.code, None) if typed else VoucherCode(None, handed.signed)
        desk.scanned(scan, now_at(station))
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
