"""One turn of the ledger: pushes and commands combined in one database transaction (SYNC 2.4).

The shard's row is the lock, the commit order and the position in the feed. Whatever the batch, a
turn is the same few statements: lock, read, fold in memory, write final values. Nothing here
commits; whoever owns the transaction answers only after its COMMIT.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import Connection

from central import schema
from central.ledger import directory
from central.ledger.directory import NoShard
from central.ledger.judging.fold import KNOWN_BEFORE, fold
from central.ledger.judging.moments import Quality, When, central_moment, interval
from central.ledger.judging.rows import (
    CENTRAL_DEVICE,
    CENTRAL_EPOCH,
    Event,
    Head,
    Identity,
    Judgement,
    Unreadable,
    read_body,
    read_origin,
)
from central.ledger.judging.state import State, Unloaded
from central.ledger.writing import (
    bulk,
    collector,
    contacts,
    locking,
    lots,
    originals,
    overlaps,
    saving,
    wants,
)
from central.ledger.writing.items import Command, Item, NotApplied, Push, Pushed, UnknownEpoch, Wake
from central.ledger.writing.loading import begin, load
from central.ledger.writing.log import Log
from central.ledger.writing.waking import Waking
from loyalty.chain import Frame, Stream, event_hash
from loyalty.events import EpochSealed, RefusalKept, Rejudge, frame_of
from loyalty.wire import Judged, Verdict

T = TypeVar("T")

_CENTRAL = (CENTRAL_DEVICE, CENTRAL_EPOCH)
#: A turn of so few events spends its time on the way to the database and back, and not there.
_SMALL_EVENTS = 64


def run_turn(
    connection: Connection,
    shard_key: int,
    items: Sequence[Item],
    now_ms: int,
    leave: Callable[[Wake], None] | None = None,
) -> list[object]:
    """Run one turn in the caller's transaction; return an answer for each item, in order.

    A push is answered by Pushed, a command by its answer; an item that fails by itself is answered
    by its exception. A device must not have two pushes in one turn. Where too many events wait for
    what came, the rest is the next turn's, which `leave` puts on; without it that runs here. Raises
    NoShard, and whatever the database raises: then nothing of the turn must be committed.
    """
    with collector.at_rest():
        turn = _Turn(connection, shard_key, now_ms)
        turn.load(items)
        answers = [turn.item(item) for item in items]
        position = turn.save([item for item in items if isinstance(item, Push)])
        told, left = [turn.answer(answer, position) for answer in answers], turn.left()
        del turn  # all it held: nothing of it is there when the collector looks again
    if leave is None:
        while left is not None:
            rest: list[Wake] = []
            run_turn(connection, shard_key, [left], now_ms, rest.append)
            left = rest[0] if rest else None
    elif left is not None:
        leave(left)
    return told


class _Turn:
    """The turn at work: its state in memory and what it will write."""

    def __init__(self, connection: Connection, shard_key: int, now_ms: int) -> None:
        row = locking.lock(connection, shard_key)
        self._connection = connection
        self._shard_key = shard_key
        self._now_ms = now_ms
        self._number: int = row.turn
        self._feed_position: int = row.feed_position
        self._incarnation: bytes = row.incarnation
        self._state = State(ZoneInfo(row.zone))
        self._at = central_moment(now_ms)
        self._log = Log(self._number, now_ms)
        self._overlaps: dict[tuple[bytes, int], overlaps.Known] = {}
        self._durable: dict[tuple[bytes, int], int] = {}
        self._waking = Waking(self._state)

    def load(self, items: Sequence[Item]) -> None:
        """Read what the items will need, in a few statements."""
        pushes = [item for item in items if isinstance(item, Push)]
        begin(self._connection, self._shard_key, self._state)
        t = schema.durable.c
        chains = [(push.device_id, push.epoch) for push in pushes]
        columns = (t.device_id, t.epoch, t.through_seq)
        for device_id, epoch, seq in bulk.by_key(
            self._connection, self._shard_key, columns, chains
        ):
            self._durable[device_id, epoch] = seq
        nobody_waits = self._state.waiting.empty
        wanted: list[wants.Want] = [("heads", chain) for chain in (*chains, _CENTRAL)]
        for item in items:
            if isinstance(item, Push):
                wanted.append(("shops", item.device_id))
                for body in item.bodies:
                    wanted += wants.of_body(body, item.device_id, waiting=not nobody_waits)
                for frame in item.frames:
                    origin = read_origin(frame)
                    if origin is not None:
                        wanted += wants.of_origin(item.device_id, origin)
            elif isinstance(item, Wake):
                self._state.waiting.behind.update(item.left)
                wanted += (("waiting", reference) for reference in item.left)
            else:
                wanted += item.wants()
        load(self._connection, self._shard_key, self._state, wanted)
        self._overlaps = overlaps.read(
            self._connection,
            self._shard_key,
            {
                (push.device_id, push.epoch): (push.first_seq, push.last_seq)
                for push in pushes
                if (head := self._state.heads.get((push.device_id, push.epoch))) is not None
                and push.first_seq <= head.seq
            },
        )

    def item(self, item: Item) -> object:
        """Do what an item asks for; return what its answer will be made of."""
        if isinstance(item, Push):
            return self._push(item)
        if isinstance(item, Wake):
            self._waking.go_on(item.left)
            self._wake()
            return None
        return self._command(item)

    def left(self) -> Wake | None:
        """Return what the next turn has to go on with."""
        return Wake(self._waking.left) if self._waking.left else None

    def _push(self, push: Push) -> "_Met | UnknownEpoch":
        """Take what is new of a push into the inbox and judge it."""
        key = (push.device_id, push.epoch)
        head = self._state.heads.get(key)
        if head is None:
            return UnknownEpoch(f"epoch {push.epoch} was never granted to this device")
        known = self._overlaps.get(key, {})
        met = overlaps.meet(head, push.first_seq, push.prev_hash, push.hashes, known)
        if met.status == "ok":
            self._take(push, met.fresh_from)
        elif met.status == "fork" and not head.sealed:
            seal = EpochSealed(
                at=self._at,
                device=push.device_id.hex(),
                epoch=push.epoch,
                head_seq=head.seq,
                head_hash=head.hash.hex(),
                seen_seq=met.seen_seq,
                seen_hash=met.seen_hash.hex(),
            )
            self._write(frame_of(seal))
        return _Met(push, met, known)

    def _command(self, command: Command) -> object:
        """Let a command decide, write its events, and return its answer or its exception."""
        try:
            decision = self._loading(lambda: command.decide(self._state, self._at))
            frames = [frame_of(body) for body in decision.bodies]
        except Exception as error:  # noqa: BLE001  # a failing command never fails its neighbours
            self._state.drop()
            return error
        for body, frame in zip(decision.bodies, frames, strict=True):
            if isinstance(body, Rejudge) and not self._waits(body):
                continue  # what an event before it brought has woken it
            judgement = self._write(frame)
            self._wake()
            if judgement.verdict is not Verdict.APPLIED:
                return NotApplied(f"{type(body).__name__}: {judgement.error or judgement.reason}")
        return self._loading(lambda: decision.answer(self._state))

    def answer(self, answer: object, position: int) -> object:
        """Return an item's answer, a push's with its verdicts as they are at the end."""
        if not isinstance(answer, _Met):
            return answer
        push, met = answer.push, answer.meeting
        head = self._state.heads.get((push.device_id, push.epoch)) or Head(0, b"")
        judged = []
        for seq in range(push.first_seq, met.acked_through + 1 if met.status != "gap" else 0):
            row = self._judged(Identity(push.device_id, push.epoch, seq), answer.known.get(seq))
            judged.append(Judged(seq, row.verdict, row.reason, row.adjusted))
        known = [one.seq for one in judged if one.reason == KNOWN_BEFORE]
        again = {seq: push.frames[seq - push.first_seq] for seq in known}
        if again:
            firsts = originals.read(self._connection, self._shard_key, push.device_id, again)
            judged = [firsts.get(one.seq, one) for one in judged]
        return Pushed(
            status=met.status,
            acked_through=met.acked_through,
            expected_seq=head.seq + 1,
            judged=tuple(judged),
            feed_position=position,
            incarnation=self._incarnation,
            durable_through=self._durable.get((push.device_id, push.epoch), 0),
        )

    def save(self, pushes: Sequence[Push]) -> int:
        """Write all that the turn did; return the feed's new position."""
        connection, shard_key, state = self._connection, self._shard_key, self._state
        together = bulk.sent_together if self._log.place <= _SMALL_EVENTS else nullcontext
        load(connection, shard_key, state, lots.unread(state))
        with together(connection):
            self._log.save(connection, shard_key, state)
            saving.save(connection, shard_key, state, lambda _: self._number)
            contacts.save(connection, shard_key, pushes)
        notices = directory.of_notices(connection, shard_key, [*self._log.notices()])
        changes = notices + directory.of_turn(connection, shard_key, state)
        with together(connection):
            position = directory.write_turn(connection, shard_key, self._feed_position, changes)
            if position != self._feed_position:
                locking.move_feed(connection, shard_key, position)
        return position

    def _judged(
        self, identity: Identity, repeat: overlaps.Repeat | None
    ) -> Judgement | overlaps.Repeat:
        """Return the verdict on an event as it is now."""
        again = self._state.verdicts.get(identity)
        if again is not None:
            return again
        return repeat if repeat is not None else self._log.judgement(identity)

    def _take(self, push: Push, fresh_from: int) -> None:
        """Judge the frames of a push from `fresh_from` on, and behind them what waited for one."""
        unknown = When(push.received_ms, push.received_ms, Quality.UNKNOWN)
        for offset in range(fresh_from, len(push.frames)):
            seq, frame, body = push.first_seq + offset, push.frames[offset], push.bodies[offset]
            if seq in push.refused:
                place = (push.device_id.hex(), push.epoch, seq)
                self._write(frame_of(RefusalKept(self._at, *place, push.refused[seq])))
            when = unknown
            if not isinstance(body, Unreadable):
                when = interval(body.at, push.clock, push.boots, push.received_ms)
            event = Event(
                Identity(push.device_id, push.epoch, seq),
                frame,
                body,
                when.earliest_ms,
                when.latest_ms,
                self._number,
                self._log.place,
                read_origin(frame),
                when.quality,
            )
            recorded = None
            if seq in push.poison:
                recorded = Judgement(Verdict.QUARANTINED, error=push.poison[seq])
            self._append(event, push.hashes[offset], recorded)
        if fresh_from < len(push.frames):
            self._move_head(push.device_id, push.epoch, push.last_seq, push.hashes[-1])
        self._wake()

    def _write(self, frame: Frame) -> Judgement:
        """Append an event of central's own to its chain and judge it."""
        head = self._state.heads.get(_CENTRAL)
        if head is None:
            raise NoShard(f"shard {self._shard_key} has no chain of its own")
        identity = Identity(*_CENTRAL, head.seq + 1)
        stream = Stream(self._shard_key, *_CENTRAL)
        event = Event(
            identity=identity,
            frame=frame,
            body=read_body(frame),
            earliest_ms=self._now_ms,
            latest_ms=self._now_ms,
            quality=Quality.EXACT,
            turn=self._number,
            place=self._log.place,
        )
        hash_ = event_hash(stream, identity.seq, head.hash, frame)
        self._move_head(*identity, hash_)
        return self._append(event, hash_, None)

    def _move_head(self, device_id: bytes, epoch: int, seq: int, hash_: bytes) -> None:
        """Let a chain end at this event of the turn."""
        self._state.heads.put((device_id, epoch), Head(seq, hash_))
        self._state.keep()

    def _append(self, event: Event, hash_: bytes, recorded: Judgement | None) -> Judgement:
        """Judge an event; those that waited for what it brought are judged again soon."""
        logged = self._log.append(event, hash_)
        try:
            folded = fold(self._state, event, recorded)
        except Unloaded as missing:
            self._load(missing)
            folded = self._loading(lambda: fold(self._state, event, recorded))
        logged.folded = folded
        if folded.wakes:
            self._waking.came(folded.wakes)
        return folded.judgement

    def _wake(self) -> None:
        """Judge again what waited for what came; each re-judgement is an event again."""
        while (pending := self._loading(self._waking.next)) is not None:
            device_id, epoch, seq = pending.event.identity
            again = Rejudge(self._at, device_id.hex(), epoch, seq, pending.verdict)
            self._write(frame_of(again))

    def _waits(self, again: Rejudge) -> bool:
        origin = Identity(bytes.fromhex(again.device), again.epoch, again.seq)
        return self._loading(lambda: self._state.pending.get(origin)) is not None

    def _loading(self, read: Callable[[], T]) -> T:
        """Return what `read` returns, loading rows until it finds all that it asks for."""
        while True:
            try:
                return read()
            except Unloaded as missing:
                self._load(missing)

    def _load(self, missing: Unloaded) -> None:
        wanted = [(missing.table, missing.key)]
        load(self._connection, self._shard_key, self._state, wanted)


class _Met(Struct, frozen=True):
    """A push whose answer waits for the end of the turn."""

    push: Push
    meeting: overlaps.Meeting
    known: overlaps.Known
