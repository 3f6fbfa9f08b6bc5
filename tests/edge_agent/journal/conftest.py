"""An enrolled till with a real journal on a real disk, and the events it may write."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.journal.journal import Journal
from loyalty.chain import Stream, anchor
from loyalty.events import Claim, Correction, Holder, Moment, Redeem, Refund, Sale
from loyalty.receipt import Kind, Receipt, fingerprint
from loyalty.wire import EnrolAnswer, LeaseAnswer

CENTRAL = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
DEVICE = bytes(range(16))
STREAM = Stream(1, DEVICE, 1)
WANG = Holder("member", "wang")
LI = Holder("member", "li")
CARD = Holder("card", "00ff00ff00ff00ff")


def at(ms: int = 1_000_000) -> Moment:
    return Moment(ms, "boot-a", ms)


def enrolment(epoch: int = 1) -> EnrolAnswer:
    return EnrolAnswer(
        shard_key=1,
        device_id=DEVICE,
        epoch=epoch,
        anchor=anchor(STREAM, bytes(32)),
        name="till-1",
        role="till",
        shop_id="s1",
        tenant_key=b"t" * 32,
        central_key=CENTRAL.public_key().public_bytes_raw(),
        programme="澄湖天地",
        zone="Asia/Shanghai",
    )


def receipt(number: int | str, owed_fen: int = 10_000, kind: Kind = Kind.SALE) -> Receipt:
    return Receipt("s1", kind, str(number), "2026-11-08T13:16:42", "CNY", owed_fen)


def hash_of(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def sale(
    number: int | str,
    holder: Holder | None = None,
    points: int = 0,
    *,
    owed_fen: int = 10_000,
    claim_code: str | None = None,
) -> Sale:
    return Sale(
        at=at(),
        receipt=receipt(number, owed_fen),
        discriminator="",
        eligible_fen=owed_fen,
        category="dining",
        book="b" * 64,
        holder=holder,
        tier_id="basic" if holder else "",
        points=points,
        claim_hash=None if claim_code is None else hash_of(claim_code),
    )


def refund_of(sold: Sale, number: str, points: int | None, fen: int | None = None) -> Refund:
    returned_fen = -(sold.eligible_fen if fen is None else fen)
    return Refund(
        at=at(),
        receipt=receipt(number, returned_fen, Kind.REFUND),
        discriminator="",
        eligible_fen=returned_fen,
        original=key(sold),
        points=points,
    )


def key(sold: Sale) -> str:
    return fingerprint(sold.receipt, sold.discriminator).hex()


def claim(code: str, holder: Holder = WANG, points: int | None = 100) -> Claim:
    return Claim(at(), hash_of(code), holder, "basic", points)


def correction(sold: Sale, holder: Holder | None, points: int = 0) -> Correction:
    return Correction(at(), key(sold), holder, "basic" if holder else "", points)


def redeem(voucher_code: str, holder: Holder = WANG, points: int = 50) -> Redeem:
    return Redeem(at(), holder, f"lease-{voucher_code[-4:]}", points, "tea", voucher_code)


def lend(journal: Journal, spend: Redeem) -> Redeem:
    """Let central grant the lease that pays for a redemption; return the redemption."""
    request_id = f"request-{spend.lease_id}"
    journal.lease_asked("s1", request_id, spend.holder, spend.reward_id)
    answer = LeaseAnswer(spend.lease_id, spend.points, spend.voucher_code, ttl_s=900)
    journal.lease_answered(request_id, answer)
    return spend


def open_till(folder: Path) -> Journal:
    journal = Journal.open(folder, clock=at)
    journal.enrol(enrolment(), "http://127.0.0.1:9")
    return journal


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Journal]:
    with open_till(tmp_path / "state") as journal:
        yield journal
