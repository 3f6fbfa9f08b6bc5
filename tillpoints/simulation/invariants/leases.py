"""What central lends, held against what devices may really spend.

L1 one answer to a request; L2 none of a sealed chain; I9 one armed run; L3 no more ahead than the
rules say; L4 nothing while what a lost database lent may still be spent; L5 the exposure that is
shown of a device is what is out there.
"""

from central.database import reading
from central.fleet.exposure import open_leases
from loyalty.leases import ANOTHER_RUN, ARMED_ELSEWHERE, READY_REWARD, spendable_ms
from loyalty.wire import LeaseAnswer, LeaseRequest
from tillpoints.simulation.invariants.facts import Facts, Granted
from tillpoints.simulation.invariants.observer import Observer
from tillpoints.simulation.machines.centre import SHARD, Central
from tillpoints.simulation.programme.activities import BOOK
from tillpoints.simulation.world import World

#: Answers to a lease request that another one may follow.
_NOT_NOW = ("lease_in_doubt", ARMED_ELSEWHERE)


class Leases:
    """Looks at every answer to a request for a lease, and at what is shown of them all."""

    def __init__(self, world: World, central: Central, observer: Observer, facts: Facts) -> None:
        self._world = world
        self._central = central
        self._observer = observer
        self._facts = facts

    def answered(self, device_id: bytes, asked: LeaseRequest, answer: LeaseAnswer) -> None:
        """Hold an answer; its lease may come to be in doubt later. `facts` are of this moment."""
        hold, facts = self._world.hold, self._facts
        again = bool(facts.leased.get((device_id, asked.request_id)))
        before = facts.leased.setdefault((device_id, asked.request_id), answer.lease_id)
        later = answer.refusal is not None and answer.refusal.code in _NOT_NOW
        if later and not before:
            del facts.leased[device_id, asked.request_id]
        wrong = answer.lease_id != before and not later
        hold("L1 one answer to a lease request", wrong and (asked, before, answer))
        sealed = not answer.refusal and self._observer.is_sealed(device_id, asked.epoch)
        hold("L2 no lease of a sealed chain", sealed and (asked, answer))
        if answer.refusal is not None:
            self._refused(answer.refusal.code, asked)
            return
        if not again:
            self._fresh(asked, answer)
        if not asked.session:
            return  # an agent of an older version, whose runs nobody can tell apart
        chain = (device_id, asked.epoch)
        others = facts.armed(chain, asked.session)
        if again:
            # Asked for again to be given back: this arms nobody, if its own time is over.
            others = [lease_id for lease_id in others if lease_id == answer.lease_id]
        hold("I9 one armed run", others and (asked, others))
        if again:
            return
        until_ms = self._world.now_ms + spendable_ms(answer.ttl_s)
        granted = Granted(chain, asked.session, answer.points, until_ms)
        facts.granted.setdefault(answer.lease_id, granted)

    def exposed(self) -> None:
        """L5: whatever a device may still spend is shown of it, and nothing is set aside unseen."""
        now_ms = self._central.now_ms()
        with reading(self._central.engine) as connection:
            shown = open_leases(connection, SHARD, now_ms)
        left = {one.lease_id: (key, one.left) for key, some in shown.items() for one in some}
        for lease_id, one in self._facts.granted.items():
            if one.until_ms <= self._world.now_ms or lease_id in self._facts.settled:
                continue
            wrong = left.get(lease_id) != (one.chain[0], one.points)
            found = wrong and (lease_id, one, left.get(lease_id))
            self._world.hold("L5 what may be spent is shown", found)
        held, total = self._observer.accounts.held, sum(points for _, points in left.values())
        self._world.hold("L5 what is set aside is shown", held != total and (held, total))

    def _refused(self, code: str, asked: LeaseRequest) -> None:
        if code in {ANOTHER_RUN, ARMED_ELSEWHERE}:
            self._world.mark("another run is armed")
        if code == "after_restore":
            self._world.mark("census")
        if asked.reward_id == READY_REWARD:
            self._world.mark(f"not lent ahead: {code}")

    def _fresh(self, asked: LeaseRequest, answer: LeaseAnswer) -> None:
        """Hold a new lease against what is out there already."""
        facts, now_ms = self._facts, self._world.now_ms
        free = [
            (lease_id, one)
            for lease_id, one in facts.forgotten.items()
            if one.until_ms > now_ms and lease_id not in facts.settled
        ]
        self._world.hold("L4 none while a lost one may be spent", free and (asked, free))
        if asked.reward_id != READY_REWARD:
            return
        self._world.mark("lent ahead")
        most = min(BOOK.offline_points, BOOK.redeem_limit_points)
        over = not 0 < answer.points <= most
        self._world.hold("L3 no more ahead than the rules say", over and (asked, answer))
        available = self._observer.accounts.left_behind.get(answer.lease_id)
        less = available is not None and answer.points > available
        found = less and (asked, answer, available)
        self._world.hold("L3 no more ahead than half of what there is", found)
