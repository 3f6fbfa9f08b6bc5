"""What the papers of one tap leave out: numbers that were skipped, drawers opened without a paper.

Either may be nothing (a void, change for a guest) or a sale that went another way, past the tap or
past the till. So it is told to people, on the panel and in the log, and decides nothing. Pure but
for the log; it begins anew with the agent, which then knows no number to count from.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from msgspec import Struct

from loyalty.receipt import EARNING_KINDS
from receipts.reading import Reading
from receipts.stream.decoder import Decoder
from receipts.stream.elements import Drawer

#: More than these in a row are another way of counting, and no lost papers.
SKIPPED_MAX = 20
#: How long it is shown.
SHOWN_MS = 12 * 3600 * 1000
#: A drawer that is opened so near a paper was opened for it.
FOR_IT_MS = 60_000
_NUMBER = re.compile(r"(.*?)(\d{1,9})")

_log = logging.getLogger(__name__)


class Trail(Struct, frozen=True):
    """How many numbers were skipped and how many drawers opened, and when that was seen last."""

    skipped: int = 0
    drawers: int = 0
    at_ms: int = 0


class PaperTrail:
    """The trail of one tap. `saw` belongs to one thread, `told` to another."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: dict[str, int] = {}
        self._opened_ms: int | None = None
        self._paper_ms = -FOR_IT_MS
        self._trail = Trail()

    def saw(
        self, data: bytes, dialect: str | None, readings: Iterable[Reading], at_ms: int
    ) -> None:
        """Take a job that was read, in the order of printing. Raises ValueError for a dialect."""
        self._settle(at_ms)
        papers = list(readings)
        if papers:
            self._paper_ms, self._opened_ms = at_ms, None
        elif at_ms - self._paper_ms >= FOR_IT_MS and _opens_drawer(data, dialect):
            self._opened_ms = at_ms  # its paper may be about to come
        if skipped := sum(self._skipped(each) for each in papers if _counts(each)):
            _log.warning("%s: %d receipt numbers were skipped", self._name, skipped)
            self._add(Trail(skipped, 0, at_ms))

    def told(self, now_ms: int) -> Trail | None:
        """Return what people should look into, None when there is nothing."""
        self._settle(now_ms)
        trail = self._trail
        return trail if trail.at_ms and now_ms - trail.at_ms < SHOWN_MS else None

    def _settle(self, now_ms: int) -> None:
        opened_ms = self._opened_ms
        if opened_ms is not None and now_ms - opened_ms >= FOR_IT_MS:
            self._opened_ms = None
            _log.warning("%s: the drawer was opened without a paper", self._name)
            self._add(Trail(0, 1, opened_ms))

    def _add(self, more: Trail) -> None:
        before = self._trail if more.at_ms - self._trail.at_ms < SHOWN_MS else Trail()
        self._trail = Trail(
            before.skipped + more.skipped, before.drawers + more.drawers, more.at_ms
        )

    def _skipped(self, reading: Reading) -> int:
        match = _NUMBER.fullmatch(reading.number or "")
        if match is None:
            return 0
        # The width is part of the kind: 0099 and 0100 follow each other, 99 and 0100 do not.
        series, number = f"{match[1]}/{len(match[2])}", int(match[2])
        last = self._last.get(series)
        self._last[series] = max(number, last or 0)
        if last is None or not 1 < number - last <= SKIPPED_MAX + 1:
            return 0
        return number - last - 1


def _counts(reading: Reading) -> bool:
    return reading.kind in EARNING_KINDS and not reading.copy and not reading.reprint


def _opens_drawer(data: bytes, dialect: str | None) -> bool:
    decoder = Decoder(dialect)
    return any(isinstance(each, Drawer) for each in (*decoder.feed(data), *decoder.close()))
