"""News of devices that come: a scanner that waits for its own looks again at once.

Only a hint. A scanner also looks by itself every two seconds, so a machine without udev, or an
event that the kernel dropped, costs two seconds and no more. The one file that knows pyudev.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

SUBSYSTEMS = ("input", "hidraw", "tty", "video4linux")
_LOOK_EVERY_S = 0.5

_log = logging.getLogger(__name__)


class HotPlug:
    """Calls `came` from a thread of its own whenever a device of ours may have come."""

    def __init__(self, came: Callable[[], None]) -> None:
        self._came = came
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hot-plug", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; return when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            import pyudev  # it looks for libudev as soon as it is imported

            monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="udev")
            for subsystem in SUBSYSTEMS:
                monitor.filter_by(subsystem)
            monitor.start()
        except (ImportError, OSError) as error:
            _log.info("no news of plugged devices, looking every two seconds: %s", error)
            return
        while not self._stopping.is_set():
            try:
                device = monitor.poll(timeout=_LOOK_EVERY_S)
            except OSError:
                # ENOBUFS: more came than the socket holds. Whatever it was, somebody came; and if
                # the error stays, this is no more than another way to look now and then.
                self._came()
                self._stopping.wait(_LOOK_EVERY_S)
                continue
            if device is not None and device.action in {"add", "change", "bind"}:
                self._came()
