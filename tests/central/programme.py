"""A programme for tests: central's service, its HTTP app, and tills that keep real chains."""

import hashlib
import itertools
import random
import tempfile
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from msgspec import structs

from central import schema
from central.database import reading, writing
from central.ledger.commands import SetMember
from central.ledger.directory import announce, of_rule_book
from central.ledger.queries import balance_of, totals
from central.ledger.shards import open_shard
from central.ledger.verify import verify
from central.ledger.writing.lots import unpacked
from central.rewards.records import save
from central.rewards.sheet import Reward
from central.sync.api import blueprint
from central.sync.callers import DeviceState
from central.sync.enrolment import code_hash
from central.sync.member_files import MemberFiles
from central.sync.service import Service
from loyalty import chain, wire
from loyalty.catalogue import Details
from loyalty.events import (
    Claim,
    Correction,
    Holder,
    LeaseClose,
    Moment,
    Redeem,
    Refund,
    Sale,
    VoucherUse,
    frame_of,
)
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.rules import rulebook
from loyalty.wire import RuleBookRow, Topic, Verdict
from tillpoints.simulation.programme.book import BOOK

START_MS = 1_780_000_000_000  # 29 May 2026 in Shanghai
DAY_MS = 86_400_000

VERSION = rulebook.version(BOOK)


def member(name="a"):
    return Holder("member", name)


def card(tag="c1"):
    return Holder("card", tag)


class Programme:
    """One programme in its own shard. Its clock moves only when a test moves it."""

    def __init__(self, engine, shard_key):
        self.shard_key = shard_key
        self.now_ms = START_MS
        self.chance = random.Random(shard_key)
        self.central_key = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
        with writing(engine) as connection:
            open_shard(connection, shard_key, "澄湖天地", "Asia/Shanghai", bytes(16))
        self.folder = tempfile.TemporaryDirectory(prefix="tillpoints-directory-")
        self.serve(engine)
        self.add_book(BOOK)
        self.till = self.add_device("till-1", "till", "S1")
        self.other = self.add_device("till-2", "till", "S2")

    def serve(self, engine):
        """Answer out of this database, which an earlier one may have been restored to."""
        self.engine = engine
        self.member_files = MemberFiles(
            engine, self.shard_key, Path(self.folder.name), bytes([8]) * 32, lambda: self.now_ms
        )
        self.service = Service(
            engine,
            self.central_key,
            tenant_key=bytes([8]) * 32,
            now_ms=lambda: self.now_ms,
            draw=self.chance.randrange,
            member_files=self.member_files,
            shard_key=self.shard_key,
        )
        self.app = Flask("central")
        self.app.register_blueprint(blueprint(self.service))
        self.client = self.app.test_client()

    def close(self):
        self.service.close()
        self.folder.cleanup()

    def add_book(self, book, effective_ms=0):
        row = RuleBookRow(rulebook.version(book), rulebook.canonical(book), effective_ms)
        with writing(self.engine) as connection:
            self.insert(connection, schema.rule_book, **msgspec.structs.asdict(row))
            announce(connection, self.shard_key, [of_rule_book(row)])

    def add_reward(self, reward_id="tea", points=100, home_shop=None, offered=1, **details):
        reward = Reward(
            reward_id, "茶", "Tea", points, "goods", home_shop, offered, Details(**details), None
        )
        with writing(self.engine) as connection:
            save(connection, self.shard_key, [reward], self.now_ms)

    def add_member(self, name="a", tier="base", tags=()):
        self.service.run(SetMember(name, tier, tuple(tags)))

    def insert(self, connection, table, **values):
        connection.execute(table.insert(), {"shard_key": self.shard_key, **values})

    def add_code(self, code, device_id, expires_ms=None):
        with writing(self.engine) as connection:
            self.insert(
                connection,
                schema.enrolment,
                code_hash=code_hash(code),
                device_id=device_id,
                expires_ms=self.now_ms + DAY_MS if expires_ms is None else expires_ms,
            )

    def expect_device(self, name, role="till", shop_id="S1"):
        device_id = hashlib.sha256(f"{self.shard_key} {name}".encode()).digest()[:16]
        with writing(self.engine) as connection:
            self.insert(
                connection,
                schema.device,
                device_id=device_id,
                name=name,
                role=role,
                shop_id=shop_id,
                state=int(DeviceState.EXPECTED),
            )
        return device_id

    def add_device(self, name, role="till", shop_id="S1"):
        self.add_code(f"CODE-{name}", self.expect_device(name, role, shop_id))
        return Device(self, f"CODE-{name}")

    def post(self, path, message, headers=None):
        """Return the status and the bytes of a call's answer."""
        answer = self.client.post(path, data=wire.pack(message), headers=headers or {})
        return answer.status_code, answer.data

    def read(self, query, *rest):
        with reading(self.engine) as connection:
            return query(connection, self.shard_key, *rest)

    def balance(self, holder):
        return self.read(balance_of, holder).balance

    def held(self, holder):
        return self.read(balance_of, holder).held

    def totals(self):
        return self.read(totals)

    def rows(self, table):
        with reading(self.engine) as connection:
            query = table.select().where(table.c.shard_key == self.shard_key)
            return connection.execute(query.order_by(*table.primary_key.columns)).all()

    def lots(self):
        """The lots of every wallet."""
        return [lot for row in self.rows(schema.account) for lot in unpacked(row.lots)]

    def check(self):
        """Assert that every invariant holds and a replay gives the same ledger."""
        findings = self.read(verify)
        assert findings == [], findings


class Device:
    """A till or kiosk: its key, its chain, and what it knows of central."""

    def __init__(self, programme, code, key=None):
        self.programme = programme
        self.key = key or Ed25519PrivateKey.from_private_bytes(programme.chance.randbytes(32))
        self.enrol(code)
        self.numbers = itertools.count(1)

    def enrol(self, code, fenced=""):
        request = enrol_request(code, self.key, fenced=fenced)
        status, data = self.programme.post(wire.ENROL_PATH, request)
        assert status == 200, data
        self.enrolled = msgspec.msgpack.decode(data, type=wire.EnrolAnswer)
        self.id = self.enrolled.device_id
        self.stream = chain.Stream(self.enrolled.shard_key, self.id, self.enrolled.epoch)
        self.frames, self.hashes, self.acked = [], [self.enrolled.anchor], 0
        self.incarnation = b""

    # --- calls

    def call(self, path, message, **headers):
        """Return the status and the bytes of a signed call's answer."""
        return self.programme.post(path, message, self.headers(path, wire.pack(message), **headers))

    def headers(self, path, body, key=None, nonce=None):
        nonce = nonce or self.programme.chance.randbytes(16).hex()
        known = self.incarnation.hex()
        message = chain.call_message("POST", path, self.id, nonce, body, known)
        return {
            **({wire.INCARNATION_HEADER: known} if known else {}),
            wire.DEVICE_HEADER: self.id.hex(),
            wire.NONCE_HEADER: nonce,
            wire.SIGNATURE_HEADER: chain.sign(key or self.key, message).hex(),
        }

    def ask(self, path, message, answer_type):
        status, data = self.call(path, message)
        assert status == 200, msgspec.msgpack.decode(data)
        return msgspec.msgpack.decode(data, type=answer_type)

    # --- the chain

    def write(self, *bodies):
        """Put events on this device's chain without sending them."""
        for body in bodies:
            self.write_frame(frame_of(body))

    def write_frame(self, frame):
        self.frames.append(frame)
        self.hashes.append(chain.event_hash(self.stream, len(self.frames), self.hashes[-1], frame))

    def request(self, first_seq=None, last_seq=None, **changes):
        """Return a push of part of the chain; of all that is not acknowledged if not told."""
        first = self.acked + 1 if first_seq is None else first_seq
        last = len(self.frames) if last_seq is None else last_seq
        message = chain.batch_message(self.stream, first, last, self.hashes[last])
        fields = {
            "protocol": wire.PROTOCOL,
            "shard_key": self.stream.shard_key,
            "device_id": self.id,
            "epoch": self.stream.epoch,
            "session": "s1",
            "first_seq": first,
            "prev_hash": self.hashes[first - 1],
            "frames": chain.pack(self.frames[first - 1 : last]),
            "head_hash": self.hashes[last],
            "signature": chain.sign(self.key, message),
            "clock": self.moment(),
            "last_written": len(self.frames),
        }
        return wire.PushRequest(**{**fields, **changes})

    def send(self, request=None):
        """Push and return the answer."""
        answer = self.ask(wire.PUSH_PATH, request or self.request(), wire.PushAnswer)
        if answer.status == "ok":
            self.acked = max(self.acked, answer.acked_through)
        return answer

    def push(self, *bodies):
        """Write events, push them, and return their verdicts as (verdict, reason, adjusted)."""
        self.write(*bodies)
        answer = self.send()
        assert answer.status == "ok"
        judged = answer.judged[-len(bodies) :]
        return [(Verdict(one.verdict), one.reason, one.adjusted) for one in judged]

    def pull(self, position=0, incarnation=bytes(16), limit=5000):
        request = wire.PullRequest(incarnation, position, limit)
        return self.ask(wire.PULL_PATH, request, wire.PullAnswer)

    def feed(self, topic, row_type):
        """Return this device's view of a topic: the last row of each item."""
        view = {}
        for row in self.pull().rows:
            if row.topic == topic:
                view[row.item] = row.payload and msgspec.msgpack.decode(row.payload, type=row_type)
        return view

    def judged(self, epoch=1):
        """Return the verdicts that the feed tells of this device's events, by seq."""
        told = self.feed(Topic.VERDICT, wire.Judged)
        assert {item: row.event_hash for item, row in told.items()} == {
            f"{epoch}/{row.seq}": self.hashes[row.seq] for row in told.values()
        }
        return {row.seq: structs.replace(row, event_hash=b"") for row in told.values()}

    # --- events

    def moment(self, ago_ms=0):
        now_ms = self.programme.now_ms
        return Moment(now_ms - ago_ms, "boot", now_ms - ago_ms - START_MS + 10 * DAY_MS)

    def receipt(self, number=None, fen=10_000, kind=Kind.SALE, **fields):
        return Receipt(
            shop_id=self.enrolled.shop_id,
            kind=kind,
            number=f"N{next(self.numbers)}" if number is None else number,
            printed_at="2026-05-28T12:00:00",
            currency="CNY",
            owed_fen=fen,
            **fields,
        )

    def sale(self, holder=None, fen=10_000, points=None, number=None, code=None, **fields):
        if points is None:
            points = fen // 100 if holder is not None else 0
        return Sale(
            at=self.moment(),
            receipt=self.receipt(number, fen),
            discriminator="",
            eligible_fen=fen,
            category="food",
            holder=holder,
            points=points,
            claim_hash=claim_hash(code) if code else None,
            **{"book": VERSION, **fields},
        )

    def refund(self, sale, fen=None, by_number=False, points=None, number=None):
        fen = sale.eligible_fen if fen is None else fen
        receipt = self.receipt(number, -fen, Kind.REFUND, original_number=sale.receipt.number)
        original = None if by_number else print_of(sale)
        receipt = msgspec.structs.replace(receipt, shop_id=sale.receipt.shop_id)
        return Refund(self.moment(), receipt, "", -fen, original, points)

    def claim(self, code, holder, points=None):
        return Claim(self.moment(), claim_hash(code), holder, points=points)

    def correct(self, sale, holder, points=0):
        return Correction(self.moment(), print_of(sale), holder, points=points)

    def redeem(self, holder, lease, points=None, reward="tea", session=""):
        return Redeem(
            self.moment(),
            holder,
            lease.lease_id,
            lease.points if points is None else points,
            reward,
            lease.voucher_code,
            session,
        )

    def close_lease(self, lease, spent):
        return LeaseClose(self.moment(), lease.lease_id, spent)

    def use(self, code, request_id=""):
        return VoucherUse(self.moment(), code, self.id.hex(), request_id)

    def lease(self, holder, reward="tea", request_id="r1", epoch=None, session="", shown_pass=""):
        epoch = self.stream.epoch if epoch is None else epoch
        request = wire.LeaseRequest(
            request_id, holder, reward, epoch, session, shown_pass=shown_pass
        )
        return self.ask(wire.LEASE_PATH, request, wire.LeaseAnswer)

    def use_online(self, code, request_id="u1"):
        request = wire.VoucherRequest(request_id, code)
        return self.ask(wire.VOUCHER_PATH, request, wire.VoucherAnswer)


def enrol_request(code, key, device_id=b"", epoch=0, fenced=""):
    public_key = key.public_key().public_bytes_raw()
    message = chain.enrol_message(code, public_key, device_id, epoch)
    return wire.EnrolRequest(code, public_key, chain.sign(key, message), device_id, epoch, fenced)


def claim_hash(code):
    return hashlib.sha256(code.encode()).hexdigest()


def print_of(sale):
    return fingerprint(sale.receipt, sale.discriminator).hex()
