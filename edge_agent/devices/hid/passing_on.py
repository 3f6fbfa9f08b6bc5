"""A scanner that the POS needs too: its keys are typed on, code by code, through uinput.

Keys are held back until their code has ended, so that a code of ours never reaches the POS in
part; typing on takes a while, so a thread does it and reading goes on. What a code is, is for
others to say. Source: the kernel's uinput documentation.
"""

from __future__ import annotations

import errno
import logging
import queue
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import evdev

Key = tuple[int, int]

_EV_KEY = 1
_DOWN, _UP = 1, 0
#: More keys than any code has: a jammed key must not fill the memory.
_HELD_BACK_MAX = 10_000
#: Codes that wait to be typed on; nobody scans so far ahead of their POS.
_CODES_MAX = 32
#: As fast as the fastest scanners: a reader has room for some 64 events, and loses what comes on
#: top of them.
_PAUSE_S = 0.001
_LOOK_EVERY_S = 0.25

_log = logging.getLogger(__name__)


class PassOn:
    """A keyboard of our own that types on whatever `is_ours` does not claim."""

    def __init__(self, source: str, is_ours: Callable[[str], bool]) -> None:
        """Appear to the machine as a keyboard. Raises OSError where uinput cannot be used."""
        self._is_ours = is_ours
        self._source = source
        self._held_back: list[Key] = []
        self._codes: queue.Queue[list[Key]] = queue.Queue(_CODES_MAX)
        self._stopping = threading.Event()
        self._spoilt = False
        try:
            # Only keys, and no repeating: what is held here is let go at once.
            self._keyboard = evdev.UInput({_EV_KEY: range(1, 248)}, name=f"tillpoints {source}")
        except evdev.UInputError as error:
            raise OSError(errno.EACCES, f"cannot type on to the POS: {error}") from error
        self._thread = threading.Thread(target=self._run, name=f"pass on {source}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._keyboard.close()

    def key(self, code: int, value: int) -> None:
        """Hold one key event back until its code has ended."""
        if value in {_DOWN, _UP} and len(self._held_back) < _HELD_BACK_MAX:
            self._held_back.append((code, value))

    def ended(self, text: str) -> None:
        """Type the keys on that made `text`, or forget them if it is ours."""
        keys, self._held_back = self._held_back, []
        spoilt, self._spoilt = self._spoilt, False
        if spoilt or self._is_ours(text):
            return
        try:
            self._codes.put_nowait(keys)
        except queue.Full:
            _log.warning("scanner %s: a code could not be passed on to the POS", self._source)

    def keys_lost(self) -> None:
        """Pass nothing on of the code that is being typed: half a code helps nobody."""
        self._spoilt = True

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._type(self._codes.get(timeout=_LOOK_EVERY_S))
            except queue.Empty:
                continue

    def _type(self, keys: list[Key]) -> None:
        down: set[int] = set()
        for code, value in keys:
            (down.add if value else down.discard)(code)
            self._send(code, value)
        # The suffix ends a code with its press; its release comes with the next code.
        for code in down:
            self._send(code, _UP)

    def _send(self, code: int, value: int) -> None:
        self._keyboard.write(_EV_KEY, code, value)
        self._keyboard.syn()
        time.sleep(_PAUSE_S)
