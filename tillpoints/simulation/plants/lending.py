"""Bugs to plant in points lent ahead: how many, for how long, and what is shown of them."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from central.fleet import exposure
from central.ledger.judging.accounts import wallet_id
from central.ledger.lease_commands import GrantLease
from central.ledger.offer import Offer
from central.sync import readying
from edge_agent.journal.journal import Journal
from edge_agent.redeeming.reach import why_not_offline
from loyalty.events import Holder
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason
from tillpoints.simulation.plants import Patch

_PLENTY = 100_000


def lent_elsewhere_not_counted() -> Sequence[Patch]:
    """What is lent ahead already does not count when half of a member's points is lent."""
    grant = GrantLease._grant  # noqa: SLF001

    def generous(self: GrantLease, state: Any, at: Any) -> Any:
        member, offer = self._member(state), self.offer
        wallet = state.accounts.get(wallet_id(Holder("member", member))) if member else None
        if not isinstance(offer, Offer) or not offer.spare or wallet is None:
            return grant(self, state, at)
        points = min(offer.points, wallet.posted // 2)
        return grant(structs.replace(self, offer=_of(offer, points)), state, at)

    return [("central.ledger.lease_commands.GrantLease._grant", generous)]


def no_ceiling() -> Sequence[Patch]:
    """The rule book does not say how much is lent ahead: half of what there is."""
    offer_of = readying.offer_of

    def rich(*args: Any) -> Offer | Reason:
        offer = offer_of(*args)
        if isinstance(offer, Reason):
            return offer
        return structs.replace(offer, points=_PLENTY, limit=_PLENTY)

    return [("central.sync.readying.offer_of", rich)]


def lent_again_after_a_restore() -> Sequence[Patch]:
    """Central lends at once after a restore, while tills may spend what the lost database lent."""
    return [("central.sync.census.wait_since", lambda *_: False)]


def more_than_was_lent() -> Sequence[Patch]:
    """A device that is cut off hands out what somebody wants, not what it was lent."""

    def generous(reach: Any, reward: Any, _cost: int, **more: Any) -> Any:
        return why_not_offline(reach, reward, 0, **more)

    return [
        ("edge_agent.redeeming.flow.why_not_offline", generous),
        ("edge_agent.journal.spending.leasing.check_spendable", lambda *_: None),
    ]


def given_back_and_kept() -> Sequence[Patch]:
    """A device tells central that it gave a lease back for a larger redemption, and keeps it."""
    return [("edge_agent.redeeming.lending.Lending.give_back", lambda *_: True)]


def not_shown() -> Sequence[Patch]:
    """What is lent ahead is no part of the exposure that is shown of a device."""
    shown = exposure.open_leases

    def less(*args: Any) -> Any:
        found = shown(*args)
        return {
            device: [one for one in some if one.reward_id != READY_REWARD]
            for device, some in found.items()
        }

    return [("tillpoints.simulation.invariants.leases.open_leases", less)]


def remade_without_its_till() -> Sequence[Patch]:
    """A lease ahead that is made again after a restore forgets whose till hands it over."""
    return [("central.sync.lost_leases._tills", lambda *_: frozenset())]


def remade_before_the_imports() -> Sequence[Patch]:
    """The house pays for a spend behind the backup before the member is imported again."""
    return [("central.ledger.remaking.RemakeLeases._may", lambda *_: True)]


def never_let_go() -> Sequence[Patch]:
    """What nobody spent in its time stays with the run that asked for it, and with the next."""
    return [
        ("edge_agent.redeeming.lending.Lending.tick", lambda *_: None),
        ("edge_agent.journal.journal.Journal.stranded_leases", _without_ahead()),
    ]


def _without_ahead() -> Any:
    stranded = Journal.stranded_leases

    def less(self: Journal, session: str) -> Any:
        found = stranded(self, session)
        return [one for one in found if one.request.reward_id != READY_REWARD]

    return less


def _of(offer: Offer, points: int) -> Offer:
    """Return an offer of so many points that are lent whether or not half is left."""
    return structs.replace(offer, points=points, spare=False)
