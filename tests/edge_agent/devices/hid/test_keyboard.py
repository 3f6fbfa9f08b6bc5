"""Every printable character, on every layout, whatever the locks: what was scanned is read."""

import string

import pytest

from edge_agent.devices.hid.keyboard import GARBLED, Keyboard
from edge_agent.devices.hid.layouts import LAYOUTS
from edge_agent.devices.virtual.keyboard_scanner import VirtualKeyboardScanner

PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
CAPS, NUM, CTRL, ALT, ALTGR, SHIFT = 58, 69, 29, 56, 100, 42


def read(keyboard, keys):
    typed = "".join(keyboard.key(code, value) for code, value in keys)
    return typed + keyboard.flush()


@pytest.mark.parametrize("num_lock_pressed", [False, True])
@pytest.mark.parametrize("keypad", [False, True])
@pytest.mark.parametrize("caps", ["deaf", "allows", "presses"])
@pytest.mark.parametrize("caps_lock_on", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_printable_ascii_is_read_on_every_layout_in_every_lock_state(
    layout, caps_lock_on, caps, keypad, num_lock_pressed
):
    scanner = VirtualKeyboardScanner(layout, "none", keypad=keypad, caps=caps)
    keyboard = Keyboard(layout, "gbk", caps=caps_lock_on and caps != "deaf")
    lock = [(NUM, 1), (NUM, 0)] if num_lock_pressed else []
    keys = scanner.scan(PRINTABLE, caps_lock_on=caps_lock_on)
    assert read(keyboard, lock + keys + lock) == PRINTABLE


def test_there_are_seven_layouts_and_they_differ():
    seen = {tuple(sorted(layout.items())) for layout in LAYOUTS.values()}
    assert len(LAYOUTS) == len(seen) == 7


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("de", "ÄÖÜäöüß§µ²³°€"),
        ("fr", "éèçàù§µ£€²¤"),
        ("es", "ñÑçÇ¿¡ºª·€¬"),
        ("it", "èéìòàùç°§£€"),
        ("uk", "£€¬¦áéíóúÁÉÍÓÚ"),
    ],
)
def test_a_layout_s_own_letters_are_read(layout, text):
    keys = VirtualKeyboardScanner(layout, "none").scan(text)
    assert ALT not in {code for code, _ in keys}
    assert read(Keyboard(layout, "gbk"), keys) == text


def test_a_scanner_of_another_layout_is_misread():
    keys = VirtualKeyboardScanner("fr", "none").scan("qwA1")
    assert read(Keyboard("us", "gbk"), keys) == "azQ!"


@pytest.mark.parametrize("alt_codes", ["gbk", "unicode"])
def test_chinese_typed_in_alt_codes_is_composed(alt_codes):
    text = "会员卡No.一二三，𠮷完"
    keys = VirtualKeyboardScanner("us", "none", alt_codes=alt_codes).scan(text)
    assert read(Keyboard("us", alt_codes), keys) == text


@pytest.mark.parametrize(
    ("alt_codes", "number", "text"),
    [
        ("gbk", "52946", "我"),  # CED2, the whole character in one number (GB 2312)
        ("unicode", "25105", "我"),  # U+6211
        ("unicode", "0233", "é"),
        ("gbk", "029", "\x1d"),
        ("gbk", "65", "A"),
        ("gbk", "206", GARBLED),  # half a character
        ("unicode", "55357", GARBLED),  # half a surrogate pair
        ("unicode", "99999999", GARBLED),
        ("gbk", "9" * 11, GARBLED),
    ],
)
def test_one_alt_code_is_one_number(alt_codes, number, text):
    digits = [key for digit in number for key in keypad(int(digit))]
    assert read(Keyboard("us", alt_codes), [(ALT, 1), *digits, (ALT, 0)]) == text


def keypad(digit):
    code = (82, 79, 80, 81, 75, 76, 77, 71, 72, 73)[digit]
    return [(code, 1), (code, 0)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_separator_of_a_gs1_code_is_ctrl_and_bracket(layout):
    text = "0106901234567892\x1d10A5"
    keys = VirtualKeyboardScanner(layout, "none").scan(text)
    assert read(Keyboard(layout, "gbk"), keys) == text


def test_a_dead_key_waits_for_its_letter():
    circumflex, letter_e, letter_x, space = 41, 18, 45, 57
    keyboard = Keyboard("de", "gbk")
    tap = lambda code: [(code, 1), (code, 0)]  # noqa: E731
    assert read(keyboard, tap(circumflex) + tap(letter_e)) == "ê"
    assert read(keyboard, tap(circumflex) + tap(letter_x)) == "^x"
    assert read(keyboard, tap(circumflex) + tap(space)) == "^"
    assert read(keyboard, tap(circumflex) * 2 + tap(space)) == "^^"


def test_a_repeated_key_is_one_key():
    keys = VirtualKeyboardScanner(suffix="none", repeats=True).scan("AAb")
    assert read(Keyboard("us", "gbk"), keys) == "AAb"


@pytest.mark.parametrize(
    "keys",
    [
        [(59, 1), (59, 0)],  # F1
        [(ALT, 1), (30, 1), (30, 0), (ALT, 0)],  # a menu's shortcut
        [(ALTGR, 1), (30, 1), (30, 0), (ALTGR, 0)],  # nothing there on this layout
        [(CTRL, 1), (2, 1), (2, 0), (CTRL, 0)],
    ],
)
def test_a_key_that_is_no_character_spoils_the_code(keys):
    assert read(Keyboard("us", "gbk"), keys) == GARBLED


def test_modifiers_alone_type_nothing():
    keyboard = Keyboard("us", "gbk")
    for code in (SHIFT, CTRL, ALT, ALTGR, NUM, 125, 97, 54):
        assert read(keyboard, [(code, 1), (code, 0)]) == ""


def test_a_released_modifier_is_released():
    keys = [(SHIFT, 1), (30, 1), (SHIFT, 0), (30, 0), (30, 1), (30, 0)]
    assert read(Keyboard("us", "gbk"), keys) == "Aa"
