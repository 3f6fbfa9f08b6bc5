import pytest

from tillpoints.demo.teller import StoryDiffers, Teller


def test_what_is_as_expected_is_kept_with_its_step():
    told = []
    teller = Teller(told.append)
    with teller.step("扫会员", "Scan"):
        teller.check("points", 12, 12)
    assert told == teller.steps
    [check] = teller.steps[0].checks
    assert (check.what, check.expected, check.seen) == ("points", 12, 12)


def test_the_first_difference_ends_the_story_and_is_named():
    teller = Teller()
    expected = "step 2, 退货 / Refund: points: expected 12, seen 13"
    with teller.step("扫会员", "Scan"):
        teller.check("points", 1, 1)
    with pytest.raises(StoryDiffers) as ended, teller.step("退货", "Refund"):
        teller.check("points", 12, 13)
    assert str(ended.value) == expected


def test_what_comes_a_little_later_is_waited_for():
    answers = iter([None, 3, 12])
    teller = Teller()
    with teller.step("同步", "Sync"):
        teller.until("points", 12, lambda: next(answers))
    assert teller.steps[0].checks[0].seen == 12


def test_what_never_comes_is_a_difference_with_what_was_seen_last():
    teller = Teller()
    with pytest.raises(StoryDiffers, match="expected 12, seen 3"), teller.step("同步", "Sync"):
        teller.until("points", 12, lambda: 3, timeout_s=0.01)
