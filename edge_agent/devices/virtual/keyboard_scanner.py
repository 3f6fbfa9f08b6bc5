"""A virtual keyboard scanner: the key events that a scanner set up in one way types for a text.

    scanner = VirtualKeyboardScanner(layout="de", suffix="tab")
    events = scanner.scan("TPM123456789018")        # (code, value) pairs, 1 down and 0 up
    os.write(descriptor, as_kernel_events(events))  # as the kernel hands them to a reader

With /dev/uinput they make a real keyboard of it (evdev.UInput); the tests write them to a mocked
event node. Fault switches: `cut_after` types only so many keys of a code and no suffix, as a
scanner whose cable moves; `repeats` lets every key repeat, as a slow machine's kernel does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from edge_agent.devices.hid.keyboard import AltCodes
from edge_agent.devices.hid.layouts import (
    KEYPAD_DIGITS,
    LAYOUTS,
    SPACE_KEY,
    SPACING,
    LayoutName,
    Levels,
)

Suffix = Literal["enter", "keypad_enter", "tab", "cr_lf", "none"]
Key = tuple[int, int]

_SHIFT, _CTRL, _ALT, _ALTGR, _CAPS_LOCK = 42, 29, 56, 100, 58
_SUFFIXES: dict[Suffix, list[Key]] = {
    "enter": [(28, 1), (28, 0)],
    "keypad_enter": [(96, 1), (96, 0)],
    "tab": [(15, 1), (15, 0)],
    # CR and LF: Enter, then Ctrl and J.
    "cr_lf": [(28, 1), (28, 0), (_CTRL, 1), (36, 1), (36, 0), (_CTRL, 0)],
    "none": [],
}
#: struct input_event on a 64-bit kernel: seconds, microseconds, type, code, value.
_EVENT = struct.Struct("@llHHi")
_DEAD = {spacing: mark for mark, spacing in SPACING.items()}


class VirtualKeyboardScanner(Struct):
    """One scanner and how it is set up.

    `caps`: how it meets a host whose Caps Lock is on; deaf scanners do not look, those that allow
    for it type capitals without Shift, those that press it switch it off first and on again.
    """

    layout: LayoutName = "us"
    suffix: Suffix = "enter"
    keypad: bool = False
    alt_codes: AltCodes = "gbk"
    caps: Literal["deaf", "allows", "presses"] = "deaf"
    cut_after: int | None = None
    repeats: bool = False

    def scan(self, text: str, *, caps_lock_on: bool = False) -> list[Key]:
        """Return the key events of one scan. Raises ValueError for what cannot be typed."""
        flips = caps_lock_on and self.caps == "allows"
        presses = caps_lock_on and self.caps == "presses"
        keys = [key for sign in text for key in self._sign(sign, flips=flips)]
        if self.repeats:
            keys = [each for key in keys for each in ([key, (key[0], 2)] if key[1] else [key])]
        if self.cut_after is not None:
            return keys[: self.cut_after]
        lock = [(_CAPS_LOCK, 1), (_CAPS_LOCK, 0)] if presses else []
        return [*lock, *keys, *lock, *_SUFFIXES[self.suffix]]

    def _sign(self, sign: str, *, flips: bool) -> list[Key]:
        if self.keypad and sign in "0123456789":
            return _tap(KEYPAD_DIGITS[int(sign)])
        if ord(sign) < 0x20:
            return _held(_CTRL, _tap(_control_key(self.layout, sign)))
        if found := _place(self.layout, sign):
            code, level = found
            cased = LAYOUTS[self.layout][code].cased(altgr=level in {"altgr", "both"})
            return _pressed(code, level, flips=flips and cased)
        if dead := _place(self.layout, _DEAD.get(sign, "\0")):
            return [*_pressed(*dead, flips=False), *_tap(SPACE_KEY)]
        return [key for value in self._alt_values(sign) for key in _alt_code(value)]

    def _alt_values(self, sign: str) -> list[int]:
        if self.alt_codes == "gbk":
            return list(sign.encode("gb18030"))
        units = sign.encode("utf-16-be")
        return [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]


def as_kernel_events(keys: Iterable[Key]) -> bytes:
    """Return the events as read from an event node, each with its report end (SYN_REPORT)."""
    report_end = _EVENT.pack(0, 0, 0, 0, 0)
    return b"".join(_EVENT.pack(0, 0, 1, code, value) + report_end for code, value in keys)


def _place(layout: LayoutName, sign: str) -> tuple[int, str] | None:
    for code, levels in LAYOUTS[layout].items():
        if code in KEYPAD_DIGITS:
            continue
        for level in Levels._fields:
            if getattr(levels, level) == sign:
                return code, level
    return None


def _pressed(code: int, level: str, *, flips: bool) -> list[Key]:
    keys = _tap(code)
    if (level in {"shift", "both"}) != flips:
        keys = _held(_SHIFT, keys)
    return _held(_ALTGR, keys) if level in {"altgr", "both"} else keys


def _control_key(layout: LayoutName, sign: str) -> int:
    letter = chr(ord(sign) | 0x40).lower()
    names: tuple[LayoutName, ...] = (layout, "us")
    for name in names:
        found = _place(name, letter)
        if found is not None and found[1] == "plain":
            return found[0]
    raise ValueError(f"no key types the control character {ord(sign):#04x}")


def _alt_code(value: int) -> list[Key]:
    digits = [key for digit in str(value) for key in _tap(KEYPAD_DIGITS[int(digit)])]
    return _held(_ALT, digits)


def _tap(code: int) -> list[Key]:
    return [(code, 1), (code, 0)]


def _held(modifier: int, keys: list[Key]) -> list[Key]:
    return [(modifier, 1), *keys, (modifier, 0)]
