"""The tap's heartbeat: a small file it rewrites every second, for the agent and for people to read.

It is the only word the agent has from the tap besides jobs and slips; the agent never starts,
stops or asks the tap. An old `beat`, by the clock of the same boot, means that the tap is dead.
"""

from __future__ import annotations

import errno
import os
from enum import StrEnum
from pathlib import Path

import msgspec

from edge_agent.devices.job_file import Moment


class Reachable(StrEnum):
    """Whether the printer took the last connection."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Paper(StrEnum):
    """What the printer said last of its paper."""

    OK = "ok"
    OUT = "out"
    UNKNOWN = "unknown"


class Cover(StrEnum):
    """What the printer said last of its cover."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


class Condition(msgspec.Struct, frozen=True):
    """How the printer is, as far as it said; `stalled` while it does not take what is sent."""

    paper: Paper = Paper.UNKNOWN
    cover: Cover = Cover.UNKNOWN
    stalled: bool = False

    @property
    def stands_still(self) -> bool:
        """Whether anything is known to keep it from printing."""
        return self.paper is Paper.OUT or self.cover is Cover.OPEN or self.stalled


class Lost(msgspec.Struct, frozen=True):
    """Jobs that went to paper without leaving a copy: how many, and between which wall times.

    It may count one job too many, never one too few; but a power cut takes what was in memory, and
    then nobody knows how many there were besides (`unknown`).
    """

    jobs: int
    first_ms: int
    last_ms: int
    unknown: bool = False


class Heartbeat(msgspec.Struct, frozen=True):
    """What a tap has done since it started, and what it or the one before it `lost` lately.

    `jobs` were kept whole; `incomplete_jobs` lack bytes; of `unkept_jobs` nothing could be kept.
    `refused_connections` came from an address not admitted; `failed_connections` found no printer.
    `ended`: this is its last word, and nothing was on its way to the disk any more.
    """

    tap: str
    pid: int
    started: Moment
    beat: Moment
    printer: Reachable
    open_connections: int
    printed_bytes: int
    jobs: int
    incomplete_jobs: int
    unkept_jobs: int
    refused_connections: int
    failed_connections: int
    slips: int
    last_error: str
    lost: Lost | None = None
    condition: Condition = Condition()
    ended: bool = False


def write_heartbeat(spool: Path, heartbeat: Heartbeat) -> None:
    """Replace the spool's heartbeat. Raises OSError.

    On a full disk the old file is overwritten in place, which needs no new space: that a disk is
    full is the very thing the counters have to say.
    """
    path = _path(spool)
    text = msgspec.json.format(msgspec.json.encode(heartbeat))
    draft = path.with_suffix(".draft")
    try:
        draft.write_bytes(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise
        handle = os.open(path, os.O_WRONLY)
        with os.fdopen(handle, "wb", closefd=True) as file:
            file.write(text.ljust(os.fstat(handle).st_size))


def read_heartbeat(spool: Path) -> Heartbeat | None:
    """Return the last heartbeat; None if there is none, or one half-written. Raises OSError."""
    try:
        return msgspec.json.decode(_path(spool).read_bytes(), type=Heartbeat)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def last_written_ms(spool: Path) -> int | None:
    """Return when the heartbeat was written, in wall ms; None if there is none. Raises OSError."""
    try:
        return int(_path(spool).stat().st_mtime * 1000)
    except FileNotFoundError:
        return None


def _path(spool: Path) -> Path:
    return spool / "heartbeat.json"
