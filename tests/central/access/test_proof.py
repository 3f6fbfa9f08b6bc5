"""What proves that a member stands at a kiosk: a PIN, or a pass that was not shown before."""

import threading

import pytest

from central.access import pins as kept_pins
from central.access.pins import TRIES
from loyalty.passes import SLOT_MS
from tests.loyalty.phone import Phone

MEMBER = "0a" * 8
KIOSK, OTHER = b"k" * 16, b"o" * 16


@pytest.fixture
def phone(programme):
    return Phone().signed_for(programme.service.central_key, MEMBER, programme.shard_key)


@pytest.fixture
def ask(programme):
    def ask(request_id="r1", member=MEMBER, device=KIOSK, pin="", shown=""):
        proof = programme.service.proof
        return proof.missing(member, device, request_id, pin=pin, shown_pass=shown)

    return ask


def test_who_shows_nothing_has_proven_nothing(ask):
    assert ask() == "proof_needed"
    assert ask(shown="TPQNONSENSE") == "proof_needed"


def test_a_pass_pays_for_one_request_and_its_repeats(programme, phone, ask):
    shown = phone.shows(programme.now_ms)
    assert ask("r1", shown=shown) is None
    assert ask("r1", shown=shown) is None
    assert ask("r2", shown=shown) == "pass_used"
    assert ask("r1", device=OTHER, shown=shown) == "pass_used"
    programme.now_ms += SLOT_MS
    assert ask("r2", shown=phone.shows(programme.now_ms)) is None


def test_a_pass_proves_its_own_member_only(programme, phone, ask):
    assert ask(member="0b" * 8, shown=phone.shows(programme.now_ms)) == "proof_needed"


def test_a_pass_may_grow_five_minutes_old_while_its_member_chooses(programme, phone, ask):
    shown = phone.shows(programme.now_ms)
    programme.now_ms += 5 * 60_000
    assert ask(shown=shown) is None
    older = phone.shows(programme.now_ms - 6 * 60_000)
    assert ask("r2", shown=older) == "pass_old"
    ahead = phone.shows(programme.now_ms + 3 * SLOT_MS)
    assert ask("r3", shown=ahead) == "pass_old"


def test_two_screens_that_show_one_picture_at_once_get_one_yes(programme, phone, ask):
    shown = phone.shows(programme.now_ms)
    answers, start = [], threading.Barrier(8)

    def show(number):
        start.wait()
        answers.append(ask(f"r{number}", device=bytes([number]) * 16, shown=shown))

    threads = [threading.Thread(target=show, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers, key=str) == [None, *["pass_used"] * 7]


def test_a_pin_is_asked_for_and_told_apart(programme, ask, monkeypatch):
    monkeypatch.setattr(kept_pins, "hashed", lambda pin: f"kept {pin}")
    monkeypatch.setattr(kept_pins, "matches", lambda pin, kept: kept == f"kept {pin}")
    assert ask(pin="582910") == "pin_none"
    code = programme.service.pins.give_opening_code(MEMBER)
    programme.service.pins.open_with_code(MEMBER, code, "582910")
    assert ask(pin="582910") is None
    for _ in range(TRIES):
        assert ask(pin="000000") == "pin_wrong"
    assert ask(pin="582910") == "pin_waits"
