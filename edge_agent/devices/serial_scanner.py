"""A scanner on a serial line (RS-232, or USB as CDC-ACM), read with pyserial.

The thread turns bytes into `Scanned` messages and nothing else.
"""

from __future__ import annotations

import queue
from typing import Literal

import serial

from edge_agent.devices.framing import IDLE_S, Framer
from edge_agent.devices.ports import Shown
from edge_agent.devices.scanner_thread import ScannerThread
from edge_agent.devices.serial_lines import Line
from edge_agent.devices.ssi import SsiFramer

#: A line that takes no acknowledgement for so long is opened anew.
_ANSWER_S = 2.0

Protocol = Literal["plain", "ssi"]


class SerialScanner(ScannerThread):
    """Reads the scanner that `line` means and reports as `source`."""

    def __init__(
        self,
        source: str,
        line: Line,
        messages: queue.Queue[Shown],
        *,
        baud: int = 9600,
        protocol: Protocol = "plain",
    ) -> None:
        super().__init__(source, messages)
        self._line = line
        self._baud = baud
        self._make_framer = SsiFramer if protocol == "ssi" else Framer

    def _read(self) -> None:
        self._line.check()
        # Exclusive: two readers of one line would each get half of every code.
        with serial.Serial(
            self._line.path, self._baud, timeout=IDLE_S, write_timeout=_ANSWER_S, exclusive=True
        ) as port:
            self._opened()
            framer = self._make_framer()
            while not self._stopping.is_set():
                data = port.read(max(1, port.in_waiting))
                texts = framer.feed(data) if data else framer.silence()
                # First the acknowledgement: a scanner that waits for it sends the code again.
                port.write(framer.answers())
                for text in texts:
                    self._put(text)
