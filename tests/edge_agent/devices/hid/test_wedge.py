"""Where a typed code ends."""

import pytest

from edge_agent.devices.framing import CODE_BYTES_MAX
from edge_agent.devices.hid.keyboard import GARBLED
from edge_agent.devices.hid.wedge import STUCK_S, Wedge
from edge_agent.devices.virtual.keyboard_scanner import VirtualKeyboardScanner
from loyalty.codes import MemberNumber, classify, make_member_number

NUMBER = make_member_number("12345678901")
CODE = "TPM" + NUMBER


@pytest.mark.parametrize("suffix", ["enter", "keypad_enter", "tab", "cr_lf"])
def test_every_usual_suffix_ends_a_code_at_once_and_only_once(suffix):
    scanner, wedge = VirtualKeyboardScanner(suffix=suffix), Wedge()
    assert wedge.feed(scanner.scan("one") + scanner.scan("two")) == ["one", "two"]
    assert wedge.silence() == []


def test_a_scanner_without_a_suffix_is_ended_by_silence():
    wedge = Wedge(end="silence")
    assert wedge.feed(VirtualKeyboardScanner(suffix="none").scan("会员1")) == []
    assert wedge.patience_s < STUCK_S
    assert wedge.silence() == ["会员1"]
    assert wedge.silence() == []


def test_a_stuck_part_is_heard_and_never_glued_to_the_next_code():
    wedge = Wedge()
    assert wedge.feed(VirtualKeyboardScanner(cut_after=7).scan(CODE)) == []
    assert wedge.silence() == [GARBLED]
    assert wedge.feed(VirtualKeyboardScanner().scan(CODE)) == [CODE]


@pytest.mark.parametrize("keys", range(len(VirtualKeyboardScanner(suffix="none").scan(CODE))))
def test_wherever_a_code_is_cut_the_next_one_is_whole(keys):
    wedge = Wedge()
    wedge.feed(VirtualKeyboardScanner(cut_after=keys).scan(CODE))
    wedge.silence()
    assert wedge.feed(VirtualKeyboardScanner().scan(CODE)) == [CODE]


def test_a_code_that_lost_keys_is_heard_and_is_no_code():
    wedge, scanner = Wedge(), VirtualKeyboardScanner()
    keys = scanner.scan(CODE)
    wedge.feed(keys[:9])
    wedge.keys_lost()
    assert wedge.feed(keys[11:]) == [GARBLED]
    assert wedge.feed(scanner.scan(CODE)) == [CODE]


def test_a_code_that_never_ends_is_dropped():
    scanner = VirtualKeyboardScanner()
    assert Wedge().feed(scanner.scan("9" * (CODE_BYTES_MAX + 1))) == [GARBLED]
    assert Wedge().feed(scanner.scan("9" * CODE_BYTES_MAX)) == ["9" * CODE_BYTES_MAX]


def test_a_suffix_alone_is_no_code():
    assert Wedge().feed(VirtualKeyboardScanner(suffix="cr_lf").scan("")) == []


def test_an_aim_prefix_stays_with_its_code_which_is_understood():
    (text,) = Wedge().feed(VirtualKeyboardScanner().scan("]Q1" + CODE))
    assert text == "]Q1" + CODE
    assert classify(text) == MemberNumber(NUMBER, prefixed=True)


def test_two_wedges_fed_in_turn_key_by_key_never_mix():
    scanner = VirtualKeyboardScanner()
    first, second = Wedge(), Wedge()
    ours, theirs = scanner.scan("FIRST-code"), scanner.scan("second-CODE")
    codes = []
    for at in range(max(len(ours), len(theirs))):
        codes += first.feed(ours[at : at + 1]) + second.feed(theirs[at : at + 1])
    assert sorted(codes) == ["FIRST-code", "second-CODE"]
