"""What the number of a contactless card is worth."""

import pytest

from edge_agent.devices.cards.numbers import Worthless, uid_of
from edge_agent.devices.cards.reader import the_reader
from edge_agent.devices.sources import NotFoundError

DONE = b"\x90\x00"


@pytest.mark.parametrize("uid", ["0D6F6C3A", "04A1B2C3D4E5F6", "08A1B2C3D4E5F6", "01" * 10])
def test_a_number_that_the_card_keeps_finds_its_member(uid):
    assert uid_of(bytes.fromhex(uid) + DONE) == bytes.fromhex(uid)


@pytest.mark.parametrize("uid", ["08A1B2C3", "08000000", "08FFFFFF"])
def test_a_number_drawn_anew_each_time_finds_nobody(uid):
    assert uid_of(bytes.fromhex(uid) + DONE) == Worthless("card_random")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x90",
        DONE,
        b"\x6a\x81",
        b"\x0d\x6f\x6c\x3a\x6a\x81",
        b"\x01\x02\x03" + DONE,
        b"\x01" * 8 + DONE,
        bytes(4) + DONE,
        b"\xff" * 7 + DONE,
        b"\x88\x04\x11\x22" + DONE,
    ],
)
def test_what_is_no_whole_number_is_not_read(answer):
    assert uid_of(answer) == Worthless("card_unread")


def test_which_reader_is_meant_is_told_or_asked():
    two = ["ACS ACR122U 00 00", "ACS ACR122U 01 00"]
    assert the_reader("", two[:1]) == two[0]
    assert the_reader("01 00", two) == two[1]
    with pytest.raises(NotFoundError, match="2 readers are plugged in: name one"):
        the_reader("ACR122U", two)
    with pytest.raises(NotFoundError, match=r"another reader .* is it meant\?") as swapped:
        the_reader("ACR1252", two)
    assert swapped.value.is_another  # a person is asked on the panel
    with pytest.raises(NotFoundError, match="not plugged in"):
        the_reader("", [])
