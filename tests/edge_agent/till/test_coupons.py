"""Coupons at a till: kept for a bill, used with its receipt, put back, or raised to a person."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from edge_agent import commands
from edge_agent.desks import desk
from edge_agent.effects import AskVoucher, Now
from edge_agent.journal import projections
from edge_agent.journal.file.database import FILE
from edge_agent.journal.journal import Journal
from edge_agent.messages import JobRead, JobSeen, SyncChanged, VoucherAnswered
from edge_agent.till.tendering import RECEIPT_S
from loyalty import vouchers, wire
from loyalty.catalogue import Details
from loyalty.codes import make_short_code
from loyalty.coupons import Coupon
from loyalty.events import Bill, CouponChecked, Moment, ReviewOpened, Sale, VoucherUse, body_of
from loyalty.rules.earning import Reason
from loyalty.vouchers import Voucher
from loyalty.wire import (
    FeedRow,
    HeldEpoch,
    Judged,
    PullAnswer,
    PushAnswer,
    RehomeAnswer,
    RewardRow,
    Topic,
    Verdict,
    VoucherAnswer,
    pack,
)
from receipts.reading import read_text
from tests.edge_agent.conftest import PaperBox, now, some_terms
from tests.edge_agent.journal.conftest import open_till
from tests.edge_agent.till.test_review import a_job

TERMS = some_terms()
LESS_50 = Coupon(5_000, 0, 0, 20_000)
TENTH = Coupon(0, 10, 3_000, 10_000)
CODES = [make_short_code("V", lambda n, at=at: (at * 7) % n) for at in range(1, 6)]
KEY = Ed25519PrivateKey.from_private_bytes(bytes([9]) * 32)
RULE = "-" * 32


def paper(
    below: str, owed: str, number: str = "HL7", day: str = "2026-11-08", whole: str = "214.00"
) -> str:
    """A receipt of 214.00; what the coupon took off stands above or below the amount owed."""
    return (
        f"            禾鹿小馆\n             结账单\n{RULE}\n单号:{number}\n"
        f"结账:{day} 13:16:42\n{RULE}\n招牌酸菜鱼       1  {whole}  {whole}\n{RULE}\n"
        f"{below.replace('=', f'应收                      {owed}')}\n"
    )


OFF = "小计                      214.00\n优惠券                    -50.00\n=\n微信支付      164.00"
PAID = "=\n代金券                     50.00\n微信支付                  164.00"
PLAIN = "=\n微信支付                  214.00"


class Counter:
    """A till with a real journal and without devices; central answers what the test says."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.asked: list[Any] = []
        self.start()

    def start(self) -> None:
        identity = self.journal.identity()
        assert identity is not None
        known = structs.replace(identity, central_key=KEY.public_key().public_bytes_raw())
        self.identity = known
        self.till = desk(self.journal, known, self.asked.append, bool, bool, PaperBox())
        self.handing_in = self.till.handing_in
        self.coupons = self.handing_in.coupons

    def text(self, code: str = CODES[0], home: bool = True, **fields: Any) -> str:
        own = self.identity.device_id.hex() if home else None
        facts = {"valid_until": "2026-11-30", "coupon": LESS_50, **fields}
        return vouchers.signed_text(
            Voucher(self.identity.shard_key, code, "less-50", own, **facts), KEY
        )

    def do(self, message: object, at: Now | float = 100.0) -> str:
        moment = now(at) if isinstance(at, float) else at
        self.till.handle(message, moment, TERMS)
        notice = self.till.state.notice
        return notice.phrase.code if notice else ""

    def scan(self, text: str, at: float = 100.0) -> str:
        return self.do(commands.Scan(text), at)

    def kept(self, amount: str = "214.00", **fields: Any) -> str:
        self.scan(self.text(**fields))
        self.do(commands.CouponBill(amount))
        return self.step()

    def answer(self, answer: VoucherAnswer | None) -> str:
        ask = self.asked.pop()
        assert isinstance(ask, AskVoucher)
        return self.do(VoucherAnswered(ask.voucher_code, answer))

    def step(self) -> str:
        return self.coupons.shown.step if self.coupons.shown else ""

    def off(self) -> int:
        return self.coupons.shown.kept.bill.paid_fen if self.coupons.shown else 0

    def print(self, text: str, at_s: float = 150.0) -> str:
        message = JobRead(a_job(text.encode(), at_s), tuple(read_text(text)))
        self.till.handle(message, now(at_s + 1), TERMS)
        assert message.recorded
        notice = self.till.state.notice
        return notice.phrase.code if notice else ""

    def told(self) -> None:
        """Let central acknowledge everything."""
        head = self.journal.outbox().head_seq
        answer = PushAnswer("ok", head, head + 1, (), 0, 0, bytes(16))
        self.journal.acknowledge(answer, Moment(0, "boot", 0), 0)

    def to_come(self) -> int:
        """Return how many events more the next push says that there will be."""
        return self.journal.batch(1, 1, 1).to_come

    def events(self, *kinds: type) -> list[Any]:
        bodies = [body_of(link.frame) for link in self.journal.links()]
        return [body for body in bodies if isinstance(body, kinds)]


@pytest.fixture
def counter(tmp_path: Path) -> Any:
    with open_till(tmp_path / "state") as journal:
        yield Counter(journal)


@pytest.mark.parametrize(
    ("below", "owed", "earns"), [(OFF, "164.00", 16_400), (PAID, "214.00", 16_400)]
)
def test_a_coupon_is_used_with_its_sale_and_what_it_took_off_earns_nothing(
    counter: Counter, below: str, owed: str, earns: int
) -> None:
    assert counter.scan(counter.text()) == "coupon_kept"
    assert (counter.step(), counter.events(VoucherUse)) == ("amount", [])
    counter.do(commands.CouponBill("214.00"))
    assert (counter.step(), counter.off()) == ("awaited", 5_000)
    assert counter.print(paper(below, owed)) == "coupon_matched"
    use, sale = counter.events(Sale, VoucherUse)
    assert (sale.eligible_fen, use.bill) == (earns, Bill(21_400, 5_000))
    assert counter.journal.sale_by_fingerprint(use.fingerprint) is not None
    assert counter.step() == ""
    counter.told()
    assert counter.scan(counter.text(), 200.0) == "checking"  # central alone may know it came back
    assert counter.answer(VoucherAnswer(refusal=Reason("voucher_used"))) == "voucher_used"


def test_a_crash_while_the_receipt_is_recorded_leaves_the_sale_and_the_use_or_neither(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.kept()
    text = paper(OFF, "164.00")
    job = JobRead(a_job(text.encode(), 150.0), tuple(read_text(text)))
    applied = projections.apply

    def die(db: Any, place: Any, body: Any) -> None:
        applied(db, place, body)
        if isinstance(body, VoucherUse):
            raise SystemExit

    monkeypatch.setattr(projections, "apply", die)
    with pytest.raises(SystemExit):
        counter.till.handle(job, now(151), TERMS)
    assert counter.events(Sale, VoucherUse) == []
    monkeypatch.setattr(projections, "apply", applied)
    counter.start()  # the coupon is still kept, and the spool gives the job again
    assert counter.step() == "awaited"
    assert counter.print(text) == "coupon_matched"
    assert len(counter.events(Sale, VoucherUse)) == 2


@pytest.mark.parametrize("listed", [True, False])
def test_a_coupon_is_taken_off_under_its_signed_terms_though_a_restored_central_forgot_them(
    counter: Counter, listed: bool
) -> None:
    """Its lease was made again, of a catalogue that may lack it or sell it on other terms now."""
    details = Details(off_fen=1_000, from_fen=2_000)
    row = RewardRow("less-50", "满减", "50 off", 100, "coupon", details=details)
    rows = (FeedRow(1, Topic.REWARD, "less-50", pack(row)),) if listed else ()
    counter.journal.take_page(PullAnswer(b"one", 1, rows, more=False))
    counter.scan(counter.text(home=False))
    assert counter.answer(VoucherAnswer("less-50")) == "coupon_kept"
    counter.do(commands.CouponBill("214.00"))
    assert counter.off() == 5_000
    assert counter.print(paper(OFF, "164.00")) == "coupon_matched"
    assert len(counter.events(Sale, VoucherUse)) == 2


@pytest.mark.parametrize("end", ["bill", "released", "raised"])
def test_central_is_told_that_there_is_more_to_come_while_a_coupon_is_kept(
    counter: Counter, end: str
) -> None:
    """What it said yes to is in no event before: a restored central would give it to another."""
    assert counter.to_come() == 0
    counter.scan(counter.text())
    assert counter.to_come() == 1
    counter.start()
    counter.do(commands.CouponBill("214.00"))
    assert counter.to_come() == 1
    if end == "released":
        counter.do(commands.CouponBack(why=""))
    else:
        counter.print(paper(OFF, "164.00") if end == "bill" else paper(PLAIN, "214.00"))
    assert (counter.to_come(), counter.step()) == (0, "raised" if end == "raised" else "")


@pytest.mark.parametrize(
    ("amount", "coupon", "off", "told"),
    [
        ("199.99", LESS_50, 0, "coupon_from"),
        ("200", LESS_50, 5_000, ""),
        ("99.99", TENTH, 0, "coupon_from"),
        ("123.45", TENTH, 1_234, ""),  # a part of a fen stays with the shop
        ("1000.00", TENTH, 3_000, ""),
        ("0.05", Coupon(0, 10), 0, "coupon_too_small"),
        ("40.00", Coupon(5_000), 0, "coupon_too_small"),
        ("abc", LESS_50, 0, "pay_amount_unread"),
    ],
)
def test_the_panel_shows_what_the_coupon_takes_off_or_why_it_does_not(
    counter: Counter, amount: str, coupon: Coupon, off: int, told: str
) -> None:
    counter.scan(counter.text(coupon=coupon))
    assert counter.do(commands.CouponBill(amount)) == (told or "coupon_key_in")
    assert counter.off() == off
    assert counter.step() == ("awaited" if off else "amount")


@pytest.mark.parametrize(
    ("below", "owed", "told"),
    [
        (PLAIN, "214.00", "coupon_no_line"),
        (OFF.replace("-50.00", " -5.00").replace("164", "209"), "209.00", "coupon_other_amount"),
        (PAID.replace("50.00", "20.00").replace("164", "194"), "214.00", "coupon_other_amount"),
    ],
)
def test_a_receipt_that_does_not_show_the_coupon_is_raised_and_a_person_decides(
    counter: Counter, below: str, owed: str, told: str
) -> None:
    counter.kept()
    assert counter.print(paper(below, owed)) == told
    (checked,) = counter.events(CouponChecked)
    assert (f"coupon_{checked.outcome}", counter.step()) == (told, "raised")
    assert counter.events(VoucherUse) == []
    counter.start()
    assert counter.step() == "raised"
    assert counter.do(commands.CouponUsed()) == "coupon_matched"
    (use,) = counter.events(VoucherUse)
    assert (use.fingerprint, counter.step()) == (checked.fingerprint, "")


def test_a_coupon_that_was_not_taken_off_is_put_back_by_a_person_and_good_again(
    counter: Counter,
) -> None:
    counter.kept()
    counter.print(paper(PLAIN, "214.00"))
    assert counter.do(commands.CouponBack("顾客不用了")) == "coupon_put_back"
    released = counter.events(CouponChecked)[-1]
    assert (released.outcome, released.why) == ("released", "顾客不用了")
    assert counter.scan(counter.text(), 160.0) == "coupon_kept"


@pytest.mark.parametrize("again", [True, False])
def test_a_raised_coupon_whose_case_a_person_closed_is_put_back(
    counter: Counter, again: bool
) -> None:
    """Nothing more comes of it at central: the till, where it could be used yet, must know."""
    counter.kept()
    counter.print(paper(PLAIN, "214.00"))
    counter.told()
    head = counter.journal.outbox().head_seq
    if again:
        counter.journal.rehome(RehomeAnswer(2, bytes(32), (HeldEpoch(1, head),)))
        counter.start()
    assert counter.do(SyncChanged()) != "coupon_put_back"
    raised = head - 1  # its sale stands behind it
    closed = wire.pack(Judged(raised, Verdict.REFUSED_FINAL, "case_closed"))
    row = FeedRow(1, Topic.VERDICT, f"1/{raised}", closed)
    counter.journal.take_page(PullAnswer(bytes(16), 1, (row,), more=False))
    assert counter.do(SyncChanged()) == "coupon_put_back"
    assert (counter.step(), counter.do(commands.CouponUsed())) == ("", "coupon_put_back")
    released = counter.events(CouponChecked)[-1]
    assert (released.outcome, released.fingerprint != "") == ("released", True)


def test_a_receipt_printed_after_the_last_day_is_raised(counter: Counter) -> None:
    counter.kept(valid_until="2026-11-08")
    assert counter.print(paper(OFF, "164.00", day="2026-11-09")) == "coupon_too_late"


def test_another_customers_receipt_is_not_taken_for_its_bill(counter: Counter) -> None:
    counter.kept()
    counter.print(paper("=\n微信支付    38.00", "38.00", "HL6", whole="38.00"))
    assert counter.step() == "awaited"
    assert counter.print(paper(OFF, "164.00"), 160.0) == "coupon_matched"


def test_a_receipt_printed_before_the_coupon_was_kept_is_not_its(counter: Counter) -> None:
    counter.kept()
    counter.print(paper(OFF, "164.00"), 90.0)
    assert (counter.step(), counter.events(VoucherUse)) == ("awaited", [])


@pytest.mark.parametrize(
    "line", ["优惠券  50.00", "满减券  50.00", "Coupon  50.00", "优惠券支付 50.00"]
)
@pytest.mark.parametrize("above", [True, False])
def test_a_coupon_line_among_the_payments_is_a_payment_and_no_question(
    counter: Counter, line: str, above: bool
) -> None:
    counter.kept()
    below = f"{line}\n=" if above else f"=\n{line}"
    text = paper(f"{below}\n微信支付                  164.00", "214.00")
    assert counter.print(text) == "coupon_matched"
    (sale,) = counter.events(Sale)
    assert (sale.eligible_fen, counter.events(ReviewOpened)) == (16_400, [])
    assert counter.print(refund("214.00"), 300.0) == "coupon_back"


def test_without_a_coupon_of_ours_such_a_line_is_for_a_person(counter: Counter) -> None:
    counter.print(paper("=\n优惠券  50.00\n微信支付  164.00", "214.00"))
    assert (len(counter.events(ReviewOpened)), counter.events(Sale)) == (1, [])


def test_a_coupon_line_does_not_hide_another_gap(counter: Counter) -> None:
    counter.kept()
    counter.print(paper("=\n优惠券  50.00\n微信支付  100.00", "214.00"))
    assert (len(counter.events(ReviewOpened)), counter.events(Sale)) == (1, [])


GAP = "=\n代金券                     50.00\n实收                      164.00"


@pytest.mark.parametrize("decision", ["accepted", "corrected"])
def test_a_paper_that_a_person_decides_keeps_its_coupon_and_its_refund_gives_it_back(
    counter: Counter, decision: str
) -> None:
    counter.kept()
    counter.print(paper(GAP, "214.00"))
    use, opened = counter.events(ReviewOpened, VoucherUse)
    assert opened.read_as == use.fingerprint
    who, number = (opened.review_id, "1001"), "HL7"
    if decision == "corrected":
        number = "HL77"
        given = ("214.00", "sale", number, "2026-11-08 13:16:42")
        counter.do(commands.ReviewCorrect(*who, *given), 200.0)
    else:
        counter.do(commands.ReviewAccept(*who), 200.0)
    (sale,) = counter.events(Sale)
    assert (sale.receipt.number, sale.eligible_fen) == (number, 16_400)
    back = refund("214.00").replace("原单号:HL7", f"原单号:{number}")
    assert counter.print(back, 300.0) == "coupon_back"
    assert "优惠券可再次使用，有效期至 2026-11-30" in slip_says(counter)
    assert counter.scan(counter.text(), 310.0) == "coupon_kept"


def test_a_bill_that_never_comes_lets_go_of_the_coupon(counter: Counter) -> None:
    counter.kept()
    counter.till.tick(now(101.0), TERMS)
    counter.till.tick(now(100.0 + RECEIPT_S), TERMS)
    assert counter.step() == "awaited"
    counter.till.tick(now(102.0 + RECEIPT_S), TERMS)
    assert counter.step() == ""
    assert [one.outcome for one in counter.events(CouponChecked)] == ["released"]
    assert counter.scan(counter.text(), 110.0 + RECEIPT_S) == "coupon_kept"


def test_a_till_that_lost_its_rule_book_lets_go_of_the_coupon_too(counter: Counter) -> None:
    """A central that was restored without the book waits for what becomes of the coupon."""
    counter.kept()
    counter.till.without_rules(None, now(101.0))
    counter.till.without_rules(None, now(100.0 + RECEIPT_S))
    assert counter.to_come() == 1
    counter.till.without_rules(None, now(102.0 + RECEIPT_S))
    assert (counter.step(), counter.to_come()) == ("", 0)
    assert [one.outcome for one in counter.events(CouponChecked)] == ["released"]


@pytest.mark.parametrize("seen_alone", [True, False])
def test_a_bill_that_waits_for_the_rule_book_keeps_its_coupon(
    counter: Counter, seen_alone: bool
) -> None:
    counter.kept()
    counter.till.without_rules(None, now(101.0))
    bill = paper(OFF, "164.00")
    offered = JobRead(a_job(bill.encode(), 150.0), tuple(read_text(bill)))
    late_s = 99.0 + RECEIPT_S
    counter.till.without_rules(JobSeen("j", late_s) if seen_alone else offered, now(late_s))
    assert offered.recorded is False
    counter.till.without_rules(None, now(late_s + RECEIPT_S))
    counter.till.tick(now(late_s + RECEIPT_S), TERMS)
    assert counter.step() == "awaited"
    assert counter.print(bill) == "coupon_matched"
    assert [one.fingerprint for one in counter.events(VoucherUse)] != [""]


def test_a_job_that_comes_before_the_rule_book_is_offered_again(counter: Counter) -> None:
    offered = JobRead(a_job(b"paper", 150.0), ())
    counter.till.without_rules(offered, now(151.0))
    assert (offered.wait(0.0), offered.recorded) == (True, False)


def test_a_coupon_kept_before_a_reboot_waits_for_what_the_spool_still_has(
    counter: Counter,
) -> None:
    counter.kept()
    counter.start()
    later = now(5.0)
    moment = Moment(later.moment.wall_ms, "another boot", 5_000)
    rebooted = structs.replace(later, moment=moment)
    counter.till.tick(rebooted, TERMS)
    assert counter.step() == "awaited"
    over = structs.replace(rebooted, boottime_s=RECEIPT_S + 6)
    counter.till.tick(over, TERMS)
    assert counter.step() == ""


def test_one_coupon_a_bill(counter: Counter) -> None:
    counter.kept()
    assert counter.scan(counter.text(CODES[1])) == "coupon_one_at_a_time"
    assert counter.scan(counter.text()) == "coupon_kept"
    assert counter.off() == 5_000  # the same coupon scanned twice changes nothing


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"valid_until": "2026-11-07"}, "voucher_expired"),
        ({"home": False}, "voucher_offline"),
    ],
)
def test_a_cut_off_till_refuses_what_it_cannot_be_sure_of(
    counter: Counter, fields: dict[str, Any], told: str
) -> None:
    counter.scan(counter.text(**fields))
    if counter.asked:
        assert counter.answer(None) == told
    else:
        assert counter.do(commands.NoMember()) == told
    assert counter.step() == ""


def test_a_coupon_of_another_till_and_an_edited_one_are_refused(counter: Counter) -> None:
    elsewhere = Voucher(counter.identity.shard_key, CODES[0], "less-50", "ab" * 16, "2026-11-30")
    text = vouchers.signed_text(structs.replace(elsewhere, coupon=LESS_50), KEY)
    assert counter.scan(text) == "voucher_elsewhere"
    forged = vouchers.signed_text(
        structs.replace(elsewhere, home_device=None, coupon=Coupon(9_000)),
        Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32),
    )
    assert counter.scan(forged) == "voucher_forged"


def test_a_coupon_whose_answer_was_lost_is_told_back_if_nobody_scans_it_again(
    counter: Counter,
) -> None:
    counter.scan(counter.text(home=False))
    request_id = counter.asked[-1].request_id
    assert counter.answer(None) == "voucher_offline"
    counter.scan(counter.text(home=False), 110.0)
    assert counter.asked[-1].request_id == request_id  # the same question as before
    counter.answer(None)
    counter.till.tick(now(100.0 + RECEIPT_S), TERMS)
    assert counter.events(CouponChecked) == []
    counter.till.tick(now(111.0 + RECEIPT_S), TERMS)
    counter.till.tick(now(112.0 + RECEIPT_S), TERMS)
    (released,) = counter.events(CouponChecked)
    assert (released.outcome, released.request_id) == ("released", request_id)


def test_a_coupon_whose_answer_another_scan_overtook_is_told_back_too(counter: Counter) -> None:
    assert counter.scan(counter.text(home=False)) == "checking"
    first = counter.asked.pop()
    assert counter.scan(counter.text(CODES[1], home=False)) == "checking"
    taken = VoucherAnswer("less-50", coupon=LESS_50, valid_until="2026-11-30")
    counter.do(VoucherAnswered(first.voucher_code, taken))
    assert counter.answer(taken) == "coupon_kept"  # the later one
    counter.till.tick(now(101.0), TERMS)
    counter.till.tick(now(102.0 + RECEIPT_S), TERMS)
    told = {one.voucher_code: one.request_id for one in counter.events(CouponChecked)}
    assert told[first.voucher_code] == first.request_id


def test_a_coupon_whose_answer_came_at_the_second_try_is_kept_and_not_told_back(
    counter: Counter,
) -> None:
    counter.scan(counter.text(home=False))
    counter.answer(None)
    counter.scan(counter.text(home=False), 700.0)
    counter.answer(VoucherAnswer("less-50", coupon=LESS_50, valid_until="2026-11-30"))
    counter.do(commands.CouponBill("214"), 705.0)
    counter.till.tick(now(110.0 + RECEIPT_S), TERMS)
    assert (counter.step(), counter.events(CouponChecked)) == ("awaited", [])


def test_an_online_coupon_is_taken_by_central_and_told_back_if_no_bill_takes_it(
    counter: Counter,
) -> None:
    assert counter.scan(counter.text(home=False)) == "checking"
    request_id = counter.asked[-1].request_id
    answer = VoucherAnswer("less-50", coupon=LESS_50, valid_until="2026-11-30")
    assert counter.answer(answer) == "coupon_kept"
    counter.do(commands.CouponBack("顾客不用了"))
    (released,) = counter.events(CouponChecked)
    assert released.request_id == request_id
    counter.scan(counter.text(home=False), 120.0)
    assert counter.asked[-1].request_id != request_id  # the old one is dead
    counter.answer(answer)
    counter.do(commands.CouponBill("214"), 121.0)
    counter.print(paper(OFF, "164.00"))
    (use,) = counter.events(VoucherUse)
    assert use.request_id not in ("", request_id)


def refund(owed: str, number: str = "R1", at: str = "14:16:42") -> str:
    return (
        f"            禾鹿小馆\n             退货单\n{RULE}\n单号:{number}\n原单号:HL7\n"
        f"时间:2026-11-08 {at}\n{RULE}\n招牌酸菜鱼       1  -{owed}  -{owed}\n{RULE}\n"
        f"退款合计               -{owed}\n{RULE}\n微信支付      -{owed}\n"
    )


def slip_says(counter: Counter) -> str:
    """The last refund slip's words."""
    slips = [one.slip for one in counter.journal.slips("queued") if one.slip.kind == "refund"]
    return slips[-1].data.decode() if slips else ""


@pytest.mark.parametrize(
    ("below", "owed", "back"), [(OFF, "164.00", "164.00"), (PAID, "214.00", "214.00")]
)
def test_a_whole_refund_makes_the_coupon_good_again_at_its_home_till_offline(
    counter: Counter, below: str, owed: str, back: str
) -> None:
    counter.kept()
    counter.print(paper(below, owed))
    assert counter.print(refund(back), 300.0) == "coupon_back"
    assert "优惠券可再次使用，有效期至 2026-11-30" in slip_says(counter)
    assert counter.scan(counter.text(), 310.0) == "coupon_kept"


def test_a_part_that_comes_back_leaves_the_coupon_used_and_says_so(counter: Counter) -> None:
    counter.kept()
    counter.print(paper(OFF, "164.00"))
    assert counter.print(refund("64.00"), 300.0) == "coupon_stays"
    assert "部分退货，优惠券不退回" in slip_says(counter)
    counter.told()
    assert counter.scan(counter.text(), 310.0) == "checking"
    counter.answer(VoucherAnswer(refusal=Reason("voucher_used")))
    assert counter.print(refund("100.00", "R2", "15:00:00"), 320.0) == "coupon_back"


def test_a_coupon_that_ended_before_the_refund_is_said_to_give_its_points_back(
    counter: Counter,
) -> None:
    counter.kept(valid_until="2026-11-08")
    counter.print(paper(OFF, "164.00"))
    message = JobRead(a_job(refund("164.00").encode(), 300.0), tuple(read_text(refund("164.00"))))
    tomorrow = structs.replace(now(301), local="2026-11-09 10:00:00")
    counter.till.handle(message, tomorrow, TERMS)
    assert "优惠券已过期（2026-11-08），所用积分将退回" in slip_says(counter)


def test_central_may_take_a_coupon_again_whose_bill_came_back_at_another_till(
    counter: Counter,
) -> None:
    counter.kept()
    counter.print(paper(OFF, "164.00"))
    counter.told()
    assert counter.scan(counter.text(), 200.0) == "checking"
    answer = VoucherAnswer("less-50", coupon=LESS_50, valid_until="2026-11-30")
    assert counter.answer(answer) == "coupon_kept"
    counter.do(commands.CouponBill("214"), 210.0)
    assert counter.print(paper(OFF, "164.00", "HL8"), 220.0) == "coupon_matched"
    assert len(counter.events(VoucherUse)) == 2


def test_central_is_not_asked_for_a_coupon_again_before_it_has_heard_of_its_bill(
    counter: Counter,
) -> None:
    counter.kept()
    counter.print(paper(OFF, "164.00"))
    assert counter.scan(counter.text(), 200.0) == "voucher_used"
    assert counter.asked == []


def test_what_the_events_add_up_to_is_the_same_when_it_is_made_again(counter: Counter) -> None:
    counter.kept()
    counter.print(paper(OFF, "164.00"))
    db = sqlite3.connect(counter.journal.directory / FILE)
    before = projections.dump(db)
    projections.rebuild(db)
    assert projections.dump(db) == before
    assert before["voucher_use"]
    db.rollback()
    db.close()
