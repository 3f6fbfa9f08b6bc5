"""A reward redeemed at a till: chosen, leased, printed, handed over; cut off from central too."""

from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from edge_agent import commands
from edge_agent.desks import desk
from edge_agent.effects import AskBalance, AskCancel, AskLease, AskVoucher
from edge_agent.journal.journal import Journal
from edge_agent.messages import BalanceAnswered, CancelAnswered, LeaseAnswered
from edge_agent.redeeming.reach import said
from edge_agent.till.redeeming import IDLE_S
from edge_agent.web.redeeming_view import rewards_view
from loyalty.catalogue import Details, Part
from loyalty.codes import card_tag, make_member_number, make_short_code
from loyalty.events import Holder, Redeem, VoucherCancelled, VoucherUse, body_of
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason
from loyalty.vouchers import Voucher, signed_text
from loyalty.wire import (
    BalanceAnswer,
    CancelAnswer,
    FeedRow,
    LeaseAnswer,
    MemberRow,
    PullAnswer,
    RewardRow,
    StockRow,
    Topic,
    pack,
)
from tests.edge_agent.conftest import PaperBox, now, some_terms
from tests.edge_agent.journal.conftest import CENTRAL, DEVICE, open_till

WANG = make_member_number("12345678901")
HOLDER = Holder("member", "wang")
BOOK = structs.replace(some_terms().book, offline_points=320, grammar=5, redeem_limit_points=1000)
TERMS = structs.replace(some_terms(), book=BOOK)
CODE, READY = "VBQFJ9E05STQHS18", make_short_code("V", lambda count: 7)
REWARDS = [
    RewardRow("tea", "茶", "Tea", 100, "service", details=Details(pieces_max=3)),
    RewardRow("mug", "杯", "Mug", 300, "goods"),
    RewardRow("gift", "礼", "Gift", 200, "goods", details=Details(limit=1)),
    RewardRow("set", "套", "Set", 200, "bundle", details=Details(parts=(Part("tea", 2),))),
    RewardRow("off", "券", "Coupon", 50, "coupon", details=Details(off_fen=500, from_fen=9_900)),
    RewardRow("far", "远", "Far", 100, "service", "s2"),
    RewardRow("big", "大", "Big", 900, "goods"),
]
LIMITED = RewardRow(
    "now", "限时", "Now", 100, "service", details=Details(offered_until="2026-12-31")
)


class Counter:
    """A till with a real journal; central answers what the test says, while it is `online`."""

    def __init__(self, journal: Journal) -> None:
        identity = journal.identity()
        assert identity is not None
        self.journal, self.online = journal, True
        self.asked: list[Any] = []
        person = MemberRow("wang", (card_tag(b"t" * 32, WANG),), "basic", 1_000, "王**")
        rows = [FeedRow(1, Topic.MEMBER, "wang", pack(person))]
        for row in [*REWARDS, LIMITED]:
            rows.append(FeedRow(len(rows) + 1, Topic.REWARD, row.reward_id, pack(row)))
        rows.append(FeedRow(len(rows) + 1, Topic.STOCK, "mug", pack(StockRow("mug", 4))))
        journal.take_page(PullAnswer(b"i" * 16, len(rows), tuple(rows), more=False))
        nothing = lambda *_: None  # noqa: E731
        self.till = desk(
            journal, identity, self.asked.append, lambda: self.online, nothing, PaperBox()
        )

    @property
    def visit(self) -> Any:
        return self.till.redeeming.visit

    def do(self, message: object, at_s: float = 100.0) -> str:
        self.till.handle(message, now(at_s), TERMS)
        notice = self.till.state.notice
        return notice.phrase.code if notice else ""

    def open(self, balance: int = 1_000) -> None:
        """Scan the member, open the rewards; central says the balance."""
        self.do(commands.Scan(WANG))
        self.do(commands.Rewards())
        if self.online:
            told = BalanceAnswer(True, balance, 0, "basic", "王**")
            self.do(BalanceAnswered(HOLDER, told))

    def grant(self, code: str = CODE, points: int | None = None) -> LeaseAnswered:
        """Central lends what was asked for last."""
        ask = [one for one in self.asked if isinstance(one, AskLease)][-1]
        self.journal.lease_asked(self.journal.session, ask.request_id, ask.holder, ask.reward_id)
        signed = signed_text(Voucher(1, code, ask.reward_id, DEVICE.hex(), "2026-12-31"), CENTRAL)
        lent = ask.points if points is None else points
        answer = LeaseAnswer(f"L{code}", lent, code, signed, "2026-12-31", ttl_s=900)
        self.journal.lease_answered(ask.request_id, answer)
        return LeaseAnswered(ask.request_id, answer)

    def choose(self, reward: str, pieces: int = 1) -> None:
        self.do(commands.Choose(reward))
        self.do(commands.Pieces(pieces))
        self.do(commands.Confirm())

    def lend_ahead(self, points: int = 320) -> None:
        self.open()
        self.do(self.grant(READY, points))

    def events(self, kind: type) -> list[Any]:
        bodies = [body_of(link.frame) for link in self.journal.links()]
        return [body for body in bodies if isinstance(body, kind)]

    def view(self, at_s: float = 100.0) -> Any:
        return rewards_view(self.till.redeeming, self.journal, now(at_s), TERMS)["redeeming"]


@pytest.fixture
def counter(tmp_path: Path) -> Any:
    with open_till(tmp_path / "state") as journal:
        yield Counter(journal)


def test_who_waits_for_the_next_sale_redeems_and_gets_a_slip(counter: Counter) -> None:
    counter.open()
    counter.choose("tea", 2)
    ask = counter.asked[-1]
    assert (ask.reward_id, ask.pieces, ask.points) == ("tea", 2, 200)
    assert counter.do(counter.grant()) == "redeemed"
    (spent,) = counter.events(Redeem)
    assert (spent.points, spent.reward_id, spent.holder) == (200, "tea", HOLDER)
    (slip,) = counter.journal.slips("queued")
    assert (slip.slip.kind, slip.slip.subject) == ("redemption", CODE)
    assert counter.visit.step == "done"


def test_without_a_scan_nobody_redeems(counter: Counter) -> None:
    assert counter.do(commands.Rewards()) == "redeem_scan_first"
    assert counter.visit is None


def test_above_the_limit_the_member_types_a_pin(counter: Counter) -> None:
    low = structs.replace(TERMS, book=structs.replace(BOOK, redeem_limit_points=50))
    counter.open()
    for touch in (commands.Choose("tea"), commands.Confirm()):
        counter.till.handle(touch, now(100), low)
    assert counter.visit.step == "prove"
    counter.do(commands.Prove("4711"))
    assert counter.asked[-1].pin == "4711"
    assert counter.do(counter.grant()) == "redeemed"


def test_what_is_handed_over_at_once_is_written_down_as_used(counter: Counter) -> None:
    counter.open()
    counter.choose("tea")
    counter.do(counter.grant())
    assert counter.do(commands.HandOver()) == "voucher_accepted"
    (used,) = counter.events(VoucherUse)
    assert used.voucher_code == CODE
    assert counter.visit is None


def test_a_voucher_of_any_shop_is_handed_over_by_central_s_word(counter: Counter) -> None:
    counter.open()
    counter.choose("tea")
    granted = counter.grant()
    signed = signed_text(Voucher(1, CODE, "tea", None, "2026-12-31"), CENTRAL)
    answer = structs.replace(granted.answer, voucher_signed=signed)
    counter.do(LeaseAnswered(granted.request_id, answer))
    assert counter.do(commands.HandOver()) == "checking"
    assert isinstance(counter.asked[-1], AskVoucher)


def test_a_redemption_is_cancelled_at_the_till_that_made_it(counter: Counter) -> None:
    counter.open()
    counter.choose("tea")
    counter.do(counter.grant())
    counter.do(commands.Cancel())
    assert isinstance(counter.asked[-1], AskCancel)
    request_id = counter.asked[-1].request_id
    assert counter.do(CancelAnswered(CODE, CancelAnswer(100))) == "cancelled"
    (told,) = counter.events(VoucherCancelled)
    assert (told.voucher_code, told.request_id, told.points) == (CODE, request_id, 100)
    assert counter.visit.step == "home"
    assert isinstance(counter.asked[-1], AskBalance)


def test_the_loser_of_two_screens_is_told_that_another_has_the_points(counter: Counter) -> None:
    counter.open()
    counter.choose("big")
    held = Reason("balance_held", {"available": "100", "needed": "900", "held": "900"})
    counter.do(LeaseAnswered(counter.asked[-1].request_id, LeaseAnswer(refusal=held)))
    assert (counter.visit.step, counter.visit.refusal.code) == ("refused", "balance_held")
    assert counter.events(Redeem) == []


def test_what_a_member_left_open_is_closed_and_another_scan_takes_over(counter: Counter) -> None:
    counter.open()
    counter.till.tick(now(101 + IDLE_S), TERMS)
    assert counter.visit is None
    counter.open()
    other = make_member_number("10987654321")
    counter.do(commands.Scan(other))
    assert counter.visit is None


def test_who_is_forgotten_leaves_no_rewards_open(counter: Counter) -> None:
    counter.open()
    counter.do(commands.Choose("tea"))
    counter.do(commands.Forget())
    assert counter.visit is None


def test_one_pin_never_answers_for_a_reward_and_for_a_payment(counter: Counter) -> None:
    counter.open(10_000)
    counter.choose("big", 1)
    assert counter.visit.step == "working"
    assert counter.do(commands.Pay()) == "checking"
    assert counter.till.tendering.shown is None


def test_points_are_asked_for_ahead_once_while_central_is_there(counter: Counter) -> None:
    counter.open()
    (ask,) = [one for one in counter.asked if isinstance(one, AskLease)]
    assert (ask.reward_id, ask.points, ask.holder) == (READY_REWARD, 320, HOLDER)
    counter.do(BalanceAnswered(HOLDER, BalanceAnswer(True, 1_000, 0, "basic", "王**")))
    assert len([one for one in counter.asked if isinstance(one, AskLease)]) == 1


def test_cut_off_a_member_redeems_what_was_lent_ahead_and_takes_it_here(counter: Counter) -> None:
    counter.lend_ahead()
    counter.online = False
    assert counter.view()["away"]["zh"].startswith("离线：现在最多可兑 320 分")
    asked = len(counter.asked)
    counter.choose("tea", 3)
    assert len(counter.asked) == asked  # nothing waits for central
    (spent,) = counter.events(Redeem)
    assert (spent.points, spent.pieces, spent.voucher_code) == (300, 3, READY)
    assert counter.visit.voucher.place.zh == "禾鹿小馆"
    assert counter.do(commands.HandOver()) == "voucher_accepted"
    assert counter.till.handing_in.shown.phrase.zh.endswith("茶 ×3")
    assert counter.do(commands.Scan(READY)) == "voucher_used"


def test_an_answer_that_does_not_come_lets_what_was_lent_ahead_be_spent(counter: Counter) -> None:
    counter.lend_ahead()
    counter.choose("tea")
    request_id = counter.asked[-1].request_id
    assert counter.do(LeaseAnswered(request_id, None)) == "redeemed"
    assert [one.voucher_code for one in counter.events(Redeem)] == [READY]


def test_what_was_lent_ahead_is_spent_once(counter: Counter) -> None:
    counter.lend_ahead()
    counter.online = False
    counter.choose("tea")
    counter.do(commands.Back())
    assert counter.view()["away"]["code"] == "offline_lent_spent"
    counter.choose("tea")
    assert counter.visit.refusal.code == "offline_lent_spent"
    assert len(counter.events(Redeem)) == 1


def test_a_larger_reward_online_gives_back_what_was_lent_ahead_first(counter: Counter) -> None:
    counter.lend_ahead()
    counter.choose("big")
    assert counter.asked[-1].gives_back == f"L{READY}"
    stranded = counter.journal.stranded_leases(counter.journal.session)
    assert [one.answer for one in stranded if one.answer and one.answer.voucher_code == READY] == []
    counter.online = False
    counter.do(LeaseAnswered(counter.asked[-1].request_id, None))
    assert counter.visit.refusal.code == "offline_not_lent"


REASONS = {
    "offline_more": ("big", 0.0),
    "offline_stock": ("mug", 0.0),
    "offline_limit": ("gift", 0.0),
    "offline_bundle": ("set", 0.0),
    "offline_coupon": ("off", 0.0),
    "offline_elsewhere": ("far", 0.0),
    "offline_lent_over": ("tea", 1_000.0),
}


@pytest.mark.parametrize("code", REASONS)
def test_cut_off_each_reward_says_why_it_cannot_be_had(counter: Counter, code: str) -> None:
    reward, later_s = REASONS[code]
    counter.lend_ahead()
    counter.online = False
    if later_s:
        counter.till.redeeming.counter.tick(now(100 + later_s))
    rows = {one["reward_id"]: one for one in counter.view()["rewards"]}
    why = rows[reward]["why_not"]
    assert why["code"] == code
    assert why["zh"].startswith("离线：")
    assert why["en"].startswith("Offline: ")


def test_a_till_that_is_not_sure_of_the_day_offers_nothing_dated(counter: Counter) -> None:
    counter.lend_ahead()
    counter.online = False
    unsure = structs.replace(now(100), local=None)
    shown = rewards_view(counter.till.redeeming, counter.journal, unsure, TERMS)["redeeming"]
    rows = {one["reward_id"]: one["why_not"] for one in shown["rewards"]}
    assert rows["now"]["code"] == "offline_day_unsure"
    assert rows["tea"] is None


def test_what_can_be_had_cut_off_never_depends_on_the_wall_clock(counter: Counter) -> None:
    counter.lend_ahead()
    counter.online = False
    shown = []
    for wall_ms in (0, 4_102_444_800_000):
        moment = structs.replace(now(100).moment, wall_ms=wall_ms)
        at = structs.replace(now(100), moment=moment)
        shown.append(rewards_view(counter.till.redeeming, counter.journal, at, TERMS))
    assert shown[0] == shown[1]


def why_nothing(counter: Counter, book: Any = BOOK, holder: Holder | None = HOLDER) -> str:
    """Return what the screen says while central is away and nothing was lent."""
    lending = counter.till.redeeming.counter.lending
    reason = said(lending.reach(holder, book, shop="s1", place=None))
    assert reason is not None
    return reason.code


def test_each_reason_why_nothing_can_be_had_is_told_apart(counter: Counter) -> None:
    assert why_nothing(counter, some_terms().book) == "offline_off"
    assert why_nothing(counter, holder=Holder("card", "x")) == "offline_card"
    assert why_nothing(counter) == "offline_not_lent"
    counter.open()
    ask = counter.asked[-1]
    counter.do(LeaseAnswered(ask.request_id, LeaseAnswer(refusal=Reason("offline_none_lent"))))
    assert why_nothing(counter) == "offline_none_lent"


def test_after_a_restart_what_an_earlier_run_was_lent_cannot_be_spent(tmp_path: Path) -> None:
    with open_till(tmp_path / "state") as journal:
        Counter(journal).lend_ahead()
    with Journal.open(tmp_path / "state") as journal:
        again = Counter(journal)
        again.online = False
        again.open()
        assert again.view()["away"]["code"] == "offline_restarted"
        again.choose("tea")
        assert again.visit.refusal.code == "offline_restarted"
        assert again.events(Redeem) == []
