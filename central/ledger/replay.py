"""The ledger folded again out of its log, from the first event.

What a judgement owed to the software of its time (newer kinds, quarantine) is taken as the log
records it: a re-judgement names the verdict before it, the inbox has the last one.
"""

from collections import defaultdict, deque
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, and_, select

from central import schema
from central.ledger.judging.fold import RECORDED_VERDICTS, fold
from central.ledger.judging.rows import CENTRAL_DEVICE, Event, Head, Identity, Judgement, Unreadable
from central.ledger.judging.state import State
from central.ledger.shards import read_shard
from central.ledger.writing import saving
from central.ledger.writing.bulk import Row as RowValues
from central.ledger.writing.loading import event_of
from central.ledger.writing.log import TRANSFER, transfer_row
from central.ledger.writing.projections import terms_of
from loyalty.events import KINDS, CaseAccepted, CaseClosed, Rejudge
from loyalty.rules.rulebook import from_canonical
from loyalty.wire import Verdict

#: The kinds of the events that end what another one waited for.
_AGAIN = tuple(kind for kind, body in KINDS.items() if body in (Rejudge, CaseAccepted, CaseClosed))
_PAGE_ROWS = 5_000


class Replay:
    """What the log of a shard comes to."""

    def __init__(self, connection: Connection, shard_key: int) -> None:
        """Fold the whole log of a shard. Raises NoShard."""
        self.state = State(ZoneInfo(read_shard(connection, shard_key).zone), complete=True)
        self.verdicts: dict[Identity, Judgement] = {}
        self.transfers: list[RowValues] = []
        self._turns: dict[str, dict[Any, int]] = {"accounts": {}, "leases": {}}
        t = schema.rule_book
        books = connection.execute(select(t).where(t.c.shard_key == shard_key))
        self.state.books.load({row.version: from_canonical(row.canonical) for row in books})
        t = schema.device
        devices = connection.execute(select(t).where(t.c.shard_key == shard_key))
        self.state.shops.load({row.device_id: row.shop_id for row in devices})
        t = schema.reward_terms
        query = select(t.c.reward_id, t.c.content).where(t.c.shard_key == shard_key)
        self.state.terms.load(terms_of(map(tuple, connection.execute(query))))
        recorded = _recorded(connection, shard_key)
        t = schema.inbox
        log = select(t).where(t.c.shard_key == shard_key).order_by(t.c.turn, t.c.place)
        for row in connection.execute(log.execution_options(yield_per=_PAGE_ROWS)):
            event = event_of(row)
            self._fold(event, row, _next(recorded, event))
        self.verdicts |= self.state.verdicts.rows()

    def projections(self) -> dict[str, list[RowValues]]:
        """Return every row of every projection by the name of its table, without the shard."""
        projections = saving.projections(self.state)
        for row in projections["account"]:
            row["turn"] = self._turns["accounts"][row["account_id"]]
        for row in projections["lease"]:
            row["turn"] = self._turns["leases"][row["lease_id"]]
        return {**projections, "transfer": self.transfers}

    def _fold(self, event: Event, row: Row[Any], recorded: Judgement | None) -> None:
        if isinstance(event.body, Unreadable) and event.body.verdict not in RECORDED_VERDICTS:
            recorded = None  # damaged on its device's disk, whatever the software
        folded = fold(self.state, event, recorded)
        device_id, epoch, seq = event.identity
        self.state.heads.put((device_id, epoch), Head(seq, row.hash))
        self.state.keep()
        self.state.seen.load({event.identity: row.hash})
        self.verdicts[event.identity] = folded.judgement
        for one in folded.transfers:
            values = transfer_row(one, row.turn, row.received_ms)
            self.transfers.append(dict(zip(TRANSFER, values, strict=True)))
        for name, turns in self._turns.items():
            turns.update(dict.fromkeys(self.state.tables[name].changed(), row.turn))
            self.state.tables[name].settle()


def _next(recorded: dict[Identity, deque[Judgement | None]], event: Event) -> Judgement | None:
    """Return the verdict that an event, or the one it is about, got from the software then."""
    subject = event.identity
    if isinstance(event.body, Rejudge | CaseAccepted) and subject.device_id == CENTRAL_DEVICE:
        subject = Identity(bytes.fromhex(event.body.device), event.body.epoch, event.body.seq)
    verdicts = recorded.get(subject)
    return verdicts.popleft() if verdicts else None


def _recorded(connection: Connection, shard_key: int) -> dict[Identity, deque[Judgement | None]]:
    """Return an event's judgements in their order; None where the log alone decides."""
    t = schema.inbox
    query = select(t).where(t.c.shard_key == shard_key, t.c.device_id == CENTRAL_DEVICE)
    query = query.where(t.c.kind.in_(_AGAIN)).order_by(t.c.turn, t.c.place)
    found: dict[Identity, deque[Judgement | None]] = defaultdict(deque)
    for row in connection.execute(query):
        body = event_of(row).body
        if isinstance(body, Rejudge | CaseAccepted | CaseClosed):
            origin = Identity(bytes.fromhex(body.device), body.epoch, body.seq)
            was = Verdict(body.was)
            found[origin].append(Judgement(was) if was in RECORDED_VERDICTS else None)
    w = schema.waiting
    same = [t.c[name] == w.c[name] for name in ("shard_key", "device_id", "epoch", "seq")]
    last = select(t, w.c.reference).join_from(t, w, and_(*same), isouter=True)
    verdicts = t.c.verdict.in_([int(verdict) for verdict in RECORDED_VERDICTS])
    for row in connection.execute(last.where(t.c.shard_key == shard_key, verdicts)):
        judgement = Judgement(
            Verdict(row.verdict), row.reason, row.adjusted, row.reference, row.error
        )
        found[Identity(row.device_id, row.epoch, row.seq)].append(judgement)
    return found
