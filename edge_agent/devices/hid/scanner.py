"""A scanner that is a keyboard to the kernel, read through evdev and grabbed.

Grabbed: while the agent runs, neither the POS nor the console sees its keys, unless they are passed
on. Owns nothing but the device: what keys mean is the wedge's, which device is meant is `sources`'.

Source for grabbing, lights and lost events: the kernel's documentation of the input subsystem.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import evdev

from edge_agent.devices.hid.passing_on import PassOn
from edge_agent.devices.hid.sources import plugged_in
from edge_agent.devices.hid.wedge import Wedge
from edge_agent.devices.ports import Shown
from edge_agent.devices.scanner_thread import ScannerThread
from edge_agent.devices.sources import Match, meant

_EV_SYN, _EV_KEY, _EV_LED = 0, 1, 17
_SYN_DROPPED = 3
_LED_NUM_LOCK, _LED_CAPS_LOCK = 0, 1
#: How long a read may wait before `stop` is looked at.
_LOOK_EVERY_S = 0.25


class KeyboardScanner(ScannerThread):
    """Reads the keyboard that `match` means and reports as `source`.

    `understand` makes the member's text of what was typed: as it is, or a card reader's way.
    With `is_ours` the POS gets what is none of ours, typed on through a keyboard of our own.
    """

    def __init__(
        self,
        source: str,
        match: Match,
        messages: queue.Queue[Shown],
        make_wedge: Callable[[], Wedge] = Wedge,
        understand: Callable[[str], str] = str,
        is_ours: Callable[[str], bool] | None = None,
        others: Sequence[Match] = (),
    ) -> None:
        super().__init__(source, messages)
        self._match = match
        self._others = others
        self._make_wedge = make_wedge
        self._understand = understand
        self._is_ours = is_ours

    def _read(self) -> None:
        node = meant(self._match, "keyboard", plugged_in(), self._others).node
        with contextlib.ExitStack() as stack:
            # First the way to the POS: without it, taking the scanner would take it from the POS.
            pass_on = None
            if self._is_ours is not None:
                pass_on = stack.enter_context(PassOn(self.source, self._is_ours))
            device = stack.enter_context(_grabbed(node))
            self._opened()
            wedge = self._make_wedge()
            quiet_s = 0.0
            while not self._stopping.is_set():
                wait_s = min(wedge.patience_s, _LOOK_EVERY_S)
                if select.select([device.fd], [], [], wait_s)[0]:
                    quiet_s = 0.0
                    self._report(_codes(device, wedge, pass_on), pass_on)
                elif (quiet_s := quiet_s + wait_s) >= wedge.patience_s:
                    quiet_s = 0.0
                    _still_there(device)
                    self._report(wedge.silence(), pass_on)

    def _report(self, codes: Iterable[str], pass_on: PassOn | None) -> None:
        for code in codes:
            if pass_on is not None:
                pass_on.ended(code)
            self._put(self._understand(code))


@contextlib.contextmanager
def _grabbed(node: str) -> Iterator[evdev.InputDevice[str]]:
    device = evdev.InputDevice(node)
    try:
        device.grab()
        # A scanner that allows for the lights of Caps Lock and Num Lock finds them in one known
        # state; while it is grabbed nobody else changes them.
        if _EV_LED in device.capabilities():
            device.set_led(_LED_CAPS_LOCK, 0)
            device.set_led(_LED_NUM_LOCK, 1)
        yield device
    finally:
        device.close()  # which also lets go of it


def _codes(device: evdev.InputDevice[str], wedge: Wedge, pass_on: PassOn | None) -> Iterator[str]:
    events = list(device.read())
    if not events:
        # Readable, and nothing to read: it is gone, and asking again would never end.
        raise OSError(errno.ENODEV, "it was unplugged")
    for event in events:
        if event.type == _EV_KEY:
            if pass_on is not None:
                pass_on.key(event.code, event.value)
            yield from wedge.feed([(event.code, event.value)])
        elif event.type == _EV_SYN and event.code == _SYN_DROPPED:
            wedge.keys_lost()
            if pass_on is not None:
                pass_on.keys_lost()


def _still_there(device: evdev.InputDevice[str]) -> None:
    # A device that went without a word to its reader: some drivers only take its node away.
    if not Path(os.fsdecode(device.path)).exists():
        raise OSError(errno.ENODEV, "it was unplugged")
