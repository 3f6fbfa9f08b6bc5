"""The log of one turn: the events it took in, what each of them did, and their rows.

The inbox and the transfers are only appended to. A key that exists already is a bug, so there is
no conflict clause: the database refuses, and nothing of the turn is committed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, update

from central import schema
from central.ledger import bulk
from central.ledger.bulk import Row
from central.ledger.entry import Notice
from central.ledger.fold import Folded
from central.ledger.rows import Event, Identity, Judgement, Transfer
from central.ledger.state import State
from loyalty.wire import Verdict

_UNJUDGED = Folded(Judgement(Verdict.QUARANTINED, error="never judged"))


@dataclass(slots=True)
class Logged:
    """An event of this turn, and what it did once it was judged."""

    event: Event
    hash: bytes
    folded: Folded = _UNJUDGED


class Log:
    """The events of one turn, in the order of their judgement."""

    def __init__(self, turn: int, now_ms: int) -> None:
        self._turn = turn
        self._now_ms = now_ms
        self._events: dict[Identity, Logged] = {}

    @property
    def place(self) -> int:
        """The place of the next event within the turn."""
        return len(self._events)

    def append(self, event: Event, hash_: bytes) -> Logged:
        """Take an event in; its `folded` is set when it was judged."""
        logged = self._events[event.identity] = Logged(event, hash_)
        return logged

    def judgement(self, identity: Identity) -> Judgement:
        """Return the first judgement on an event of this turn."""
        return self._events[identity].folded.judgement

    def notices(self) -> Iterator[Notice]:
        """Yield what single devices shall see."""
        for logged in self._events.values():
            yield from logged.folded.notices

    def save(self, connection: Connection, shard_key: int, state: State) -> None:
        """Write events and transfers, and the verdicts on events that were judged again."""
        again = state.verdicts.rows()
        inbox = [
            {
                "shard_key": shard_key,
                "received_ms": self._now_ms,
                **_inbox_row(logged),
                **verdict_row(again.get(identity, logged.folded.judgement)),
            }
            for identity, logged in self._events.items()
        ]
        bulk.insert(connection, schema.inbox, inbox)
        transfers = [
            {"shard_key": shard_key, **transfer_row(one, self._turn, self._now_ms)}
            for logged in self._events.values()
            for one in logged.folded.transfers
        ]
        bulk.insert(connection, schema.transfer, transfers)
        older = {key: row for key, row in again.items() if key not in self._events}
        save_verdicts(connection, shard_key, older)


def transfer_row(one: Transfer, turn: int, booked_ms: int) -> Row:
    """Return the row of a transfer, without its shard."""
    return {
        **one.identity._asdict(),
        "leg": one.leg,
        "turn": turn,
        "booked_ms": booked_ms,
        "happened_ms": one.happened_ms,
        "debit_id": one.debit_id,
        "credit_id": one.credit_id,
        "amount": one.amount,
        "code": one.code,
        "subject": one.subject,
        "book": one.book,
    }


def verdict_row(judgement: Judgement) -> Row:
    """Return the columns of the inbox that are a projection."""
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "adjusted": judgement.adjusted,
        "error": judgement.error,
    }


def _inbox_row(logged: Logged) -> Row:
    event = logged.event
    return {
        **event.identity._asdict(),
        "hash": logged.hash,
        "kind": event.frame.kind,
        "kind_version": event.frame.kind_version,
        "body": event.frame.body,
        "earliest_ms": event.earliest_ms,
        "latest_ms": event.latest_ms,
        "turn": event.turn,
        "place": event.place,
    }


def save_verdicts(
    connection: Connection, shard_key: int, verdicts: Mapping[Identity, Judgement]
) -> None:
    """Write the verdicts on events that are in the inbox already."""
    t = schema.inbox
    rows = [
        {
            "of_device": identity.device_id,
            "of_epoch": identity.epoch,
            "of_seq": identity.seq,
            **verdict_row(judgement),
        }
        for identity, judgement in verdicts.items()
    ]
    if not rows:
        return
    which = update(t).where(
        t.c.shard_key == shard_key,
        t.c.device_id == bindparam("of_device"),
        t.c.epoch == bindparam("of_epoch"),
        t.c.seq == bindparam("of_seq"),
    )
    columns = ("verdict", "reason", "adjusted", "error")
    values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in columns}
    connection.execute(which.values(values), rows)
