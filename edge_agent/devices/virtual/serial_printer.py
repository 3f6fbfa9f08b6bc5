"""A virtual printer on a serial line: the same board as the one on the network, at a pty.

Its switches are those of `printer`. A serial line tells nothing of the other side's power: after
power_fails_after_bytes there is only silence, while drop_after_bytes pulls the adapter out.
"""

from __future__ import annotations

import os
import threading
import tty
from typing import Self

from edge_agent.devices.virtual.links import Link, PtyLink
from edge_agent.devices.virtual.printer import Board, Wire


class VirtualSerialPrinter(Board):
    """Use it in a `with` block; `path` is where the printer's line is opened."""

    def __init__(self) -> None:
        super().__init__(None)
        far, self._near = os.openpty()
        tty.setraw(self._near)
        self.path = os.ttyname(self._near)
        self._link = PtyLink(far)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"virtual printer {self.path}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._link.hang_up()
        os.close(self._near)

    def die(self) -> None:
        """Lose the power, from within."""
        self._stop.set()

    def part(self, link: Link) -> None:
        """Say nothing: the line stays as it is, with nobody at its end."""

    def _serve(self) -> None:
        Wire(self, self._link, self._stop).serve()
