"""PINs and opening codes: who gets in, and how often they may guess."""

import pytest

from central.members import access
from central.members.access import (
    OPENING_MINUTES,
    TRIES,
    WAIT_MINUTES,
    change_pin,
    check_pin,
    give_opening_code,
    open_with_code,
    why_no_pin,
)

MINUTE_MS = 60_000
PIN = "582910"


@pytest.fixture
def service(programme, monkeypatch):
    """The slow hash is not what these tests are about."""
    monkeypatch.setattr(access, "hashed", lambda pin: f"kept {pin}")
    monkeypatch.setattr(access, "matches", lambda pin, kept: kept == f"kept {pin}")
    return programme.service


@pytest.fixture
def opened(service):
    assert open_with_code(service, "m1", give_opening_code(service, "m1"), PIN) == "right"
    return service


def test_an_opening_code_lets_its_member_choose_a_pin_once(service):
    code = give_opening_code(service, "m1")
    assert check_pin(service, "m1", PIN) == "none"
    assert open_with_code(service, "m2", code, PIN) == "wrong"
    assert open_with_code(service, "m1", code[:4] + "-" + code[4:].lower(), PIN) == "right"
    assert check_pin(service, "m1", PIN) == "right"
    assert open_with_code(service, "m1", code, "999111") == "wrong"
    assert check_pin(service, "m1", PIN) == "right"


@pytest.mark.parametrize(("minutes", "outcome"), [(OPENING_MINUTES, "wrong"), (29, "right")])
def test_an_opening_code_lasts_half_an_hour(programme, service, minutes, outcome):
    code = give_opening_code(service, "m1")
    programme.now_ms += minutes * MINUTE_MS
    assert open_with_code(service, "m1", code, PIN) == outcome


def test_after_too_many_wrong_pins_even_the_right_one_waits(programme, opened):
    for _ in range(TRIES):
        assert check_pin(opened, "m1", "000000") == "wrong"
    assert check_pin(opened, "m1", PIN) == "waits"
    programme.now_ms += WAIT_MINUTES * MINUTE_MS - 1
    assert check_pin(opened, "m1", PIN) == "waits"
    programme.now_ms += 1
    assert check_pin(opened, "m1", PIN) == "right"


def test_a_right_pin_forgives_the_wrong_ones_before_it(opened):
    for _ in range(3):
        for _ in range(TRIES - 1):
            assert check_pin(opened, "m1", "000000") == "wrong"
        assert check_pin(opened, "m1", PIN) == "right"


def test_the_desk_lets_a_member_in_again_who_waits(opened):
    for _ in range(TRIES):
        check_pin(opened, "m1", "000000")
    code = give_opening_code(opened, "m1")
    assert open_with_code(opened, "m1", code, "190283") == "right"
    assert (check_pin(opened, "m1", PIN), check_pin(opened, "m1", "190283")) == ("wrong", "right")


def test_who_knows_the_old_pin_may_change_it(opened):
    assert change_pin(opened, "m1", "000000", "190283") == "wrong"
    assert change_pin(opened, "m1", PIN, "190283") == "right"
    assert check_pin(opened, "m1", "190283") == "right"


def test_nobody_has_no_pin(opened):
    assert check_pin(opened, None, PIN) == "wrong"
    assert check_pin(opened, "m9", PIN) == "none"
    assert open_with_code(opened, None, "ABCDEFGH", PIN) == "wrong"
    assert open_with_code(opened, "m9", "ABCDEFGH", PIN) == "wrong"


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
