"""Sealing the ledger every hour, and holding it against its seals (SYNC 2.4).

A seal is an event of central's own chain, so it is replayed like every other and goes into each
backup; it names the turn up to which it holds. Tills get it by the feed and are its witnesses.
What no chain covers, such as when an event came in, is in the seal's own hash of the log: a change
of it behind the last seal shows only from the next one on.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, select

from central import schema
from central.ledger.chains import Finding
from central.ledger.commands import Decision
from central.ledger.directory import Change, announce
from central.ledger.judging.rows import CENTRAL_DEVICE, CENTRAL_EPOCH, read_body
from central.ledger.judging.state import State
from central.ledger.writing.statements import Statement
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want
from loyalty.chain import Frame
from loyalty.events import KINDS, LedgerSealed, Moment
from loyalty.seals import Seal, SealedHead, seal
from loyalty.wire import Topic, pack

EVERY_MS = 3_600_000
_KIND = next(kind for kind, body in KINDS.items() if body is LedgerSealed)
_PAGE_ROWS = 5_000
#: What central wrote down of an event, all but what it made of it.
_LOGGED = (
    "device_id",
    "epoch",
    "seq",
    "hash",
    "turn",
    "place",
    "kind",
    "kind_version",
    "body",
    "earliest_ms",
    "latest_ms",
    "received_ms",
    "quality",
)

_SEALS = select(schema.inbox).where(
    schema.inbox.c.shard_key == bindparam("shard_key"),
    schema.inbox.c.device_id == bindparam("device_id", CENTRAL_DEVICE),
    schema.inbox.c.epoch == bindparam("epoch", CENTRAL_EPOCH),
    schema.inbox.c.kind == bindparam("kind", _KIND),
)
_LAST = Statement(_SEALS.order_by(schema.inbox.c.seq.desc()).limit(1))
_LOCK = Statement(
    select(schema.shard.c.turn)
    .where(schema.shard.c.shard_key == bindparam("shard_key"))
    .with_for_update()
)


class _Sealed(NamedTuple):
    """A seal's event: its seq on central's chain, what it says (None: unreadable), its log hash."""

    seq: int
    seal: Seal | None
    log: str


class WriteSeal(Struct, frozen=True):
    """Write a seal on central's chain; answers the seal. `log`: see loyalty.events."""

    seal: Seal
    log: str

    def wants(self) -> tuple[Want, ...]:
        """Return nothing: a seal is about chains alone."""
        return ()

    def decide(self, _state: State, at: Moment) -> Decision:
        """Return the event."""
        made = self.seal
        before = (made.previous_turn, made.previous.hex())
        body = LedgerSealed(at, made.turn, made.digest.hex(), *before, self.log)
        return Decision((body,), lambda _: made)


def seal_if_due(connection: Connection, shard_key: int, now_ms: int) -> Seal | None:
    """Seal the ledger if the last seal is an hour old; return the seal that was written.

    Runs a turn in the caller's transaction. Nothing is sealed where nothing happened since then.
    """
    ((turn,),) = _LOCK.rows(connection, shard_key=shard_key)
    last = _last(connection, shard_key)
    if last is not None and (last.turn == turn or 0 <= now_ms - last.received_ms < EVERY_MS):
        return None
    t = schema.stream
    heads = select(t.c.device_id, t.c.epoch, t.c.head_seq, t.c.head_hash)
    found = connection.execute(heads.where(t.c.shard_key == shard_key, t.c.head_seq > 0))
    made = seal(shard_key, turn, (_head(row) for row in found), _read(last)[0] if last else None)
    log = hashlib.sha256()
    for row in _log(connection, shard_key, made.previous_turn):
        _add(log, row)
    answer = run_turn(connection, shard_key, [WriteSeal(made, log.hexdigest())], now_ms)[0]
    if isinstance(answer, Exception):
        raise answer
    announce(connection, shard_key, [Change(Topic.SEAL, str(made.turn), made)])
    return made


def unsealed(connection: Connection, shard_key: int) -> Iterator[Finding]:
    """Yield every seal that the log, or the feed, contradicts."""
    t = schema.inbox
    events = _SEALS.order_by(t.c.turn, t.c.place)
    found = connection.execute(events, {"shard_key": shard_key})
    seals = [_Sealed(row.seq, *_read(row)) for row in found]
    yield from _broken(shard_key, seals, _log(connection, shard_key))
    told = {one.seal.turn: one.seal for one in seals if one.seal is not None}
    yield from _mistold(connection, shard_key, told)


def _log(connection: Connection, shard_key: int, after_turn: int = 0) -> Iterator[Row[Any]]:
    """Yield what came in after a turn, in the order of the ledger."""
    t = schema.inbox
    query = select(*(t.c[name] for name in _LOGGED)).where(t.c.shard_key == shard_key)
    if after_turn:
        query = query.where(t.c.turn > after_turn)
    ordered = query.order_by(t.c.turn, t.c.place).execution_options(yield_per=_PAGE_ROWS)
    with connection.execute(ordered) as rows:
        yield from rows


def _add(log: Any, row: Row[Any]) -> None:
    """Take a row of the log into its hash; msgpack says where each value ends."""
    log.update(msgspec.msgpack.encode(tuple(row)))


def _broken(shard_key: int, seals: Sequence[_Sealed], rows: Iterator[Any]) -> Iterator[Finding]:
    """Yield the seals that do not follow from the log up to their turns."""
    heads: dict[tuple[bytes, int], tuple[int, bytes]] = {}
    row, before, log = next(rows, None), None, hashlib.sha256()
    for seq, found, logged in seals:
        where = f"seal {seq} of turn {found.turn if found is not None else '?'}"
        if found is None:
            yield Finding("seal", where, "it cannot be read")
            continue
        while row is not None and row.turn <= found.turn:
            heads[row.device_id, row.epoch] = (row.seq, row.hash)
            _add(log, row)
            row = next(rows, None)
        stand = ((*chain, *head) for chain, head in heads.items())
        if seal(shard_key, found.turn, stand, before) != found:
            yield Finding("seal", where, "the chains up to this turn are not those it sealed")
        if logged not in ("", log.hexdigest()):
            yield Finding("seal", where, "what came in before this turn was written otherwise")
        before, log = found, hashlib.sha256()


def _mistold(connection: Connection, shard_key: int, seals: dict[int, Seal]) -> Iterator[Finding]:
    """Yield the seals that the feed tells tills in another way."""
    t = schema.feed
    query = select(t.c.item, t.c.payload).where(t.c.shard_key == shard_key, t.c.topic == Topic.SEAL)
    told = {row.item: row.payload for row in connection.execute(query)}
    for turn, found in seals.items():
        if told.pop(str(turn), None) != pack(found):
            yield Finding("seal", f"feed, turn {turn}", "tills are told another seal")
    for item in told:
        yield Finding("seal", f"feed, turn {item}", "tills are told a seal that was never made")


def _last(connection: Connection, shard_key: int) -> Row[Any] | None:
    """Return the event of the last seal, None before the first."""
    return _LAST.row(connection, shard_key=shard_key)


def _read(row: Row[Any]) -> tuple[Seal | None, str]:
    """Return the seal in an event, None if it cannot be read, and its hash of the log."""
    body = read_body(Frame(row.kind, row.kind_version, row.body))
    if not isinstance(body, LedgerSealed):
        return None, ""
    try:
        digest, previous = bytes.fromhex(body.digest), bytes.fromhex(body.previous)
    except ValueError:
        return None, ""
    return Seal(body.turn, digest, body.previous_turn, previous), body.log


def _head(row: Any) -> SealedHead:
    return row.device_id, row.epoch, row.head_seq, row.head_hash
