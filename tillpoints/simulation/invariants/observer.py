"""Watches central's database from outside, turn by turn, and holds the invariants against it.

Reads with a connection of its own and only what is new, so that looking after every step is cheap.
The names are those of the design: I1 prefix, I3 one effect, I4 honest ack, I8 under a lease,
I10 forks, I11 totality, I12 final; those of the accounts stand in `accounts`.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from central.ledger.judging.fold import OPEN_VERDICTS
from central.ledger.judging.moments import Quality
from loyalty import chain
from loyalty.chain import Frame, Stream
from loyalty.events import (
    KINDS,
    REHOMED_KIND,
    CaseAccepted,
    CaseClosed,
    LeaseRemade,
    Redeem,
    Rejudge,
    body_of,
    origin_of,
)
from loyalty.wire import PushAnswer, PushRequest, Verdict
from tillpoints.simulation.invariants.accounts import Accounts
from tillpoints.simulation.invariants.coupons import Coupons
from tillpoints.simulation.invariants.facts import Facts, Key, Told
from tillpoints.simulation.invariants.redemptions import Redemptions
from tillpoints.simulation.machines.centre import SHARD, Central
from tillpoints.simulation.world import World

_CENTRAL = bytes(16)
_REDEEM, _REMADE = (
    next(kind for kind, body in KINDS.items() if body is wanted) for wanted in (Redeem, LeaseRemade)
)
_AGAIN = {kind: body for kind, body in KINDS.items() if body in (Rejudge, CaseAccepted, CaseClosed)}
_OPEN = {int(verdict) for verdict in OPEN_VERDICTS}
#: What a sale gave its holder, and what was taken back of that, by the codes of transfers.
_GIVEN, _OF_SALES = {1, 2, 3}, {1, 2, 3, 4, 5, 10, 11}


class Observer:
    """What central has committed so far, as seen from outside."""

    def __init__(self, world: World, central: Central, facts: Facts) -> None:
        self._world = world
        self._central = central
        self._facts = facts
        self.turn = 0
        self.incarnation = b""
        self.catch_up: Callable[[], None] = lambda: None
        #: The hashes of every chain, the first at index 0.
        self.chains: dict[tuple[bytes, int], list[bytes]] = defaultdict(list)
        self.acked: dict[tuple[bytes, int], int] = {}
        #: Where the feed stood when an event's turn was committed.
        self.position_of: dict[Key, int] = {}
        self.verdicts: dict[Key, int] = {}
        #: The first hashes of events that were written again in a later epoch.
        self.rehomed: set[bytes] = set()
        self.events = 0
        self.accounts = Accounts(world)
        self._net: dict[str, int] = defaultdict(int)
        self.redemptions = Redemptions(world, facts)
        self.coupons = Coupons(world, facts, self.redemptions)
        self._opened: tuple[Path, sqlite3.Connection] | None = None
        self._seen: tuple[Path, int] | None = None
        self._heads: dict[tuple[bytes, int], int] = {}
        #: What the first event of an epoch that was granted names as the one before it.
        self._anchors: dict[tuple[bytes, int], bytes] = {}
        #: Whether central ever came back from a backup: devices then know more than it does.
        self.restored = False

    # ---- after each call

    def look(self) -> None:
        """Take in what was committed since, and check everything that can have changed."""
        db = self._database()
        seen = (self._central.file, db.execute("PRAGMA data_version").fetchone()[0])
        if seen == self._seen:
            return  # nothing was committed since
        self._seen = seen
        query = "SELECT turn, feed_position, incarnation FROM shard"
        turn, position, self.incarnation = db.execute(query).fetchone()
        self._world.hold("D2 central keeps its turns", turn < self.turn and (turn, self.turn))
        self._look_at_heads(db)
        if turn == self.turn:
            return
        rejudged = self._inbox(db, position)
        self._rejudged(db, rejudged)
        touched = self._transfers(db)
        self.accounts.hold(db, self.turn)
        self.redemptions.hold(db, self._central.now_ms(), self.waits)
        self.coupons.hold(db)
        self._sales(db, touched)
        self.turn = turn

    def look_at_all(self) -> None:
        """Check what was taken in step by step once more, against whole tables.

        I11, I12: no verdict changed without an event that says so. I3, I5: no transfer did.
        """
        db = self._database()
        for *key, verdict in db.execute("SELECT device_id, epoch, seq, verdict FROM inbox"):
            was = self.verdicts[key[0], key[1], key[2]]
            self._world.hold("I12 final verdicts", was != verdict and (key, was, verdict))
        self.accounts.clear()
        self._net.clear()
        self.redemptions.clear()
        self.coupons.clear()
        self.turn, turn = 0, self.turn
        touched = self._transfers(db)
        self.turn = turn
        self.accounts.hold(db, self.turn)
        self.redemptions.hold(db, self._central.now_ms(), self.waits)
        self.coupons.hold_all(db)
        self.redemptions.hold_all(db, self.coupons.due(db))
        self._sales(db, touched, every=True)

    def start_over(self) -> None:
        """Know only what central knows, which came back from a backup."""
        self.restored, self.turn, self._seen = True, 0, None
        for known in (self.chains, self.acked, self.position_of, self.verdicts):
            known.clear()
        self._heads.clear()
        self._anchors.clear()
        self.accounts.clear()
        self._net.clear()
        self.redemptions.start_over()
        self.coupons.clear()
        self.rehomed.clear()
        self.look()
        leases = {row[0] for row in self._database().execute("SELECT lease_id FROM lease")}
        refused = self._database().execute("SELECT device_id, request_id FROM lease_refusal")
        self._facts.forget_leases(leases, set(refused))

    def close(self) -> None:
        """Let go of central's database."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None

    def pushed(self, request: PushRequest, answer: PushAnswer) -> None:
        """Hold a push against what was known before it, and keep what was acknowledged."""
        key = (request.device_id, request.epoch)
        stream = Stream(SHARD, *key)
        frames = chain.unpack(request.frames)
        hashes = chain.extend(stream, request.first_seq, request.prev_hash, frames)
        known = self.chains[key]
        forked = [
            request.first_seq + offset
            for offset, digest in enumerate(hashes)
            if request.first_seq + offset <= len(known)
            and known[request.first_seq + offset - 1] != digest
        ]
        before = request.first_seq - 1
        if before <= len(known):
            stands = known[before - 1] if before else self._anchors.get(key, request.prev_hash)
            if stands != request.prev_hash:
                forked.append(before)
        if forked:
            self._world.mark("fork")
            missed = answer.status not in {"fork", "stale"}
            # Central keeps no anchor of a chain that has events. Who has the epoch behind another
            # one and wrote nothing hears that its disk is behind, and goes on in a new epoch.
            if forked == [0] and not frames:
                missed = missed and answer.expected_seq <= request.last_written + 1
            self._world.hold("I10 fork completeness", missed and (answer.status, forked))
        self._world.hold("I10 no false fork", answer.status == "fork" and not forked)
        if answer.status == "ok":
            self.acked[key] = max(self.acked.get(key, 0), answer.acked_through)
            self._honest(key)

    # ---- the log

    def _inbox(self, db: sqlite3.Connection, position: int) -> list[Key]:
        rejudged = []
        rows = db.execute(
            "SELECT device_id, epoch, seq, hash, kind, kind_version, body, verdict, error,"
            " earliest_ms, latest_ms, quality"
            " FROM inbox WHERE shard_key = ? AND turn > ? ORDER BY turn, place",
            (SHARD, self.turn),
        )
        for device, epoch, seq, digest, kind, version, body, verdict, error, *when in rows:
            key = (device, epoch, seq)
            known = self.chains[device, epoch]
            self._world.hold("I1 no gap on a chain", seq != len(known) + 1 and key)
            frame = Frame(kind, version, body)
            if device != _CENTRAL:
                if digest not in self._facts.written.get(key, {}):
                    self.catch_up()  # written and sent within one step
                written = self._facts.written.get(key, {}).get(digest)
                self._world.hold("I1 and I11 bytes as written", written != frame and key)
                self._time(frame, *when)
            if known:
                linked = chain.event_hash(Stream(SHARD, device, epoch), seq, known[-1], frame)
                self._world.hold("I1 one chain", linked != digest and key)
            known.append(digest)
            self.events += 1
            self.position_of[key] = position
            self.verdicts[key] = verdict
            origin = origin_of(frame) if kind == REHOMED_KIND else None
            if origin is not None:
                self._world.mark("written again")
                self.rehomed.add(origin.hash)
            self._world.trace("verdict", device.hex()[:6], epoch, seq, verdict)
            self._world.mark(f"verdict {Verdict(verdict).name}")
            if kind == _REDEEM:
                bad = verdict not in {Verdict.APPLIED, Verdict.PENDING_REF}
                spent = msgspec.json.decode(body, type=Redeem)
                given_up = spent.lease_id in self._facts.released or _is_remade(db, spent)
                if verdict == Verdict.APPLIED_ADJUSTED and given_up:
                    bad = False
                    self._world.mark("spent at the house's cost")
                self._world.hold("I8 a spend under a lease stands", bad and (key, verdict, error))
            if kind == _REMADE:
                self._world.mark("redeemed under a lost lease")
            if kind in _AGAIN and device == _CENTRAL:
                about = msgspec.json.decode(body, type=_AGAIN[kind])
                rejudged.append((bytes.fromhex(about.device), about.epoch, about.seq))
        return rejudged

    def _time(self, frame: Frame, earliest_ms: int, latest_ms: int, quality: int) -> None:
        """I16: the truth lies in every interval that central trusts."""
        self._world.mark(f"time {Quality(quality).name}")
        at = body_of(frame).at
        true_ms = self._facts.true_ms[at.boot_id, at.boottime_ms]
        wrong = quality <= Quality.BOUNDED and not earliest_ms <= true_ms <= latest_ms
        found = wrong and (Quality(quality).name, earliest_ms - true_ms, latest_ms - true_ms, at)
        self._world.hold("I16 time", found)

    def _rejudged(self, db: sqlite3.Connection, keys: list[Key]) -> None:
        for key in keys:
            now = db.execute(
                "SELECT verdict FROM inbox WHERE device_id = ? AND epoch = ? AND seq = ?", key
            ).fetchone()[0]
            # An event that came and was woken in one turn shows its last verdict only.
            was = self.verdicts[key]
            self._world.hold("I12 final verdicts", was != now and was not in _OPEN and (key, now))
            self.verdicts[key] = now
            self._world.mark("rejudged")

    def is_sealed(self, device_id: bytes, epoch: int) -> bool:
        """Tell whether central holds no open chain of this device under this epoch."""
        query = "SELECT state FROM stream WHERE device_id = ? AND epoch = ?"
        row = self._database().execute(query, (device_id, epoch)).fetchone()
        return row is None or row[0] != 0

    def _look_at_heads(self, db: sqlite3.Connection) -> None:
        for device, epoch, seq, hash_ in db.execute(
            "SELECT device_id, epoch, head_seq, head_hash FROM stream"
        ):
            self._heads[device, epoch] = seq
            if seq == 0:
                self._anchors[device, epoch] = hash_
        for key in self.acked:
            self._honest(key)

    def _honest(self, key: tuple[bytes, int]) -> None:
        """I4: what was acknowledged of a chain is there."""
        acked, head = self.acked[key], self._heads.get(key, 0)
        self._world.hold("I4 honest ack", head < acked and (key, head, acked))

    # ---- the accounts

    def _transfers(self, db: sqlite3.Connection) -> set[str]:
        """Take in the transfers since the last turn; return the subjects of those of sales."""
        touched = set()
        rows = db.execute(
            "SELECT debit_id, credit_id, amount, code, subject FROM transfer"
            " WHERE shard_key = ? AND turn > ?",
            (SHARD, self.turn),
        )
        for debit, credit, amount, code, subject in rows:
            self.accounts.moved(debit, credit, amount)
            self.redemptions.moved(db, debit, credit, amount, code, subject)
            self.coupons.moved(amount, code, subject)
            if code in _OF_SALES:
                self._net[subject] += amount if code in _GIVEN else -amount
                touched.add(subject)
        return touched

    def judged(self, told: Told) -> Verdict | None:
        """Return what central made of an event that people were told of, None before it has it."""
        chain, seq = self.chains[told.key[:2]], told.key[2]
        known = len(chain) >= seq and chain[seq - 1] == told.hash
        return Verdict(self.verdicts[told.key]) if known else None

    def waits(self, told: Told) -> bool:
        """Tell whether a redemption stands but waits: its lease went with a lost database."""
        if not self.restored:
            return False
        return self.judged(told) in (None, Verdict.PENDING_REF)

    def _sales(self, db: sqlite3.Connection, touched: set[str], *, every: bool = False) -> None:
        """I3: what a receipt came to is what its sale says, once, whatever was sent how often."""
        left = {subject for subject in touched if self._net[subject]}
        query = "SELECT fingerprint, points, taken_back, holder_key FROM sale"
        keys = [] if every else [bytes.fromhex(subject) for subject in touched]
        if not every:
            query += f" WHERE shard_key = {SHARD} AND fingerprint IN ({', '.join('?' * len(keys))})"
        for key, points, taken_back, holder in db.execute(query, keys):
            due = points - taken_back if holder is not None else 0
            left.discard(key.hex())
            wrong = self._net[key.hex()] != due
            self._world.hold("I3 one effect", wrong and (key.hex()[:12], due))
        found = {key: self._net[key] for key in sorted(left)}
        self._world.hold("I3 no effect without a sale", found)

    def _database(self) -> sqlite3.Connection:
        """Return a connection of our own to the database as it is now."""
        file = self._central.file
        if self._opened is None or self._opened[0] != file:
            self.close()
            uri = f"{file.as_uri()}?mode=ro"
            self._opened = (file, sqlite3.connect(uri, uri=True, isolation_level=None))
        return self._opened[1]


def _is_remade(db: sqlite3.Connection, spent: Redeem) -> bool:
    """Tell whether a lease was lost with a database and made again for this spend."""
    query = "SELECT 1 FROM lease WHERE lease_id = ? AND request_id = lease_id"
    return db.execute(query, (spent.lease_id,)).fetchone() is not None
