"""The invariants that look at devices, at whole ledgers, and at the end of a run.

I2 no loss, I13 replay, I14 cursor, I15 convergence, I17 tamper, I19 progress; and after each step
of a device's sync: what it believes central to hold, central holds.
"""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from central import schema
from central.config import Database
from central.database import connect, reading
from central.ledger import settlement
from central.ledger.queries import balance_of
from central.ledger.remaking import LEASE_UNKNOWN
from central.ledger.verify import verify
from central.sync.reward_offers import LEASE_TTL_S
from edge_agent.journal.reader import Reader
from loyalty.chain import Frame
from loyalty.events import Holder, Redeem, body_of
from loyalty.wire import CardRow, MemberRow, Topic, Verdict
from tillpoints.simulation.invariants import bills
from tillpoints.simulation.invariants.facts import Facts
from tillpoints.simulation.invariants.observer import Observer
from tillpoints.simulation.machines.centre import SHARD, Central
from tillpoints.simulation.machines.database import FILE
from tillpoints.simulation.machines.disk import write_image
from tillpoints.simulation.machines.station import Station
from tillpoints.simulation.people.cards import CARDS, tag_of
from tillpoints.simulation.programme.activities import done_twice
from tillpoints.simulation.world import World


class Checks:
    """Holds invariants against devices and whole databases."""

    def __init__(self, world: World, central: Central, observer: Observer, facts: Facts) -> None:
        self._world = world
        self._central = central
        self._observer = observer
        self._facts = facts

    def after_sync(self, station: Station) -> None:
        """Hold what a device believes against what central holds."""
        journal, identity = station.journal, station.identity()
        outbox = journal.outbox()
        known = self._observer.chains[identity.device_id, outbox.epoch]
        if outbox.acked_seq and not outbox.refused:
            believed = journal.batch(outbox.acked_seq, 1, 1).head_hash
            held = known[outbox.acked_seq - 1] if len(known) >= outbox.acked_seq else None
            # After a restore the chain is sent anew from where central says that it stands; that
            # another copy of the disk wrote what stands there shows at the next push (I10, I2).
            copied = identity.device_id in self._facts.unreliable
            refills = self._observer.restored and (held is None or copied)
            wrong = believed != held and not refills
            self._world.hold("I4 what is acked is held", wrong and (station.name, outbox))
        at = journal.cursor()
        if outbox.contained_seq and not self._observer.restored:
            key = (identity.device_id, outbox.epoch, outbox.contained_seq)
            needed = self._observer.position_of.get(key, 1 << 62)
            early = needed > at.position
            self._world.hold("I14 contained only when pulled", early and (station.name, key, at))

        against = journal.seal_against()
        self._world.hold("I17 a till's seal stands", against and (station.name, against))

    def directory(self, station: Station) -> None:
        """I14: a device's directory is the feed up to its cursor, folded, once it has its file."""
        at, file = station.journal.cursor(), station.journal.member_file()
        if at.incarnation != self._observer.incarnation:
            self._world.mark("has not heard of the restore")
            return
        if file.position < file.needed:
            self._world.mark("waits for a member file")
            return
        self._world.mark("member file" if file.position else "no member file")
        with closing(sqlite3.connect(self._central.file)) as db:
            rows = db.execute(
                "SELECT topic, item, payload FROM feed WHERE position <= ? AND topic IN (1, 2)"
                " ORDER BY position",
                (at.position,),
            ).fetchall()
        last = {(topic, item): payload for topic, item, payload in rows}
        for (topic, item), payload in last.items():
            if topic == Topic.MEMBER:
                row = payload and msgspec.msgpack.decode(payload, type=MemberRow)
                found = station.journal.standing(Holder("member", item))
            else:
                row = payload and msgspec.msgpack.decode(payload, type=CardRow)
                found = station.journal.standing(Holder("card", item))
                if found.holder.kind == "member":
                    continue
            balance = None if found.balance is None else found.balance - found.pending
            wrong = balance != (row.balance if row else None)
            self._world.hold("I14 cursor", wrong and (station.name, item, balance, row))

    def ledger(self) -> None:
        """I13: the ledger is what its log says, and every check of `ledger verify` passes."""
        engine = connect(Database(f"sqlite:///{self._central.file}"))
        try:
            with reading(engine) as connection:
                self._world.hold("I13 replay", verify(connection, SHARD))
                self._world.hold("A1 once per member", done_twice(connection, SHARD))
        finally:
            engine.dispose()
        self._observer.look_at_all()

    def journal(self, station: Station) -> None:
        """A device's journal passes its own checks."""
        problems = station.journal.verify().problems
        self._world.hold("I13 journal", problems and (station.name, problems))

    # ---- I17

    def tampered_ledger(self) -> None:
        """I17: one bit flipped in what central stores is reported."""
        rng = self._world.chance("tamper")
        table, column, key = rng.choice(_LEDGER_TARGETS)
        found = self._tampered(
            self._central.disk.image(), FILE, (table, column, key), self._ledger_findings
        )
        self._world.hold("I17 tamper", not found and (table, column))

    def tampered_journal(self, station: Station) -> None:
        """I17: one bit flipped in an event that a device stores is reported."""
        column = self._world.chance("tamper").choice(("hash", "body"))
        image = station.disk.image()
        what = ("event", column, "epoch, seq")
        found = self._tampered(image, "journal.sqlite", what, _journal_findings)
        self._world.hold("I17 tamper", not found and (station.name, column))

    def _tampered(
        self,
        image: dict[str, bytes],
        file: str,
        what: tuple[str, str, str],
        findings: Callable[[Path], Sequence[object]],
    ) -> bool:
        """Tell whether a flipped bit is found; nothing to flip counts as found."""
        folder = self._world.folder / "tampered"
        table, column, key = what
        write_image(folder, image)
        try:
            with closing(sqlite3.connect(folder / file, isolation_level=None)) as db:
                db.execute("DROP TRIGGER IF EXISTS event_is_never_changed")
                keys = db.execute(
                    f"SELECT {key}, {column} FROM {table} ORDER BY {key}"  # noqa: S608 ours
                ).fetchall()
                if not keys:
                    return True
                *which, value = self._world.chance("tamper").choice(keys)
                where = " AND ".join(f"{name} = ?" for name in key.split(", "))
                db.execute(
                    f"UPDATE {table.split()[0]} SET {column} = ? WHERE {where}",  # noqa: S608
                    (self._flipped(value), *which),
                )
            self._world.mark("tampered")
            return bool(findings(folder / file))
        except sqlite3.IntegrityError:
            return True  # the database itself refuses what the flip came to
        finally:
            shutil.rmtree(folder)

    def _flipped(self, value: bytes | int | str) -> bytes | int | str:
        rng = self._world.chance("tamper")
        if isinstance(value, int):
            return value ^ (1 << rng.randrange(8))
        place = rng.randrange(len(value))
        if isinstance(value, str):
            changed_to = chr(ord(value[place]) ^ (1 << rng.randrange(8)))
            return value[:place] + changed_to + value[place + 1 :]
        changed = bytes([value[place] ^ (1 << rng.randrange(8))])
        return value[:place] + changed + value[place + 1 :]

    def _ledger_findings(self, file: Path) -> Sequence[object]:
        engine = connect(Database(f"sqlite:///{file}"))
        try:
            with reading(engine) as connection:
                return verify(connection, SHARD)
        except Exception as error:  # noqa: BLE001 a check that cannot go on has reported it
            return [error]
        finally:
            engine.dispose()

    # ---- the end

    def nothing_lost(self) -> None:
        """I2: whatever people were told is in central's inbox, itself or written again."""
        for told in self._facts.told:
            device, epoch, seq = told.key
            chain = self._observer.chains[device, epoch]
            held = chain[seq - 1] if len(chain) >= seq else None
            known = held == told.hash or told.hash in self._observer.rehomed
            self._world.hold("I2 no loss", not known and told.hash not in self._facts.lost and told)

    def leases_returned(self) -> None:
        """I19: no points stay set aside for a device that has nothing left to say about them."""
        with closing(sqlite3.connect(self._central.file)) as db:
            rows = db.execute(
                "SELECT lease_id, lease.device_id, lease.epoch FROM lease"
                " JOIN stream USING (device_id, epoch)"
                " WHERE lease.state = 0 AND spent < amount AND stream.state = 0"
            ).fetchall()
        left = [row for row in rows if row[1] not in self._facts.unreliable]
        self._world.hold("I19 leases come back", left)

    def at_rest(self, station: Station) -> list[str]:
        """I19: return what a device still has to do."""
        journal, left = station.journal, []
        outbox, status = journal.outbox(), station.syncer.status()
        if outbox.depth or outbox.refused:
            left.append(f"outbox {outbox}")
        if journal.stranded_leases(station.session):
            left.append("leases to give back")
        if status.problem is not None:
            left.append(f"problem {status.problem}")
        if journal.awaits_position():
            left.append("awaits a position")
        return [f"{station.name}: {what}" for what in left]

    def same_everywhere(self, stations: Sequence[Station]) -> None:
        """I15: every device shows every holder what central does."""
        engine = connect(Database(f"sqlite:///{self._central.file}"))
        try:
            with reading(engine) as connection:
                seals = {station.journal.seal() for station in stations}
                self._world.hold("I15 one seal everywhere", len(seals) > 1 and seals)
                for station in stations:
                    for number in range(CARDS):
                        holder = station.journal.holder_of(tag_of(number))
                        here = station.journal.standing(holder)
                        there = balance_of(connection, SHARD, holder)
                        if not there.known and here.balance is None:
                            continue
                        waits = self._waiting(station, holder)
                        may_be = range(-waits, 1)  # some were counted before the database went
                        wrong = here.balance != there.balance + here.pending
                        wrong = wrong or here.pending not in may_be
                        found = wrong and (station.name, here, there)
                        self._world.hold("I15 convergence", found)
        finally:
            engine.dispose()

    def settled(self, stations: Sequence[Station]) -> None:
        """P1, B1: what the mall owes its shops is what was paid at their tills and not back."""
        engine = connect(Database(f"sqlite:///{self._central.file}"))
        try:
            with reading(engine) as connection:
                payments = settlement.payments(connection, SHARD, 0, 1 << 62)
        finally:
            engine.dispose()
        self._observer.redemptions.settled(payments, self._observer.waits)
        with closing(sqlite3.connect(self._central.file)) as db:
            self._observer.coupons.settled(db, payments, self._observer.judged)
            self._observer.coupons.held(db, stations)
            bills.hold(self._world, self._facts, db)
            self._made_again(db)

    def _made_again(self, db: sqlite3.Connection) -> None:
        """I19: once all is told, no spend waits for a lease that went with a lost database."""
        (restored_ms,) = db.execute("SELECT max(restored_ms) FROM restored").fetchone()
        if restored_ms is None or db.execute("SELECT 1 FROM awaited").fetchone():
            return
        rows = db.execute(
            "SELECT kind, kind_version, body FROM inbox"
            " WHERE verdict = ? AND reason = ? AND earliest_ms <= ?",
            (int(Verdict.PENDING_REF), LEASE_UNKNOWN, restored_ms + LEASE_TTL_S * 1000),
        )
        found = [body_of(Frame(*row)) for row in rows]
        left = [one for one in found if isinstance(one, Redeem)]
        self._world.hold("I19 a spend behind the backup is settled", left)

    def _waiting(self, station: Station, holder: Holder) -> int:
        """Return what a holder redeemed here under lost leases that central did not make again."""
        if not self._observer.restored:
            return 0
        with closing(sqlite3.connect(self._central.file)) as db:
            bodies = db.execute(
                "SELECT kind, kind_version, body FROM inbox WHERE device_id = ? AND verdict = ?",
                (station.identity().device_id, int(Verdict.PENDING_REF)),
            ).fetchall()
        found = [body_of(Frame(*body)) for body in bodies]
        mine = [one for one in found if isinstance(one, Redeem) and one.holder == holder]
        return sum(one.points for one in mine)


#: What only a seal covers, so that a change behind the last one shows from the next one on.
_SEALED = {"kind_version", "body", "earliest_ms", "latest_ms", "received_ms"}
_SEALED |= {"turn", "place", "quality"}


def _targets(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield every column of a table of the ledger, with the rows that have something there."""
    table = schema.metadata.tables[name]
    key = ", ".join(one.name for one in table.primary_key.columns if one.name != "shard_key")
    for column in (one.name for one in table.columns if one.name != "shard_key"):
        if (name, column) == ("inbox", "error"):
            continue  # words for people, by the software of their time
        rows = f"{name} WHERE length({column}) > 0"
        if name == "inbox" and column in _SEALED:
            rows += " AND turn < (SELECT max(turn) FROM inbox WHERE kind = 107)"
        yield rows, column, key


_LEDGER_TARGETS = (
    *(
        target
        for name in ("inbox", "transfer", "account", "lease", "voucher", "sale")
        for target in _targets(name)
    ),
    ("arm", "until_ms", "device_id, epoch"),
    ("stream", "state", "device_id, epoch"),
    ("inbox WHERE kind = 107", "body", "device_id, epoch, seq"),
    ("feed WHERE topic = 11", "payload", "shard_key, position"),
)


def _journal_findings(file: Path) -> Sequence[object]:
    try:
        with Reader(file.parent) as reader:
            return reader.verify().problems
    except sqlite3.DatabaseError as error:
        return [error]
