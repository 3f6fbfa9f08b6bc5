"""Magnetic tracks and contactless numbers."""

import pytest

from edge_agent.devices.hid.cards import CardNumbers, card_number, member_text
from edge_agent.devices.hid.keyboard import GARBLED
from loyalty.codes import PaymentCode, classify


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (";88001234?", "88001234"),
        ("%VIP 88001234?;88001234?", "88001234"),
        ("%VIP 88001234?", "VIP 88001234"),
        ("%VIP 88001234?;?", "VIP 88001234"),
        ("%?;?", GARBLED),
        ("88001234", "88001234"),
        ("%E?;E?", GARBLED),
        (";E?", GARBLED),
        ("%VIP 1?;E?", GARBLED),
    ],
)
def test_a_member_card_is_its_second_track(typed, text):
    assert member_text(typed) == text


@pytest.mark.parametrize(
    "typed",
    [
        "%B4111111111111111^A/B^2512101?;4111111111111111=2512101?",
        ";4111111111111111=2512101?",
        ";4111111111111111?",
    ],
)
def test_a_bank_card_is_still_known_as_one(typed):
    assert classify(member_text(typed)) == PaymentCode("bank_card")


# One card as three readers type it (a public list of worked examples).
@pytest.mark.parametrize(
    ("typed", "form"),
    [("01026F6C3A", "hex"), ("0040856634", "8h10d"), ("07302202", "6h8d"), ("111,27706", "2h4h")],
)
@pytest.mark.parametrize(("kept", "number"), [("6h8d", "07302202"), ("2h4h", "111,27706")])
def test_one_card_is_one_number_whatever_the_reader(typed, form, kept, number):
    assert card_number(typed, CardNumbers(form, kept)) == number


def test_a_longer_number_cannot_be_made_of_a_shorter_one():
    assert card_number("07302202", CardNumbers("6h8d", "8h10d")) == GARBLED
    assert card_number("01026F6C3A", CardNumbers("hex", "8h10d")) == "0040856634"


def test_a_reader_that_turns_the_bytes_round_is_turned_back():
    assert card_number("3A6C6F02", CardNumbers("hex", "8h10d", reversed=True)) == "0040856634"


def test_hex_is_kept_in_capitals():
    assert card_number("04a2b3c4d5e6f7", CardNumbers("hex", "hex")) == "04A2B3C4D5E6F7"


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("4294967296", "8h10d"),
        ("16777216", "6h8d"),
        ("256,00000", "2h4h"),
        ("000,65536", "2h4h"),
        ("XYZ", "hex"),
        ("123", "8h10d"),
        ("", "hex"),
    ],
)
def test_what_is_no_number_in_that_format_is_heard(typed, form):
    assert card_number(typed, CardNumbers(form, form)) == GARBLED
