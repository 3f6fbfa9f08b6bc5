"""Bugs to plant in what devices and central tell each other, and in how it is kept and judged."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from central import schema
from central.database import writing
from central.ledger.judging import fold as folding
from central.ledger.judging.accounts import wallet_id
from central.ledger.judging.moments import Quality, When
from central.ledger.judging.rows import Head
from central.ledger.judging.wallets import draw_lots
from central.ledger.writing import overlaps
from central.ledger.writing.items import Item, Push
from central.ledger.writing.overlaps import Meeting
from central.ledger.writing.turns import run_turn
from central.sync import pulling
from central.sync.service import Service
from edge_agent.journal import boots, cursor
from edge_agent.journal.cursor import Cursor
from edge_agent.journal.file.database import connect_writer
from edge_agent.journal.journal import Journal
from edge_agent.journal.pulled import directory
from edge_agent.sync.pusher import Pusher
from loyalty.receipt import Receipt, fingerprint
from loyalty.wire import PullAnswer, Verdict
from tillpoints.simulation.plants import Patch


def ack_before_commit() -> Sequence[Patch]:
    """Central answers whether or not its COMMIT goes through."""

    def run_items(self: Service, items: Sequence[Item]) -> list[object]:
        answers: list[object] | None = None
        try:
            with writing(self.engine) as connection:
                answers = run_turn(connection, self.shard_key, items, self.now_ms())
        except Exception:
            if answers is None:
                raise
        return answers

    return [("central.sync.service.Service._run", run_items)]


def no_hash_compare() -> Sequence[Patch]:
    """A repeat is skipped without a look at its hashes."""

    def meet(
        head: Head, first_seq: int, _prev: bytes, hashes: Sequence[bytes], _known: object
    ) -> Meeting:
        if first_seq > head.seq + 1:
            return Meeting("stale") if head.sealed else Meeting("gap", head.seq)
        last_seq = first_seq + len(hashes) - 1
        if head.sealed:
            return Meeting("stale", min(head.seq, last_seq))
        return Meeting("ok", last_seq, fresh_from=max(head.seq + 1 - first_seq, 0))

    return [("central.ledger.writing.overlaps.meet", meet)]


def delete_all_sent() -> Sequence[Patch]:
    """A till forgets what it sent, acknowledged or not."""
    step = Pusher.step

    def forgetful(self: Pusher, now: Any) -> object:
        before = self._journal.outbox()
        done = step(self, now)

        def delete(db: Any) -> None:
            db.execute("DROP TRIGGER IF EXISTS event_is_never_deleted")
            sent = (before.epoch, min(before.acked_seq + 100, before.head_seq - 1))
            db.execute("DELETE FROM event WHERE epoch = ? AND seq <= ?", sent)

        self._journal._writer.transact(delete)  # noqa: SLF001
        return done

    return [("edge_agent.sync.pusher.Pusher.step", forgetful)]


def trim_at_acked() -> Sequence[Patch]:
    """A till drops what central acknowledged, whether or not a backup holds it."""
    step = Pusher.step

    def thrifty(self: Pusher, now: Any) -> object:
        done = step(self, now)
        outbox = self._journal.outbox()

        def delete(db: Any) -> None:
            db.execute("DROP TRIGGER IF EXISTS event_is_never_deleted")
            acked = (outbox.epoch, outbox.acked_seq - 1)
            db.execute("DELETE FROM event WHERE epoch = ? AND seq <= ?", acked)

        self._journal._writer.transact(delete)  # noqa: SLF001
        return done

    return [("edge_agent.sync.pusher.Pusher.step", thrifty)]


def cursor_from_a_sequence() -> Sequence[Patch]:
    """Positions are drawn before the commit: a page can miss one that is committed later."""
    rows = pulling._rows  # noqa: SLF001

    def early(connection: Any, **which: Any) -> Any:
        found = list(rows(connection, **which))
        late = found[-1].position if found and found[-1].position % 3 == 0 else None
        return (row for row in found if row.position != late)

    return [("central.sync.pulling._rows", early)]


def answers_take_no_time() -> Sequence[Patch]:
    """A till takes central's clock as if its answer had needed no time."""
    sampled = boots.sampled

    def at_once(db: Any, server_ms: int, at: Any, _rtt_ms: int) -> None:
        sampled(db, server_ms, at, 0)

    return [("edge_agent.journal.boots.sampled", at_once)]


def refused_becomes_success() -> Sequence[Patch]:
    """An event that is sent again is judged again, even if it was refused for good."""

    def turn(connection: Any, shard_key: int, items: Sequence[Any], *rest: Any) -> list[object]:
        answers = run_turn(connection, shard_key, items, *rest)
        t = schema.inbox
        for item in items:
            if isinstance(item, Push) and item.frames:
                seqs = t.c.seq.between(item.first_seq, item.last_seq)
                refused = t.c.verdict == int(Verdict.REFUSED_FINAL)
                mine = [t.c.shard_key == shard_key, t.c.device_id == item.device_id]
                seen = t.c.received_ms < rest[0]
                change = t.update().where(*mine, seqs, refused, seen)
                connection.execute(change.values(verdict=int(Verdict.APPLIED)))
        return answers

    return [("central.sync.service.run_turn", turn)]


def poison_stops_the_batch() -> Sequence[Patch]:
    """What a handler raises fails the whole push."""

    def attempt(entry: Any) -> object:
        body = entry.event.body
        folding._check_chain(entry.event)  # noqa: SLF001
        return folding._HANDLERS[type(body)](entry, body), tuple(entry.wakes)  # noqa: SLF001

    def alone(_run: object, _item: object, error: Exception) -> object:
        return error

    return [
        ("central.ledger.judging.fold._attempt", attempt),
        ("central.sync.combiner._alone", alone),
    ]


def till_does_not_sync() -> Sequence[Patch]:
    """The journal's COMMIT does not wait for the disk."""

    def connect(path: Any) -> Any:
        db = connect_writer(path)
        db.execute("PRAGMA synchronous = NORMAL")
        return db

    return [("edge_agent.journal.file.opening.connect_writer", connect)]


def central_does_not_sync() -> Sequence[Patch]:
    """Central's COMMIT does not wait for the disk."""
    from central import database

    set_up = database._set_up_sqlite  # noqa: SLF001

    def hasty(connection: Any, record: Any) -> None:
        set_up(connection, record)
        connection.execute("PRAGMA synchronous = NORMAL")

    return [("central.database._set_up_sqlite", hasty)]


def refund_clamps() -> Sequence[Patch]:
    """A refund of points that are spent takes what is there and forgets the rest."""

    def take(entry: Any, holder: Any, points: int, subject: str, codes: Any) -> None:
        wallet = wallet_id(holder)
        there = min(points, entry.account(wallet).available)
        if there:
            from central.ledger.judging.accounts import ISSUER

            entry.move(wallet, ISSUER, there, codes[0], subject)
            draw_lots(entry, wallet, there)

    return [("central.ledger.judging.sales.take", take)]


def fingerprint_without_date() -> Sequence[Patch]:
    """A receipt's key forgets the day, and shops start their numbers again each day."""

    def dateless(receipt: Receipt, discriminator: str = "") -> bytes:
        return fingerprint(structs.replace(receipt, printed_at=None), discriminator)

    return [
        # In place of what remembers its answers: they would outlive the bug.
        ("central.ledger.judging.references.print_of", dateless),
        ("edge_agent.journal.projections.sales.fingerprint", dateless),
        ("tillpoints.simulation.people.counters.fingerprint", dateless),
    ]


def contained_at_ack() -> Sequence[Patch]:
    """A balance counts as containing an event when it is acknowledged, not when it is pulled."""
    acknowledge = cursor.acknowledge

    def early(db: Any, epoch: int, answer: Any) -> None:
        acknowledge(db, epoch, answer)
        db.execute("UPDATE epoch SET contained_seq = acked_seq WHERE epoch = ?", (epoch,))

    return [("edge_agent.journal.cursor.acknowledge", early)]


def page_and_cursor_apart() -> Sequence[Patch]:
    """The cursor moves in one transaction, the rows follow in another."""
    whole = Journal.take_page

    def in_two(self: Journal, answer: PullAnswer) -> None:
        if answer.refetch or self.cursor().incarnation not in {b"", answer.incarnation}:
            whole(self, answer)
            return
        to = Cursor(answer.incarnation, answer.position)
        self._writer.transact(lambda db: cursor.move(db, to))

        def rows(db: Any) -> None:
            for row in answer.rows:
                directory._take(db, row)  # noqa: SLF001

        self._writer.transact(rows)

    return [("edge_agent.journal.journal.Journal.take_page", in_two)]


def epoch_used_again() -> Sequence[Patch]:
    """A device whose chain parted goes on in the epoch that was sealed."""

    def same(_connection: Any, latest: Any, _now_ms: int) -> object:
        return latest

    def sealed(_connection: Any, latest: Any, *_: object) -> object:
        return latest

    return [
        ("central.sync.enrolment._next_epoch", same),
        ("central.sync.rehoming.grant_behind", sealed),
    ]


def ack_names_the_head() -> Sequence[Patch]:
    """Central acknowledges all it holds, not what this push has shown: a rollback goes unseen."""
    meet = overlaps.meet

    def generous(head: Head, first_seq: int, prev: bytes, hashes: Any, known: Any) -> Meeting:
        met = meet(head, first_seq, prev, hashes, known)
        if met.status != "ok" or not hashes:
            return met
        return structs.replace(met, acked_through=met.acked_through + 1)

    return [("central.ledger.writing.overlaps.meet", generous)]


def dated_by_the_wall_clock() -> Sequence[Patch]:
    """Central believes what a till's wall clock says."""

    def believed(at: Any, _clock: Any, _boots: Any, received_ms: int) -> When:
        moment_ms = max(0, min(at.wall_ms, received_ms))
        return When(moment_ms, moment_ms, Quality.EXACT)

    return [("central.ledger.writing.turns.interval", believed)]
