"""Printing one slip of ours on a printer line that is ours for the moment.

Straight blocking code with a bound on every wait. It never leaves half a slip before the POS's
bytes: if a slip cannot go out whole, the connection is given up.

How sure we are comes from the printer. Asked before (DLE EOT 2), a printer that cannot print is not
given the slip. Asked behind the slip (GS r 1, answered in order), an answer proves that it was
worked through. Clones that answer nothing count as having printed what they took (promise P1), but
not on a serial line, which takes everything, nor on a connection of our own that they keep open: a
clone without paper does. There the outcome is unknown.
"""

from __future__ import annotations

import time

import msgspec

from edge_agent.devices.slip_folder import Outcome, Result
from edge_agent.devices.tap.answers import (
    ASK_OFFLINE_CAUSE,
    ASK_PAPER_IN_ORDER,
    Answers,
    Kind,
)
from edge_agent.devices.tap.loan import Returned
from edge_agent.devices.tap.slip_line import SlipLine

ANSWER_WAIT_S = 0.25
TAKEN_WAIT_S = 3.0
# The printer's mechanics: a long slip takes about two seconds on slow paper.
PRINTED_WAIT_S = 3.0
_PRINTED = Outcome(Result.PRINTED, "")


class SlipRun(msgspec.Struct, frozen=True):
    """The end of one attempt: what to tell the agent, and what to give back to the loop."""

    outcome: Outcome
    returned: Returned


class _BrokenError(Exception):
    """The printer ended the connection, or stopped taking bytes."""


def print_slip(line: SlipLine, slip: bytes) -> SlipRun:
    """Print on a line that is ours, and on which everything sent before was taken."""
    return _Attempt(line, slip).run()


class _Attempt:
    def __init__(self, line: SlipLine, slip: bytes) -> None:
        self._line = line
        self._slip = slip
        self._answers = Answers()
        self._for_pos = b""
        self._heard: list[tuple[Kind, int]] = []
        self._sent_bytes = 0

    def run(self) -> SlipRun:
        failure = ""
        started = False
        try:
            trouble, answers = self._ask_offline_cause()
            if trouble:
                return self._end(Outcome(Result.NOT_PRINTED, trouble), "")
            started = True
            self._send(self._slip)
            if not self._taken():
                outcome = Outcome(Result.UNKNOWN, "the printer did not take it in time")
            else:
                outcome = self._confirm() if answers else self._confirm_mute()
        except _BrokenError as error:
            failure = str(error)
            outcome = Outcome(Result.UNKNOWN if started else Result.NOT_PRINTED, failure)
        return self._end(outcome, failure)

    def _end(self, outcome: Outcome, failure: str) -> SlipRun:
        heard = tuple(self._heard)
        returned = Returned(self._sent_bytes, self._for_pos, self._answers, failure, heard)
        return SlipRun(outcome, returned)

    def _confirm(self) -> Outcome:
        """Find out whether a printer that answers got to the end of the slip."""
        self._answers.expect(Kind.IN_ORDER)
        self._send(ASK_PAPER_IN_ORDER)
        answer = self._answer(Kind.IN_ORDER, PRINTED_WAIT_S)
        if answer is None:
            # Some printers answer DLE EOT but not GS r; one that stands still shows why here.
            trouble, answers = self._ask_offline_cause()
            if answers and not trouble:
                return _PRINTED
            return Outcome(Result.UNKNOWN, trouble or "the printer stopped answering")
        if answer & 0x0C:  # GS r 1, bits 2-3: paper end sensor
            return Outcome(Result.UNKNOWN, "the paper ended while printing")
        return _PRINTED

    def _confirm_mute(self) -> Outcome:
        """Find out what can be known of a printer that never answers."""
        self._answer(Kind.REAL_TIME, ANSWER_WAIT_S)
        if not self._line.proves_taking:
            return Outcome(Result.UNKNOWN, "the printer does not answer: look at the paper")
        try:
            # On a connection of our own it ends when it has worked the slip through.
            ended = self._line.ended(PRINTED_WAIT_S)
        except OSError as error:
            raise _BrokenError(f"the printer broke the connection: {error}") from error
        return _PRINTED if ended else Outcome(Result.UNKNOWN, "the printer holds it back")

    def _ask_offline_cause(self) -> tuple[str, bool]:
        """Return (why the printer cannot print, or ""; whether it answers at all)."""
        self._answers.expect(Kind.REAL_TIME)
        self._send(ASK_OFFLINE_CAUSE)
        answer = self._answer(Kind.REAL_TIME, ANSWER_WAIT_S)
        if answer is None:
            return "", False
        for bit, trouble in ((0x20, "out of paper"), (0x04, "the cover is open"), (0x40, "error")):
            if answer & bit:
                return f"the printer reports: {trouble}", True
        return "", True

    def _answer(self, kind: Kind, timeout_s: float) -> int | None:
        """Wait for an answer of this kind; what is not for us is put by for the POS."""
        until_s = time.monotonic() + timeout_s
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                data = self._line.receive(left_s)
            except OSError as error:
                raise _BrokenError(f"the printer broke the connection: {error}") from error
            if data is None:
                continue
            ours, theirs = self._answers.split(data)
            self._for_pos += theirs
            for byte in filter(kind.fits, ours):
                self._heard.append((kind, byte))
                return byte
        return None

    def _send(self, data: bytes) -> None:
        try:
            self._line.send(data, TAKEN_WAIT_S)
        except OSError as error:
            raise _BrokenError(f"the printer did not take it: {error}") from error
        self._sent_bytes += len(data)

    def _taken(self) -> bool:
        """Wait until the printer's side has every byte.

        If it has not in time, the whole slip still lies in front of the POS's bytes, in order.
        """
        try:
            return self._line.taken(TAKEN_WAIT_S)
        except OSError as error:
            raise _BrokenError(f"the printer broke the connection: {error}") from error
