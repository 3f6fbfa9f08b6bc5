"""What the POS's printer says of itself, overheard: nothing is asked here, and nothing held up.

Sources: answers to the POS's questions (DLE EOT 1, 2, 4; GS r 1), automatic status (ASB), and what
our own slips were answered. Bits: Epson ESC/POS application programming guide, "status". What was
heard last stands until something else is heard or the connection to the printer fails: a printer
that takes bytes may still be out of paper.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable

from edge_agent.devices.heartbeat import Condition, Cover, Paper
from edge_agent.devices.tap.answers import Kind
from edge_agent.devices.tap.polls import only_polls

# An answer comes within milliseconds; a question older than this will not be answered any more.
ANSWER_S = 5.0
_QUESTIONS = re.compile(rb"\x10\x04([\x01-\x04])|\x1d\x72([\x01\x31])")  # DLE EOT n; GS r 1
_ASKED_MAX = 16
_IN_ORDER = 0


class Listening:
    """One printer's condition. Belongs to the loop's thread; anybody may read `condition`."""

    def __init__(self) -> None:
        self.condition = Condition()
        self._asked: deque[tuple[float, int]] = deque(maxlen=_ASKED_MAX)
        self._automatic = b""

    def pos_says(self, data: bytes) -> None:
        """Note the POS's questions. Only bytes that are nothing else: a picture may look alike."""
        if not only_polls(data):
            return
        now_s = time.monotonic()
        for match in _QUESTIONS.finditer(data):
            self._asked.append((now_s, match[1][0] if match[1] else _IN_ORDER))

    def printer_says(self, data: bytes) -> None:
        """Note what comes back to the POS."""
        for byte in data:
            if self._automatic:
                self._automatic += bytes([byte])
                if len(self._automatic) == 4:
                    self._heard_automatic(self._automatic)
                    self._automatic = b""
            elif byte & 0x93 == 0x10:  # ASB, the first of four bytes
                self._automatic = bytes([byte])
            elif byte & 0x93 == 0x12:
                self._heard_real_time(byte)
            elif byte & 0x90 == 0 and self._next({_IN_ORDER}) is not None:
                self._heard_sensor(byte)

    def slip_heard(self, answers: Iterable[tuple[Kind, int]]) -> None:
        """Note what our own slip was answered: to DLE EOT 2 in real time, to GS r 1 in order."""
        for kind, byte in answers:
            if kind is Kind.REAL_TIME:
                self._heard_offline_cause(byte)
            else:
                self._heard_sensor(byte)

    def stalled(self, *, stalled: bool) -> None:
        """Note whether the printer has stopped taking what is there for it."""
        if stalled != self.condition.stalled:
            self.condition = Condition(self.condition.paper, self.condition.cover, stalled)

    def unreachable(self) -> None:
        """Forget: whatever was heard, the printer may come back otherwise."""
        self._asked.clear()
        self._automatic = b""
        self.condition = Condition()

    def _heard_real_time(self, byte: int) -> None:
        question = self._next({1, 2, 3, 4})
        if question == 1 and not byte & 0x08:  # online: it could print
            self._heard(Paper.OK, Cover.CLOSED)
        elif question == 2:
            self._heard_offline_cause(byte)
        elif question == 4:
            self._heard(Paper.OUT if byte & 0x60 else Paper.OK, None)

    def _heard_offline_cause(self, byte: int) -> None:
        paper = Paper.OUT if byte & 0x20 else Paper.OK
        self._heard(paper, Cover.OPEN if byte & 0x04 else Cover.CLOSED)

    def _heard_automatic(self, status: bytes) -> None:
        paper = Paper.OUT if status[2] & 0x0C else Paper.OK
        self._heard(paper, Cover.OPEN if status[0] & 0x20 else Cover.CLOSED)

    def _heard_sensor(self, byte: int) -> None:
        self._heard(Paper.OUT if byte & 0x0C else Paper.OK, None)

    def _heard(self, paper: Paper, cover: Cover | None) -> None:
        before = self.condition
        self.condition = Condition(paper, cover or before.cover, before.stalled)

    def _next(self, kinds: set[int]) -> int | None:
        """Return which question of these kinds is answered now: the oldest that still can be."""
        oldest_s = time.monotonic() - ANSWER_S
        for place, (asked_s, question) in enumerate(self._asked):
            if asked_s >= oldest_s and question in kinds:
                del self._asked[place]
                return question
        return None
