"""Every case under tests/cases/redeem comes out as it says, on each database."""

import pytest

from loyalty.catalogue import KINDS
from loyalty.wording import codes
from tests.central.rewards.redeem_cases import Played, cases, read


@pytest.mark.parametrize("path", cases(), ids=lambda path: path.stem)
def test_a_case_comes_out_as_it_says(path, programme, request):
    case = read(path)
    played = Played(programme, case)
    request.addfinalizer(played.bills.close)
    for number, step in enumerate(case["steps"], 1):
        came = played.step(step)
        wanted = {key: step[key] for key in step if key in RESULTS}
        assert {key: came.get(key) for key in wanted} == wanted, (number, step, came)
        assert came.keys() & {"refused"} == wanted.keys() & {"refused"}, (number, came)
    expected = case.get("after", {})
    assert played.after(expected) == expected
    programme.check()


RESULTS = {
    "points", "place", "refused", "zh", "en", "seconds", "reward_id", "returned", "waiting", "told",
    "off",
}  # fmt: skip


def test_there_is_a_case_for_every_kind_of_reward_and_every_refusal():
    every = [read(path) for path in cases()]
    assert {one["kind"] for case in every for one in case["rewards"]} == set(KINDS)
    told = {step["refused"] for case in every for step in case["steps"] if "refused" in step}
    wanted = {code for code in codes() if code.startswith("reward_")} - {"reward_near"}
    assert wanted <= told, wanted - told


def test_there_is_a_case_for_every_refusal_of_a_coupon_and_of_points_as_money():
    steps = [step for path in cases() for step in read(path)["steps"]]
    told = {step[key] for step in steps for key in ("refused", "told") if key in step}
    assert {
        "coupon_from", "coupon_too_small", "coupon_no_line", "coupon_other_amount",
        "coupon_one_at_a_time", "coupon_put_back", "coupon_matched", "coupon_stays",
        "coupon_back", "voucher_used", "voucher_elsewhere", "voucher_expired", "voucher_offline",
        "voucher_forged", "paying_from", "paying_too_few", "tender_no_line", "tender_other_amount",
        "paid_points_back",
    } <= told  # fmt: skip
