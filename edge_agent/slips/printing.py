"""Brings slips from the journal to paper and writes down what became of each.

A slip is printed once. One that was on its way when the agent died is `unknown` on a printer of
our own; the tap keeps its own account of what it was handed. Whoever asks for a slip again gets it
marked as a copy.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from edge_agent.devices.printers import Answer, SlipPrinter, Status, TapPrinter
from edge_agent.devices.slip_folder import Result
from edge_agent.effects import HeldSlip
from edge_agent.journal.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.journal.papers.slips import SlipRecord, SlipState
from edge_agent.messages import PaperChanged
from edge_agent.slips.compose import AnySlip, compose
from loyalty.wording import Language
from paper.encode import Encoded
from paper.layout import Slip as PaperSlip

POLL_S = 0.2
STATUS_EVERY_POLLS = 25

_log = logging.getLogger(__name__)


class SlipPrinting:
    """Prints queued slips in a thread of its own. `status` is what the printer said last."""

    def __init__(
        self,
        journal: Journal,
        printer: SlipPrinter,
        encode: Callable[[PaperSlip], Encoded],
        language: Language,
        inbox: queue.Queue[Any],
    ) -> None:
        self._journal = journal
        self._printer = printer
        self._encode = encode
        self._language = language
        self._inbox = inbox
        self._wake = threading.Event()
        self._urgent: deque[tuple[HeldSlip, bool]] = deque()  # with: as a copy
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="paper out")
        self.status = Status()

    def start(self) -> None:
        """Settle what a dead agent left on its way, then begin to print."""
        if not isinstance(self._printer, TapPrinter):
            for record in self._journal.slips("handed_over"):
                self._journal.slip_state(record.slip.slip_id, "unknown")
        self._thread.start()

    def stop(self) -> None:
        """Finish the slip that is being printed and stop."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    def at_once(self, slip: HeldSlip, *, copy: bool) -> None:
        """Print a slip that the journal had no room for; it is tried until it is on its way."""
        self._urgent.append((slip, copy))
        self._wake.set()

    def _run(self) -> None:
        polls = 0
        outage = ""
        while not self._stopping:
            try:
                if self._step(ask_status=polls % STATUS_EVERY_POLLS == 0):
                    self._tell()
                if outage:
                    _log.info("slips are printed again")
                outage = ""
            except (JournalError, OSError) as error:
                if str(error) != outage:
                    outage = str(error)
                    _log.warning("slips have to wait: %s", outage)
            except Exception as error:  # noqa: BLE001 a bug must not end the printing for good
                # Its text is not for the log: it may hold what was to be printed.
                if (told := f"unexpected {type(error).__name__}") != outage:
                    outage = told
                    _log.error("slips have to wait: %s", outage)
            polls += 1
            self._wake.wait(POLL_S)
            self._wake.clear()

    def _step(self, *, ask_status: bool) -> bool:
        """Print what is queued, learn what became of earlier ones; True if something changed."""
        self._print_urgent()
        changed = False
        for record in self._journal.slips("queued"):
            if self._stopping:
                return changed
            self._print(record)
            changed = True
        handed = {hand_id(record): record for record in self._journal.slips("handed_over")}
        if handed:
            for slip_id, outcome in self._printer.outcomes().items():
                if slip_id in handed:
                    state: SlipState = outcome.result.value
                    self._journal.slip_state(handed[slip_id].slip.slip_id, state)
                    changed = True
        if ask_status and not changed:
            before, self.status = self.status, self._printer.status()
            changed = before != self.status
        return changed

    def _print_urgent(self) -> None:
        """Print what the journal has not; what was not printed stays first. Raises OSError."""
        while self._urgent:
            slip, copy = self._urgent[0]
            outcome = None
            try:
                data = self._encode(compose(slip.content, self._language, copy=copy)).data
                outcome = self._printer.print_slip(slip.slip_id, data)
            except ValueError as error:
                _log.error("slip %s cannot be printed here: %s", slip.slip_id, error)
            except OSError:
                raise
            except Exception:
                self._urgent.popleft()  # something of it may be on paper
                raise
            if outcome is not None and outcome.result is Result.NOT_PRINTED:
                return
            self._urgent.popleft()

    def _print(self, record: SlipRecord) -> None:
        slip_id = record.slip.slip_id
        try:
            content: AnySlip = msgspec.json.decode(record.slip.data, type=AnySlip)
            slip = compose(content, self._language, copy=record.copies > 0)
            data = self._encode(slip).data
            if isinstance(self._printer, TapPrinter):
                # The tap takes a slip id once: a crash between these two prints no second one.
                self._printer.print_slip(hand_id(record), data)
                self._journal.slip_state(slip_id, "handed_over")
                return
        except ValueError as error:
            _log.error("slip %s cannot be printed here: %s", slip_id, error)
            self._journal.slip_state(slip_id, "not_printed")
            return
        self._journal.slip_state(slip_id, "handed_over")
        try:
            outcome = self._printer.print_slip(hand_id(record), data)
        except Exception:
            self._journal.slip_state(slip_id, "unknown")  # something of it may be on paper
            raise
        if outcome is not None:
            self._journal.slip_state(slip_id, outcome.result.value)

    def _tell(self) -> None:
        try:
            self._inbox.put_nowait(PaperChanged())
        except queue.Full:
            return  # the loop is behind and will look at the journal anyway


def hand_id(record: SlipRecord) -> str:
    """Return the id under which the printer knows this slip, another one for each copy."""
    return f"{record.slip.slip_id}.{record.copies}" if record.copies else record.slip.slip_id


def answer(status: Status) -> Answer:
    """Return whether the printer can print, as far as it says."""
    return Answer.NO if status.obstacle else status.online
