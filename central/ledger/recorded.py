"""What the software of its time made of an event, as the log records it.

A replay cannot know what was a newer kind then, or what broke a handler. Where an event was judged
again, the event that says so names the verdict before it; the last verdict stands in the inbox.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    bindparam,
    or_,
    select,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from central import schema
from central.ledger.judging.fold import RECORDED_VERDICTS
from central.ledger.judging.rows import CENTRAL_DEVICE, Event, Identity, Judgement
from central.ledger.judging.state import Place
from central.ledger.writing.bulk import Values, by_key, insert
from central.ledger.writing.driver import PAGE_ROWS
from central.ledger.writing.loading import event_of
from central.ledger.writing.log import VERDICT
from central.ledger.writing.statements import Statement
from loyalty.events import KINDS, CaseAccepted, CaseClosed, Rejudge
from loyalty.wire import Verdict

#: The kinds of the events that end what another one waited for.
_AGAIN = tuple(kind for kind, body in KINDS.items() if body in (Rejudge, CaseAccepted, CaseClosed))
_KEY = ("shard_key", "device_id", "epoch", "seq", "turn", "place")
_COLUMNS = (*_KEY, "was")
#: Which events name the verdict before them, where they stand, and that verdict.
_NAMED = Table(
    "named_verdict",
    MetaData(),
    *(Column(name, LargeBinary if name == "device_id" else BigInteger) for name in _COLUMNS),
    PrimaryKeyConstraint(*_KEY),
    sqlite_with_rowid=False,
)
_MADE = str(CreateTable(_NAMED).compile(dialect=sqlite.dialect()))
_INBOX = schema.inbox.c
_JUDGED_AGAIN = Statement(
    select(schema.inbox).where(
        _INBOX.shard_key == bindparam("shard_key"),
        _INBOX.device_id == bindparam("device_id", CENTRAL_DEVICE),
        or_(*(_INBOX.kind == kind for kind in _AGAIN)),
    )
)
_STANDS = tuple(_INBOX[name] for name in ("device_id", "epoch", "seq", *VERDICT))
_WAITS = tuple(schema.waiting.c[name] for name in ("device_id", "epoch", "seq", "reference"))


class Recorded:
    """The verdicts that a replay takes from the log, looked up in a scratch database."""

    def __init__(self, connection: Connection, shard_key: int, scratch: Connection) -> None:
        """Note in the scratch database which verdicts the log of a shard names."""
        self._connection = connection
        self._shard_key = shard_key
        self._scratch = scratch
        scratch.exec_driver_sql(_MADE)
        every = _JUDGED_AGAIN.each(connection, shard_key=shard_key)
        named = (values for row in every for values in _named(shard_key, event_of(row)))
        while page := list(islice(named, PAGE_ROWS)):
            insert(scratch, _NAMED, _COLUMNS, page)

    def verdicts(self, events: Sequence[Event], rows: Sequence[Any]) -> dict[Identity, Judgement]:
        """Return what was judged when each event came, of it or of the one that it is about.

        Nothing for those that the log alone decides. `rows` are those of the events in the inbox.
        """
        subjects = {event.identity: _subject(event) for event in events}
        named = self._named(set(subjects.values()))
        found: dict[Identity, Judgement] = {}
        last: dict[Identity, Identity] = {}  # what nothing names is still so
        for event, row in zip(events, rows, strict=True):
            subject = subjects[event.identity]
            later = [one for one in named.get(subject, ()) if one[0] > (event.turn, event.place)]
            if later:
                was = Verdict(min(later)[1])
                if was in RECORDED_VERDICTS:
                    found[event.identity] = Judgement(was)
            elif subject != event.identity or row.verdict in RECORDED_VERDICTS:
                last[event.identity] = subject
        stand = self._last(set(last.values()))
        found |= {one: stand[subject] for one, subject in last.items() if subject in stand}
        return found

    def _named(self, subjects: Iterable[Identity]) -> dict[Identity, list[tuple[Place, int]]]:
        columns = tuple(_NAMED.c[name] for name in _COLUMNS[1:])
        found: dict[Identity, list[tuple[Place, int]]] = defaultdict(list)
        for device_id, epoch, seq, turn, place, was in by_key(
            self._scratch, self._shard_key, columns, list(subjects)
        ):
            found[Identity(device_id, epoch, seq)].append(((turn, place), was))
        return found

    def _last(self, subjects: Iterable[Identity]) -> dict[Identity, Judgement]:
        """Return how events stand in the inbox that stand there as the software of then said."""
        keys = list(subjects)
        rows = [*by_key(self._connection, self._shard_key, _STANDS, keys)]
        waiting = {
            Identity(*one): reference
            for *one, reference in by_key(self._connection, self._shard_key, _WAITS, keys)
        }
        found: dict[Identity, Judgement] = {}
        for device_id, epoch, seq, verdict, reason, adjusted, error in rows:
            if verdict in RECORDED_VERDICTS:
                one = Identity(device_id, epoch, seq)
                known = waiting.get(one)
                found[one] = Judgement(Verdict(verdict), reason, adjusted, known, error)
        return found


def _named(shard_key: int, event: Event) -> Iterator[Values]:
    """Yield of an event that names the verdict on another one: that one, where, and it."""
    body = event.body
    if isinstance(body, Rejudge | CaseAccepted | CaseClosed):
        origin = (bytes.fromhex(body.device), body.epoch, body.seq)
        yield shard_key, *origin, event.turn, event.place, int(body.was)


def _subject(event: Event) -> Identity:
    """Return the event that one is about: itself, unless it judges another one again."""
    body = event.body
    if isinstance(body, Rejudge | CaseAccepted) and event.identity.device_id == CENTRAL_DEVICE:
        return Identity(bytes.fromhex(body.device), body.epoch, body.seq)
    return event.identity
