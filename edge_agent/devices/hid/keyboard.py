"""What one scanner types: its key events, one by one, to characters.

Owns the modifiers, the Caps Lock the scanner itself presses, dead keys, control characters and
Alt codes. Pure: no clock, no device. Key codes are Linux's (input-event-codes.h).
"""

from __future__ import annotations

import sys
import unicodedata
from typing import Literal

from edge_agent.devices.hid.layouts import (
    ENTER_KEYS,
    KEYPAD_DIGITS,
    LAYOUTS,
    SPACING,
    TAB_KEY,
    LayoutName,
    Levels,
)

AltCodes = Literal["gbk", "unicode"]

#: What a key without a meaning is read as, so that the code is heard and never a member's.
GARBLED = "\N{REPLACEMENT CHARACTER}"

_SHIFTS = frozenset({42, 54})  # KEY_LEFTSHIFT, KEY_RIGHTSHIFT
_CTRLS = frozenset({29, 97})  # KEY_LEFTCTRL, KEY_RIGHTCTRL
_ALT, _ALTGR, _CAPS_LOCK = 56, 100, 58  # KEY_LEFTALT, KEY_RIGHTALT, KEY_CAPSLOCK
# NumLock, ScrollLock, the two Meta keys, Compose and the Japanese conversion keys type nothing.
_SILENT = frozenset({69, 70, 125, 126, 127, 90, 91, 92, 93, 94, 85})
_DOWN, _UP = 1, 0
_ALT_CODE_DIGITS_MAX = 10
_CODECS: dict[AltCodes, str] = {"gbk": "gb18030", "unicode": "utf-16-be"}


class Keyboard:
    """One scanner's keyboard. `caps` says that Caps Lock is on and that the scanner allows for it.

    Enter and keypad Enter are typed as CR, Tab as HT, whatever the layout.
    """

    def __init__(self, layout: LayoutName, alt_codes: AltCodes, *, caps: bool = False) -> None:
        self._keys = LAYOUTS[layout]
        self._alt_codes = alt_codes
        self._caps = caps
        self.clear()

    def clear(self) -> None:
        """Forget what is held and half composed: keys were lost, or the device has gone."""
        self._held: set[int] = set()
        self._alt_digits = ""
        self._dead = ""
        self._composed = bytearray()

    def key(self, code: int, value: int) -> str:
        """Take one key event (1 down, 0 up, 2 repeat); return what it types, often nothing."""
        if value == _UP:
            self._held.discard(code)
            return self._alt_released() if code == _ALT else ""
        if value != _DOWN:
            return ""  # a scanner repeats no key; the kernel does, when the machine is slow
        self._held.add(code)
        if code in _SHIFTS | _CTRLS | _SILENT | {_ALT, _ALTGR}:
            return ""
        if code == _CAPS_LOCK:
            self._caps = not self._caps
            return ""
        if _ALT in self._held and code in KEYPAD_DIGITS:
            self._alt_digits += str(KEYPAD_DIGITS.index(code))
            return ""
        return self.flush() + self._typed(code)

    def flush(self) -> str:
        """Return what was composed of Alt codes so far: one character may take several of them."""
        text = bytes(self._composed).decode(_CODECS[self._alt_codes], errors="replace")
        self._composed.clear()
        return text

    def _typed(self, code: int) -> str:
        if code in ENTER_KEYS:
            return self._after_dead("\r")
        if code == TAB_KEY:
            return self._after_dead("\t")
        ctrl = bool(self._held & _CTRLS)
        # Ctrl and Alt together are AltGr, as on Windows.
        altgr = _ALTGR in self._held or (ctrl and _ALT in self._held)
        if ctrl and not altgr:
            return self._after_dead(self._control(code))
        if _ALT in self._held and not altgr:
            return self._after_dead(GARBLED)  # a menu's shortcut, and no character
        return self._after_dead(self._character(code, altgr=altgr))

    def _character(self, code: int, *, altgr: bool) -> str:
        levels = self._keys.get(code, Levels())
        shift = bool(self._held & _SHIFTS) != (self._caps and levels.cased(altgr=altgr))
        return levels.at(shift=shift, altgr=altgr) or GARBLED

    def _control(self, code: int) -> str:
        # GS of a GS1 code is Ctrl and the key of "]"; on layouts where that key is another one,
        # scanners send the American key.
        for keys in (self._keys, LAYOUTS["us"]):
            sign = keys.get(code, Levels()).plain.upper()
            if len(sign) == 1 and "@" <= sign <= "_":
                return chr(ord(sign) & 0x1F)
        return GARBLED

    def _after_dead(self, text: str) -> str:
        dead, self._dead = self._dead, ""
        if text in SPACING:
            self._dead = text
            return SPACING[dead] if dead else ""
        if not dead:
            return text
        if text == " ":
            return SPACING[dead]
        composed = unicodedata.normalize("NFC", text + dead)
        return composed if len(composed) == 1 else SPACING[dead] + text

    def _alt_released(self) -> str:
        digits, self._alt_digits = self._alt_digits, ""
        if not digits:
            return ""
        if len(digits) > _ALT_CODE_DIGITS_MAX:
            return self.flush() + GARBLED
        value = int(digits)
        # Digits may be the second and fourth byte of a four-byte character of GB 18030.
        if value < 0x80 and not (self._composed and 0x30 <= value <= 0x39):
            return self.flush() + self._after_dead(chr(value))
        if self._alt_codes == "gbk":
            # Up to 255 it is one byte of a character, above a whole one.
            self._composed += value.to_bytes((value.bit_length() + 7) // 8, "big")
        elif value <= sys.maxunicode:
            # Characters above U+FFFF may come as two surrogates.
            self._composed += chr(value).encode("utf-16-be", "surrogatepass")
        else:
            return self.flush() + GARBLED
        return ""
