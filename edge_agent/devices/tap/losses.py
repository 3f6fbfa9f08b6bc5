"""What of the paper left no copy, by a kill or a bad disk: known from the marks, told until seen.

The heartbeat carries it, from one tap to the next, because that is the file which is written even
on a full disk. A mark goes when the heartbeat has it: a kill in between counts a job twice, and
never loses one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_agent.devices.heartbeat import Lost, read_heartbeat
from edge_agent.devices.job_file import JobName
from edge_agent.devices.tap.marks import Mark, Marks

# Losses that lie further apart are told one after the other, not as one.
_TOGETHER_MS = 12 * 3600 * 1000


class Losses:
    """The losses of one spool. All of it belongs to one thread, which may wait for the disk."""

    def __init__(self, spool: Path, marks: Marks) -> None:
        self._spool = spool
        self._marks = marks
        self._looked_back = False
        self.lost: Lost | None = None

    def tell(self, told: Callable[[], None]) -> None:
        """Put `lost` right, have it `told` to the agent, then forget its marks. Raises OSError."""
        if not self._looked_back:
            self._look_back()
            self._looked_back = True
        marks = self._marks.lost()
        before, self.lost = self.lost, _with(self.lost, marks)
        try:
            told()
        except OSError:
            self.lost = before  # the marks are still there and will be counted again
            raise
        for mark in marks:
            self._marks.clear(mark.slot)

    def _look_back(self) -> None:
        """Take over from the tap before: what it told, and what it was about to keep."""
        last = read_heartbeat(self._spool)
        kept = _begun_in(self._spool) if self._marks.left else set()
        self._marks.settle_left(kept)
        self.lost = last.lost if last else None


def _with(lost: Lost | None, marks: list[Mark]) -> Lost | None:
    if not marks:
        return lost
    first_ms, last_ms = min(each.wall_ms for each in marks), max(each.wall_ms for each in marks)
    if lost is None or first_ms - lost.last_ms > _TOGETHER_MS:
        return Lost(len(marks), first_ms, last_ms)
    first_ms, last_ms = min(first_ms, lost.first_ms), max(last_ms, lost.last_ms)
    return Lost(lost.jobs + len(marks), first_ms, last_ms)


# In the order in which a file moves, so that none is missed while it moves.
_FOLDERS = ("jobs", "kept", "aside")


def _begun_in(spool: Path) -> set[int]:
    """Return when the jobs began of which there is a file. Raises OSError."""
    begun = set()
    for folder in _FOLDERS:
        try:
            paths = list((spool / folder).iterdir())
        except FileNotFoundError:
            continue
        for path in paths:
            name = JobName.parse(path.name.partition(".")[0])
            if name is not None and _has_bytes(spool, path):
                begun.add(name.started_boottime_ns)
    return begun


def _has_bytes(spool: Path, path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:
        # It moved on, unless it was an empty part: that was deleted.
        return any(list((spool / folder).glob(f"{path.stem}.job*")) for folder in _FOLDERS)
