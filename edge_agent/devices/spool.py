"""The spool: the folder where the tap leaves each print job for the agent.

    <spool>/jobs/<job id>.part     a job that is being printed now
    <spool>/jobs/<job id>.job      a finished job, appearing whole by rename after fsync
    <spool>/kept/                  jobs the agent is done with, deleted after some days
    <spool>/aside/                 files nobody could read, kept as long, for a person
    <spool>/../spool.key           the till's key: beside the spool, not in what a copy would take

This module must never lose a job it cannot read, nor offer the same unreadable file twice.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge_agent.devices.job_file import Job, JobName, Unreadable, unseal_job
from edge_agent.devices.sealing import SealBrokenError, fsync_folder, till_key

JOB_BYTES_MAX = 64 << 20
_DAY_S = 86_400

_log = logging.getLogger(__name__)


def key_file(spool: Path) -> Path:
    """Where the key of this spool lies: one per till, shared by the spools beside each other."""
    return spool.parent / "spool.key"


class Spool:
    """The reader's side of one spool folder. Folders need not exist yet. One reader at a time."""

    def __init__(self, directory: Path) -> None:
        self._jobs = directory / "jobs"
        self._kept = directory / "kept"
        self._aside = directory / "aside"
        self._key_file = key_file(directory)
        self._stuck: set[str] = set()

    def started(self) -> list[JobName]:
        """Jobs that are being printed now (or were when the tap died), oldest first."""
        return sorted(self._names(".part"))

    def jobs(self) -> list[JobName]:
        """Finished jobs nobody has called done, oldest first; foreign files are set aside."""
        for entry in _files(self._jobs):
            if entry.suffix not in {".part", ".job"} or JobName.parse(entry.stem) is None:
                self._set_aside(entry, "not a spool file")
        return sorted(name for name in self._names(".job") if name.job_id not in self._stuck)

    def read(self, name: JobName) -> Job | Unreadable:
        """Open a finished or kept job; one that makes no sense is set aside, not listed again.

        Raises FileNotFoundError if there is no such job, OSError or ValueError if the key file
        cannot be read: then nothing is wrong with the job.
        """
        path = self._jobs / f"{name.job_id}.job"
        if not os.path.lexists(path):
            path = self._kept / path.name
        key = till_key(self._key_file)
        try:
            return unseal_job(name.job_id, key, _contents(path))
        except FileNotFoundError:
            raise
        except (OSError, SealBrokenError, msgspec.MsgspecError) as error:
            self._set_aside(path, str(error))
            return Unreadable(name.job_id, str(error))

    def done(self, name: JobName) -> None:
        """Move a finished job to the kept ones; again changes nothing. Raises OSError."""
        self._kept.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._jobs / f"{name.job_id}.job"
        try:
            path.rename(self._kept / path.name)
        except FileNotFoundError:
            if not (self._kept / path.name).exists():
                raise
            return
        fsync_folder(self._kept)
        fsync_folder(self._jobs)

    def expire(self, now_s: float, keep_days: int = 7) -> int:
        """Delete kept and aside files last written over `keep_days` before `now_s`; count them."""
        gone = 0
        for path in (*_files(self._kept), *_files(self._aside)):
            if path.lstat().st_mtime < now_s - keep_days * _DAY_S and not path.is_dir():
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def aside(self) -> list[str]:
        """Name the files that were set aside, for a person to look at."""
        return sorted(path.name for path in _files(self._aside))

    def _names(self, suffix: str) -> Iterator[JobName]:
        for path in _files(self._jobs):
            name = JobName.parse(path.stem)
            if path.suffix == suffix and name is not None:
                yield name

    def _set_aside(self, path: Path, why: str) -> None:
        if path.name in self._stuck:
            return
        _log.warning("spool file %s set aside: %s", path.name, why)
        try:
            self._aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.rename(self._aside / f"{path.name}.{secrets.token_hex(2)}")
        except OSError as error:
            # It stays where it is; remembering its name keeps the reader from going round for ever.
            _log.warning("spool file %s could not be moved: %s", path.name, error)
            self._stuck |= {path.name, path.stem}


def _contents(path: Path) -> bytes:
    # O_NONBLOCK and the check: a pipe or device under a job's name must not hang the agent.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > JOB_BYTES_MAX:
            raise SealBrokenError(0, "not a file of a job's kind and size")
        return file.read()


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
