"""A mark for each print job from before its first byte until its file exists.

Marks lie in shared memory, where they outlive a kill of the tap: those that a dead tap left tell
how many jobs went to paper while their copies were still on the way to the disk. Setting one is a
store into memory, so paper never waits for it; a file on a disk could hang. What a mark holds is
two clocks and never a byte of a job. A power cut takes marks and memory alike (see `losses`).
"""

from __future__ import annotations

import hashlib
import mmap
import os
import stat
import struct
from collections.abc import Collection
from pathlib import Path

import msgspec

from edge_agent.devices.job_file import Moment

SLOTS = 4096
_FREE, _BEGUN, _LOST = range(3)
_FREE_STATE = bytes([_FREE])
# First a byte of state for each slot, then two clocks for each.
_CLOCKS = struct.Struct("=QQ")
_BYTES = SLOTS * (1 + _CLOCKS.size)
_MEMORY = Path("/dev/shm")  # noqa: S108 a file system in memory; its file is checked to be ours


class Mark(msgspec.Struct, frozen=True):
    """A job without a file: its slot, and when it began."""

    slot: int
    boottime_ns: int
    wall_ms: int


class Marks:
    """The marks of one spool. `begin` belongs to one thread, the rest to any."""

    def __init__(self, spool: Path) -> None:
        self._next = 0
        self.last_error = ""
        self._file = memory_file(spool)
        try:
            self._memory = _shared(self._file)
        except OSError as error:
            self.last_error = f"jobs lost in a kill will not be counted: {error}"
            self._memory = mmap.mmap(-1, _BYTES)
        self.left = self._in_state(_BEGUN)

    def begin(self, started: Moment) -> int | None:
        """Mark a job that is about to begin; None if there are too many."""
        slot = self._memory.find(_FREE_STATE, self._next, SLOTS)
        if slot < 0:
            slot = self._memory.find(_FREE_STATE, 0, self._next)
        if slot < 0:
            return None
        self._next = slot + 1
        # The state comes last: a kill in the middle leaves no mark that never was.
        _CLOCKS.pack_into(self._memory, _clocks_at(slot), started.boottime_ns, started.wall_ms)
        self._memory[slot] = _BEGUN
        return slot

    def clear(self, slot: int | None) -> None:
        """Forget a mark: the job has its file, or never began."""
        if slot is not None:
            self._memory[slot] = _FREE

    def lose(self, slot: int | None) -> None:
        """Say that the job of a mark will never have a file."""
        if slot is not None:
            self._memory[slot] = _LOST

    def lost(self) -> list[Mark]:
        """Return the marks of lost jobs."""
        return self._in_state(_LOST)

    def settle_left(self, kept: Collection[int]) -> None:
        """Say of what a dead tap left which jobs have a file, by their start; the rest are lost."""
        for mark in self.left:
            (self.clear if mark.boottime_ns in kept else self.lose)(mark.slot)
        self.left = []

    def close(self) -> None:
        """End; the memory is given back unless there is still something to tell."""
        if self._memory.find(bytes([_BEGUN]), 0, SLOTS) < 0 and not self.lost():
            self._file.unlink(missing_ok=True)

    def _in_state(self, wanted: int) -> list[Mark]:
        marks = []
        slot = -1
        while (slot := self._memory.find(bytes([wanted]), slot + 1, SLOTS)) >= 0:
            marks.append(Mark(slot, *_CLOCKS.unpack_from(self._memory, _clocks_at(slot))))
        return marks


def memory_file(spool: Path) -> Path:
    """Where the marks of a spool lie."""
    spool_hash = hashlib.sha256(os.fsencode(spool)).hexdigest()[:24]
    return _MEMORY / f"tillpoints-tap-{os.getuid()}-{spool_hash}"


def _clocks_at(slot: int) -> int:
    return SLOTS + slot * _CLOCKS.size


def _shared(path: Path) -> mmap.mmap:
    """Map the file, made anew if it is not one of marks. Raises OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
            raise OSError(f"{path} belongs to somebody else")
        if status.st_size != _BYTES:
            os.ftruncate(handle, 0)
            # Room now: a store into memory that is not there would end the process.
            os.posix_fallocate(handle, 0, _BYTES)
        return mmap.mmap(handle, _BYTES)
    finally:
        os.close(handle)
