"""Where one typed code ends and the next begins.

A code ends with Enter, keypad Enter, Tab or LF; for scanners without a suffix, with a silence. No
clock in here: the caller says when it is silent, and for how long to wait first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from edge_agent.devices.framing import CODE_BYTES_MAX, IDLE_S
from edge_agent.devices.hid.keyboard import GARBLED, AltCodes, Keyboard
from edge_agent.devices.hid.layouts import LayoutName

End = Literal["suffix", "silence"]

_ENDS = "\r\n\t"
#: A code whose suffix is this late was cut off, or somebody leant on a key: it is dropped.
STUCK_S = 1.0


class Wedge:
    """Cuts what one scanner types into codes.

    A code that is too long, lost keys or never ended comes out as U+FFFD, so that the cashier
    hears it, and never as a part of itself or of the next one.
    """

    def __init__(
        self, layout: LayoutName = "us", alt_codes: AltCodes = "gbk", end: End = "suffix"
    ) -> None:
        self._keyboard = Keyboard(layout, alt_codes)
        self._end = end
        self._code = ""
        self._spoilt = False

    @property
    def patience_s(self) -> float:
        """How long nothing may come before `silence` is to be called."""
        return IDLE_S if self._end == "silence" and self._code else STUCK_S

    def feed(self, keys: Iterable[tuple[int, int]]) -> list[str]:
        """Take key events as (code, value); return the codes that they end."""
        codes: list[str] = []
        for code, value in keys:
            for sign in self._keyboard.key(code, value):
                if sign in _ENDS:
                    codes += self._ended()
                elif len(self._code) < CODE_BYTES_MAX:
                    self._code += sign
                else:
                    self._spoilt = True
        return codes

    def silence(self) -> list[str]:
        """Note that nothing came for `patience_s`; return the code that this ends or drops."""
        self._code += self._keyboard.flush()
        self._spoilt |= self._end == "suffix" and bool(self._code)
        self._keyboard.clear()
        return self._ended()

    def keys_lost(self) -> None:
        """Note that the kernel had to drop events: what is being typed is spoilt."""
        self._keyboard.clear()
        self._spoilt = True

    def _ended(self) -> list[str]:
        text = GARBLED if self._spoilt else self._code.strip(" \0")
        self._code, self._spoilt = "", False
        return [text] if text else []
