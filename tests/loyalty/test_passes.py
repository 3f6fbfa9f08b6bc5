"""Passes on members' phones: who may make one, and how long it is worth something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty import passes
from loyalty.codes import MemberPass, classify
from loyalty.passes import NotAPass, read_pass
from tests.loyalty.phone import Phone, central_key

CENTRAL = central_key()
CENTRAL_KEY = CENTRAL.public_key().public_bytes_raw()
NOW_MS = 1_790_000_000_000
SLOT = passes.slot_at(NOW_MS)
PHONE = Phone().signed_for(CENTRAL)


def shown(phone=PHONE, now_ms=NOW_MS):
    return phone.shows(now_ms)


def test_a_phones_pass_names_its_member():
    read = read_pass(shown(), CENTRAL_KEY, 1)
    assert (read.member, read.slot, read.valid_until) == ("0a" * 8, SLOT, "2099-12-31")


def test_a_pass_is_known_by_its_form_and_fits_an_easy_qr():
    text = shown()
    assert classify(text) == MemberPass(text)
    assert classify(text.lower()) == MemberPass(text)
    assert len(text) <= 335  # version 9 of a QR at level L, ISO/IEC 18004 table 7


@pytest.mark.parametrize(
    ("slots_later", "fresh"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_pass_is_fresh_for_a_slot_either_way(slots_later, fresh):
    read = read_pass(shown(), CENTRAL_KEY, 1)
    assert read.is_fresh(NOW_MS + slots_later * passes.SLOT_MS) is fresh


def test_the_edges_of_a_slot():
    read = read_pass(shown(), CENTRAL_KEY, 1)
    ends_ms = (SLOT + 2) * passes.SLOT_MS
    assert read.is_fresh(ends_ms - 1)
    assert not read.is_fresh(ends_ms)
    begins_ms = (SLOT - 1) * passes.SLOT_MS
    assert read.is_fresh(begins_ms)
    assert not read.is_fresh(begins_ms - 1)


@pytest.mark.parametrize(("until", "fresh"), [("2026-09-20", False), ("2026-09-21", True)])
def test_a_pass_is_worth_nothing_after_its_credentials_last_day(until, fresh):
    old = Phone().signed_for(CENTRAL, valid_until=until)
    assert read_pass(shown(old), CENTRAL_KEY, 1).is_fresh(NOW_MS) is fresh


def borrowed():
    """Return the pass of a thief who has another's credential and not their phone."""
    thief = Phone(8)
    thief.credential = PHONE.credential
    return thief


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (shown(borrowed()), "not the phone's"),
        (shown(Phone().signed_for(central_key(1))), "not signed by central"),
        (shown(Phone().signed_for(CENTRAL, shard_key=2)), "another programme"),
        ("TPQ", "not signed by central"),
        ("TPQ1", "base 32"),
        ("TPQ" + "A" * 300, "not signed by central"),
    ],
)
def test_what_central_and_the_phone_did_not_sign_is_no_pass(text, why):
    with pytest.raises(NotAPass, match=why):
        read_pass(text, CENTRAL_KEY, 1)


def test_a_pass_moved_to_another_slot_is_none():
    moved = passes.pass_text(SLOT + 1, PHONE.credential, PHONE.signature(SLOT))
    with pytest.raises(NotAPass, match="not the phone's"):
        read_pass(moved, CENTRAL_KEY, 1)


@given(st.integers(3, len(shown()) - 1), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_no_letter_of_a_pass_can_be_another(place, letter):
    text = shown()
    changed = text[:place] + letter + text[place + 1 :]
    try:
        read = read_pass(changed, CENTRAL_KEY, 1)
    except NotAPass:
        return
    # The last letter carries bits that mean nothing, so two spellings of it may be one pass.
    assert read == read_pass(text, CENTRAL_KEY, 1)
    assert changed == text or place == len(text) - 1


def test_a_key_that_is_no_point_of_the_curve_is_refused():
    with pytest.raises(ValueError):
        passes.compressed(b"\x04" + bytes(64))
