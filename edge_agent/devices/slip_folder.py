"""The slip folder: how the agent has the tap print our own slips on the POS's printer.

    <spool>/slips/<slip id>.slip       waiting, appearing whole by rename after fsync
    <spool>/slips/<slip id>.printing   on its way: from before the first byte until the outcome
    <spool>/slips/<slip id>.outcome    what became of it (JSON); the slip's bytes are deleted

Every step is one rename made durable, so a crash leaves exactly one answer: a slip found `printing`
may be on paper, wholly or in part. It becomes `unknown` and is never printed again by itself.
"""

from __future__ import annotations

import os
import re
import secrets
from enum import StrEnum
from pathlib import Path

import msgspec

from edge_agent.devices.sealing import fsync_folder

SLIP_BYTES_MAX = 4096
_DAY_S = 86_400
_SLIP_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class Result(StrEnum):
    """What became of a slip; `unknown` means that a person has to look at the paper."""

    PRINTED = "printed"
    NOT_PRINTED = "not_printed"
    UNKNOWN = "unknown"


class Outcome(msgspec.Struct, frozen=True):
    """The result of one slip, and the reason in words for an operator (empty when printed)."""

    result: Result
    reason: str


class Slips:
    """One tap's slip folder, from both sides; it is made when first needed.

    The agent calls `hand_over`, `outcomes` and `expire`; the tap `recover`, `waiting`, `begin`,
    `postpone` and `settle`.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hand_over(self, slip_id: str, data: bytes) -> None:
        """Leave a slip to be printed once; repeating a slip_id does nothing, whatever became of it.

        Raises ValueError for an empty slip, one over SLIP_BYTES_MAX bytes, or a slip_id that is not
        1-100 of A-Z a-z 0-9 _ . -; OSError if it could not be stored.
        """
        if not _SLIP_ID.fullmatch(slip_id):
            raise ValueError(f"slip id {slip_id!r} is not 1-100 of A-Z a-z 0-9 _ . -")
        if not 0 < len(data) <= SLIP_BYTES_MAX:
            raise ValueError(
                f"slip {slip_id} has {len(data)} bytes; a slip has 1 to {SLIP_BYTES_MAX}"
            )
        # Looked up in the order in which a slip moves, so that none is missed while it moves; then
        # once more from the start, because a postponed slip moves back.
        places = ("slip", "printing", "outcome", "slip", "printing")
        if any(self._path(slip_id, kind).exists() for kind in places):
            return
        self._store(self._path(slip_id, "slip"), data)

    def outcomes(self) -> dict[str, Outcome]:
        """Every slip's outcome that is still kept, by slip_id. Raises OSError."""
        return {path.stem: _read_outcome(path) for path in self._paths("outcome")}

    def expire(self, now_s: float, keep_days: int = 7) -> None:
        """Forget outcomes older than `keep_days`; their slip_ids could then be printed again."""
        for path in self._paths("outcome"):
            if path.stat().st_mtime < now_s - keep_days * _DAY_S:
                path.unlink(missing_ok=True)

    def recover(self) -> list[str]:
        """Settle what a dead tap left `printing` as unknown; return those slip_ids. Tap only."""
        left = [path.stem for path in self._paths("printing")]
        for slip_id in left:
            if not self._path(slip_id, "outcome").exists():
                self.settle(slip_id, Outcome(Result.UNKNOWN, "the tap ended while printing it"))
            self._path(slip_id, "printing").unlink(missing_ok=True)
        return left

    def waiting(self) -> list[str]:
        """Slips to be printed, in the order they were handed over. Tap only."""
        paths = self._paths("slip")
        return [path.stem for path in sorted(paths, key=lambda p: (p.stat().st_mtime_ns, p.name))]

    def begin(self, slip_id: str) -> bytes:
        """Mark a slip as printing, durably, and return its bytes. Tap only. Raises OSError."""
        printing = self._path(slip_id, "printing")
        self._path(slip_id, "slip").rename(printing)
        fsync_folder(self._directory)
        return printing.read_bytes()

    def postpone(self, slip_id: str) -> None:
        """Put a slip back of which nothing was printed yet. Tap only. Raises OSError."""
        self._path(slip_id, "printing").rename(self._path(slip_id, "slip"))
        fsync_folder(self._directory)

    def settle(self, slip_id: str, outcome: Outcome) -> None:
        """Store the outcome durably, then delete the slip's bytes. Tap only. Raises OSError."""
        self._store(self._path(slip_id, "outcome"), msgspec.json.encode(outcome))
        self._path(slip_id, "printing").unlink(missing_ok=True)

    def _path(self, slip_id: str, kind: str) -> Path:
        return self._directory / f"{slip_id}.{kind}"

    def _paths(self, kind: str) -> list[Path]:
        # Foreign names are left alone: this folder is ours to write, not to tidy.
        return sorted(
            path
            for path in self._directory.glob(f"*.{kind}")
            if _SLIP_ID.fullmatch(path.stem) and path.is_file()
        )

    def _store(self, path: Path, data: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._directory / f"{secrets.token_hex(8)}.draft"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            draft.rename(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        fsync_folder(self._directory)


def _read_outcome(path: Path) -> Outcome:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Outcome)
    except msgspec.MsgspecError as error:
        return Outcome(Result.UNKNOWN, f"its outcome file cannot be read: {error}")
