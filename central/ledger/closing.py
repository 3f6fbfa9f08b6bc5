"""Closing a case: a person's word that an event, which waits or cannot be read, does nothing.

It is an event of central's own chain, so a replay closes it too; the event's bytes stay for ever.
"""

from collections.abc import Iterable

from msgspec import Struct
from sqlalchemy import Connection, select

from central import schema
from central.ledger.commands import Decision
from central.ledger.judging.fold import CASE_CLOSED, OPEN_VERDICTS
from central.ledger.judging.returning import VOUCHER_USED
from central.ledger.judging.rows import CENTRAL_DEVICE, CENTRAL_EPOCH, Identity, read_body
from central.ledger.judging.state import State
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want
from loyalty.chain import Frame
from loyalty.events import KINDS, CaseClosed, Moment
from loyalty.wire import Verdict

#: What a person may say at most, so that it fits an event.
WHY_MAX = 200
_KIND = next(kind for kind, body in KINDS.items() if body is CaseClosed)
_DAMAGED = (Verdict.CORRUPT_BODY, Verdict.LOST)
_PAID_TWICE = (Verdict.APPLIED_ADJUSTED, VOUCHER_USED)


class Closed(Struct, frozen=True):
    """A case that was closed: which event, when (ms UTC), by whom and why; empty: by central."""

    device_id: str
    epoch: int
    seq: int
    was: str
    closed_ms: int
    staff: str
    why: str


class NotClosed(ValueError):
    """There is no such case; the message says why, in both languages."""


class CloseCase(Struct, frozen=True):
    """Give an event up whose verdict was `was`; answers whether it still was."""

    identity: Identity
    was: Verdict
    staff: str
    why: str

    def wants(self) -> Iterable[Want]:
        """Return the event."""
        yield "pending", self.identity

    def decide(self, state: State, at: Moment) -> Decision:
        """Return the closing, unless the event was judged again meanwhile."""
        device_id, epoch, seq = self.identity
        pending = state.pending.get(self.identity)
        if self.was in OPEN_VERDICTS and (pending is None or pending.verdict != self.was):
            return Decision((), lambda _: False)
        closed = CaseClosed(at, device_id.hex(), epoch, seq, self.was, self.staff, self.why)
        return Decision((closed,), lambda _: True)


def close_case(
    connection: Connection, shard_key: int, identity: Identity, staff: str, why: str, now_ms: int
) -> None:
    """Close the case of an event, in the caller's transaction. Raises NotClosed."""
    place = f"{identity.epoch}/{identity.seq}"
    if any(not text.strip() or len(text) > WHY_MAX or "\0" in text for text in (staff, why)):
        most = f"{WHY_MAX} 字 / at most {WHY_MAX} characters"
        raise NotClosed(f"请说明经手人和原因，最多 {most}: say who closes it and why")
    t = schema.inbox
    which = (t.c.shard_key == shard_key, t.c.device_id == identity.device_id)
    query = select(t.c.verdict, t.c.reason).where(*which, t.c.epoch == identity.epoch)
    row = connection.execute(query.where(t.c.seq == identity.seq)).one_or_none()
    if row is None or identity.device_id == CENTRAL_DEVICE:
        raise NotClosed(f"{place}: 没有这样的事件 / there is no such event")
    was = Verdict(row.verdict)
    listed = was in (*OPEN_VERDICTS, *_DAMAGED) or (was, row.reason) == _PAID_TWICE
    if row.reason == CASE_CLOSED or not listed:
        raise NotClosed(f"{place}: 没有待处理的事项 / nothing is open about this event")
    answer = run_turn(connection, shard_key, [CloseCase(identity, was, staff, why)], now_ms)[0]
    if isinstance(answer, Exception):
        raise answer
    if not answer:
        raise NotClosed(f"{place}: 刚刚已有结论 / it was decided this moment")


def closed_cases(connection: Connection, shard_key: int) -> list[Closed]:
    """Return the cases that were closed, in the order of their closing."""
    t = schema.inbox
    chain = (t.c.device_id == CENTRAL_DEVICE, t.c.epoch == CENTRAL_EPOCH, t.c.kind == _KIND)
    query = select(t).where(t.c.shard_key == shard_key, *chain).order_by(t.c.seq)
    found = []
    for row in connection.execute(query):
        body = read_body(Frame(row.kind, row.kind_version, row.body))
        assert isinstance(body, CaseClosed)  # central wrote it
        was = Verdict(body.was).name.lower()
        place = (body.device, body.epoch, body.seq)
        found.append(Closed(*place, was, row.received_ms, body.staff, body.why))
    return found
