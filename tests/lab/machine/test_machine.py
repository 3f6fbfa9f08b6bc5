"""Our drivers on a real kernel, in a machine without hardware; one start for all stories."""

from pathlib import Path

import pytest

from edge_agent.devices.hid.layouts import LAYOUTS
from tests.lab.machine import machine

INSIDE = Path(__file__).with_name("in_the_machine.py")
#: A replugged scanner is back within so many seconds.
BACK_S = 5


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return machine.run(tmp_path_factory.mktemp("lab"), INSIDE)


def seen(told, story):
    assert told[story]["error"] == ""
    return told[story]["seen"]


def test_printable_ascii_is_read_on_every_layout(told):
    layouts = seen(told, "printable_on_every_layout")
    assert layouts["read"] == dict.fromkeys(LAYOUTS, layouts["wanted"])


def test_keypad_digits_and_chinese_in_alt_codes_are_read(told):
    assert seen(told, "keypad_and_alt_codes_of_a_real_keyboard") == "会员1234567890"


def test_two_equal_scanners_are_told_apart_and_never_mixed(told):
    assert seen(told, "two_equal_scanners_at_once") == {"all right": True, "left over": 0}


def test_two_hundred_replugs_lose_no_scan_and_leave_nothing_behind(told):
    replugs = seen(told, "replugs")
    assert replugs.pop("slowest_s") < BACK_S
    assert replugs == {"right": 200, "threads": 0, "files": 0}


def test_the_pos_hears_nothing_of_a_grabbed_scanner_and_its_lights_are_set(told):
    assert seen(told, "grab_and_lights") == {
        "second grab": "Device or resource busy",
        "heard by the POS": 0,
        "lights": 1,  # Num Lock on, Caps Lock off
    }


def test_the_pos_gets_what_is_none_of_ours_and_no_key_stays_down(told):
    assert seen(told, "passed_on") == {
        "we": True,
        "the POS": ["6901234567892", "Other,Code", "4711"],
        "held down": [],
    }


def test_a_hid_pos_scanner_is_read_through_hidraw(told):
    assert seen(told, "hid_pos") == {"all right": True}


def test_udev_obeys_our_rules_and_tells_of_what_comes(told):
    assert seen(told, "udev_rules_and_news") == {
        "news": True,
        "keyboard-1/input0": ["0o660", True, "1"],
        "keyboard-2/input0": ["0o660", True, ""],  # not named: left as it is
        "pos-1/input0": ["0o660", True, ""],
    }
