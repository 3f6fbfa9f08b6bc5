"""Leases that went with a lost database, made again for the spends that name them (SYNC 2.5).

After a restore a spend may come whose lease was granted behind the backup. It happened at the
counter and only central grants leases, so the lease and its voucher are made again by events of
central's own chain: at once where the member has the points, at the house's cost only when they
cannot come any more. A spend that says it happened later than any such lease lived waits for a
person, like every spend under a lease that nobody knows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import UNSET, Struct, structs
from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import Decision
from central.ledger.judging import prices
from central.ledger.judging.accounts import wallet_id
from central.ledger.judging.entry import AMOUNT_MAX
from central.ledger.judging.owners import holder_at, keeper
from central.ledger.judging.rows import Event, Identity
from central.ledger.judging.state import State
from central.ledger.judging.wallets import is_key
from central.ledger.writing.wants import Want
from loyalty.catalogue import Details, coupon_of, had_name
from loyalty.codes import is_short_code
from loyalty.events import (
    Body,
    CaseClosed,
    Holder,
    LeaseClose,
    LeaseRemade,
    Moment,
    Redeem,
)
from loyalty.leases import READY_REWARD
from loyalty.rules.tender import NO_END, TENDER_REWARD
from loyalty.wire import Verdict

#: The reason of an event that waits for a lease.
LEASE_UNKNOWN = "lease_unknown"
_TEXT_MAX = 128


class RemakeLeases(Struct, frozen=True):
    """Make the leases again that these events wait for; answers how many are left for later.

    Those are left whose points are not there, until `all_told` and their member is known. No lease
    of the lost database could be spent after `until_ms`. `homes` names the one till that may take
    the vouchers of a reward offline, and so does each of `tills` what it was lent ahead; a voucher
    counts until `valid_until`.
    """

    identities: tuple[Identity, ...]
    until_ms: int
    homes: Mapping[str, str]
    tills: frozenset[str]
    valid_until: str
    all_told: bool

    def wants(self) -> Iterable[Want]:
        """Return the events, and what judging them reads."""
        return (("pending", identity) for identity in self.identities)

    def decide(self, state: State, at: Moment) -> Decision:
        """Return a lease for each spend that lacks one; close what gave an unspent one back."""
        bodies: list[Body] = []
        made: set[str] = set()
        taken: dict[str, int] = defaultdict(int)
        left = 0
        for event in self._waiting(state):
            match event.body:
                case Redeem() as spend if self._lacks(state, spend, made):
                    member = _member(_payer(state, event, spend))
                    if not self._may(state, spend, member, taken[member]):
                        left += 1
                        continue
                    taken[member] += spend.points
                    bodies.append(self._remade(state, event, spend, at))
                    made |= {spend.lease_id, spend.voucher_code}
                case LeaseClose(lease_id=lease_id, spent=0) if lease_id not in made:
                    device_id, epoch, seq = event.identity
                    was = Verdict.PENDING_REF
                    bodies.append(CaseClosed(at, device_id.hex(), epoch, seq, was, "", ""))
        return Decision(tuple(bodies), lambda _: left)

    def _may(self, state: State, spend: Redeem, member: str, taken: int) -> bool:
        """Tell whether a lease is made now: its points are there, or will never be."""
        if self.all_told and state.members.get(member) is not None:
            return True
        account = state.accounts.get(wallet_id(Holder("member", member))) if member else None
        return account is not None and spend.points <= account.available - taken

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
        if not is_key(spend.holder.key):
            return False
        known = state.leases.get(spend.lease_id), state.vouchers.get(spend.voucher_code)
        return known == (None, None)

    def _remade(self, state: State, event: Event, spend: Redeem, at: Moment) -> LeaseRemade:
        device, payer = event.identity.device_id.hex(), _payer(state, event, spend)
        member = _member(payer)
        known = state.members.get(member)
        paid = spend.reward_id == TENDER_REWARD  # only its own till finds the receipt, whenever
        ahead = spend.pieces is not UNSET  # lent for no reward yet: the spend says what for
        own = paid or (ahead and device in self.tills)
        remade = LeaseRemade(
            at=at,
            lease_id=spend.lease_id,
            holder=payer,
            device=device,
            epoch=event.epoch,
            points=spend.points,
            reward_id=READY_REWARD if ahead else spend.reward_id,
            voucher_code=spend.voucher_code,
            home_device=device if own else None if ahead else self.homes.get(spend.reward_id),
            valid_until=NO_END if paid else self.valid_until,
        )
        if paid:
            return remade
        remade = structs.replace(remade, tier_id=known.tier_id if known is not None else "")
        return remade if ahead else _on_terms(remade, state, event, spend, member)


def _on_terms(
    remade: LeaseRemade, state: State, event: Event, spend: Redeem, member: str
) -> LeaseRemade:
    """Return a lease made again with what the catalogue says of its reward."""
    pieces, details, day = prices.as_bought(state, event, spend)
    inside = ((one.reward_id, one.pieces, _newest(state, one.reward_id)) for one in details.parts)
    counted: dict[str, int] = {}
    for reward_id, each, terms in ((spend.reward_id, 1, details), *inside):
        name = had_name(reward_id, member, terms, day)
        if name is not None:
            counted[name] = counted.get(name, 0) + each * pieces
    coupon = coupon_of(details) or UNSET
    return structs.replace(remade, pieces=pieces, counted=counted, coupon=coupon)


def _newest(state: State, reward_id: str) -> Details:
    history = state.terms.get(reward_id)
    return history[-1].details if history else Details()


def _payer(state: State, event: Event, spend: Redeem) -> Holder:
    """Return whose points were spent: a card may be somebody else's by now, or nobody's."""
    return keeper(state, holder_at(state, spend.holder, event.earliest_ms))


def _member(payer: Holder) -> str:
    return payer.key if payer.kind == "member" else ""


def that_wait(connection: Connection, shard_key: int) -> tuple[Identity, ...]:
    """Return the events that wait for a lease nobody knows, in the order they came."""
    t = schema.inbox
    query = select(t.c.turn, t.c.place, t.c.device_id, t.c.epoch, t.c.seq)
    waits = (schema.is_open, t.c.verdict == int(Verdict.PENDING_REF), t.c.reason == LEASE_UNKNOWN)
    found = connection.execute(query.where(t.c.shard_key == shard_key, *waits))
    return tuple(Identity(*row[2:]) for row in sorted(map(tuple, found)))
