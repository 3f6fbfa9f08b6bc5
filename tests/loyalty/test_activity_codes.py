"""Activities: what each gives, and codes that a device can judge without a network."""

from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import structs

from loyalty.activity_codes import (
    ActivityCode,
    Given,
    NotAnActivityCode,
    judged,
    read_signed,
    signed_text,
)
from loyalty.codes import SignedActivity, classify
from loyalty.rules.reasons import Reason
from loyalty.rules.rulebook import RuleBook, from_toml
from loyalty.wording import say
from tests.loyalty.rules.conftest import TOML

KEY = Ed25519PrivateKey.from_private_bytes(bytes([3]) * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
TODAY = date(2026, 11, 22)
ACTIVITIES = [
    'id = "in"\nkind = "check_in"\npoints = 50\nevery_day = true',
    'id = "wheel"\nkind = "game"\npoints = 100\npoints_max = 500',
    'id = "ask"\nkind = "survey"\npoints = 20',
    'id = "vote"\nkind = "vote"\npoints = 5',
    'id = "share"\nkind = "share"\npoints = 10',
    'id = "stars"\nkind = "rating"\npoints = 15',
    'id = "friend"\nkind = "referral"\npoints = 100\nreferrer_points = 200\nafter_purchase = true',
    'id = "new"\nkind = "sign_up"\npoints = 88',
    'id = "cups"\nkind = "punch_card"\npoints = 60\nstamps = 10',
    'id = "10k"\nkind = "milestone"\npoints = 500\nmilestone_fen = 1000000',
    'id = "run"\nkind = "contest"\nranks = [1000, 500, 200]\nuntil_day = 2026-11-30',
]


class Done:
    """What was done before: activities (of a day, or at all), and codes that count once."""

    def __init__(self, *done: tuple[str, date | None], used: tuple[tuple[str, int], ...] = ()):
        self.done, self.used = done, used

    def has_done(self, activity_id: str, day: date | None) -> bool:
        return (activity_id, day) in self.done

    def is_used(self, batch: str, number: int) -> bool:
        return (batch, number) in self.used


NOTHING = Done()


def the_book() -> RuleBook:
    tables = (f'\n[[activities]]\nname_zh = "活动"\nname_en = "Fun"\n{one}\n' for one in ACTIVITIES)
    return from_toml(TOML + "".join(tables))


def code(activity_id: str, **facts: object) -> ActivityCode:
    return structs.replace(ActivityCode(1, activity_id, "2026-12-31"), **facts)


def judge(one: ActivityCode, done: Done = NOTHING, today: date | None = TODAY) -> Given | Reason:
    return judged(one, "m1", today, the_book(), done)


@pytest.mark.parametrize(
    ("activity_id", "result", "points"),
    [
        ("in", 0, 50),
        ("wheel", 100, 100),
        ("wheel", 350, 350),
        ("wheel", 500, 500),
        ("wheel", 99, 100),
        ("wheel", 501, 500),
        ("ask", 0, 20),
        ("vote", 0, 5),
        ("share", 0, 10),
        ("stars", 0, 15),
        ("new", 0, 88),
        ("run", 9_000, 0),
    ],
)
def test_each_kind_gives_what_the_book_says(activity_id: str, result: int, points: int) -> None:
    given = judge(code(activity_id, result=result))
    assert isinstance(given, Given)
    assert given.points == points


def test_a_referral_gives_both_sides_and_nobody_refers_themselves() -> None:
    given = judge(code("friend", brought_by="m9"))
    assert isinstance(given, Given)
    assert (given.points, given.referrer, given.referrer_points) == (100, "m9", 200)
    assert judge(code("friend", brought_by="m1")) == Reason("activity_self")


def test_an_activity_counts_once_for_a_member_and_a_numbered_code_once_for_all() -> None:
    one = code("ask", batch="x", number=7)
    assert isinstance(judge(one), Given)
    refusal = judge(one, Done(("ask", None)))
    assert isinstance(refusal, Reason)
    assert say(refusal, "zh") == "您已参加过活动"
    assert judge(one, Done(used=(("x", 7),))) == Reason("activity_code_used")
    assert isinstance(judge(one, Done(used=(("x", 8),))), Given)


def test_a_daily_one_counts_again_the_next_day() -> None:
    done = Done(("in", TODAY))
    again = judge(code("in"), done)
    assert isinstance(again, Reason)
    assert say(again, "en") == "You have taken part in Fun today"
    assert isinstance(judge(code("in"), done, date(2026, 11, 23)), Given)


def test_a_contest_may_be_tried_again_with_another_numbered_code() -> None:
    done = Done(("run", None))
    assert isinstance(judge(code("run", batch="x", number=2), done), Given)
    assert isinstance(judge(code("run", batch="poster"), done), Reason)


@pytest.mark.parametrize(
    ("one", "today", "refusal"),
    [
        (code("gone"), TODAY, "activity_unknown"),
        (code("cups"), TODAY, "activity_unknown"),
        (code("friend"), TODAY, "activity_unknown"),
        (code("ask", member="m2"), TODAY, "activity_elsewhere"),
        (code("ask"), date(2027, 1, 1), "activity_expired"),
        (code("run", result=1), date(2026, 12, 1), "activity_over"),
    ],
)
def test_what_does_not_count_says_why(one: ActivityCode, today: date, refusal: str) -> None:
    said = judge(one, today=today)
    assert isinstance(said, Reason)
    assert said.code == refusal
    assert say(said, "zh")
    assert say(said, "en")


def test_a_code_is_good_to_its_last_day() -> None:
    assert isinstance(judge(code("ask"), today=date(2026, 12, 31)), Given)


def test_who_is_not_sure_of_the_day_refuses_nothing_that_hangs_on_it() -> None:
    assert isinstance(judge(code("in"), Done(("in", TODAY)), None), Given)
    assert isinstance(judge(code("run"), today=None), Given)
    assert isinstance(judge(code("ask"), Done(("ask", None)), None), Reason)


def test_a_code_is_read_with_centrals_public_key_alone() -> None:
    one = code("wheel", batch="a1", number=3, result=300, member="m1")
    text = signed_text(one, KEY)
    assert text.isascii()
    assert text.upper() == text
    assert read_signed(text, PUBLIC, 1) == one
    assert classify(f" {text.lower()}\r") == SignedActivity(text)


@pytest.mark.parametrize("change", ["edited", "other key", "other programme", "no code"])
def test_what_central_did_not_sign_is_no_code(change: str) -> None:
    text = signed_text(code("wheel", result=300), KEY)
    other = Ed25519PrivateKey.from_private_bytes(bytes([4]) * 32)
    if change == "edited":
        text = text[:-8] + ("A" if text[-8] != "A" else "B") + text[-7:]
    if change == "other key":
        text = signed_text(code("wheel", result=300), other)
    if change == "no code":
        text = "TPA!"
    with pytest.raises(NotAnActivityCode):
        read_signed(text, PUBLIC, 2 if change == "other programme" else 1)
