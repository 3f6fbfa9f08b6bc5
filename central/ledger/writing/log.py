"""The log of one turn: the events it took in, what each of them did, and their rows.

The inbox and the transfers are only appended to. A key that exists already is a bug, so there is
no conflict clause: the database refuses, and nothing of the turn is committed.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import BindParameter, Connection, bindparam, update

from central import schema
from central.ledger.judging.entry import Notice
from central.ledger.judging.fold import Folded
from central.ledger.judging.rows import Event, Identity, Judgement, Transfer
from central.ledger.judging.state import State
from central.ledger.writing import bulk
from central.ledger.writing.bulk import Values
from loyalty.wire import Verdict

VERDICT = ("verdict", "reason", "adjusted", "error")
TRANSFER = tuple(one.name for one in schema.transfer.columns if one.name != "shard_key")
_INBOX = tuple(one.name for one in schema.inbox.columns)
_UNJUDGED = Folded(Judgement(Verdict.QUARANTINED, error="never judged"))


class Logged(Struct, gc=False):
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
        inbox: list[Values] = []
        transfers: list[Values] = []
        turn, now_ms = self._turn, self._now_ms
        for identity, logged in self._events.items():
            folded, event = logged.folded, logged.event
            judgement = again.get(identity, folded.judgement) if again else folded.judgement
            frame, (device_id, epoch, seq) = event.frame, identity
            inbox.append(
                (
                    shard_key,
                    device_id,
                    epoch,
                    seq,
                    logged.hash,
                    frame.kind,
                    frame.kind_version,
                    frame.body,
                    event.earliest_ms,
                    event.latest_ms,
                    now_ms,
                    event.turn,
                    event.place,
                    int(judgement.verdict),
                    judgement.reason,
                    judgement.adjusted,
                    judgement.error,
                    int(event.quality),
                )
            )
            transfers += [(shard_key, *transfer_row(one, turn, now_ms)) for one in folded.transfers]
        bulk.insert(connection, schema.inbox, _INBOX, inbox)
        bulk.insert(connection, schema.transfer, ("shard_key", *TRANSFER), transfers)
        older = {key: row for key, row in again.items() if key not in self._events}
        save_verdicts(connection, shard_key, older)


def transfer_row(one: Transfer, turn: int, booked_ms: int) -> Values:
    """Return the row of a transfer, the columns TRANSFER."""
    device_id, epoch, seq = one.identity
    return (
        one.number,
        device_id,
        epoch,
        seq,
        one.leg,
        turn,
        booked_ms,
        one.happened_ms,
        one.debit_id,
        one.credit_id,
        one.debit_before,
        one.credit_before,
        one.amount,
        int(one.code),
        one.subject,
    )


def verdict(judgement: Judgement) -> Values:
    """Return the columns VERDICT of the inbox, which are a projection."""
    return int(judgement.verdict), judgement.reason, judgement.adjusted, judgement.error


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
            **dict(zip(VERDICT, verdict(judgement), strict=True)),
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
    values: dict[str, BindParameter[Any]] = {name: bindparam(name) for name in VERDICT}
    connection.execute(which.values(values), rows)
