"""Points as money at a till: offered, spent online, matched with the receipt or raised."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from edge_agent import commands
from edge_agent.desks import desk
from edge_agent.effects import AskCancel, AskLease, Now
from edge_agent.journal import projections
from edge_agent.journal.journal import Journal
from edge_agent.messages import CancelAnswered, JobRead, LeaseAnswered
from edge_agent.till.amount import fen_of
from edge_agent.till.tendering import IDLE_S, RECEIPT_S
from loyalty.codes import card_tag, make_member_number
from loyalty.events import Bill, Holder, Moment, Redeem, Refund, Sale, TenderChecked, body_of
from loyalty.rules.earning import Reason
from loyalty.rules.tender import TENDER_REWARD, Paying
from loyalty.wire import CancelAnswer, FeedRow, LeaseAnswer, MemberRow, PullAnswer, Topic, pack
from receipts.reading import read_text
from tests.edge_agent.conftest import PaperBox, now, some_terms
from tests.edge_agent.journal.conftest import open_till
from tests.edge_agent.till.test_review import a_job

WANG = make_member_number("12345678901")
LI = make_member_number("10987654321")
PAYING = Paying(100, from_fen=20_000, share_percent_max=30)
BOOK = structs.replace(some_terms().book, tender=PAYING, grammar=4, redeem_limit_points=5_000)
TERMS = structs.replace(some_terms(), book=BOOK)
CODE = "VBQFJ9E05STQHS18"
BILL = Bill(21_400, 6_400)


def paper(*tenders: str, number: str = "HL7", owed: str = "214.00") -> str:
    rule = "-" * 32
    lines = "\n".join(tenders)
    return (
        f"            禾鹿小馆\n             结账单\n{rule}\n单号:{number}\n"
        f"结账:2026-11-08 13:16:42\n{rule}\n招牌酸菜鱼       1  {owed}  {owed}\n{rule}\n"
        f"应收                      {owed}\n{rule}\n{lines}\n"
    )


POINTS, REST = "积分抵扣                   64.00", "微信支付                  150.00"


class Counter:
    """A till with a real journal and without devices; central answers what the test says."""

    def __init__(self, journal: Journal, balance: int = 10_000) -> None:
        self.journal = journal
        self.terms = TERMS
        self.asked: list[Any] = []
        people = [
            FeedRow(at, Topic.MEMBER, name, pack(MemberRow(name, (tag,), "basic", balance, "王**")))
            for at, (name, tag) in enumerate(
                [("wang", card_tag(b"t" * 32, WANG)), ("li", card_tag(b"t" * 32, LI))], 1
            )
        ]
        journal.take_page(PullAnswer(b"i" * 16, 2, tuple(people), more=False))
        self.start()

    def start(self) -> None:
        identity = self.journal.identity()
        assert identity is not None
        ask = self.asked.append
        self.till = desk(self.journal, identity, ask, bool, self.sync, PaperBox())
        self.tendering = self.till.tendering

    def sync(self) -> None:
        """Nothing is told to central here."""

    def do(self, message: object, at: Now | float = 100.0) -> str:
        moment = now(at) if isinstance(at, float) else at
        self.till.handle(message, moment, self.terms)
        return self.notice()

    def notice(self) -> str:
        notice = self.till.state.notice
        return notice.phrase.code if notice else ""

    def offer(self, amount: str = "214.00") -> str:
        self.do(commands.Scan(WANG))
        self.do(commands.Pay())
        self.do(commands.PayBill(amount))
        return self.step()

    def step(self) -> str:
        return self.tendering.shown.step if self.tendering.shown else ""

    def grant(self, code: str = CODE) -> LeaseAnswered:
        """Central lends what was asked for last."""
        ask = self.asked[-1]
        assert isinstance(ask, AskLease)
        self.journal.lease_asked("s1", ask.request_id, ask.holder, ask.reward_id)
        answer = LeaseAnswer(f"L{code}", ask.points, code, ttl_s=900)
        self.journal.lease_answered(ask.request_id, answer)
        return LeaseAnswered(ask.request_id, answer)

    def pay(self, pin: str = "4711") -> str:
        self.offer()
        self.do(commands.PayConfirm())
        self.do(commands.Prove(pin))
        return self.do(self.grant())

    def print(self, text: str, at_s: float = 150.0) -> None:
        message = JobRead(a_job(text.encode(), at_s), tuple(read_text(text)))
        self.till.handle(message, now(at_s + 1), self.terms)
        assert message.recorded

    def events(self, *kinds: type) -> list[Any]:
        bodies = [body_of(link.frame) for link in self.journal.links()]
        return [body for body in bodies if isinstance(body, kinds)]

    def outcomes(self) -> list[str]:
        return [body.outcome for body in self.events(TenderChecked)]


@pytest.fixture
def counter(tmp_path: Path) -> Any:
    with open_till(tmp_path / "state") as journal:
        yield Counter(journal)


def test_what_may_pay_is_shown_with_the_amount_to_key_in(counter: Counter) -> None:
    assert counter.offer() == "offer"
    shown = counter.tendering.shown
    assert shown is not None
    assert (shown.points, shown.bill, shown.why and shown.why.code) == (6_400, BILL, "paying_share")


@pytest.mark.parametrize(
    ("amount", "code"),
    [("199.99", "paying_from"), ("abc", "pay_amount_unread"), ("1.234", "pay_amount_unread")],
)
def test_what_may_not_pay_says_why(counter: Counter, amount: str, code: str) -> None:
    assert counter.offer(amount) == "amount"
    assert counter.notice() == code


def test_nothing_pays_before_a_scan_or_in_a_mall_without_the_rule(counter: Counter) -> None:
    assert counter.do(commands.Pay()) == "pay_scan_first"
    counter.till.handle(commands.Pay(), now(100), some_terms())
    assert counter.notice() == "paying_off"


def test_above_the_limit_the_member_proves_to_be_there(counter: Counter) -> None:
    counter.offer()
    counter.do(commands.PayConfirm())
    assert (counter.step(), counter.asked) == ("prove", [])
    counter.do(commands.Prove("0000"))
    first = counter.asked[-1]
    assert (first.pin, first.bill, first.points) == ("0000", BILL, 6_400)
    wrong = LeaseAnswer(refusal=Reason("pin_wrong"))
    assert counter.do(LeaseAnswered(first.request_id, wrong)) == "pin_wrong"
    counter.do(commands.Prove("4711"))
    assert counter.asked[-1].request_id != first.request_id
    assert counter.do(counter.grant()) == "pay_spent"


def test_what_is_on_its_way_is_not_begun_again(counter: Counter) -> None:
    counter.offer()
    counter.do(commands.PayConfirm())
    counter.do(commands.Prove("4711"))
    for again in (commands.Pay(), commands.PayBill("300"), commands.PayConfirm()):
        counter.do(again)
        assert counter.step() == "working"
    assert len(counter.asked) == 1
    assert counter.do(counter.grant()) == "pay_spent"


def test_below_the_limit_no_proof_is_asked_for(counter: Counter) -> None:
    counter.do(commands.Scan(WANG))
    scan = counter.till.state.scan
    assert scan is not None
    counter.tendering.open(structs.replace(scan.member, balance=900), TERMS)
    counter.do(commands.PayBill("214"))
    counter.do(commands.PayConfirm())
    assert (counter.asked[-1].points, counter.asked[-1].pin) == (900, "")


@pytest.mark.parametrize("confirmed", [False, True])
def test_the_points_of_who_left_pay_for_nobody_else(counter: Counter, *, confirmed: bool) -> None:
    for leaving in (commands.Scan(LI), commands.Forget()):
        counter.offer()
        if confirmed:
            counter.do(commands.PayConfirm())
        counter.do(leaving)
        assert counter.step() == ""
    assert counter.asked == []


def test_what_was_begun_and_not_confirmed_is_closed_after_a_while(counter: Counter) -> None:
    counter.offer()
    counter.till.tick(now(100 + IDLE_S), TERMS)
    assert counter.step() == "offer"
    counter.till.tick(now(101 + IDLE_S), TERMS)
    assert counter.step() == ""


def test_without_central_nothing_is_spent(counter: Counter) -> None:
    counter.offer()
    counter.do(commands.PayConfirm())
    counter.do(commands.Prove("4711"))
    assert counter.do(LeaseAnswered(counter.asked[-1].request_id, None)) == "offline"
    assert (counter.events(Redeem), counter.step()) == ([], "amount")


def test_the_spend_says_what_of_which_bill_it_paid(counter: Counter) -> None:
    assert counter.pay() == "pay_spent"
    (spent,) = counter.events(Redeem)
    told = (spent.reward_id, spent.points, spent.bill, spent.holder)
    assert told == (TENDER_REWARD, 6_400, BILL, Holder("member", "wang"))
    assert counter.step() == "awaited"


@pytest.mark.parametrize(
    "line", [POINTS, "银行卡                     64.00", "代金券                     64.00"]
)
def test_the_receipt_is_matched_by_name_or_amount_and_the_paid_part_earns_nothing(
    counter: Counter, line: str
) -> None:
    counter.pay()
    counter.print(paper(line, REST))
    checked, sale = counter.events(Sale, TenderChecked)  # what paid is told before the bill
    assert (sale.eligible_fen, sale.holder) == (15_000, Holder("member", "wang"))
    assert (checked.outcome, checked.voucher_code, len(checked.fingerprint)) == (
        "matched",
        CODE,
        64,
    )
    assert (counter.notice(), counter.step()) == ("pay_matched", "")


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (paper("微信支付                  214.00"), "no_line"),
        (
            paper("积分抵扣                   50.00", "微信支付                  164.00"),
            "other_amount",
        ),
        (paper(POINTS, "微信支付                  200.00", owed="264.00"), "other_bill"),
    ],
)
def test_a_mismatch_is_raised_and_stays_until_it_is_settled(
    counter: Counter, text: str, outcome: str
) -> None:
    counter.pay()
    counter.print(text)
    assert counter.outcomes() == [outcome]
    assert (counter.notice(), counter.step()) == (f"tender_{outcome}", "raised")
    counter.do(commands.Dismiss())
    assert counter.step() == "raised"
    assert counter.offer() == "raised"
    assert counter.tendering.open(None, TERMS) is not None


@pytest.mark.parametrize("due", ["300.00", "250.00"])
def test_a_coupon_and_points_pay_one_bill_whichever_is_keyed_in_first(
    counter: Counter, due: str
) -> None:
    """A POS that has the coupon as a payment shows 250.00 as still due once it is keyed in."""
    terms = structs.replace(TERMS, book=structs.replace(BOOK, redeem_limit_points=50_000))
    for message in (commands.Scan(WANG), commands.Pay(), commands.PayBill(due)):
        counter.till.handle(message, now(100), terms)
    counter.till.handle(commands.PayConfirm(), now(100), terms)
    counter.do(counter.grant())
    points = counter.tendering.shown.bill.paid_fen  # type: ignore[union-attr]
    coupon = "代金券                     50.00"
    mixed = f"积分抵扣        {points / 100:.2f}\n微信支付     {250 - points / 100:.2f}"
    counter.print(paper(coupon, mixed, owed="300.00"))
    assert counter.outcomes() == ["matched"]
    assert counter.step() == ""


def test_another_customers_receipt_is_let_through(counter: Counter) -> None:
    counter.pay()
    counter.print(paper("微信支付                   88.00", number="HL6", owed=" 88.00"))
    assert (counter.outcomes(), counter.step()) == ([], "awaited")
    counter.print(paper(POINTS, REST), at_s=170.0)
    assert counter.outcomes() == ["matched"]


def test_what_was_printed_before_the_points_were_spent_is_not_its_receipt(counter: Counter) -> None:
    counter.pay()
    counter.print(paper(POINTS, REST), at_s=90.0)
    assert counter.outcomes() == []


def test_a_receipt_that_does_not_come_is_raised(counter: Counter) -> None:
    counter.pay()
    counter.till.tick(now(100 + RECEIPT_S), TERMS)
    assert counter.outcomes() == []
    counter.till.tick(now(101 + RECEIPT_S), TERMS)
    counter.till.tick(now(102 + RECEIPT_S), TERMS)
    assert (counter.outcomes(), counter.notice()) == (["no_receipt"], "tender_no_receipt")


def test_a_payment_outlives_a_restart_and_its_receipt_still_matches(counter: Counter) -> None:
    counter.pay()
    counter.start()
    assert counter.step() == "awaited"
    counter.print(paper(POINTS, REST))
    assert counter.outcomes() == ["matched"]


def test_after_a_reboot_nobody_knows_how_long_it_was_so_it_is_raised(counter: Counter) -> None:
    counter.pay()
    counter.start()
    later = structs.replace(now(5), moment=Moment(10**6, "another boot", 5_000))
    counter.till.tick(later, TERMS)
    assert counter.outcomes() == ["no_receipt"]


def test_a_payment_is_taken_back_with_a_reason_and_only_when_central_did(counter: Counter) -> None:
    counter.pay()
    counter.do(commands.PayTakeBack("顾客改用现金"))
    (ask,) = [one for one in counter.asked if isinstance(one, AskCancel)]
    assert (ask.voucher_code, ask.why) == (CODE, "顾客改用现金")
    assert counter.do(CancelAnswered(CODE, None)) == "cancel_offline"
    no = CancelAnswer(refusal=Reason("redeem_on_its_way"))
    assert counter.do(CancelAnswered(CODE, no)) == "redeem_on_its_way"
    assert (counter.outcomes(), counter.step()) == ([], "awaited")
    assert counter.do(CancelAnswered(CODE, CancelAnswer(6_400))) == "cancelled"
    assert (counter.outcomes(), counter.step()) == (["taken_back"], "")


def test_what_is_left_to_the_desk_lets_the_till_go_on(counter: Counter) -> None:
    counter.pay()
    counter.do(commands.PayLeave())
    assert counter.step() == "awaited"  # its receipt may still come
    counter.print(paper("微信支付                  214.00"))
    counter.do(commands.PayLeave())
    assert counter.step() == ""
    assert counter.offer() == "offer"


def test_payments_are_made_again_from_the_events(counter: Counter) -> None:
    counter.pay()
    counter.print(paper("微信支付                  214.00"))
    db = counter.journal._connect(counter.journal.directory / "journal.sqlite")
    before = projections.dump(db)
    projections.rebuild(db)
    assert projections.dump(db) == before
    assert before["payment"]
    db.rollback()
    db.close()


def refund(owed: str, *tenders: str, number: str = "R1") -> str:
    rule, lines = "-" * 32, "\n".join(tenders) or f"微信支付       -{owed}"
    return (
        f"            禾鹿小馆\n             退货单\n{rule}\n单号:{number}\n原单号:HL7\n"
        f"时间:2026-11-08 14:16:42\n{rule}\n招牌酸菜鱼       1  -{owed}  -{owed}\n{rule}\n"
        f"退款合计               -{owed}\n{rule}\n{lines}\n"
    )


def given_back(counter: Counter) -> int:
    """What the journal says that the member got back for the payment."""
    db = counter.journal._connect(counter.journal.directory / "journal.sqlite")
    (back,) = db.execute("SELECT back FROM payment").fetchone()
    (moved,) = db.execute(
        "SELECT coalesce(sum(points), 0) FROM movement WHERE leg > 0 AND holder_key = 'wang'"
    ).fetchone()
    db.close()
    assert back == moved
    return int(back)


@pytest.mark.parametrize(
    ("papers", "back", "eligible"),
    [
        ([("214.00",)], 6_400, -15_000),
        ([("214.00", "积分抵扣  -64.00", "微信支付  -150.00")], 6_400, -15_000),
        ([("100.00",)], 2_990, -7_009),
        ([("100.00",), ("114.00",)], 6_400, -15_000),
        ([("100.00", "积分抵扣  -20.00", "微信支付  -80.00")], 2_000, -8_000),
    ],
)
def test_a_refund_gives_back_the_points_that_paid_and_says_so(
    counter: Counter, papers: list[tuple[str, ...]], back: int, eligible: int
) -> None:
    counter.pay()
    counter.print(paper(POINTS, REST))
    for at, told in enumerate(papers):
        counter.print(refund(*told, number=f"R{at}"), 300.0 + at)
    assert counter.notice() == "paid_points_back"
    assert given_back(counter) == back
    assert sum(one.eligible_fen for one in counter.events(Refund)) == eligible
    (slip, *_) = [one.slip for one in counter.journal.slips("queued") if one.slip.kind == "refund"]
    assert "退回会员" in slip.data.decode()


def test_more_than_is_left_of_such_a_bill_is_for_a_person(counter: Counter) -> None:
    counter.pay()
    counter.print(paper(POINTS, REST))
    counter.print(refund("114.00"), 300.0)
    counter.print(refund("101.00", number="R2"), 310.0)
    assert counter.notice() == "needs_person"


@pytest.mark.parametrize(
    ("typed", "fen"),
    [("214", 21_400), ("214.5", 21_450), ("¥0.05", 5), ("", None), ("-1", None), ("²", None),
     ("1.", None), (".5", None), ("123456789", None)],
)  # fmt: skip
def test_an_amount_is_read_as_a_cashier_types_it(typed: str, fen: int | None) -> None:
    assert fen_of(typed) == fen


@pytest.fixture
def whole(tmp_path: Path) -> Any:
    """A till where points may pay a bill whole, and a member who has as many."""
    with open_till(tmp_path / "whole") as journal:
        counter = Counter(journal, 30_000)
        pays = structs.replace(PAYING, share_percent_max=100)
        counter.terms = structs.replace(TERMS, book=structs.replace(BOOK, tender=pays))
        yield counter


@pytest.mark.parametrize("line", ["积分抵扣   214.00", "商场积分   214.00", "代金券   214.00"])
def test_a_bill_that_points_paid_whole_is_kept_and_its_refund_gives_them_back(
    whole: Counter, line: str
) -> None:
    assert whole.pay() == "pay_spent"
    whole.do(commands.Scan(LI), 110.0)
    whole.print(paper(line))
    assert (whole.notice(), whole.outcomes()) == ("pay_matched", ["matched"])
    (sale,) = whole.events(Sale)
    assert (sale.eligible_fen, sale.holder, sale.claim_hash) == (0, None, None)
    assert whole.journal.slips("queued") == []  # there is nothing to claim
    whole.print(paper("微信支付   38.00", number="HL8", owed="38.00"), 180.0)
    assert whole.events(Sale)[-1].holder is None  # who was scanned was of the bill before
    whole.print(refund("100.00"), 300.0)
    assert whole.notice() == "paid_points_back"
    whole.print(refund("114.00", number="R2"), 310.0)
    assert given_back(whole) == 21_400
    assert [one.eligible_fen for one in whole.events(Refund)] == [0, 0]


def test_a_bill_that_earns_nothing_and_that_no_points_of_ours_paid_is_not_kept(
    whole: Counter,
) -> None:
    whole.print(paper("商场积分   214.00"))
    assert whole.events(Sale) == []
