"""A voucher at a till: accepted once, refused with its reason, and never without a record."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_agent import clocks
from edge_agent.effects import AskVoucher, Now
from edge_agent.journal.journal import Journal
from edge_agent.messages import VoucherAnswered
from edge_agent.till.handing_in import HandingIn
from loyalty import wire
from loyalty.codes import VoucherCode, classify, voucher_hash
from loyalty.events import Moment, VoucherUse, body_of
from loyalty.rules.earning import Reason
from loyalty.vouchers import Voucher, signed_text
from loyalty.wire import FeedRow, PullAnswer, PushAnswer, Topic, VoucherAnswer, VoucherRow
from tests.edge_agent.journal.conftest import DEVICE, enrolment

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
CODE = "VBQFJ9E05STQHS18"
HERE, THERE = DEVICE.hex(), "ff" * 16
#: Central's clock when this till's boot began: noon of 8 November in Shanghai.
BOOT_MS = int(datetime(2026, 11, 8, 4, tzinfo=UTC).timestamp() * 1000)


class Desk:
    def __init__(self, journal: Journal) -> None:
        identity = journal.identity()
        assert identity is not None
        self.journal = journal
        self.asked: list[AskVoucher] = []
        self.handing_in = HandingIn(journal, identity, self.asked.append)  # type: ignore[arg-type]

    def now(self) -> Now:
        return clocks.now(self.journal, ZoneInfo("Asia/Shanghai"), Moment(0, "boot", 10_000))

    def scan(self, voucher: Voucher, key: Ed25519PrivateKey = KEY) -> str | None:
        scan = classify(signed_text(voucher, key))
        assert isinstance(scan, VoucherCode)
        told = self.handing_in.scanned(scan, self.now())
        return told[1].code if told else None

    def type(self, code: str = CODE) -> str | None:
        told = self.handing_in.scanned(VoucherCode(code, None), self.now())
        return told[1].code if told else None

    def pull(self, *rows: FeedRow) -> None:
        position = rows[-1].position
        self.journal.take_page(PullAnswer(b"one", position, tuple(rows), more=False))

    def meet_central(self, boot_id: str = "boot", server_ms: int = BOOT_MS) -> None:
        answer = PushAnswer("ok", 0, 1, (), 0, server_ms, b"one")
        self.journal.acknowledge(answer, Moment(0, boot_id, 0), 0)

    def uses(self) -> list[str]:
        bodies = [body_of(link.frame) for link in self.journal.links()]
        return [body.request_id for body in bodies if isinstance(body, VoucherUse)]

    def answer(self, answer: VoucherAnswer | None, code: str = CODE) -> str | None:
        told = self.handing_in.answered(VoucherAnswered(code, answer))
        return told[1].code if told else None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Journal.open(tmp_path) as journal:
        public = KEY.public_key().public_bytes_raw()
        journal.enrol(structs.replace(enrolment(), central_key=public), "http://central")
        desk = Desk(journal)
        desk.meet_central()
        yield desk


def voucher(home: str | None = None, until: str = "2026-12-31", shard_key: int = 1) -> Voucher:
    return Voucher(shard_key, CODE, "mug", home, until)


def told(position: int = 1, until: str = "2026-12-31", code: str = CODE) -> FeedRow:
    row = VoucherRow(voucher_hash(code), "mug", until)
    return FeedRow(position, Topic.VOUCHER, row.code_hash, wire.pack(row))


def test_a_code_that_is_typed_at_its_home_till_counts_once_without_a_network(desk: Desk) -> None:
    desk.pull(told())
    assert [desk.type(), desk.type(), desk.scan(voucher(HERE))] == [
        "voucher_accepted",
        "voucher_used",
        "voucher_used",
    ]
    assert desk.asked == []
    assert desk.uses() == [""]


def test_a_voucher_that_was_scanned_is_not_taken_again_when_it_is_typed(desk: Desk) -> None:
    desk.pull(told())
    assert [desk.scan(voucher(HERE)), desk.type()] == ["voucher_accepted", "voucher_used"]
    assert desk.uses() == [""]


def test_a_typed_code_that_central_took_back_is_central_s_to_judge(desk: Desk) -> None:
    desk.pull(told())
    desk.pull(FeedRow(2, Topic.VOUCHER, voucher_hash(CODE), None))
    assert desk.type() == "checking"


def test_without_a_network_a_typed_code_that_is_not_known_here_says_what_to_do(desk: Desk) -> None:
    desk.pull(told(code="V000000000000000"))
    assert desk.type() == "checking"
    assert desk.answer(None) == "voucher_not_known_here"
    assert desk.handing_in.shown is not None
    assert "二维码" in desk.handing_in.shown.phrase.zh
    assert "QR" in desk.handing_in.shown.phrase.en


def test_a_till_holds_no_code_that_somebody_could_type(desk: Desk) -> None:
    desk.pull(told())
    stored = (desk.journal.directory / "journal.sqlite").read_bytes()
    stored += (desk.journal.directory / "journal.sqlite-wal").read_bytes()
    assert voucher_hash(CODE).encode() in stored
    assert CODE.encode() not in stored


def test_what_central_may_have_taken_under_a_lost_answer_is_told_as_the_same_use(
    desk: Desk,
) -> None:
    assert desk.type() == "checking"  # the feed has not come yet
    assert desk.answer(None) == "voucher_not_known_here"
    desk.pull(told())
    assert desk.type() == "voucher_accepted"
    assert desk.uses() == [desk.asked[0].request_id]


def test_an_answer_that_comes_after_the_voucher_was_taken_here_changes_nothing(
    desk: Desk,
) -> None:
    assert desk.type() == "checking"
    desk.pull(told())
    assert desk.type() == "voucher_accepted"
    assert desk.answer(VoucherAnswer(reward_id="mug")) is None
    assert desk.handing_in.shown is not None
    assert desk.handing_in.shown.accepted


@pytest.mark.parametrize("typed", [True, False])
def test_the_last_day_is_central_s_whatever_the_wall_clock_says(desk: Desk, *, typed: bool) -> None:
    def hand_in() -> str | None:
        return desk.type() if typed else desk.scan(voucher(HERE, until="2026-11-08"))

    desk.pull(told(until="2026-11-08"))
    twelve_hours_ms = 12 * 3_600_000
    desk.meet_central(server_ms=BOOT_MS + twelve_hours_ms - 10_000)  # midnight in Shanghai
    assert hand_in() == "voucher_expired"
    desk.meet_central(server_ms=BOOT_MS + twelve_hours_ms - 10_001)
    assert hand_in() == "voucher_accepted"


@pytest.mark.parametrize("typed", [True, False])
def test_after_a_reboot_without_a_network_a_dated_voucher_waits(desk: Desk, *, typed: bool) -> None:
    def hand_in() -> str | None:
        return desk.type() if typed else desk.scan(voucher(HERE))

    desk.pull(told())
    desk.meet_central(boot_id="the boot before")
    assert hand_in() == "checking"
    assert desk.answer(None) == "voucher_day_unsure"
    desk.meet_central()
    assert hand_in() == "voucher_accepted"
    assert desk.uses() == [desk.asked[0].request_id]


def test_the_home_till_takes_a_voucher_without_a_network_exactly_once(desk: Desk) -> None:
    assert desk.scan(voucher(HERE)) == "voucher_accepted"
    assert desk.journal.voucher_used(CODE)
    assert desk.scan(voucher(HERE)) == "voucher_used"
    assert desk.asked == []
    assert desk.journal.outbox().depth == 1


def test_a_voucher_typed_and_taken_by_central_is_not_taken_again_when_it_is_scanned(
    desk: Desk,
) -> None:
    desk.handing_in.scanned(VoucherCode(CODE, None), desk.now())
    assert desk.answer(VoucherAnswer(reward_id="mug")) == "voucher_accepted"
    assert desk.scan(voucher(HERE)) == "voucher_used"
    assert desk.journal.outbox().depth == 1


def test_a_voucher_taken_here_is_not_asked_about_when_it_is_typed(desk: Desk) -> None:
    assert desk.scan(voucher(HERE)) == "voucher_accepted"
    told = desk.handing_in.scanned(VoucherCode(CODE, None), desk.now())
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
    desk.handing_in.scanned(scan, desk.now())
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


def test_a_refused_question_stays_for_a_late_copy_may_still_take_the_voucher(desk: Desk) -> None:
    desk.scan(voucher())
    desk.answer(VoucherAnswer(refusal=Reason("voucher_unknown")))
    desk.scan(voucher())
    first, second = desk.asked
    assert first.request_id == second.request_id


def test_a_late_answer_to_an_earlier_question_changes_nothing(desk: Desk) -> None:
    desk.scan(voucher())
    assert desk.answer(VoucherAnswer(reward_id="mug"), code="VOTHER") is None
    assert desk.handing_in.shown is None


def test_all_the_pieces_on_a_slip_are_handed_over_though_a_restored_central_forgot_them(
    desk: Desk,
) -> None:
    desk.scan(structs.replace(voucher(), pieces=3))
    desk.answer(VoucherAnswer("mug"))
    assert desk.handing_in.shown is not None
    assert desk.handing_in.shown.phrase.en.endswith("mug ×3")
    desk.type("V000000000000000")  # what one slip says is no other one's
    desk.answer(VoucherAnswer("mug"), "V000000000000000")
    assert desk.handing_in.shown.phrase.en.endswith("mug")
