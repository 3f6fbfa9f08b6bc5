"""Invented days at tills: events as a mall's tills write them, on real chains with real signatures.

Of twenty events, fourteen are sales to members, two to cards nobody has resolved, two are sales
without a scan, one claims such a sale and one is a refund, which names its sale by number too, as
paper does. Eight tills write what all tills of a mall do: 50,000 events a day are printed, one day
after the other. The same till writes the same events in every run.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from loyalty.chain import Frame, Stream, anchor, batch_message, extend, pack, sign
from loyalty.events import Body, Claim, Holder, Moment, Refund, Sale, frame_of
from loyalty.receipt import Kind, Receipt, Tender, fingerprint
from loyalty.rules import rulebook
from loyalty.wire import PROTOCOL, PushRequest
from tillpoints.simulation.programme.book import BOOK

#: 29 May 2026 in Shanghai.
START_MS = 1_780_000_000_000
SHARD = 1
MEMBERS = 10_000
CATEGORY = "food"
#: What the anchor of a first epoch names.
NO_HEAD = bytes(32)
#: What a mall of some thousand tills prints in a day, and how many of ours print it.
_MALL_EVENTS_A_DAY = 50_000
_TILLS_AT_ONCE = 8
_FIRST_DAY = datetime(2025, 9, 1)  # noqa: DTZ001  # as printed

VERSION = rulebook.version(BOOK)


def member(number: int) -> str:
    """Return the pseudonym of a member, 16 hex digits."""
    return hashlib.sha256(b"member %d" % number).hexdigest()[:16]


def tier(number: int) -> str:
    """Return a member's tier: every tenth is gold."""
    return "gold" if number % 10 == 0 else "base"


class Till:
    """A till with its key and its chain. Batches follow each other without end.

    The mall has printed `before` events when this till prints its first.
    """

    def __init__(self, number: int, members: int = MEMBERS, before: int = 0) -> None:
        self._members = members
        self._before = before
        self._chance = random.Random(number)
        self.name = f"till-{number}"
        self.shop_id = f"S{number:04d}"
        self.device_id = hashlib.sha256(b"till %d" % number).digest()[:16]
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(self.device_id).digest())
        self.stream = Stream(SHARD, self.device_id, 1)
        self._seq = 0
        self._head = anchor(self.stream, NO_HEAD)
        self._sales = 0
        self._open: list[str] = []
        self._sold: list[Sale] = []

    def frames(self, count: int, start: int) -> list[Frame]:
        """Return the events behind the first `start` ones. Each must be asked for in its turn."""
        return [frame_of(self._body(start + offset)) for offset in range(count)]

    def batch(self, count: int) -> bytes:
        """Return the next `count` events as the body of a push."""
        frames, first_seq, prev_hash = self.frames(count, self._seq), self._seq + 1, self._head
        self._seq += count
        self._head = extend(self.stream, first_seq, prev_hash, frames)[-1]
        message = batch_message(self.stream, first_seq, self._seq, self._head)
        return msgspec.msgpack.encode(
            PushRequest(
                protocol=PROTOCOL,
                shard_key=SHARD,
                device_id=self.device_id,
                epoch=1,
                session="s1",
                first_seq=first_seq,
                prev_hash=prev_hash,
                frames=pack(frames),
                head_hash=self._head,
                signature=sign(self.key, message),
                clock=_moment(self._seq),
            )
        )

    def bodies(self, count: int) -> list[Body]:
        """Return the first `count` events."""
        return [self._body(place) for place in range(count)]

    def _body(self, place: int) -> Body:
        step = place % 20
        if step == 10 and self._open:
            return Claim(_moment(place), self._open.pop(), self._member())
        if step == 19:
            return self._refund(place)
        if step in (4, 13):
            code = f"{self.name} {place}"
            claim_hash = hashlib.sha256(code.encode()).hexdigest()
            self._open.append(claim_hash)
            return self._sale(place, None, claim_hash)
        if step in (7, 16):
            tag = hashlib.sha256(b"card %d" % self._chance.randrange(self._members)).hexdigest()[
                :16
            ]
            return self._sale(place, Holder("card", tag), None)
        return self._sale(place, self._member(), None)

    def _member(self) -> Holder:
        return Holder("member", member(self._chance.randrange(self._members)))

    def _sale(self, place: int, holder: Holder | None, claim_hash: str | None) -> Sale:
        self._sales += 1
        owed_fen = self._chance.randrange(500, 80_000)
        sale = Sale(
            at=_moment(place),
            receipt=self._receipt(place, Kind.SALE, f"{self._sales:08d}", owed_fen),
            discriminator="",
            eligible_fen=owed_fen,
            category=CATEGORY,
            book=VERSION,
            holder=holder,
            tier_id="base" if holder is not None else "",
            points=owed_fen // 100 if holder is not None else 0,
            claim_hash=claim_hash,
        )
        if holder is not None:
            self._sold = [*self._sold[-9:], sale]
        return sale

    def _refund(self, place: int) -> Refund:
        sale = self._sold.pop()
        print_of = fingerprint(sale.receipt).hex()
        receipt = self._receipt(place, Kind.REFUND, f"R{place:07d}", -sale.eligible_fen)
        receipt = structs.replace(receipt, original_number=sale.receipt.number)
        return Refund(_moment(place), receipt, "", -sale.eligible_fen, print_of)

    def _receipt(self, place: int, kind: Kind, number: str, owed_fen: int) -> Receipt:
        printed = self._before + place * _TILLS_AT_ONCE
        printed_at = _FIRST_DAY + timedelta(days=printed / _MALL_EVENTS_A_DAY)
        return Receipt(
            shop_id=self.shop_id,
            kind=kind,
            number=number,
            printed_at=printed_at.isoformat(timespec="seconds"),
            currency="CNY",
            owed_fen=owed_fen,
            tenders=(Tender("wechat_pay", owed_fen),),
        )


def batches(tills: list[Till], each: int, size: int) -> Iterator[list[bytes]]:
    """Yield for each till its next `each` pushes of `size` events."""
    for till in tills:
        yield [till.batch(size) for _ in range(each)]


def _moment(place: int) -> Moment:
    return Moment(START_MS - 10**9 + place, "boot", 10**9 + place)
