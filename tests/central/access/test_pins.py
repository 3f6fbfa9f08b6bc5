"""PINs and opening codes: who gets in, and how often they may guess."""

import pytest

from central.access import pins as kept_pins
from central.access.pins import OPENING_MINUTES, TRIES, WAIT_MINUTES, why_no_pin

MINUTE_MS = 60_000
PIN = "582910"


@pytest.fixture
def pins(programme, monkeypatch):
    """The slow hash is not what these tests are about."""
    monkeypatch.setattr(kept_pins, "hashed", lambda pin: f"kept {pin}")
    monkeypatch.setattr(kept_pins, "matches", lambda pin, kept: kept == f"kept {pin}")
    return programme.service.pins


@pytest.fixture
def opened(pins):
    assert pins.open_with_code("m1", pins.give_opening_code("m1"), PIN) == "right"
    return pins


def test_an_opening_code_lets_its_member_choose_a_pin_once(pins):
    code = pins.give_opening_code("m1")
    assert pins.check("m1", PIN) == "none"
    assert pins.open_with_code("m2", code, PIN) == "wrong"
    assert pins.open_with_code("m1", code[:4] + "-" + code[4:].lower(), PIN) == "right"
    assert pins.check("m1", PIN) == "right"
    assert pins.open_with_code("m1", code, "999111") == "wrong"
    assert pins.check("m1", PIN) == "right"


@pytest.mark.parametrize(("minutes", "outcome"), [(OPENING_MINUTES, "wrong"), (29, "right")])
def test_an_opening_code_lasts_half_an_hour(programme, pins, minutes, outcome):
    code = pins.give_opening_code("m1")
    programme.now_ms += minutes * MINUTE_MS
    assert pins.open_with_code("m1", code, PIN) == outcome


def test_after_too_many_wrong_pins_even_the_right_one_waits(programme, opened):
    for _ in range(TRIES):
        assert opened.check("m1", "000000") == "wrong"
    assert opened.check("m1", PIN) == "waits"
    programme.now_ms += WAIT_MINUTES * MINUTE_MS - 1
    assert opened.check("m1", PIN) == "waits"
    programme.now_ms += 1
    assert opened.check("m1", PIN) == "right"


def test_each_wait_is_twice_the_one_before_up_to_a_day(programme, opened):
    """Five tries in every quarter of an hour would find one PIN of a million in months."""
    for minutes in (15, 30, 60, 120, 240, 480, 960, 1440, 1440):
        for _ in range(TRIES):
            assert opened.check("m1", "000000") == "wrong"
        programme.now_ms += minutes * MINUTE_MS - 1
        assert opened.check("m1", PIN) == "waits"
        programme.now_ms += 1
    assert opened.check("m1", PIN) == "right"
    for _ in range(TRIES):
        opened.check("m1", "000000")
    programme.now_ms += WAIT_MINUTES * MINUTE_MS
    assert opened.check("m1", PIN) == "right"


def test_a_right_pin_forgives_the_wrong_ones_before_it(opened):
    for _ in range(3):
        for _ in range(TRIES - 1):
            assert opened.check("m1", "000000") == "wrong"
        assert opened.check("m1", PIN) == "right"


def test_the_desk_lets_a_member_in_again_who_waits(opened):
    for _ in range(TRIES):
        opened.check("m1", "000000")
    code = opened.give_opening_code("m1")
    assert opened.open_with_code("m1", code, "190283") == "right"
    assert (opened.check("m1", PIN), opened.check("m1", "190283")) == ("wrong", "right")


def test_who_knows_the_old_pin_may_change_it(opened):
    assert opened.change("m1", "000000", "190283") == "wrong"
    assert opened.change("m1", PIN, "190283") == "right"
    assert opened.check("m1", "190283") == "right"


def test_nobody_has_no_pin(opened):
    assert opened.check(None, PIN) == "wrong"
    assert opened.check("m9", PIN) == "none"
    assert opened.open_with_code(None, "ABCDEFGH", PIN) == "wrong"
    assert opened.open_with_code("m9", "ABCDEFGH", PIN) == "wrong"


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("582910", None),
        ("12345", "digits"),
        ("1234567", "digits"),
        ("12345a", "digits"),
        ("１２３４５６", "digits"),
        ("111111", "easy"),
        ("123456", "easy"),
        ("890123", "easy"),
        ("654321", "easy"),
        ("258258", "easy"),
        ("112233", None),
    ],
)
def test_a_pin_is_six_digits_that_are_not_the_first_guess(pin, why):
    assert why_no_pin(pin) == why
