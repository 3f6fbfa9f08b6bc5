"""A kiosk: what it shows, what it asks central for, and what it writes down."""

import pytest
from msgspec import structs

from edge_agent.effects import (
    AskBalance,
    AskClaim,
    AskLease,
    Effect,
    Member,
    Record,
    SyncNow,
    Terms,
)
from edge_agent.kiosk import machine
from edge_agent.kiosk.inputs import (
    Back,
    BalanceTold,
    ClaimScanned,
    ClaimTold,
    Input,
    Left,
    MemberScanned,
    Stayed,
    Synced,
    Tick,
)
from edge_agent.kiosk.state import State, leaves_s
from edge_agent.phrases import Phrase
from edge_agent.redeeming.inputs import Chosen, Confirmed, LeaseTold, PinTyped
from edge_agent.redeeming.offered import why_not
from edge_agent.redeeming.reach import Reach
from edge_agent.slips.compose import RedemptionSlip
from loyalty.events import Claim, Holder, Redeem
from loyalty.rules.earning import Reason
from loyalty.wire import BalanceAnswer, ClaimAnswer, LeaseAnswer, RewardRow
from tests.edge_agent.conftest import member, now

MUG = RewardRow("mug", "保温杯", "Thermos", 500, "goods")
PLACE = Phrase("at_shop", "服务台", "Service desk")
LEASE = LeaseAnswer("L1", 500, "VBQFJ9E05STQHS18", "TPVSIGNED", "2026-12-21")


class Kiosk:
    def __init__(self, terms: Terms) -> None:
        self.state = State()
        self.terms = terms

    def feed(self, event: Input, at_s: float = 0.0) -> list[Effect]:
        self.state, effects = machine.step(self.state, event, now(at_s), self.terms)
        return list(effects)

    def up_to_working(self) -> list[Effect]:
        self.feed(MemberScanned(member(balance=800)))
        self.feed(BalanceTold(BalanceAnswer(True, 800, 100, "gold", "王**")))
        self.feed(Chosen(MUG, PLACE))
        return self.feed(Confirmed("R1"))


@pytest.fixture
def screen(terms: Terms) -> Kiosk:
    return Kiosk(terms)


def test_a_scanned_member_is_greeted_and_central_is_asked_for_the_balance(screen: Kiosk) -> None:
    assert screen.feed(MemberScanned(member())) == [AskBalance(Holder("member", "wang"))]
    assert (screen.state.step, screen.state.available) == ("home", 100)


def test_what_is_set_aside_elsewhere_is_not_available(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member()))
    screen.feed(BalanceTold(BalanceAnswer(True, 800, 300, "gold", "王**")))
    assert screen.state.available == 500
    assert screen.state.member is not None
    assert (screen.state.member.balance, screen.state.member.tier_id) == (800, "gold")


def test_without_network_the_balance_of_the_directory_stays(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member(balance=100)))
    screen.feed(BalanceTold(None))
    assert screen.state.available == 100


def test_a_redemption_asks_for_the_lease_first_and_records_only_with_it(screen: Kiosk) -> None:
    assert screen.up_to_working() == [asked(MUG)]
    assert screen.state.step == "working"
    record, sync = screen.feed(LeaseTold("R1", LEASE))
    assert isinstance(record, Record)
    (body,) = record.bodies
    assert isinstance(body, Redeem)
    assert (body.lease_id, body.points, body.voucher_code) == ("L1", 500, "VBQFJ9E05STQHS18")
    (slip,) = record.slips
    assert isinstance(slip.content, RedemptionSlip)
    assert (slip.content.code, slip.content.qr) == ("VBQFJ9E05STQHS18", "TPVSIGNED")
    assert slip.content.where == "服务台"
    assert sync == SyncNow()
    assert (screen.state.step, screen.state.available) == ("done", 200)


def test_a_confirm_that_is_pressed_twice_asks_once(screen: Kiosk) -> None:
    screen.up_to_working()
    assert screen.feed(Confirmed("R2")) == []
    screen.feed(LeaseTold("R1", LEASE))
    assert screen.feed(LeaseTold("R1", LEASE)) == []


def test_an_answer_to_a_question_of_before_is_not_taken_for_this_one(screen: Kiosk) -> None:
    screen.up_to_working()
    assert screen.feed(LeaseTold("R0", LEASE)) == []
    assert screen.state.step == "working"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "offline"),
        (
            LeaseAnswer(refusal=Reason("balance_too_low", {"available": "1", "needed": "500"})),
            "balance_too_low",
        ),
        (LeaseAnswer(refusal=Reason("reward_unknown")), "reward_unknown"),
    ],
)
def test_a_refusal_is_said_with_its_reason_and_nothing_is_recorded(
    screen: Kiosk, answer: LeaseAnswer | None, code: str
) -> None:
    screen.up_to_working()
    assert screen.feed(LeaseTold("R1", answer)) == []
    assert screen.state.step == "refused"
    assert screen.state.refusal is not None
    assert screen.state.refusal.code == code
    screen.feed(Back())
    assert screen.state.step == "home"


def test_a_reward_that_costs_more_than_there_is_is_refused_without_asking(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member(balance=100)))
    screen.feed(Chosen(MUG, PLACE))
    assert screen.feed(Confirmed("R1")) == []
    assert screen.state.refusal is not None
    assert screen.state.refusal.code == "balance_too_low"


@pytest.mark.parametrize(
    ("points", "available", "online", "code"),
    [
        (500, 800, True, None),
        (500, 500, True, None),
        (500, 499, True, "balance_too_low"),
        (500, 800, False, "offline"),
        (9001, 9000, True, "balance_too_low"),
    ],
)
def test_each_reward_says_why_it_cannot_be_had_now(
    points: int, available: int, online: bool, code: str | None
) -> None:
    state = State(step="home", member=member(), available=available)
    reward = structs.replace(MUG, points=points)
    reason = why_not(state, reward, Reach(online=online))
    assert (reason.code if reason else None) == code


def test_a_card_without_a_member_redeems_nothing() -> None:
    card = structs.replace(member(), holder=Holder("card", "ab"), new_card=True)
    reason = why_not(State(member=card, available=900), MUG, Reach())
    assert reason is not None
    assert reason.code == "member_unknown"


def test_a_claim_slip_scanned_first_waits_for_its_member(screen: Kiosk) -> None:
    assert screen.feed(ClaimScanned("h")) == []
    effects = screen.feed(MemberScanned(member()))
    assert effects == [AskBalance(Holder("member", "wang")), AskClaim("h")]
    record, sync = screen.feed(ClaimTold(ClaimAnswer("open", "s1", 21400)))
    assert isinstance(record, Record)
    assert record.bodies == (Claim(now(0).moment, "h", Holder("member", "wang")),)
    assert sync == SyncNow()
    assert screen.state.claim is not None
    assert (screen.state.claim.state, screen.state.claim.eligible_fen) == ("credited", 21400)


@pytest.mark.parametrize("answer", [None, ClaimAnswer("unknown")])
def test_a_claim_that_central_cannot_see_yet_is_written_down_and_called_pending(
    screen: Kiosk, answer: ClaimAnswer | None
) -> None:
    screen.feed(MemberScanned(member()))
    screen.feed(ClaimScanned("h"))
    effects = screen.feed(ClaimTold(answer))
    assert isinstance(effects[0], Record)
    assert screen.state.claim is not None
    assert screen.state.claim.state == "pending"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("claimed", "claim_taken"),
        ("expired", "claim_expired"),
        ("refunded", "claim_refunded"),
    ],
)
def test_a_claim_that_cannot_be_is_refused_and_not_written_down(
    screen: Kiosk, state: str, code: str
) -> None:
    screen.feed(MemberScanned(member()))
    screen.feed(ClaimScanned("h"))
    assert screen.feed(ClaimTold(ClaimAnswer(state))) == []  # type: ignore[arg-type]
    assert screen.state.claim is not None
    assert screen.state.claim.phrase.code == code


def test_a_claim_of_a_receipt_partly_refunded_says_so(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member()))
    screen.feed(ClaimScanned("h"))
    assert screen.feed(ClaimTold(ClaimAnswer("open", "s1", 15_000, 6_400)))
    assert screen.state.claim is not None
    assert screen.state.claim.eligible_fen == 15_000
    assert "64.00" in screen.state.claim.phrase.zh


def test_when_central_has_heard_of_it_the_balance_on_the_screen_is_asked_again(
    screen: Kiosk,
) -> None:
    assert screen.feed(Synced()) == []
    screen.feed(MemberScanned(member()))
    assert screen.feed(Synced()) == [AskBalance(Holder("member", "wang"))]


def test_the_result_of_a_claim_can_be_closed(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member()))
    screen.feed(ClaimScanned("h"))
    screen.feed(ClaimTold(None))
    screen.feed(Back())
    assert (screen.state.step, screen.state.claim) == ("home", None)


def test_a_claim_is_written_down_once_even_if_central_answers_twice(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member()))
    screen.feed(ClaimScanned("h"))
    assert screen.feed(ClaimTold(ClaimAnswer("open", "s1", 1)))
    assert screen.feed(ClaimTold(ClaimAnswer("open", "s1", 1))) == []


def test_the_screen_forgets_a_member_after_a_minute_without_a_touch(screen: Kiosk) -> None:
    screen.feed(MemberScanned(member()), 100)
    screen.feed(Stayed(), 150)
    screen.feed(Tick(), 209.9)
    assert screen.state.member is not None
    assert leaves_s(screen.state) == 210
    screen.feed(Tick(), 210)
    assert screen.state == State(notices=screen.state.notices)


def test_a_redemption_under_way_is_not_forgotten_nor_taken_over(screen: Kiosk) -> None:
    screen.up_to_working()
    screen.feed(Tick(), 1000)
    assert screen.state.step == "working"
    assert screen.feed(MemberScanned(member("li"))) == []
    assert screen.state.member is not None
    assert screen.state.member.holder.key == "wang"


def test_leaving_wipes_everything_of_the_member(screen: Kiosk) -> None:
    screen.up_to_working()
    screen.feed(LeaseTold("R1", LEASE))
    screen.feed(Left())
    assert screen.state == State(notices=screen.state.notices)


DEAR = structs.replace(MUG, reward_id="kettle", points=2001)
SHOWN = structs.replace(member(balance=9000), shown_pass="TPQ1")


def up_to_confirmed(screen: Kiosk, somebody: Member, reward: RewardRow) -> list[Effect]:
    screen.feed(MemberScanned(somebody))
    screen.feed(BalanceTold(BalanceAnswer(True, 9000, 0, "gold", "王**")))
    screen.feed(Chosen(reward, PLACE))
    return screen.feed(Confirmed("R1"))


def asked(reward: RewardRow = DEAR, request_id: str = "R1", **proof: str) -> AskLease:
    holder = Holder("member", "wang")
    return AskLease(request_id, holder, reward.reward_id, points=reward.points, **proof)


def test_a_card_alone_spends_up_to_the_limit(screen: Kiosk) -> None:
    at_limit = structs.replace(DEAR, points=2000)
    assert up_to_confirmed(screen, member(balance=9000), at_limit) == [asked(at_limit)]


def test_above_the_limit_a_pin_is_asked_for_and_kept_nowhere(screen: Kiosk) -> None:
    assert up_to_confirmed(screen, member(balance=9000), DEAR) == []
    assert screen.state.step == "prove"
    assert screen.feed(PinTyped("582910")) == [asked(pin="582910")]
    assert screen.state.step == "working"
    assert "582910" not in repr(screen.state)


def test_a_fresh_pass_is_proof_already_and_only_once(screen: Kiosk) -> None:
    assert up_to_confirmed(screen, SHOWN, DEAR) == [asked(shown_pass="TPQ1")]
    screen.feed(LeaseTold("R1", LeaseAnswer("L1", 2001, "VBQFJ9E05STQHS18", "TPVSIGNED")))
    screen.feed(Back())
    screen.feed(Chosen(DEAR, PLACE))
    assert screen.feed(Confirmed("R2")) == []
    assert screen.state.step == "prove"


def test_the_pass_can_be_shown_when_it_is_asked_for_and_the_card_again_is_none(
    screen: Kiosk,
) -> None:
    up_to_confirmed(screen, member(balance=9000), DEAR)
    assert screen.feed(MemberScanned(member(balance=9000))) == []
    assert (screen.state.step, screen.state.tone) == ("prove", "error")
    assert screen.feed(MemberScanned(SHOWN)) == [asked(shown_pass="TPQ1")]


def test_somebody_elses_pass_is_somebody_else(screen: Kiosk) -> None:
    up_to_confirmed(screen, member(balance=9000), DEAR)
    li = structs.replace(SHOWN, holder=Holder("member", "li"))
    assert screen.feed(MemberScanned(li)) == [AskBalance(Holder("member", "li"))]
    assert screen.state.step == "home"


@pytest.mark.parametrize("code", ["pin_wrong", "pass_old", "pass_used", "proof_needed"])
def test_a_proof_that_central_does_not_take_can_be_given_again_as_another_request(
    screen: Kiosk, code: str
) -> None:
    up_to_confirmed(screen, member(balance=9000), DEAR)
    screen.feed(PinTyped("111222"))
    screen.feed(LeaseTold("R1", LeaseAnswer(refusal=Reason(code, {"limit": "2000"}))))
    assert screen.state.step == "prove"
    (ask,) = screen.feed(PinTyped("582910"))
    assert isinstance(ask, AskLease)
    assert (ask.pin, ask.request_id == "R1") == ("582910", False)
    screen.feed(LeaseTold("R1", LeaseAnswer(refusal=Reason(code))))
    assert screen.state.step == "working"


def test_who_touches_finish_just_after_confirming_does_not_lose_the_points(screen: Kiosk) -> None:
    """Nobody would spend what central lends for it, nor give it back before the next start."""
    up_to_confirmed(screen, member(balance=9000), DEAR)
    screen.feed(PinTyped("111222"))
    screen.feed(Left())
    assert screen.state.step == "working"


def test_a_member_who_has_to_wait_is_told_so(screen: Kiosk) -> None:
    up_to_confirmed(screen, member(balance=9000), DEAR)
    screen.feed(PinTyped("111222"))
    screen.feed(LeaseTold("R1", LeaseAnswer(refusal=Reason("pin_waits"))))
    assert screen.state.step == "refused"
    assert screen.state.refusal is not None
    assert "过一段时间" in screen.state.refusal.zh


def test_a_member_may_go_back_without_proof(screen: Kiosk) -> None:
    up_to_confirmed(screen, member(balance=9000), DEAR)
    assert screen.feed(Back()) == []
    assert screen.state.step == "home"
    assert screen.feed(PinTyped("582910")) == []
