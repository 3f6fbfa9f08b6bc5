"""Setting up virtual scanners of four makers over real pseudo-terminals."""

import pytest
import serial
from msgspec import structs

from edge_agent.devices import ssi
from edge_agent.devices.profiles import Setting, Setup
from edge_agent.devices.setup import applying
from edge_agent.devices.setup.applying import NoAnswerError, apply
from edge_agent.devices.setup.grammars import GRAMMARS
from edge_agent.devices.virtual.settable_scanner import SettableScanner

# Names and values as each maker writes them, and what they were before.
NAMES = {
    "newland": ("QRYPDN", {"SCNMOD": ("0", "2"), "TSUENA": ("0", "1"), "GRBENA": ("0", "1")}),
    "honeywell": ("REVINF", {"SUFBK2": ("", "990D"), "BEPBEP": ("0", "1"), "TRMUSB": ("", "130")}),
    "ssi": ("", {"8A": ("00", "08"), "38": ("01", "00"), "9C": ("06", "09")}),
    "datalogic": ("+$!", {"LFSU": ("0A00", "0D00"), "SNRM": ("00", "02"), "BPVO": ("01", "03")}),
}


@pytest.fixture(params=NAMES, name="grammar")
def grammar_fixture(request):
    return request.param


@pytest.fixture
def short_patience(monkeypatch):
    monkeypatch.setattr(applying, "ANSWER_S", 0.5)


@pytest.fixture
def before(grammar):
    return {name: old for name, (old, _) in NAMES[grammar][1].items()}


@pytest.fixture
def scanner(grammar, before, tmp_path):
    with SettableScanner(tmp_path / "scanner", grammar, dict(before), "MODEL 7 V1.02.3") as it:
        yield it


@pytest.fixture
def port(scanner, tmp_path):
    with serial.Serial(str(tmp_path / "scanner"), timeout=0.01, exclusive=True) as port:
        yield port


@pytest.fixture
def setup(grammar):
    identity, names = NAMES[grammar]
    return Setup(
        grammar,
        tuple(
            Setting("设置", "set", name, value, taken(grammar, name, value))
            for name, (_, value) in names.items()
        ),
        identity,
    )


def taken(grammar, name, value):
    """What a scanner says that took a setting, in its maker's words."""
    return {"ssi": "D0", "datalogic": ">"}.get(grammar, f"{name}{value}\x06")


def wanted(grammar):
    return {name: value for name, (_, value) in NAMES[grammar][1].items()}


def test_every_setting_is_made_and_read_back(grammar, scanner, port, setup):
    outcome = apply(port, setup)
    assert scanner.settings == wanted(grammar)
    assert outcome.changed == tuple(wanted(grammar))
    assert (outcome.refused, outcome.identity) == ("", "MODEL 7 V1.02.3")


def test_a_second_time_nothing_is_left_to_change(grammar, scanner, port, setup):
    apply(port, setup)
    again = apply(port, setup)
    assert (again.changed, again.kept) == ((), tuple(wanted(grammar)))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_refused_setting_is_named_and_the_others_are_put_back(
    grammar, scanner, port, setup, before, place
):
    name = list(before)[place]
    scanner.refuses.add(name)
    outcome = apply(port, setup)
    assert (outcome.refused, outcome.why) == (name, "bad value")
    assert scanner.settings == before
    assert set(outcome.undone) == set(list(before)[:place])
    assert outcome.left == ()


def test_a_setting_it_does_not_know_is_named(grammar, scanner, port, setup, before):
    name = list(before)[1]
    del scanner.settings[name]
    outcome = apply(port, setup)
    assert outcome.refused == name
    assert outcome.why in {"unknown setting", "bad value"}
    assert scanner.settings == {key: value for key, value in before.items() if key != name}


def test_a_scanner_that_says_yes_and_forgets_is_found_out(grammar, scanner, port, setup, before):
    name = list(before)[2]
    scanner.forgets.add(name)
    outcome = apply(port, setup)
    assert outcome.refused == name
    assert "it said yes, but is" in outcome.why
    assert scanner.settings == before


def test_an_answer_that_is_not_the_profile_s_is_a_refusal_and_both_are_told(
    grammar, scanner, port, setup, before
):
    first, second, third = setup.setting
    other = structs.replace(second, answer="another\x06")
    outcome = apply(port, structs.replace(setup, setting=(first, other, third)))
    said = taken(grammar, second.name, second.value)
    assert (outcome.refused, outcome.why) == (
        second.name,
        f"it answered {said!r}, not {other.answer!r}",
    )
    assert scanner.settings == before
    assert outcome.undone == (second.name, first.name)


@pytest.mark.parametrize("at", range(8))
def test_whoever_stops_it_finds_all_as_it_was_or_all_made(
    grammar, scanner, port, setup, before, at
):
    asked = iter(range(20))
    outcome = apply(port, setup, lambda: next(asked) >= at)
    names = list(before)
    if at > 2 * len(names) - 1:
        assert (outcome.stopped, scanner.settings) == (False, wanted(grammar))
        return
    # Asked before and after each setting: what was set by then is put back.
    assert (outcome.stopped, outcome.refused, outcome.why) == (True, names[at // 2], "")
    assert outcome.undone == tuple(reversed(names[: (at + 1) // 2]))
    assert (scanner.settings, outcome.left) == (before, ())


@pytest.mark.parametrize("grammar", ["datalogic"], indirect=True)
def test_a_conversation_that_has_its_own_speed_is_held_at_that_speed(scanner, port, setup):
    apply(port, setup)
    assert port.baudrate == 115_200
    assert apply(port, setup).kept  # and begins at the line's own again


def test_answers_that_come_byte_by_byte_are_read(grammar, scanner, port, setup):
    scanner.dribbles = True
    apply(port, setup)
    assert scanner.settings == wanted(grammar)


def test_a_mute_scanner_is_said_to_be_mute(scanner, port, setup, short_patience):
    scanner.deaf_after = 0
    with pytest.raises(NoAnswerError, match=r"no answer to .* within 0\.5 s"):
        apply(port, setup)


def test_a_scanner_that_falls_silent_in_the_middle_is_told_with_what_is_left(
    grammar, scanner, port, setup, before, short_patience
):
    # Whatever opens the conversation, who it is, and the first setting: asked, set and read back.
    scanner.deaf_after = 5 if grammar == "datalogic" else 4
    outcome = apply(port, setup)
    assert outcome.refused == list(before)[1]
    assert "no answer" in outcome.why
    assert outcome.left == (next(iter(before)),)


@pytest.mark.parametrize("grammar", ["datalogic"], indirect=True)
def test_a_scanner_that_falls_silent_at_the_very_end_is_told_with_all_that_is_left(
    scanner, port, setup, before, short_patience
):
    # Who it is, what opens the conversation, and each setting: asked, set and read back.
    scanner.deaf_after = 2 + 3 * len(before)
    outcome = apply(port, setup)
    assert outcome.refused == "$Ar"
    assert "no answer" in outcome.why
    assert set(outcome.left) == set(before)
    assert not outcome.changed


class PulledOut:
    """A line that is pulled out after so many frames."""

    def __init__(self, port, after):
        self.read, self._write, self._left = port.read, port.write, after

    def write(self, data):
        if data and self._left == 0:
            raise serial.SerialException("write failed: [Errno 5] Input/output error")
        self._left -= bool(data)
        self._write(data)


@pytest.mark.parametrize("grammar", ["newland", "honeywell"], indirect=True)
def test_a_scanner_that_is_pulled_out_in_the_middle_is_told_with_what_is_left(port, setup, before):
    # Who it is, the first setting asked, set and read back; then the second is asked.
    outcome = apply(PulledOut(port, 4), setup)
    assert outcome.refused == list(before)[1]
    assert "Input/output error" in outcome.why
    assert outcome.left == (next(iter(before)),)


@pytest.mark.parametrize("grammar", ["newland", "honeywell", "datalogic"], indirect=True)
def test_a_code_scanned_meanwhile_is_no_answer(grammar, scanner, port, setup):
    scanner.noisy = True
    apply(port, setup)
    assert scanner.settings == wanted(grammar)


def ssi_value(value, *, source=ssi.DECODER):
    return ssi.Packet(ssi.PARAM_SEND, b"\xff" + bytes.fromhex("8A" + value), source=source).encode()


@pytest.mark.parametrize(
    ("grammar", "name", "received"),
    [
        # What another setting was asked before, and answered too late.
        ("newland", "TSUENA", b"\x02\x010000@SCNMOD2\x06;\x03\x02\x010000@TSUENA08\x06;\x03"),
        ("honeywell", "BEPBEP", b"SUFBK2990D\x06.BEPBEP08\x06."),
        # Our own words, from a line that carries them back; then a byte that came in wrong.
        ("ssi", "8A", ssi_value("00", source=ssi.HOST) + ssi_value("08")),
        ("ssi", "8A", ssi_value("00")[:-1] + b"\0" + ssi_value("08")),
    ],
)
def test_only_a_whole_answer_to_what_was_asked_is_believed(grammar, name, received):
    reply = GRAMMARS[grammar].reply
    said = [reply(received[:end], name) for end in range(len(received))]
    assert [each for each in said if each is not None] == []
    assert reply(received, name).value == "08"
