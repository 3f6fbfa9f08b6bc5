"""The courier: the thread that takes our slips from the folder to the printer.

It does the waiting and the disk work, so the loop does neither: a slip is marked `printing` on disk
before the line is borrowed, and its outcome written after the line went back. If the disk hangs,
slips wait and paper does not.
"""

from __future__ import annotations

import queue
import socket
import threading
from typing import Protocol

from edge_agent.devices.slip_folder import SLIP_BYTES_MAX, Outcome, Result, Slips
from edge_agent.devices.tap.answers import Answers
from edge_agent.devices.tap.config import Address
from edge_agent.devices.tap.loan import Loan, Returned
from edge_agent.devices.tap.loop import Loop
from edge_agent.devices.tap.slip_line import SocketLine
from edge_agent.devices.tap.slip_printing import SlipRun, print_slip

# A POS that wants to print waits while we connect, so a printer that is off must cost little.
CONNECT_TIMEOUT_S = 1.0
_LOOK_EVERY_S = 0.1
_LINE_WAIT_S = 2.0


class Lender(Protocol):
    """A tap that lends its printer's line; called in the loop's thread."""

    def quiet(self) -> bool:
        """True if our own slip may go out now."""

    def ask(self, loan: Loan) -> None:
        """Grant the loan at the next document boundary."""

    def take_back(self, returned: Returned) -> None:
        """Let the POS go on after a slip."""


class Courier(threading.Thread):
    """Prints waiting slips one by one, each at a document boundary."""

    def __init__(
        self, tap: Lender, loop: Loop, slips: Slips, printer: Address | None, name: str
    ) -> None:
        super().__init__(name=f"courier {name}", daemon=True)
        self._tap = tap
        self._loop = loop
        self._slips = slips
        self._printer = printer
        self._stopping = threading.Event()
        self._recovered = False
        self._unsettled: dict[str, Outcome] = {}
        self.slips = 0
        self.last_error = ""

    def stop(self, timeout_s: float) -> None:
        """Finish the slip at hand, for at most `timeout_s`."""
        self._stopping.set()
        self.join(timeout_s)

    def run(self) -> None:
        """Look for slips until stopped; an error is reported and tried again."""
        while not self._stopping.wait(_LOOK_EVERY_S):
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 - slips must outlive any surprise
                self.last_error = f"slips wait: {error}"

    def _look(self) -> None:
        if not self._recovered:
            self._slips.recover()
            self._recovered = True
        for slip_id, outcome in tuple(self._unsettled.items()):
            self._slips.settle(slip_id, outcome)
            del self._unsettled[slip_id]
        for slip_id in self._slips.waiting():
            if self._stopping.is_set() or not self._quiet():
                return
            self._carry(slip_id)

    def _quiet(self) -> bool:
        """Ask first, so that a slip is only marked `printing` when its turn is about to come."""
        try:
            return self._loop.ask(self._tap.quiet, _LINE_WAIT_S)
        except queue.Empty:
            return False

    def _carry(self, slip_id: str) -> None:
        slip = self._slips.begin(slip_id)
        if not 0 < len(slip) <= SLIP_BYTES_MAX:
            refusal = f"it has {len(slip)} bytes; a slip has 1 to {SLIP_BYTES_MAX}"
            self._settle(slip_id, Outcome(Result.NOT_PRINTED, refusal))
            return
        loan = Loan()
        self._loop.post(lambda: self._tap.ask(loan))
        line = loan.wait(_LINE_WAIT_S)
        if line is None:
            self._slips.postpone(slip_id)
            return
        try:
            run = print_slip(line.ours, slip) if line.ours else self._on_own_line(slip)
        except Exception as error:  # noqa: BLE001 - the POS must get its line back
            why = f"unexpected: {error!r}"
            run = SlipRun(Outcome(Result.UNKNOWN, why), Returned(0, b"", Answers(), why))
        self._loop.post(lambda: self._tap.take_back(run.returned))
        self._settle(slip_id, run.outcome)

    def _on_own_line(self, slip: bytes) -> SlipRun:
        assert self._printer is not None, "a line is lent whenever it is quiet"
        address = (self._printer.host, self._printer.port)
        try:
            sock = socket.create_connection(address, CONNECT_TIMEOUT_S)
        except OSError as error:
            return _nothing_sent(f"no connection to the printer: {error}")
        with sock:
            return print_slip(SocketLine(sock, is_lent=False), slip)

    def _settle(self, slip_id: str, outcome: Outcome) -> None:
        # Remembered until it is on disk. If we die before, a new start can only say `unknown`.
        self._unsettled[slip_id] = outcome
        self.slips += 1
        self._slips.settle(slip_id, outcome)
        del self._unsettled[slip_id]


def _nothing_sent(why: str) -> SlipRun:
    return SlipRun(Outcome(Result.NOT_PRINTED, why), Returned(0, b"", Answers(), why))
