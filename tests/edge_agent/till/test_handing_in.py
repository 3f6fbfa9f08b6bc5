"""A voucher at a till: accepted once, refused with its reason, and never without a record."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_agent.effects import AskVoucher
from edge_agent.journal.journal import Journal
from edge_agent.messages import VoucherAnswered
from edge_agent.till.handing_in import HandingIn
from loyalty.codes import VoucherCode, classify
from loyalty.earning import Reason
from loyalty.vouchers import Voucher, signed_text
from loyalty.wire import VoucherAnswer
from tests.edge_agent.conftest import now
from tests.edge_agent.journal.conftest import DEVICE, enrolment

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
CODE = "VBQFJ9E05STQHS18"
HERE, THERE = DEVICE.hex(), "ff" * 16


class Desk:
    def __init__(self, journal: Journal) -> None:
        identity = journal.identity()
        assert identity is not None
        self.journal = journal
        self.asked: list[AskVoucher] = []
        self.handing_in = HandingIn(journal, identity, self.asked.append)  # type: ignore[arg-type]

    def scan(self, voucher: Voucher, key: Ed25519PrivateKey = KEY) -> str | None:
        scan = classify(signed_text(voucher, key))
        assert isinstance(scan, VoucherCode)
        told = self.handing_in.scanned(scan, now(10))
        return told[1].code if told else None

    def answer(self, answer: VoucherAnswer | None, code: str = CODE) -> str | None:
        told = self.handing_in.answered(VoucherAnswered(code, answer))
        return told[1].code if told else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Journal.open(tmp_path) as journal:
        public = KEY.public_key().public_bytes_raw()
        journal.enrol(structs.replace(enrolment(), central_key=public), "http://central")
        yield Desk(journal)


def voucher(home: str | None = None, until: str = "2026-12-31", shard_key: int = 1) -> Voucher:
    return Voucher(shard_key, CODE, "mug", home, until)


def test_the_home_till_takes_a_voucher_without_a_network_exactly_once(desk: Desk) -> None:
    assert desk.scan(voucher(HERE)) == "voucher_accepted"
    assert desk.journal.voucher_used(CODE)
    assert desk.scan(voucher(HERE)) == "voucher_used"
    assert desk.asked == []
    assert desk.journal.outbox().depth == 1


def test_a_voucher_typed_and_taken_by_central_is_not_taken_again_when_it_is_scanned(
    desk: Desk,
) -> None:
    desk.handing_in.scanned(VoucherCode(CODE, None), now(10))
    assert desk.answer(VoucherAnswer(reward_id="mug")) == "voucher_accepted"
    assert desk.scan(voucher(HERE)) == "voucher_used"
    assert desk.journal.outbox().depth == 1


def test_a_voucher_taken_here_is_not_asked_about_when_it_is_typed(desk: Desk) -> None:
    assert desk.scan(voucher(HERE)) == "voucher_accepted"
    told = desk.handing_in.scanned(VoucherCode(CODE, None), now(10))
    assert told is not None
    assert told[1].code == "voucher_used"
    assert desk.asked == []


def test_another_till_sends_a_bound_voucher_home(desk: Desk) -> None:
    assert desk.scan(voucher(THERE)) == "voucher_elsewhere"
    assert desk.asked == []


def test_a_voucher_signed_by_somebody_else_is_forged(desk: Desk) -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    assert desk.scan(voucher(HERE), other) == "voucher_forged"


def test_a_voucher_of_another_programme_is_not_ours(desk: Desk) -> None:
    assert desk.scan(voucher(HERE, shard_key=2)) == "voucher_forged"


def test_an_expired_voucher_is_refused_with_its_day(desk: Desk) -> None:
    assert desk.scan(voucher(HERE, until="2026-11-07")) == "voucher_expired"
    assert desk.handing_in.shown is not None
    assert "2026-11-07" in desk.handing_in.shown.phrase.en
    assert desk.scan(voucher(HERE, until="2026-11-08")) == "voucher_accepted"


def test_an_unbound_voucher_is_central_s_to_take(desk: Desk) -> None:
    assert desk.scan(voucher()) == "checking"
    (asked,) = desk.asked
    assert asked.voucher_code == CODE
    assert desk.answer(VoucherAnswer(reward_id="mug")) == "voucher_accepted"
    assert desk.handing_in.shown is not None
    assert desk.handing_in.shown.accepted


def test_a_code_that_is_typed_is_central_s_to_take(desk: Desk) -> None:
    scan = classify(CODE)
    assert isinstance(scan, VoucherCode)
    desk.handing_in.scanned(scan, now(10))
    assert [asked.voucher_code for asked in desk.asked] == [CODE]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "voucher_offline"),
        (VoucherAnswer(refusal=Reason("voucher_used")), "voucher_used"),
        (VoucherAnswer(refusal=Reason("voucher_unknown")), "voucher_unknown"),
    ],
)
def test_central_s_refusal_and_its_silence_are_told_apart(
    desk: Desk, answer: VoucherAnswer | None, code: str
) -> None:
    desk.scan(voucher())
    assert desk.answer(answer) == code
    assert desk.handing_in.shown is not None
    assert not desk.handing_in.shown.accepted


def test_a_scanner_triggered_twice_asks_once(desk: Desk) -> None:
    desk.scan(voucher())
    assert desk.scan(voucher()) is None
    assert len(desk.asked) == 1


def test_a_scan_after_a_lost_answer_asks_under_the_same_request(desk: Desk) -> None:
    desk.scan(voucher())
    assert desk.answer(None) == "voucher_offline"
    desk.scan(voucher())
    first, second = desk.asked
    assert first.request_id == second.request_id
    assert desk.answer(VoucherAnswer(reward_id="mug")) == "voucher_accepted"
    assert desk.scan(voucher()) == "voucher_used"


def test_after_a_refusal_the_next_question_is_a_new_one(desk: Desk) -> None:
    desk.scan(voucher())
    desk.answer(VoucherAnswer(refusal=Reason("voucher_unknown")))
    desk.scan(voucher())
    first, second = desk.asked
    assert first.request_id != second.request_id


def test_a_late_answer_to_an_earlier_question_changes_nothing(desk: Desk) -> None:
    desk.scan(voucher())
    assert desk.answer(VoucherAnswer(reward_id="mug"), code="VOTHER") is None
    assert desk.handing_in.shown is None
