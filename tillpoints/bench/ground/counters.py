"""Counters for the benchmark of redeeming: devices that redeem, and rows that are only locked."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from central import schema
from central.database import writing
from central.ledger.commands import SetMember
from central.ledger.writing.turns import run_turn
from central.sync import pushing, spending
from central.sync.callers import Caller
from central.sync.member_files import MemberFiles
from central.sync.service import Service
from loyalty.chain import Frame, anchor, batch_message, extend, pack, sign
from loyalty.events import Body, Holder, Moment, Redeem, Sale, frame_of
from loyalty.receipt import Kind, Receipt
from loyalty.wire import PROTOCOL, LeaseRequest, PushRequest, Verdict
from tillpoints.bench.ground import centre, days
from tillpoints.bench.ground.days import NO_HEAD, SHARD, START_MS, Till

REWARD, POINTS = "tea", 100
_OWED_FEN = 20_000  # 200 points: a redemption leaves as many as it takes


class Counter:
    """A device at which members redeem one after the other, over central's own calls but HTTP."""

    def __init__(self, number: int, service: Service) -> None:
        self._till = Till(number)
        self._service = service
        self._number = number
        till = self._till
        public = till.key.public_key().public_bytes_raw()
        self._caller = Caller(till.device_id, till.name, "till", till.shop_id, public)
        self._seq = 0
        self._head = anchor(till.stream, NO_HEAD)

    def member(self, place: int) -> Holder:
        """Return the member who stands at this counter at that place of its queue."""
        name = hashlib.sha256(f"{self._number} {place}".encode()).hexdigest()[:16]
        return Holder("member", name)

    def earn(self, places: int) -> None:
        """Give every member of the queue their points."""
        self._push([self._sale(place) for place in range(places)])

    def redeem(self, place: int) -> None:
        """Redeem for one member: a lease, then the spend under it."""
        holder = self.member(place)
        request = LeaseRequest(f"r{place}", holder, REWARD, 1, "s1", points=POINTS)
        lease = spending.lease(self._service, self._caller, request)
        if lease.refusal is not None:
            raise RuntimeError(f"{self._till.name}: {lease.refusal}")
        code = lease.voucher_code
        spend = Redeem(_AT, holder, lease.lease_id, lease.points, REWARD, code, "s1")
        self._push([spend])

    def _push(self, bodies: Sequence[Body]) -> None:
        frames: list[Frame] = [frame_of(body) for body in bodies]
        first, before = self._seq + 1, self._head
        self._seq += len(frames)
        self._head = extend(self._till.stream, first, before, frames)[-1]
        message = batch_message(self._till.stream, first, self._seq, self._head)
        request = PushRequest(
            protocol=PROTOCOL,
            shard_key=SHARD,
            device_id=self._till.device_id,
            epoch=1,
            session="s1",
            first_seq=first,
            prev_hash=before,
            frames=pack(frames),
            head_hash=self._head,
            signature=sign(self._till.key, message),
            clock=_AT,
        )
        pushed = self._service.push(pushing.checked(request, self._caller, SHARD, START_MS))
        if {one.verdict for one in pushed.judged} != {Verdict.APPLIED}:
            raise RuntimeError(f"{self._till.name}: {pushed}")

    def _sale(self, place: int) -> Sale:
        receipt = Receipt(
            self._till.shop_id, Kind.SALE, f"{place:06d}", "2026-05-01T10:00:00", "CNY", _OWED_FEN
        )
        return Sale(
            at=_AT,
            receipt=receipt,
            discriminator="",
            eligible_fen=_OWED_FEN,
            category=days.CATEGORY,
            book=days.VERSION,
            holder=self.member(place),
            tier_id="base",
            points=_OWED_FEN // 100,
        )


@contextmanager
def counters(engine: Engine, count: int, places: int, folder: Path) -> Iterator[list[Counter]]:
    """Give counters of a new central whose members all have their points."""
    with writing(engine) as connection:
        schema.metadata.drop_all(connection)
        schema.metadata.create_all(connection)
        centre.fill(connection, [Till(number) for number in range(count)])
        row = {"reward_id": REWARD, "name_zh": "茶", "name_en": "Tea", "points": POINTS}
        kind = {"shard_key": SHARD, "kind": "goods", "home_shop": None, "offered": 1}
        connection.execute(schema.reward.insert(), {**row, **kind})
    service = Service(
        engine,
        Ed25519PrivateKey.generate(),
        bytes(32),
        now_ms=lambda: START_MS,
        draw=_Draw(),
        member_files=MemberFiles(engine, SHARD, folder, bytes(32), lambda: START_MS),
    )
    try:
        made = [Counter(number, service) for number in range(count)]
        known = [SetMember(one.member(n).key, "base", ()) for one in made for n in range(places)]
        with writing(engine) as connection:
            run_turn(connection, SHARD, known, START_MS)
        for one in made:
            one.earn(places)
        yield made
    finally:
        service.close()


def all_at_once(count: int, places: int, work: Callable[[int, int], object]) -> float:
    """Let every counter serve its queue at the same time; return redemptions a second."""

    def serve(number: int) -> None:
        for place in range(places):
            work(number, place)

    with ThreadPoolExecutor(count) as pool:
        start_s = time.perf_counter()
        for future in [pool.submit(serve, number) for number in range(count)]:
            future.result()
        return count * places / (time.perf_counter() - start_s)


_TABLE: LiteralString = """
    DROP TABLE IF EXISTS peer_points;
    CREATE TABLE peer_points (counter BIGINT, place BIGINT, points BIGINT NOT NULL,
        PRIMARY KEY (counter, place));
"""
_FILL: LiteralString = """
    INSERT INTO peer_points SELECT c, p, 200
        FROM generate_series(0, %s) AS c, generate_series(0, %s) AS p
"""
_LOCK: LiteralString = "SELECT points FROM peer_points WHERE counter = %s AND place = %s FOR UPDATE"
_TAKE: LiteralString = (
    "UPDATE peer_points SET points = points - 100 WHERE counter = %s AND place = %s"
)


def bare(url: str, count: int, places: int) -> float:
    """PostgreSQL alone: lock the row, take the points, commit; return redemptions a second."""
    with psycopg.connect(url) as db:
        db.execute(_TABLE)
        db.execute(_FILL, (count - 1, places - 1))
        db.commit()
    open_ = [psycopg.connect(url) for _ in range(count)]

    def take(number: int, place: int) -> None:
        db = open_[number]
        row = db.execute(_LOCK, (number, place)).fetchone()
        if row is None or row[0] < POINTS:
            raise RuntimeError("too few points")
        db.execute(_TAKE, (number, place))
        db.commit()

    try:
        return all_at_once(count, places, take)
    finally:
        for db in open_:
            db.close()


class _Draw:
    """Chance that repeats: the next number of a hash chain."""

    def __init__(self) -> None:
        self._state = b"redeem"

    def __call__(self, below: int) -> int:
        self._state = hashlib.sha256(self._state).digest()
        return int.from_bytes(self._state[:8], "big") % below


_AT = Moment(START_MS, "boot", 1_000)
