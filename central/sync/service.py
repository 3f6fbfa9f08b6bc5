"""What the sync API is built from: database, keys, clock, chance, and the one writer.

Wiring, in central/app.py:

    service = Service(parts.engine, parts.keys.central_key, parts.keys.tenant_key,
                      now_ms=lambda: time.time_ns() // 1_000_000, draw=secrets.randbelow,
                      member_files=..., shard_key=config.shard_key)
    service.start()                                  # judges again what waited for this version
    app.register_blueprint(api.blueprint(service))   # ... and service.close() when the app stops

The clock and chance are passed in, so that a simulation can own both.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs
from sqlalchemy import Connection, Engine

from central.access.pins import Pins
from central.access.proof import Proof
from central.access.turnstile import Turnstile
from central.database import reading, writing
from central.ledger.seals import seal_if_due
from central.ledger.shards import read_shard
from central.ledger.waiting import rejudge_ready
from central.ledger.writing.items import Command, Item, Push, Pushed, Wake
from central.ledger.writing.turns import run_turn
from central.sync.census import when_restored
from central.sync.combiner import Combiner, RunTurn
from central.sync.limits import BURST_EVENTS, EVENTS_PER_S, Limits
from central.sync.member_files import MemberFiles
from loyalty.seals import Seal

T = TypeVar("T")


class Service:
    """One programme's ledger, as the agents' API and central's own rooms use it."""

    def __init__(
        self,
        engine: Engine,
        central_key: Ed25519PrivateKey,
        tenant_key: bytes,
        now_ms: Callable[[], int],
        draw: Callable[[int], int],
        member_files: MemberFiles,
        shard_key: int = 1,
        combiner: Callable[[RunTurn], Combiner] = Combiner,
    ) -> None:
        """Take the parts. `now_ms()` is ms since 1970 UTC; `draw(n)` a random integer below n.

        A simulation passes a combiner without a thread.
        """
        self.member_files = member_files
        self.engine = engine
        self.central_key = central_key
        self.tenant_key = tenant_key
        self.now_ms = now_ms
        self.draw = draw
        self.shard_key = shard_key
        self.calls = Limits()
        self.events = Limits(BURST_EVENTS, EVENTS_PER_S)
        self.turnstile = Turnstile()
        self.pins = Pins(engine, shard_key, now_ms, draw)
        public = central_key.public_key().public_bytes_raw()
        self.proof = Proof(engine, shard_key, now_ms, public, self.pins)
        self._combiner = combiner(self._run)

    def start(self) -> None:
        """Judge again what waited for a newer version; make the first member file."""
        with writing(self.engine) as connection:
            rejudge_ready(connection, self.shard_key, self.now_ms())
        self.member_files.begin()

    def close(self) -> None:
        """Finish what was submitted and stop the writer."""
        self._combiner.close()
        self.member_files.close()

    def incarnation(self) -> bytes:
        """Return what a restore changes."""
        return self.read(lambda connection: read_shard(connection, self.shard_key)).incarnation

    def push(self, push: Push) -> Pushed:
        """Return what became of a push, after its commit. Raises combiner.Busy, UnknownEpoch."""
        if push.refused and self.read(partial(when_restored, shard_key=self.shard_key)) is None:
            push = structs.replace(push, refused={})  # this database knows what it refused
        return cast(Pushed, self._combiner.submit(push))

    def run(self, command: Command) -> object:
        """Return a command's answer, after its commit. Raises combiner.Busy, NotApplied."""
        return self._combiner.submit(command)

    def read(self, query: Callable[[Connection], T]) -> T:
        """Return what `query` finds in one moment of the database."""
        with reading(self.engine) as connection:
            return query(connection)

    def seal(self) -> Seal | None:
        """Seal the ledger if that is due; return the seal that was written."""
        with writing(self.engine) as connection:
            return seal_if_due(connection, self.shard_key, self.now_ms())

    def random_bytes(self, size: int) -> bytes:
        """Return `size` random bytes."""
        return self.draw(1 << (8 * size)).to_bytes(size, "big")

    def _run(self, items: Sequence[Item]) -> list[object]:
        left: list[Wake] = []
        with writing(self.engine) as connection:
            answers = run_turn(connection, self.shard_key, items, self.now_ms(), left.append)
        for one in left:
            self._combiner.go_on(one)
        return answers
