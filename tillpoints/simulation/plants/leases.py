"""Bugs to plant in leases: granting, arming, spending and giving back."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from central import schema
from central.ledger.commands import Decision
from central.ledger.lease_commands import GrantLease
from central.ledger.writing.turns import run_turn
from edge_agent.journal.errors import LeaseClosed
from edge_agent.journal.spending.arming import Arming
from edge_agent.sync.calls import Done
from loyalty.events import LeaseGrant, Moment
from loyalty.wire import LeaseAnswer
from tillpoints.simulation.plants import Patch


def grant_not_idempotent() -> Sequence[Patch]:
    """The same request gets another lease each time."""
    decide = GrantLease.decide

    def again(self: GrantLease, state: Any, at: Any) -> Decision:
        if state.requests.get((self.device_id, self.request_id)) is None:
            return decide(self, state, at)
        return decide(structs.replace(self, request_id=self.lease_id), state, at)

    return [("central.ledger.lease_commands.GrantLease.decide", again)]


def refusal_forgotten() -> Sequence[Patch]:
    """A request for a lease that was answered with no is decided anew each time."""
    decide = GrantLease.decide

    def forgetful(self: GrantLease, state: Any, at: Any) -> Decision:
        told = state.refusals.get((self.device_id, self.request_id))
        if told is None:
            return decide(self, state, at)
        fresh = structs.replace(self, request_id=self.lease_id)
        decision = decide(fresh, state, at)
        bodies = [structs.replace(one, request_id=self.request_id) for one in decision.bodies]
        grants = tuple(one for one in bodies if isinstance(one, LeaseGrant))
        return structs.replace(decision, bodies=grants)

    return [("central.ledger.lease_commands.GrantLease.decide", forgetful)]


def lease_in_any_epoch() -> Sequence[Patch]:
    """Central grants a lease in the open epoch, whichever one the caller is in."""
    decide = GrantLease.decide

    def generous(self: GrantLease, state: Any, at: Any) -> Decision:
        open_epoch, head = 1, state.heads.get((self.device_id, 1))
        while head is not None and head.sealed:
            open_epoch += 1
            head = state.heads.get((self.device_id, open_epoch))
        return decide(structs.replace(self, epoch=open_epoch), state, at)

    return [
        ("central.ledger.lease_commands.GrantLease.decide", generous),
        ("edge_agent.journal.spending.leasing.check_spendable", lambda *_: None),
    ]


def lease_free_at_ttl() -> Sequence[Patch]:
    """Central frees a lease when its time is over, whatever the till has done with it."""
    overdue = (
        "SELECT lease_id, account_id, amount FROM lease JOIN inbox ON inbox.turn = lease.turn"
        " AND inbox.kind = 101 WHERE state = 0 AND spent = 0 AND received_ms + ttl_s * 1000 < ?"
        " GROUP BY lease_id"
    )

    def turn(connection: Any, shard_key: int, items: Sequence[Any], *rest: Any) -> list[object]:
        for lease_id, account_id, amount in connection.exec_driver_sql(overdue, rest[:1]).all():
            a, le = schema.account, schema.lease
            freed = a.update().where(a.c.shard_key == shard_key, a.c.account_id == account_id)
            connection.execute(freed.values(held=a.c.held - amount))
            closed = le.update().where(le.c.shard_key == shard_key, le.c.lease_id == lease_id)
            connection.execute(closed.values(state=1))
        return run_turn(connection, shard_key, items, *rest)

    return [("central.sync.service.run_turn", turn)]


def lease_never_returned() -> Sequence[Patch]:
    """A lease that a dead run asked for is given back by nobody."""
    return [("edge_agent.sync.syncer.give_back", lambda *_: Done())]


def armed_for_ever() -> Sequence[Patch]:
    """A till spends a lease whenever it likes, in whichever run and however late."""
    return [("edge_agent.journal.spending.arming.Arming.session", lambda *_: "")]


def armed_across_reboot() -> Sequence[Patch]:
    """A till keeps the right to spend where its next run, after a reboot too, finds it again."""
    answered = Arming.answered
    kept: dict[str, tuple[str, int]] = {}

    def keep(self: Arming, request_id: str, answer: LeaseAnswer) -> None:
        answered(self, request_id, answer)
        kept.update(self._armed)

    def session(_self: Arming, lease_id: str, _at: object) -> str:
        if lease_id not in kept:
            raise LeaseClosed(lease_id)
        return kept[lease_id][0]

    return [
        ("edge_agent.journal.spending.arming.Arming.answered", keep),
        ("edge_agent.journal.spending.arming.Arming.session", session),
    ]


def second_session_armed() -> Sequence[Patch]:
    """Central lends to every run of a device that asks."""
    return [("central.ledger.judging.arming.another_run", lambda *_: None)]


def wall_clock_in_leases() -> Sequence[Patch]:
    """A till counts a lease's time by the wall clock, which anybody can set."""
    asked, session = Arming.asked, Arming.session

    def by_wall(at: Moment) -> Moment:
        return structs.replace(at, boottime_ms=at.wall_ms)

    return [
        (
            "edge_agent.journal.spending.arming.Arming.asked",
            lambda me, one, at: asked(me, one, by_wall(at)),
        ),
        (
            "edge_agent.journal.spending.arming.Arming.session",
            lambda me, lease_id, at: session(me, lease_id, by_wall(at)),
        ),
    ]
