"""News of finished files in a folder: closed after writing, or moved in; never merely created.

Python has no inotify of its own, so the C library is asked. Source: inotify(7).
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
from pathlib import Path

_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x08, 0x40, 0x80
_GONE = 0x0400 | 0x0800  # the folder itself: deleted, moved away
_ENDED = _GONE | 0x2000 | 0x8000  # unmounted, no longer watched
_OVERFLOW = 0x4000
_EVENT = struct.Struct("=iIII")


class FolderNews:
    """Watches one folder. Raises OSError if it cannot be watched."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            wanted = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _GONE
            self._checked(self._libc.inotify_add_watch(self._handle, os.fsencode(folder), wanted))
        except OSError:
            self.close()
            raise

    def wait(self, timeout_s: float) -> set[str]:
        """Wait for news and take all there is: the names of files that were finished.

        Raises OSError when the folder itself is gone, or news were lost: look at all of it then.
        """
        if not select.select([self._handle], [], [], timeout_s)[0]:
            return set()
        data = os.read(self._handle, 1 << 16)
        finished: set[str] = set()
        at = 0
        while at < len(data):
            _, mask, _, length = _EVENT.unpack_from(data, at)
            if mask & _OVERFLOW:
                raise OSError("more came at once than the kernel tells of")
            if mask & _ENDED:
                raise FileNotFoundError("the watched folder went away")
            at += _EVENT.size
            name = os.fsdecode(data[at : at + length].rstrip(b"\0"))
            at += length
            (finished.discard if mask & _MOVED_FROM else finished.add)(name)
        return finished

    def close(self) -> None:
        """Stop watching."""
        os.close(self._handle)

    @staticmethod
    def _checked(answer: int) -> int:
        if answer < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return answer
