"""The mark's place in the machine's memory: one small file on tmpfs, held by one process.

It is mapped, so that leaving the mark costs no call of the kernel and cannot fail.
"""

import fcntl
import mmap
import os
from pathlib import Path

from edge_agent.journal.errors import JournalError
from edge_agent.journal.file.mark import SIZE

FILE = "mark"
_MOUNTS = Path("/proc/self/mountinfo")


class NoMemory(JournalError):
    """The folder cannot keep a mark: it is absent, on a disk, or another process uses it."""


class MarkFile:
    """The mark in one folder, which must be in memory. Close it when done."""

    def __init__(self, folder: Path) -> None:
        """Take the file, made if there is none. Raises NoMemory."""
        if not folder.is_dir():
            raise NoMemory(f"there is no folder {folder}")
        if not is_in_memory(folder):
            raise NoMemory(f"{folder} is not in memory (tmpfs)")
        handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.posix_fallocate(handle, 0, SIZE)
            self._map = mmap.mmap(handle, SIZE)
        except OSError as error:
            os.close(handle)
            raise NoMemory(f"{folder / FILE} cannot be used: {error.strerror}") from error
        self._handle = handle

    def read(self) -> bytes:
        """Return the whole file."""
        return self._map[:]

    def write(self, data: bytes) -> None:
        """Put `data` at the beginning of the file."""
        self._map[: len(data)] = data

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        self._map.close()
        os.close(self._handle)


def is_in_memory(folder: Path) -> bool:
    """Tell whether a folder is forgotten at the next boot (proc(5), mountinfo)."""
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in _MOUNTS.read_text(encoding="utf-8").splitlines():
        mount, _, kind = line.partition(" - ")
        if mount.split()[2] == wanted:
            return kind.split()[0] in {"tmpfs", "ramfs"}
    return False
