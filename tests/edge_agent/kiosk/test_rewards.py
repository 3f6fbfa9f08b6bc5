"""What a kiosk offers whom, how many of it, and how a redemption is taken back there."""

# ruff: noqa: F401, F811  (fixtures of other modules)

import pytest
from msgspec import structs

from edge_agent.effects import AskBalance, AskCancel, AskLease, AskReserve, Record, SyncNow
from edge_agent.kiosk.inputs import Back, BalanceTold, Left, MemberScanned, Tick
from edge_agent.phrases import Phrase
from edge_agent.redeeming.inputs import (
    CancelTold,
    CancelTouched,
    Chosen,
    Confirmed,
    LeaseTold,
    PiecesSet,
    PlateTyped,
    ReserveTold,
)
from edge_agent.redeeming.offered import inside_of, left_of, why_not
from edge_agent.redeeming.reach import Reach
from loyalty.catalogue import Details, Part
from loyalty.events import Holder
from loyalty.rules.earning import Reason
from loyalty.wire import BalanceAnswer, CancelAnswer, LeaseAnswer, ReserveAnswer, RewardRow
from tests.edge_agent.conftest import member
from tests.edge_agent.kiosk.test_machine import LEASE, MUG, PLACE, Kiosk, screen

PARKING = RewardRow(
    "parking", "停车", "Parking", 100, "parking", details=Details(pieces_max=10, unit_zh="小时")
)
WANG = Holder("member", "wang")
BACK = f"back-{LEASE.voucher_code}"


def at_home(screen, had=None, balance=800):
    screen.feed(MemberScanned(member(balance=balance)))
    screen.feed(BalanceTold(BalanceAnswer(True, balance, 0, "gold", "王**", had=had or {})))


def details(**facts):
    return structs.replace(MUG, details=Details(**facts))


@pytest.mark.parametrize(
    ("reward", "shelf", "code"),
    [
        (details(tiers=("black",)), {}, "reward_tier"),
        (details(offered_from="2026-12-01"), {"day": "2026-11-21"}, "reward_not_yet"),
        (details(offered_from="2026-12-01"), {"day": ""}, None),
        (details(offered_until="2026-11-20"), {"day": "2026-11-21"}, "reward_over"),
        (details(limit=1), {}, "reward_limit"),
        (MUG, {"left": 0}, "reward_gone"),
        (structs.replace(MUG, points=900), {}, "balance_too_low"),
        (details(price_points=300), {"day": "2026-11-21"}, None),
        (MUG, {}, None),
    ],
)
def test_a_reward_says_why_this_member_cannot_have_it(screen, reward, shelf, code):
    at_home(screen, had={"mug": 1})
    refusal = why_not(screen.state, reward, Reach(), **shelf)
    assert (refusal.code if refusal else None) == code


def test_a_limited_time_price_counts_on_its_days_only(screen):
    at_home(screen, balance=400)
    reward = details(price_points=300, price_from="2026-11-21", price_until="2026-11-21")
    for day, code in (("2026-11-21", None), ("2026-11-22", "balance_too_low")):
        refusal = why_not(screen.state, reward, Reach(), day=day)
        assert (refusal.code if refusal else None) == code


def test_a_bundle_is_left_as_often_as_its_scarcest_part():
    day_out = details(parts=(Part("mug", 2), Part("parking", 3)))
    assert left_of(day_out, {"mug": 7}) == 3
    assert left_of(day_out, {"mug": 7, "parking": 8}) == 2
    assert left_of(day_out, {}) is None


def test_several_pieces_are_asked_for_at_the_price_that_was_shown(screen):
    at_home(screen)
    screen.feed(Chosen(PARKING, PLACE))
    screen.feed(PiecesSet(3))
    assert screen.feed(Confirmed("R1")) == [AskLease("R1", WANG, "parking", pieces=3, points=300)]
    lease = LeaseAnswer("L1", 300, "VBQFJ9E05STQHS18", "TPVSIGNED", "2026-12-21")
    record, sync = screen.feed(LeaseTold("R1", lease))
    assert isinstance(record, Record)
    assert record.slips[0].content.hours == "3 小时"
    assert isinstance(sync, SyncNow)


def test_nobody_gets_more_pieces_than_there_may_be_at_once(screen):
    at_home(screen)
    screen.feed(Chosen(PARKING, PLACE))
    for wanted, got in ((0, 1), (11, 10)):
        screen.feed(PiecesSet(wanted))
        assert screen.state.pieces == got


def test_the_last_piece_is_kept_while_its_member_decides_and_let_go_when_they_leave(screen):
    for leaves in (Back(), Left()):
        at_home(screen)
        assert screen.feed(Chosen(MUG, PLACE, left=1)) == [AskReserve("mug", 1)]
        assert screen.feed(leaves) == [AskReserve("mug", 0)]
    at_home(screen)
    screen.feed(Chosen(MUG, PLACE, left=1))
    assert screen.feed(Tick(), at_s=61) == [AskReserve("mug", 0)]


def test_a_piece_that_somebody_else_took_is_told_before_the_member_confirms(screen):
    at_home(screen)
    screen.feed(Chosen(MUG, PLACE, left=1))
    screen.feed(ReserveTold("mug", ReserveAnswer(refusal=Reason("reward_gone"))))
    assert (screen.state.step, screen.state.refusal.code) == ("refused", "reward_gone")


@pytest.mark.parametrize("answer", [None, ReserveAnswer(120)])
def test_a_member_goes_on_when_the_piece_is_kept_or_nobody_can_tell(screen, answer):
    at_home(screen)
    screen.feed(Chosen(MUG, PLACE, left=1))
    screen.feed(ReserveTold("mug", answer))
    assert screen.state.step == "confirm"


def test_the_slip_says_where_central_set_the_piece_aside(screen):
    at_home(screen)
    screen.feed(Chosen(MUG, PLACE, left=3))
    screen.feed(Confirmed("R1"))
    shop = Phrase("at_shop", "织野", "ZHIYE")
    record, _ = screen.feed(LeaseTold("R1", LEASE, shop))
    assert record.slips[0].content.where == "织野"
    assert screen.state.voucher.place == shop


def redeemed(screen):
    at_home(screen)
    screen.feed(Chosen(MUG, PLACE))
    screen.feed(Confirmed("R1"))
    screen.feed(LeaseTold("R1", LEASE))
    return screen.feed(CancelTouched())


def test_a_redemption_is_taken_back_before_anybody_handed_anything_over(screen):
    assert redeemed(screen) == [AskCancel(BACK, LEASE.voucher_code)]
    assert screen.state.step == "working"
    asked = screen.feed(CancelTold(LEASE.voucher_code, CancelAnswer(500)))
    record, *asks = asked
    assert asks == [AskBalance(WANG), SyncNow()]
    (slip,) = record.slips
    told = (slip.content.points, slip.content.code, slip.content.reward)
    assert told == (500, "****HS18", "保温杯")
    (body,) = record.bodies
    told = (body.voucher_code, body.request_id, body.points)
    assert told == (LEASE.voucher_code, BACK, 500)
    assert (screen.state.step, screen.state.notice.code) == ("home", "cancelled")
    assert "500 分已退回" in screen.state.notice.zh


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (None, "cancel_offline"),
        (CancelAnswer(refusal=Reason("voucher_used")), "voucher_used"),
        (CancelAnswer(refusal=Reason("redeem_on_its_way")), "redeem_on_its_way"),
    ],
)
def test_a_redemption_that_is_not_taken_back_stays_on_the_screen_with_the_reason(
    screen,
    answer,
    code,
):
    redeemed(screen)
    assert screen.feed(CancelTold(LEASE.voucher_code, answer)) == []
    assert (screen.state.step, screen.state.notice.code) == ("done", code)
    assert screen.state.voucher is not None


def test_whoever_asks_again_after_a_lost_answer_asks_for_the_same(screen):
    asked = redeemed(screen)
    screen.feed(CancelTold(LEASE.voucher_code, None))
    assert screen.feed(CancelTouched()) == asked


@pytest.mark.parametrize(
    ("part", "had", "code"),
    [
        ({"tiers": ("black",)}, 0, "reward_tier"),
        ({"limit": 3}, 2, "reward_limit"),
        ({"limit": 3}, 1, None),
        ({"offered_until": "2026-11-20"}, 0, "reward_over"),
        ({"pieces_max": 1}, 0, None),  # how many are had at once is the bundle's affair
    ],
)
def test_what_is_inside_a_bundle_keeps_its_terms_before_anybody_confirms(screen, part, had, code):
    at_home(screen, had={"mug": had})
    bundle = RewardRow("set", "套", "Set", 200, "bundle", details=Details(parts=(Part("mug", 2),)))
    inside = inside_of(bundle, [details(**part), PARKING])
    refusal = why_not(screen.state, bundle, Reach(), day="2026-11-21", inside=inside)
    assert (refusal.code if refusal else None) == code
    screen.feed(Chosen(bundle, PLACE, None, inside))
    screen.feed(Confirmed("R1"))
    known = "offered_until" not in part  # what the day is, this kiosk is not sure of
    assert screen.state.step == ("refused" if code and known else "working")


def test_a_part_that_this_device_knows_nothing_of_is_central_s_to_judge():
    bundle = RewardRow("set", "套", "Set", 200, "bundle", details=Details(parts=(Part("mug", 2),)))
    assert inside_of(bundle, [PARKING]) == ()


def test_the_car_is_asked_for_where_a_right_to_park_is_chosen_and_stands_on_its_slip(screen):
    at_home(screen)
    screen.feed(Chosen(PARKING, PLACE))
    screen.feed(PlateTyped("12345"))
    assert screen.state.notice.code == "plate_wrong"
    assert screen.state.plate == ""
    screen.feed(PlateTyped("粤b 12345"))
    assert (screen.state.plate, screen.state.notice) == ("粤B12345", None)
    screen.feed(Confirmed("R1"))
    lease = LeaseAnswer("L1", 100, "VBQFJ9E05STQHS18", "TPVSIGNED", "2026-12-21")
    record, _ = screen.feed(LeaseTold("R1", lease))
    assert record.slips[0].content.plate == "粤B·12345"
    assert "12345" not in repr(record.bodies)  # no event says whose car it is
    screen.feed(Left())
    assert screen.state.plate == ""


def test_a_car_may_be_left_out_and_other_rewards_ask_for_none(screen):
    at_home(screen)
    screen.feed(Chosen(PARKING, PLACE))
    screen.feed(PlateTyped("粤B12345"))
    screen.feed(PlateTyped(""))
    assert screen.state.plate == ""
    screen.feed(PlateTyped("粤B12345"))
    screen.feed(Back())
    screen.feed(Chosen(MUG, PLACE))
    screen.feed(PlateTyped("粤B12345"))
    assert screen.state.plate == ""
