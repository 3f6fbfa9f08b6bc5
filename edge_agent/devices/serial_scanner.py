"""A scanner on a serial line (RS-232, or USB as CDC-ACM), read with pyserial.

The thread turns bytes into `Scanned` messages and nothing else. It must never log, keep or judge
what was scanned: payment codes pass here too.
"""

from __future__ import annotations

import logging
import queue
import threading
import time

import serial

from edge_agent.devices.framing import IDLE_S, Framer
from edge_agent.devices.ports import Scanned

# After an unplug: quickly again at first, then calmly, always back within seconds of the replug.
REOPEN_WAIT_S_MIN = 0.1
REOPEN_WAIT_S_MAX = 2.0

_log = logging.getLogger(__name__)


class SerialScanner:
    """Reads `path` (better a /dev/serial/by-id link than ttyUSB0) and reports as `source`.

    `messages` is bounded by its owner; a scan that finds it full is dropped, counted and logged.
    """

    def __init__(
        self, source: str, path: str, messages: queue.Queue[Scanned], *, baud: int = 9600
    ) -> None:
        self._source = source
        self._path = path
        self._baud = baud
        self._messages = messages
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"scanner {source}", daemon=True)
        self.connected = False
        self.dropped_scans = 0

    def start(self) -> None:
        """Begin reading; an absent device is waited for."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading and free the device."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        wait_s = REOPEN_WAIT_S_MIN
        outage = ""
        while not self._stopping.is_set():
            try:
                with self._open() as port:
                    if outage:
                        _log.info("scanner %s is back", self._source)
                    outage, wait_s = "", REOPEN_WAIT_S_MIN
                    self.connected = True
                    self._read(port)
            except (serial.SerialException, OSError) as error:
                self.connected = False
                if not outage:
                    outage = str(error)
                    _log.warning("scanner %s cannot be read: %s", self._source, outage)
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, REOPEN_WAIT_S_MAX)
        self.connected = False

    def _open(self) -> serial.Serial:
        # Exclusive: two readers of one line would each get half of every code.
        return serial.Serial(self._path, self._baud, timeout=IDLE_S, exclusive=True)

    def _read(self, port: serial.Serial) -> None:
        framer = Framer()
        while not self._stopping.is_set():
            data = port.read(max(1, port.in_waiting))
            for text in framer.feed(data) if data else framer.silence():
                self._put(Scanned(text, self._source, time.clock_gettime(time.CLOCK_BOOTTIME)))

    def _put(self, message: Scanned) -> None:
        try:
            self._messages.put_nowait(message)
        except queue.Full:
            self.dropped_scans += 1
            _log.warning(
                "scanner %s: a scan was dropped, the agent is behind (%d so far)",
                self._source,
                self.dropped_scans,
            )
