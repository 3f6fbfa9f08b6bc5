"""Which of the codes in view are news."""

from edge_agent.devices.camera.sighting import GONE_S, Sightings
from edge_agent.devices.codes.libraries import Code

MEMBER = Code("QRCode", "TPM1", b"TPM1")
OTHER = Code("QRCode", "TPM2", b"TPM2")
BARS = Code("EAN13", "6901234567892", b"6901234567892")


def test_a_code_is_told_once_while_it_stays_in_view():
    sightings = Sightings()
    told = [sightings.look([MEMBER], at / 8) for at in range(80)]
    assert told == [["TPM1"]] + [[]] * 79


def test_a_code_that_flickers_is_still_the_same_showing():
    sightings = Sightings()
    sightings.look([MEMBER], 0.0)
    sightings.look([], GONE_S / 2)
    assert sightings.look([MEMBER], GONE_S) == []


def test_a_code_that_was_away_and_comes_back_is_shown_again():
    sightings = Sightings()
    assert sightings.look([MEMBER], 0.0) == ["TPM1"]
    assert sightings.look([], 1.0) == []
    assert sightings.look([MEMBER], 0.1 + GONE_S) == ["TPM1"]


def test_two_codes_at_once_are_two():
    assert Sightings().look([MEMBER, OTHER], 0.0) == ["TPM1", "TPM2"]


def test_bars_are_told_when_two_looks_read_them_alike():
    sightings = Sightings()
    wrong = Code("EAN13", "5901234567893", b"5901234567893")
    assert sightings.look([wrong], 0.0) == []
    assert sightings.look([BARS], 0.1) == []
    assert sightings.look([BARS], 0.2) == ["6901234567892"]


def test_nothing_is_remembered_for_ever():
    sightings = Sightings()
    for number in range(1000):
        sightings.look([Code("QRCode", str(number), b"")], number * 2.0)
    assert len(sightings._seen_s) <= 2
    assert len(sightings._told) <= 2
