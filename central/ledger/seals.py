"""Sealing the ledger every hour, and holding it against its seals (SYNC 2.4).

A seal is an event of central's own chain, so it is replayed like every other and goes into each
backup; it names the turn up to which it holds. Tills get it by the feed and are its witnesses.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, Select, select

from central import schema
from central.ledger.chains import Finding
from central.ledger.commands import Decision
from central.ledger.directory import Change, announce
from central.ledger.judging.rows import CENTRAL_DEVICE, CENTRAL_EPOCH, read_body
from central.ledger.judging.state import State
from central.ledger.writing.turns import run_turn
from central.ledger.writing.wants import Want
from loyalty.chain import Frame
from loyalty.events import KINDS, LedgerSealed, Moment
from loyalty.seals import Seal, SealedHead, seal
from loyalty.wire import Topic, pack

EVERY_MS = 3_600_000
_KIND = next(kind for kind, body in KINDS.items() if body is LedgerSealed)
_PAGE_ROWS = 5_000


class WriteSeal(Struct, frozen=True):
    """Write a seal on central's chain; answers the seal."""

    seal: Seal

    def wants(self) -> tuple[Want, ...]:
        """Return nothing: a seal is about chains alone."""
        return ()

    def decide(self, _state: State, at: Moment) -> Decision:
        """Return the event."""
        made = self.seal
        before = (made.previous_turn, made.previous.hex())
        body = LedgerSealed(at, made.turn, made.digest.hex(), *before)
        return Decision((body,), lambda _: made)


def seal_if_due(connection: Connection, shard_key: int, now_ms: int) -> Seal | None:
    """Seal the ledger if the last seal is an hour old; return the seal that was written.

    Runs a turn in the caller's transaction. Nothing is sealed where nothing happened since then.
    """
    s = schema.shard
    lock = select(s.c.turn).where(s.c.shard_key == shard_key).with_for_update()
    turn = connection.execute(lock).scalar_one()
    last = _last(connection, shard_key)
    if last is not None and (last.turn == turn or 0 <= now_ms - last.received_ms < EVERY_MS):
        return None
    t = schema.stream
    heads = select(t.c.device_id, t.c.epoch, t.c.head_seq, t.c.head_hash)
    found = connection.execute(heads.where(t.c.shard_key == shard_key, t.c.head_seq > 0))
    made = seal(shard_key, turn, (_head(row) for row in found), _seal_in(last) if last else None)
    answer = run_turn(connection, shard_key, [WriteSeal(made)], now_ms)[0]
    if isinstance(answer, Exception):
        raise answer
    announce(connection, shard_key, [Change(Topic.SEAL, str(made.turn), made)])
    return made


def unsealed(connection: Connection, shard_key: int) -> Iterator[Finding]:
    """Yield every seal that the log, or the feed, contradicts."""
    t = schema.inbox
    events = _seals(shard_key).order_by(t.c.turn, t.c.place)
    seals = [(row.seq, _seal_in(row)) for row in connection.execute(events)]
    log = select(t.c.device_id, t.c.epoch, t.c.seq, t.c.hash, t.c.turn)
    log = log.where(t.c.shard_key == shard_key).order_by(t.c.turn, t.c.place)
    with connection.execute(log.execution_options(yield_per=_PAGE_ROWS)) as rows:
        yield from _broken(shard_key, seals, rows)
    told = {found.turn: found for _, found in seals if found is not None}
    yield from _mistold(connection, shard_key, told)


def _broken(
    shard_key: int, seals: Sequence[tuple[int, Seal | None]], log: Iterable[Any]
) -> Iterator[Finding]:
    """Yield the seals that do not follow from the log up to their turns."""
    heads: dict[tuple[bytes, int], tuple[int, bytes]] = {}
    rows = iter(log)
    row, before = next(rows, None), None
    for seq, found in seals:
        where = f"seal {seq} of turn {found.turn if found is not None else '?'}"
        if found is None:
            yield Finding("seal", where, "it cannot be read")
            continue
        while row is not None and row.turn <= found.turn:
            heads[row.device_id, row.epoch] = (row.seq, row.hash)
            row = next(rows, None)
        stand = ((*chain, *head) for chain, head in heads.items())
        if seal(shard_key, found.turn, stand, before) != found:
            yield Finding("seal", where, "the chains up to this turn are not those it sealed")
        before = found


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


def _seals(shard_key: int) -> Select[Any]:
    t = schema.inbox
    mine = (t.c.device_id == CENTRAL_DEVICE, t.c.epoch == CENTRAL_EPOCH, t.c.kind == _KIND)
    return select(t).where(t.c.shard_key == shard_key, *mine)


def _last(connection: Connection, shard_key: int) -> Row[Any] | None:
    """Return the event of the last seal, None before the first."""
    query = _seals(shard_key).order_by(schema.inbox.c.seq.desc()).limit(1)
    return connection.execute(query).one_or_none()


def _seal_in(row: Row[Any]) -> Seal | None:
    """Return the seal in an event, None if it cannot be read."""
    body = read_body(Frame(row.kind, row.kind_version, row.body))
    if not isinstance(body, LedgerSealed):
        return None
    try:
        digest, previous = bytes.fromhex(body.digest), bytes.fromhex(body.previous)
    except ValueError:
        return None
    return Seal(body.turn, digest, body.previous_turn, previous)


def _head(row: Any) -> SealedHead:
    return row.device_id, row.epoch, row.head_seq, row.head_hash
