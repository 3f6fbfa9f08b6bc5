"""The ledger folded again out of its log, from the first event, into a scratch database.

By the code that made it: load, fold, save. Turns are taken together as pushes are in one turn, so
that memory holds some of them, however long the log is. What a judgement owed to the software of
its time (newer kinds, quarantine) is taken as the log records it.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, Select, bindparam, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from central import schema
from central.ledger.judging.fold import OPEN_VERDICTS, RECORDED_VERDICTS, Folded, fold
from central.ledger.judging.rows import Event, Head, Identity, Judgement, Unreadable
from central.ledger.judging.state import State, Unloaded
from central.ledger.recorded import Recorded
from central.ledger.shards import read_shard
from central.ledger.writing import bulk, collector, lots, saving, wants
from central.ledger.writing.bulk import Values
from central.ledger.writing.loading import begin, event_of, load
from central.ledger.writing.log import TRANSFER, VERDICT, save_verdicts, transfer_row, verdict
from central.ledger.writing.projections import terms_of
from central.ledger.writing.statements import Statement
from loyalty.rules.rulebook import from_canonical

#: What can be thrown away and folded again, by the name of the table.
PROJECTIONS = (
    "account",
    "transfer",
    "pending_lot",
    "receipt_key",
    "receipt_copy",
    "sale",
    "number_refund",
    "lease",
    "lease_refusal",
    "arm",
    "review",
    "voucher",
    "redemption",
    "paid_bill",
    "reserved",
    "member_tier",
    "member_profile",
    "tier_change",
    "rule_use",
    "sale_fact",
    "activity_batch",
    "activity_doing",
    "card",
    "card_owner",
    "rehome",
    "waiting",
)
#: So many events are in memory at once, and the rest of the last one's turn.
EVENTS_TOGETHER = 2_000

_INBOX = tuple(one.name for one in schema.inbox.columns)
_BODY, _VERDICT = _INBOX.index("body"), _INBOX.index(VERDICT[0])


def _every(*columns: Column[Any]) -> Select[Any]:
    return select(*columns).where(columns[0].table.c.shard_key == bindparam("shard_key"))


_LOG = Statement(_every(*schema.inbox.c).order_by(schema.inbox.c.turn, schema.inbox.c.place))
_RECORDS = (
    Statement(_every(schema.rule_book.c.version, schema.rule_book.c.canonical)),
    Statement(_every(schema.device.c.device_id, schema.device.c.shop_id)),
    Statement(_every(schema.reward_terms.c.reward_id, schema.reward_terms.c.content)),
)


def replay(connection: Connection, shard_key: int, scratch: Connection) -> int:
    """Fold the whole log of a shard into an empty scratch database; return how many events.

    It then has every row of every projection, the chains' heads and, in the inbox, the verdicts.
    Raises NoShard.
    """
    for text in _tables():
        scratch.exec_driver_sql(text)
    replayed = _Replay(connection, shard_key, scratch)
    events = 0
    for some in _together(_LOG.each(connection, shard_key=shard_key)):
        with collector.at_rest():
            replayed.fold(some)
        events += len(some)
    return events


def _together(rows: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield the rows of the log, some whole turns at once."""
    some: list[Any] = []
    for row in rows:
        if len(some) >= EVENTS_TOGETHER and row.turn != some[-1].turn:
            yield some
            some = []
        some.append(row)
    if some:
        yield some


@cache
def _tables() -> tuple[str, ...]:
    """Return what makes the tables of the scratch database."""
    tables = [schema.metadata.tables[name] for name in (*PROJECTIONS, "stream", "inbox")]
    made: list[ExecutableDDLElement] = [CreateTable(one) for one in tables]
    made += [CreateIndex(index) for one in tables for index in one.indexes]
    return tuple(str(one.compile(dialect=sqlite.dialect())) for one in made)


class _Turns(State):
    """The state of several turns, which knows the last one to write each account and lease."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__(zone)
        self.turn = 0
        self.turn_of: dict[object, int] = {}
        self._turned = [self.tables[name].changed() for name in saving.TURNED]

    def keep(self) -> None:
        """Make what the event at hand did part of the state, and of its turn."""
        for written, key, _ in self._undo:
            if any(written is one for one in self._turned):
                self.turn_of[key] = self.turn
        super().keep()


class _Replay:
    """The replay at work: what it takes from the log's database, and how far it has come."""

    def __init__(self, connection: Connection, shard_key: int, scratch: Connection) -> None:
        self._connection = connection
        self._shard_key = shard_key
        self._scratch = scratch
        self._zone = ZoneInfo(read_shard(connection, shard_key).zone)
        self._records = _records(connection, shard_key)
        self._recorded = Recorded(connection, shard_key, scratch)

    def fold(self, rows: Sequence[Any]) -> None:
        """Judge the events that come next, and save what they came to."""
        state = self._begin()
        events = [event_of(row) for row in rows]
        wanted = [one for event in events for one in _wants(event)]
        load(self._scratch, self._shard_key, state, wanted)
        recorded = self._recorded.verdicts(events, rows)
        judgements: dict[Identity, Judgement] = {}
        transfers: list[Values] = []
        for event, row in zip(events, rows, strict=True):
            state.turn = row.turn
            folded = self._judged(state, event, recorded.get(event.identity))
            device_id, epoch, seq = event.identity
            state.heads.put((device_id, epoch), Head(seq, row.hash))
            state.keep()
            state.seen.load({event.identity: row.hash})
            judgements[event.identity] = folded.judgement
            transfers += [
                (self._shard_key, *transfer_row(one, row.turn, row.received_ms))
                for one in folded.transfers
            ]
        bulk.insert(self._scratch, schema.transfer, ("shard_key", *TRANSFER), transfers)
        self._save(state, rows, judgements | state.verdicts.rows())

    def _begin(self) -> _Turns:
        state = _Turns(self._zone)
        begin(self._scratch, self._shard_key, state)
        state.waiting.complete = True  # nobody is woken: who was is in the log
        for name, rows in self._records.items():
            state.tables[name].load(rows)
            state.tables[name].complete = True
        return state

    def _judged(self, state: State, event: Event, recorded: Judgement | None) -> Folded:
        if isinstance(event.body, Unreadable) and event.body.verdict not in RECORDED_VERDICTS:
            recorded = None  # damaged on its device's disk, whatever the software
        while True:
            try:
                return fold(state, event, recorded)
            except Unloaded as missing:
                is_log = missing.table == "printed"  # whose bytes are not kept once it is judged
                where = self._connection if is_log else self._scratch
                load(where, self._shard_key, state, [(missing.table, missing.key)])

    def _save(
        self, state: _Turns, rows: Sequence[Any], judgements: dict[Identity, Judgement]
    ) -> None:
        """Write the events with their verdicts, the verdicts on earlier ones, and projections.

        An event's bytes are kept while it waits: nobody asks for those of others again.
        """
        inbox: list[Values] = []
        for row in rows:
            judgement = judgements.pop(Identity(row.device_id, row.epoch, row.seq))
            body = row.body if judgement.verdict in OPEN_VERDICTS else b""
            values = (*row[:_BODY], body, *row[_BODY + 1 : _VERDICT], *verdict(judgement))
            inbox.append((*values, *row[len(values) :]))
        load(self._scratch, self._shard_key, state, lots.unread(state))
        bulk.insert(self._scratch, schema.inbox, _INBOX, inbox)
        save_verdicts(self._scratch, self._shard_key, judgements)
        saving.save(self._scratch, self._shard_key, state, state.turn_of.__getitem__)


def _wants(event: Event) -> Iterator[wants.Want]:
    """Yield what judging an event reads."""
    yield from wants.of_body(event.body, event.identity.device_id, waiting=False)
    if event.origin is not None:
        yield from wants.of_origin(event.identity.device_id, event.origin)


def _records(connection: Connection, shard_key: int) -> dict[str, dict[Any, Any]]:
    """Return what people keep and a judgement reads: as many as they made of it, not events."""
    books, shops, terms = (one.rows(connection, shard_key=shard_key) for one in _RECORDS)
    return {
        "books": {version: from_canonical(canonical) for version, canonical in books},
        "shops": dict(map(tuple, shops)),
        "terms": terms_of(map(tuple, terms)),
    }
