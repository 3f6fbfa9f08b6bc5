"""Leases that went with a lost database, made again for the spends that name them (SYNC 2.5).

After a restore a spend may come whose lease was granted behind the backup. It happened at the
counter and only central grants leases, so the lease and its voucher are made again by events of
central's own chain. A spend that says it happened later than any such lease lived waits for a
person, like every spend under a lease that nobody knows.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import UNSET, Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import Decision
from central.ledger.judging.entry import AMOUNT_MAX
from central.ledger.judging.rows import Event, Identity
from central.ledger.judging.state import State
from central.ledger.writing.wants import Want
from loyalty.codes import is_short_code
from loyalty.events import Body, CaseClosed, LeaseClose, LeaseRemade, Moment, Redeem
from loyalty.leases import READY_REWARD
from loyalty.rules.tender import NO_END, TENDER_REWARD
from loyalty.wire import Verdict

#: What `that_wait` gives at most.
AT_ONCE = 200
#: The reason of an event that waits for a lease.
LEASE_UNKNOWN = "lease_unknown"
_TEXT_MAX = 128


class RemakeLeases(Struct, frozen=True):
    """Make the leases again that these events wait for; answers how many events were written.

    No lease of the lost database could be spent after `until_ms`. `homes` names the one till that
    may take the vouchers of a reward offline, and so does each of `tills` what it was lent ahead; a
    voucher counts until `valid_until`.
    """

    identities: tuple[Identity, ...]
    until_ms: int
    homes: Mapping[str, str]
    tills: frozenset[str]
    valid_until: str

    def wants(self) -> Iterable[Want]:
        """Return the events, and what judging them reads."""
        return (("pending", identity) for identity in self.identities)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return a lease for each spend that lacks one; close what gave an unspent one back."""
        bodies: list[Body] = []
        made: set[str] = set()
        for event in self._waiting(state):
            match event.body:
                case Redeem() as spend if self._lacks(state, spend, made):
                    bodies.append(self._remade(state, event, spend, at))
                    made |= {spend.lease_id, spend.voucher_code}
                case LeaseClose(lease_id=lease_id, spent=0) if lease_id not in made:
                    device_id, epoch, seq = event.identity
                    was = Verdict.PENDING_REF
                    bodies.append(CaseClosed(at, device_id.hex(), epoch, seq, was, "", ""))
        return Decision(tuple(bodies), lambda _: len(bodies))

    def _waiting(self, state: State) -> Iterator[Event]:
        for identity in self.identities:
            pending = state.pending.get(identity)
            if pending is None or pending.verdict is not Verdict.PENDING_REF:
                continue
            if pending.event.earliest_ms <= self.until_ms:
                yield pending.event

    def _lacks(self, state: State, spend: Redeem, made: set[str]) -> bool:
        """Tell whether a spend may have its lease: what a device wrote may say anything."""
        if {spend.lease_id, spend.voucher_code} & made or not is_short_code(spend.voucher_code):
            return False
        texts = (spend.lease_id, spend.reward_id, spend.holder.key)
        if max(map(len, texts)) > _TEXT_MAX or not 0 < spend.points <= AMOUNT_MAX:
            return False
        known = state.leases.get(spend.lease_id), state.vouchers.get(spend.voucher_code)
        return known == (None, None)

    def _tier(self, state: State, spend: Redeem) -> str:
        known = state.members.get(spend.holder.key) if spend.holder.kind == "member" else None
        return "" if known is None else known.tier_id

    def _remade(self, state: State, event: Event, spend: Redeem, at: Moment) -> LeaseRemade:
        device = event.identity.device_id.hex()
        paid = spend.reward_id == TENDER_REWARD  # only its own till finds the receipt, whenever
        ahead = spend.pieces is not UNSET  # lent for no reward yet: the spend says what for
        own = paid or (ahead and device in self.tills)
        return LeaseRemade(
            at=at,
            lease_id=spend.lease_id,
            holder=spend.holder,
            device=device,
            epoch=event.epoch,
            points=spend.points,
            reward_id=READY_REWARD if ahead else spend.reward_id,
            voucher_code=spend.voucher_code,
            home_device=device if own else None if ahead else self.homes.get(spend.reward_id),
            valid_until=NO_END if paid else self.valid_until,
            tier_id=UNSET if paid else self._tier(state, spend),
        )


def that_wait(connection: Connection, shard_key: int) -> tuple[Identity, ...]:
    """Return the oldest events that wait for a lease nobody knows, at most 200."""
    t = schema.inbox
    query = select(t.c.turn, t.c.place, t.c.device_id, t.c.epoch, t.c.seq)
    waits = (schema.is_open, t.c.verdict == int(Verdict.PENDING_REF), t.c.reason == LEASE_UNKNOWN)
    found = connection.execute(query.where(t.c.shard_key == shard_key, *waits))
    return tuple(Identity(*row[2:]) for row in sorted(map(tuple, found))[:AT_ONCE])
