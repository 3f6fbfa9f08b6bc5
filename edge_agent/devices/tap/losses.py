"""What of the paper left no copy, by a kill or a bad disk: known from the marks, told until seen.

The heartbeat carries it, from one tap to the next, because that is the file which is written even
on a full disk. A mark goes when the heartbeat has it: a kill in between counts a job twice, and
never loses one. Only a power cut takes the marks: then it is said that nobody knows how many.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edge_agent.devices.heartbeat import Heartbeat, Lost, last_written_ms, read_heartbeat
from edge_agent.devices.job_file import JobName, Moment
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
        self.lost = _after_a_cut(last, self._spool) or (last.lost if last else None)


def _after_a_cut(last: Heartbeat | None, spool: Path) -> Lost | None:
    """Return the losses as far as they are known after a power cut; None where there was none.

    What was begun after the last heartbeat left no trace. A heartbeat that cannot be read was being
    written when the power went.
    """
    now = Moment.now()
    if last is None:
        if (since_ms := last_written_ms(spool)) is None:
            return None  # the first tap here
        return Lost(0, since_ms, now.wall_ms, unknown=True)
    if last.ended or last.beat.boot_id == now.boot_id:
        return None
    before = last.lost
    if before is None or last.beat.wall_ms - before.last_ms > _TOGETHER_MS:
        return Lost(0, last.beat.wall_ms, now.wall_ms, unknown=True)
    return Lost(before.jobs, before.first_ms, now.wall_ms, unknown=True)


def _with(lost: Lost | None, marks: list[Mark]) -> Lost | None:
    if not marks:
        return lost
    first_ms, last_ms = min(each.wall_ms for each in marks), max(each.wall_ms for each in marks)
    if lost is None or first_ms - lost.last_ms > _TOGETHER_MS:
        return Lost(len(marks), first_ms, last_ms)
    first_ms, last_ms = min(first_ms, lost.first_ms), max(last_ms, lost.last_ms)
    return Lost(lost.jobs + len(marks), first_ms, last_ms, lost.unknown)


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
