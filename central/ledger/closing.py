"""Settling a case: a person's word that an event is judged again, counts, or does nothing.

All are events of central's own chain, so a replay settles it too; the event's bytes stay for ever.
"""

from collections.abc import Iterable

from msgspec import UNSET, Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import Decision
from central.ledger.judging.fold import CASE_CLOSED, OPEN_VERDICTS
from central.ledger.judging.numbers import SAME_NUMBER
from central.ledger.judging.prices import OFF_CATALOGUE
from central.ledger.judging.returning import VOUCHER_USED
from central.ledger.judging.reviews import SCANNED_ELSEWHERE
from central.ledger.judging.rows import CENTRAL_DEVICE, CENTRAL_EPOCH, Identity, read_body
from central.ledger.judging.sales import DUPLICATE_RECEIPT
from central.ledger.judging.state import State
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want
from loyalty.chain import Frame
from loyalty.events import KINDS, CaseAccepted, CaseClosed, Moment, Rejudge
from loyalty.wire import Verdict

#: What a person may say at most, so that it fits an event.
WHY_MAX = 200
_KINDS = tuple(kind for kind, body in KINDS.items() if body in (CaseAccepted, CaseClosed, Rejudge))
#: What central writes when a person has an event of such a verdict judged again.
AGAIN: dict[Verdict, type[Rejudge] | type[CaseAccepted]] = {
    Verdict.QUARANTINED: Rejudge,
    Verdict.PENDING_REF: CaseAccepted,  # of a receipt that only looks like another one
}
_DAMAGED = (Verdict.CORRUPT_BODY, Verdict.LOST)
_RAISED = (VOUCHER_USED, OFF_CATALOGUE, SAME_NUMBER, SCANNED_ELSEWHERE)


class Settled(Struct, frozen=True):
    """What was done about a case: which event, when (ms UTC), by whom and why; empty: by central.

    `again`: it was judged again, and may be a case once more. `accepted`: it was, as a receipt of
    its own. Else it was closed.
    """

    device_id: str
    epoch: int
    seq: int
    was: str
    settled_ms: int
    staff: str
    why: str
    again: bool
    accepted: bool


class NotSettled(ValueError):
    """There is no such case, or not for this; the message says why, in both languages."""


class CloseCase(Struct, frozen=True):
    """Give an event up whose verdict was `was`; answers whether it still was."""

    identity: Identity
    was: Verdict
    staff: str
    why: str
    adjusted: int = 0

    def wants(self) -> Iterable[Want]:
        """Return the event."""
        yield "pending", self.identity

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the closing, unless the event was judged again meanwhile."""
        device_id, epoch, seq = self.identity
        pending = state.pending.get(self.identity)
        if self.was in OPEN_VERDICTS and (pending is None or pending.verdict != self.was):
            return Decision((), lambda _: False)
        said, adjusted = (self.was, self.staff, self.why), self.adjusted or UNSET
        closed = CaseClosed(at, device_id.hex(), epoch, seq, *said, adjusted)
        return Decision((closed,), lambda _: True)


class JudgeAgain(Struct, frozen=True):
    """Let a person's word have an event judged again whose verdict was `was`, a key of `AGAIN`.

    Answers whether it still was.
    """

    identity: Identity
    was: Verdict
    staff: str
    why: str

    def wants(self) -> Iterable[Want]:
        """Return the event, and what judging it reads."""
        yield "pending", self.identity

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the person's word, unless the event was settled meanwhile."""
        device_id, epoch, seq = self.identity
        pending = state.pending.get(self.identity)
        if pending is None or pending.verdict is not self.was:
            return Decision((), lambda _: False)
        word = AGAIN[self.was](at, device_id.hex(), epoch, seq, self.was, self.staff, self.why)
        return Decision((word,), lambda _: True)


def close_case(
    connection: Connection, shard_key: int, identity: Identity, staff: str, why: str, now_ms: int
) -> None:
    """Close the case of an event, in the caller's transaction. Raises NotSettled."""
    was, reason, adjusted, place = _case(connection, shard_key, identity, staff, why)
    raised = was is Verdict.APPLIED_ADJUSTED and reason in _RAISED
    listed = raised or was in (*OPEN_VERDICTS, *_DAMAGED)
    if reason == CASE_CLOSED or not listed:
        raise NotSettled(f"{place}: 没有待处理的事项 / nothing is open about this event")
    closing = CloseCase(identity, was, staff, why, adjusted if raised else 0)
    _settle(connection, shard_key, closing, now_ms, place)


def judge_again(
    connection: Connection, shard_key: int, identity: Identity, staff: str, why: str, now_ms: int
) -> Verdict:
    """Judge an event in quarantine again, in the caller's transaction; return its verdict now.

    Other events that wait are judged again by what they wait for. Raises NotSettled.
    """
    was, _, _, place = _case(connection, shard_key, identity, staff, why)
    if was is not Verdict.QUARANTINED:
        raise NotSettled(f"{place}: 未被隔离 / it is not in quarantine")
    _settle(connection, shard_key, JudgeAgain(identity, was, staff, why), now_ms, place)
    return _verdict(connection, shard_key, identity)[0]


def accept_case(
    connection: Connection, shard_key: int, identity: Identity, staff: str, why: str, now_ms: int
) -> Verdict:
    """Let a sale or a refund count whose receipt looks like one that has; return its verdict now.

    In the caller's transaction. Raises NotSettled.
    """
    was, reason, _, place = _case(connection, shard_key, identity, staff, why)
    if (was, reason) != (Verdict.PENDING_REF, DUPLICATE_RECEIPT):
        raise NotSettled(f"{place}: 不是重复小票 / it does not wait because of another receipt")
    _settle(connection, shard_key, JudgeAgain(identity, was, staff, why), now_ms, place)
    return _verdict(connection, shard_key, identity)[0]


def settled_cases(connection: Connection, shard_key: int) -> list[Settled]:
    """Return what was done about cases, in the order it was done."""
    t = schema.inbox
    chain = (t.c.device_id == CENTRAL_DEVICE, t.c.epoch == CENTRAL_EPOCH, t.c.kind.in_(_KINDS))
    query = select(t).where(t.c.shard_key == shard_key, *chain).order_by(t.c.seq)
    found = []
    for row in connection.execute(query):
        body = read_body(Frame(row.kind, row.kind_version, row.body))
        assert isinstance(body, CaseAccepted | CaseClosed | Rejudge)  # central wrote it
        again, accepted = isinstance(body, Rejudge), isinstance(body, CaseAccepted)
        if again and not body.staff:
            continue  # what it waited for came
        was = Verdict(body.was).name.lower()
        place = (body.device, body.epoch, body.seq)
        found.append(Settled(*place, was, row.received_ms, body.staff, body.why, again, accepted))
    return found


def _case(
    connection: Connection, shard_key: int, identity: Identity, staff: str, why: str
) -> tuple[Verdict, str, int, str]:
    """Return verdict, reason and adjusted points of an event, and its place as people write it."""
    place = f"{identity.epoch}/{identity.seq}"
    if any(not text.strip() or len(text) > WHY_MAX or "\0" in text for text in (staff, why)):
        most = f"{WHY_MAX} 字 / at most {WHY_MAX} characters"
        raise NotSettled(f"请说明经手人和原因，最多 {most}: say who settles it and why")
    return (*_verdict(connection, shard_key, identity), place)


def _verdict(
    connection: Connection, shard_key: int, identity: Identity
) -> tuple[Verdict, str, int]:
    t = schema.inbox
    which = (t.c.shard_key == shard_key, t.c.device_id == identity.device_id)
    query = select(t.c.verdict, t.c.reason, t.c.adjusted).where(*which, t.c.epoch == identity.epoch)
    row = connection.execute(query.where(t.c.seq == identity.seq)).one_or_none()
    if row is None or identity.device_id == CENTRAL_DEVICE:
        place = f"{identity.epoch}/{identity.seq}"
        raise NotSettled(f"{place}: 没有这样的事件 / there is no such event")
    return Verdict(row.verdict), row.reason, row.adjusted


def _settle(
    connection: Connection,
    shard_key: int,
    command: CloseCase | JudgeAgain,
    now_ms: int,
    place: str,
) -> None:
    answer = run_turn(connection, shard_key, [command], now_ms)[0]
    if isinstance(answer, Exception):
        raise answer
    if not answer:
        raise NotSettled(f"{place}: 刚刚已有结论 / it was decided this moment")
