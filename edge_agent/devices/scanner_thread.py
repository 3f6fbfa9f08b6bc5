"""The life of a scanner's thread: open, read until the device goes, wait, open again.

An outage is logged once and so is its end. It must never log, keep or judge what was scanned:
payment codes pass here too. How a device is opened and read is its driver's.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from abc import ABC, abstractmethod

from edge_agent.devices.ports import NotTaken, Scanned, Shown
from edge_agent.devices.sources import NotFoundError

# After an unplug: quickly again at first, then calmly, always back within seconds of the replug.
REOPEN_WAIT_S_MIN = 0.1
REOPEN_WAIT_S_MAX = 2.0

#: Another device stands where the one that is meant should be; a code of `edge_agent.phrases`.
SWAPPED = "scanner_swapped"

_log = logging.getLogger(__name__)


class ScannerThread(ABC):
    """A scan source with a thread of its own; a driver says how the device is read.

    `messages` is bounded by its owner; a scan that finds it full is dropped, counted and logged.
    """

    def __init__(self, source: str, messages: queue.Queue[Shown]) -> None:
        self.source = source
        self._messages = messages
        self._stopping = threading.Event()
        self._look = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"scanner {source}", daemon=True)
        self._outage = ""
        self._scans = 0
        self.connected = False
        #: What keeps it from reading, or from reading well: a code of `edge_agent.phrases`.
        self.trouble = ""
        self.dropped_scans = 0

    def start(self) -> None:
        """Begin reading; an absent device is waited for."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and free the device."""
        self._stopping.set()
        self._look.set()
        self._thread.join()

    def look_again(self) -> None:
        """Try at once to open an absent device: something was plugged in."""
        self._look.set()

    @abstractmethod
    def _read(self) -> None:
        """Open the device, call `_opened`, and read it until it goes or `_stopping` is set.

        Raises OSError when the device cannot be opened or read any more.
        """

    def _run(self) -> None:
        wait_s = REOPEN_WAIT_S_MIN
        while not self._stopping.is_set():
            began_s, scans = time.monotonic(), self._scans
            self._look.clear()
            try:
                self._read()
            except OSError as error:
                is_another = isinstance(error, NotFoundError) and error.is_another
                self._lost(str(error), is_another=is_another)
            except Exception as error:  # noqa: BLE001 a bug must not end the reading for good
                # Its text is not for the log: it may hold what was scanned.
                self._lost(f"unexpected {type(error).__name__}")
            finally:
                self.connected = False
            # A device that dies as soon as it is opened must not be opened ten times a second.
            worked = self._scans > scans or time.monotonic() - began_s > REOPEN_WAIT_S_MAX
            wait_s = REOPEN_WAIT_S_MIN if worked else min(wait_s * 2, REOPEN_WAIT_S_MAX)
            self._look.wait(wait_s)

    def _lost(self, why: str, *, is_another: bool = False) -> None:
        # Somebody swapped two, or brought a new one: a person has to say if it is meant.
        self.trouble = SWAPPED if is_another else ""
        if not self._outage:
            self._outage = why
            _log.warning("scanner %s cannot be read: %s", self.source, why)

    def _opened(self) -> None:
        """Note that the device can be read; a driver calls it once for each opening."""
        self.trouble = ""
        if self._outage:
            _log.info("scanner %s is back", self.source)
            self._outage = ""
        self.connected = True

    def _put(self, text: str) -> None:
        self._leave(Scanned(text, self.source, time.clock_gettime(time.CLOCK_BOOTTIME)))

    def _refuse(self, why: str) -> None:
        """Say that what was shown is worth nothing, and why: a code of `edge_agent.phrases`."""
        self._leave(NotTaken(why, self.source))

    def _leave(self, message: Shown) -> None:
        self._scans += 1
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            self.dropped_scans += 1
            _log.warning(
                "scanner %s: a scan was dropped, the agent is behind (%d so far)",
                self.source,
                self.dropped_scans,
            )
